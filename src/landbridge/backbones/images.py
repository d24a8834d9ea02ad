"""What the image backbones have in common: ImageNet's constants and the default preprocessing."""

from __future__ import annotations

from typing import Literal

from ..domains.examples import InputSpec
from ..domains.modalities.image import ImagePreprocessing

Interpolation = Literal["nearest", "bilinear", "bicubic", "box", "lanczos", "hamming"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_PHOTOGRAPH = 64


def photographs(hint: InputSpec) -> bool:
    """Say whether the images are large enough for a network that learned from photographs."""
    return max(hint.height, hint.width) > _PHOTOGRAPH


def size_of(hint: InputSpec) -> str:
    """Return the size in words."""
    return f"{hint.height}x{hint.width} px"


def flips(hint: InputSpec) -> bool:
    """Say whether mirroring probably keeps the meaning: photographs, not digits or letters."""
    return hint.channels == 3 and min(hint.height, hint.width) >= _PHOTOGRAPH


def imagenet_crop(
    hint: InputSpec,
    *,
    size: int = 224,
    mean: tuple[float, ...] = IMAGENET_MEAN,
    std: tuple[float, ...] = IMAGENET_STD,
    crop_fraction: float = 0.875,
    interpolation: Interpolation = "bilinear",
) -> ImagePreprocessing:
    """Return the usual ImageNet evaluation: shorter side to size / fraction, centre crop.

    Small images are stretched instead: a crop would cut off strokes of a digit or letter.
    """
    small = max(hint.height, hint.width) < _PHOTOGRAPH
    return ImagePreprocessing(
        height=size,
        width=size,
        channels=3,
        mean=mean,
        std=std,
        resize="stretch" if small else "crop",
        crop_fraction=1.0 if small else crop_fraction,
        interpolation=interpolation,
        flip=flips(hint),
    )
