"""What a Hugging Face image processor does, read from its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.errors import BackboneError
from ..base.typed import JsonObject
from ..domains.examples import InputSpec
from ..domains.modalities.image import ImagePreprocessing
from .hub import ModelFolder
from .images import IMAGENET_MEAN, IMAGENET_STD, Interpolation, flips, imagenet_crop

_INTERPOLATIONS: dict[int, Interpolation] = {
    0: "nearest",
    1: "lanczos",
    2: "bilinear",
    3: "bicubic",
    4: "box",
    5: "hamming",
}
"""By Pillow's numbers."""
_CONVNEXT_WHOLE = 384
MOST_PIXELS = 2048
"""Pixels of a side at most: a file of a few bytes must not ask for gigabytes."""
_GEOMETRY = ("size", "crop_size", "do_center_crop", "crop_pct", "do_resize")


def processor_of(folder: ModelFolder) -> JsonObject:
    """Return what an image processor does, with what its file leaves to its class.

    Files of older versions say less: the constants, the filter, whether a single number is the
    shorter side. Where a file names no class, the architecture's gives all but the geometry.
    """
    said = folder.preprocessor()
    if not said:
        return {}
    from transformers import AutoImageProcessor

    from .transformers_config import quietly

    try:
        with quietly():
            made = AutoImageProcessor.from_pretrained(
                folder.path, local_files_only=True, trust_remote_code=False
            )
        full = dict(made.to_dict())
        for step in ("do_normalize", "do_rescale", "do_center_crop"):  # left out where it is None
            full.setdefault(step, bool(getattr(made, step, False)))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, RuntimeError):
        return said  # of a class that is not known here: what the file says is all there is
    if "image_processor_type" in said or "feature_extractor_type" in said:
        return full
    return {k: v for k, v in full.items() if k not in _GEOMETRY or k in said}


