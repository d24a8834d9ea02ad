"""What a Hugging Face image processor does, read from its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.errors import BackboneError
from ..domains.examples import InputHint
from ..domains.modalities.image import ImagePreprocessing
from .images import IMAGENET_MEAN, IMAGENET_STD, Interpolation, flips, imagenet_crop

# PIL's numbers. Lanczos and the rest are so near to bicubic that it stands for them.
_INTERPOLATIONS: dict[int, Interpolation] = {
    2: "bilinear",
    3: "bicubic",
    4: "box",
    1: "bicubic",
    5: "bicubic",
}

_CONVNEXT_WHOLE = 384


def image_preprocessing(
    processor: Mapping[str, Any], config: Mapping[str, Any], hint: InputHint, origin: str
) -> tuple[ImagePreprocessing, bool]:
    """Return the preprocessing, and whether the network wants blue first.

    Parameters
    ----------
    processor : mapping
        ``preprocessor_config.json``; {} where there is none: then ImageNet's constants at the
        size of the configuration (224 where it names none).
    config : mapping
        ``config.json``.
    hint : InputHint
        What the examples look like.
    origin : str
        For messages.

    Raises
    ------
    BackboneError
        For a size that cannot be understood.
    """
    channels = int(config.get("num_channels", 3))
    if not processor:
        size = config.get("image_size")
        if isinstance(size, int) and channels == 3:
            return imagenet_crop(hint, size=size), False
        if size is None and channels == 3:
            return imagenet_crop(hint), False
    height, width, crop = _geometry(processor, config, origin)
    mean, std = _constants(processor, channels)
    whole = crop is None or (max(hint.height, hint.width) < 64)  # a crop would cut off strokes
    preprocessing = ImagePreprocessing(
        height=height,
        width=width,
        channels=channels,
        mean=mean,
        std=std,
        resize="stretch" if whole else "crop",
        crop_fraction=1.0 if whole or crop is None else crop,
        interpolation=_INTERPOLATIONS.get(processor.get("resample", 2), "bilinear"),
        flip=flips(hint),
    )
    return preprocessing, bool(processor.get("do_flip_channel_order", False))


def _geometry(
    processor: Mapping[str, Any], config: Mapping[str, Any], origin: str
) -> tuple[int, int, float | None]:
    """Return height, width, and the cropped fraction of the shorter side (None: stretch)."""
    size = processor.get("size", config.get("image_size", 224))
    crop = processor.get("crop_size")
    target = _pair(size)
    if target is None and isinstance(size, Mapping) and "shortest_edge" in size:
        shortest = int(size["shortest_edge"])
        if "crop_pct" in processor:  # ConvNeXt: stretched from 384 on, else resized and cropped
            fraction = float(processor["crop_pct"] or 224 / 256)
            return shortest, shortest, None if shortest >= _CONVNEXT_WHOLE else fraction
        # Without a centre crop the processor keeps the aspect; a batch needs one size.
        cropped = _pair(crop) if processor.get("do_center_crop", crop is not None) else None
        height, width = cropped or (shortest, shortest)
        return height, width, min(1.0, min(height, width) / shortest)
    if target is None:
        raise BackboneError(
            f"{origin}: preprocessor_config.json has the size {size!r}; expected height and "
            "width, or shortest_edge",
            do="correct the size there, or remove the file to get ImageNet's preprocessing",
        )
    if processor.get("do_center_crop") and (cropped := _pair(crop)) is not None:
        return *cropped, min(1.0, min(cropped) / min(target))
    return *target, None


def _pair(size: Any) -> tuple[int, int] | None:
    if isinstance(size, int):
        return size, size
    if isinstance(size, list | tuple) and len(size) == 2:
        return int(size[0]), int(size[1])
    if isinstance(size, Mapping) and {"height", "width"} <= set(size):
        return int(size["height"]), int(size["width"])
    return None


def _constants(
    processor: Mapping[str, Any], channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation on the 0..1 scale."""
    if processor.get("do_normalize", True):
        mean = _spread(processor.get("image_mean") or IMAGENET_MEAN, channels)
        std = _spread(processor.get("image_std") or IMAGENET_STD, channels)
        if processor.get("image_processor_type", "").startswith("EfficientNetImage") and (
            processor.get("include_top")
        ):
            std = tuple(s * s for s in std)  # that processor divides twice
    else:
        mean, std = (0.0,) * channels, (1.0,) * channels
    # (v·factor − mean)/std with v in 0..255 is (p − mean/k)/(std/k) with p in 0..1, k = 255·factor.
    factor = processor.get("rescale_factor", 1 / 255) if processor.get("do_rescale", True) else 1.0
    k = 255.0 * float(factor)
    shift = 1.0 if processor.get("rescale_offset") else 0.0
    return tuple((m + shift) / k for m in mean), tuple(s / k for s in std)


def _spread(values: Any, channels: int) -> tuple[float, ...]:
    values = tuple(float(v) for v in (values if isinstance(values, list | tuple) else [values]))
    if len(values) == channels:
        return values
    return (sum(values) / len(values),) * channels