def image_preprocessing(
    processor: Mapping[str, Any], config: Mapping[str, Any], hint: InputSpec, origin: str
) -> tuple[ImagePreprocessing, bool]:
    """Return the preprocessing, and whether the network wants blue first.

    Parameters
    ----------
    processor : mapping
        ``preprocessor_config.json``; {} where there is none: then ImageNet's constants at the
        size of the configuration (224 where it names none).
    config : mapping
        ``config.json``.
    hint : InputSpec
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
    height, width, crop, squash = _geometry(processor, config, origin)
    if max(height, width) > MOST_PIXELS:
        raise BackboneError(
            f"{origin}: preprocessor_config.json wants images of {height} x {width} pixels, "
            f"expected at most {MOST_PIXELS} x {MOST_PIXELS}",
            hint="correct the size there",
        )
    mean, std = constants(processor, channels, origin)
    whole = crop is None or (max(hint.height, hint.width) < 64)  # a crop would cut off strokes
    preprocessing = ImagePreprocessing(
        height=height,
        width=width,
        channels=channels,
        mean=mean,
        std=std,
        resize="stretch" if whole or squash else "crop",
        crop_fraction=1.0 if whole or crop is None else crop,
        interpolation=_interpolation(processor.get("resample", 2), origin),
        flip=flips(hint),
        whole_pixels=None if whole or squash else True,
    )
    return preprocessing, bool(processor.get("do_flip_channel_order", False))


def _geometry(
    processor: Mapping[str, Any], config: Mapping[str, Any], origin: str
) -> tuple[int, int, float | None, bool]:
    """Return height, width, the share that is cropped (None: all), and whether that is squashed.

    The share is of the shorter side; of both sides where images are brought to one shape first.
    """
    size = processor.get("size", config.get("image_size", 224))
    crop = processor.get("crop_size")
    kind = str(processor.get("image_processor_type") or processor.get("feature_extractor_type"))
    target, cropped = _pair(size, "size", origin), _pair(crop, "crop_size", origin)
    if target is None and isinstance(size, Mapping) and "shortest_edge" in size:
        shortest = _whole(size["shortest_edge"], "size", origin)
        if processor.get("crop_pct") and not kind.startswith("PoolFormer"):
            # ConvNeXt: stretched from 384 on, else resized and cropped
            whole = shortest >= _CONVNEXT_WHOLE
            if whole:
                return shortest, shortest, None, False
            before = int(shortest / _fraction(processor["crop_pct"], origin))
            return shortest, shortest, shortest / before, False
        if "crop_pct" in processor:
            shortest = int(shortest / _fraction(processor["crop_pct"] or 224 / 256, origin))
        elif kind.startswith("Levit"):
            shortest = int(256 / 224 * shortest)
        if not processor.get("do_center_crop", crop is not None):
            cropped = None  # the processor keeps the aspect, and a batch needs one size
        height, width = cropped or (shortest, shortest)
        return height, width, _share(min(height, width), shortest, origin), False
    if target is None:
        raise BackboneError(
            f"{origin}: preprocessor_config.json has the size {size!r}; expected height and "
            "width, or shortest_edge",
            hint="correct the size there, or remove the file to get ImageNet's preprocessing",
        )
    if not processor.get("do_center_crop") or cropped is None:
        return *target, None, False
    if kind.startswith("Perceiver"):  # cropped first, then brought to the size
        return *target, _share(min(target), min(cropped), origin), False
    shares = {_share(c, t, origin) for c, t in zip(cropped, target, strict=True)}
    if len(shares) > 1:
        raise BackboneError(
            f"{origin}: preprocessor_config.json crops {cropped} out of {target}; expected the "
            "same share of height and width",
            hint="correct crop_size there",
        )
    return *cropped, shares.pop(), isinstance(size, Mapping)


def _share(kept: int, of: int, origin: str) -> float:
    if kept > of:
        raise BackboneError(
            f"{origin}: preprocessor_config.json crops {kept} pixels out of {of}; a black margin "
            "is not made here",
            hint="make crop_size there at most the size",
        )
    return kept / of


def _fraction(value: Any, origin: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise BackboneError(
            f"{origin}: preprocessor_config.json has the crop_pct {value!r}, expected above 0 and "
            "at most 1",
            hint="correct it there",
        )
    return float(value)


def _whole(value: Any, key: str, origin: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise BackboneError(
            f"{origin}: preprocessor_config.json has {value!r} in {key}, expected pixels",
            hint="correct it there",
        )
    return int(value)


def _pair(size: Any, key: str, origin: str) -> tuple[int, int] | None:
    if isinstance(size, int):
        return (_whole(size, key, origin),) * 2
    if isinstance(size, list | tuple) and len(size) == 2:
        return _whole(size[0], key, origin), _whole(size[1], key, origin)
    if isinstance(size, Mapping) and {"height", "width"} <= set(size):
        return _whole(size["height"], key, origin), _whole(size["width"], key, origin)
    return None


def _interpolation(number: Any, origin: str) -> Interpolation:
    if not isinstance(number, int) or int(number) not in _INTERPOLATIONS:
        raise BackboneError(
            f"{origin}: preprocessor_config.json has resample {number!r}, expected "
            f"{', '.join(f'{k} ({v})' for k, v in _INTERPOLATIONS.items())}",
            hint="correct it there",
        )
    return _INTERPOLATIONS[int(number)]


def constants(
    processor: Mapping[str, Any], channels: int, origin: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation on the 0..1 scale, as a processor says them.

    Raises
    ------
    BackboneError
        Where what it says is no number.
    """
    try:
        return _read_constants(processor, channels)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise BackboneError(
            f"{origin}: preprocessor_config.json has an image_mean, image_std or rescale_factor "
            f"that is no number: {error}",
            hint="correct it there",
        ) from error


def _read_constants(
    processor: Mapping[str, Any], channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if processor.get("do_normalize", True):
        mean, std = (
            _spread(said if (said := processor.get(key)) is not None else usual, channels)
            for key, usual in (("image_mean", IMAGENET_MEAN), ("image_std", IMAGENET_STD))
        )
        if str(processor.get("image_processor_type")).startswith("EfficientNetImage") and (
            processor.get("include_top")
        ):
            std = tuple(s * s for s in std)  # that processor divides twice
    else:
        mean, std = (0.0,) * channels, (1.0,) * channels
    # (v·factor − mean)/std with v in 0..255 is (p − mean/k)/(std/k) with p in 0..1, k = 255·factor.
    factor = processor.get("rescale_factor", 1 / 255) if processor.get("do_rescale", True) else 1.0
    k = 255.0 * float(factor)
    shift = 1.0 if processor.get("rescale_offset") else 0.0
    if min(std) * k <= 0:
        raise ValueError(f"deviations {std} at the factor {factor}, expected above 0")
    return tuple((m + shift) / k for m in mean), tuple(s / k for s in std)


def _spread(values: Any, channels: int) -> tuple[float, ...]:
    values = tuple(float(v) for v in (values if isinstance(values, list | tuple) else [values]))
    if len(values) == channels:
        return values
    return (sum(values) / len(values),) * channels
