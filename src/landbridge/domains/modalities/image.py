"""Images -> uint8 arrays of one size -> network inputs and their views."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from ...base.errors import ConfigError, DataError, RunError
from ...base.events import SILENT, Events
from ...base.hashing import digest
from ...base.typed import JsonObject
from ..domain import Examples
from ..examples import Rule
from .base import PREPROCESSINGS, Preprocessing, Signal, Strength
from .decoding import Cut, decode
from .image_cache import cached_rows
from .images import ImageExamples
from .threads import BAR_FROM, in_threads

if TYPE_CHECKING:
    import torch


_OF_EXAMPLES = ("flip", "value_range", "ground")
_NOT_STORED = ("mean", "std", *_OF_EXAMPLES)
"""What does not change the stored pixels, or is in the hash of the examples already."""
_INTERPOLATIONS = ("bilinear", "bicubic", "box", "lanczos", "hamming", "nearest")
_MOST_PIXELS = 4096 * 4096


@PREPROCESSINGS.register("image")
@dataclass(frozen=True)
class ImagePreprocessing(Preprocessing):
    """Resize to one size, keep as uint8, normalise when asked.

    Parameters
    ----------
    height, width : int
        Of the network input, in pixels.
    channels : {1, 3}
        Colour images are made grey for 1, grey ones repeated for 3.
    mean, std : tuple of float
        One value a channel, on the scale where white is 1.
    resize : {"stretch", "crop"}
        "stretch" does not keep the proportions; "crop" does, and cuts the centre out.
    crop_fraction : float, default 1.0
        Share of the short side that "crop" keeps (0.875 for most ImageNet networks), of either
        side that "stretch" keeps.
    interpolation : {"bilinear", "bicubic", "box", "lanczos", "hamming", "nearest"}
        All but the last average over the area when an image is made smaller.
    whole_pixels : bool, optional
        Whether "crop" resizes the whole image to whole pixels first, as the image processors of
        transformers do.
    flip : bool, default False
        Whether augmentation may mirror images left to right.
    value_range : (float, float), optional
        Which numbers are black and white where images are arrays or have more than eight bits.
    ground : int, optional
        The grey that transparent parts are laid on, where it is not white.

    Examples
    --------
    >>> import numpy as np
    >>> images = ImageExamples(pixels=np.full((2, 8, 8), 255, np.uint8))
    >>> prep = ImagePreprocessing(16, 16, 1, mean=(0.5,), std=(0.5,))
    >>> stored = prep.prepare(images)
    >>> stored.shape, stored.dtype
    ((2, 1, 16, 16), dtype('uint8'))
    """

    height: int
    width: int
    channels: int = 3
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    resize: Literal["stretch", "crop"] = "stretch"
    crop_fraction: float = 1.0
    interpolation: Literal["nearest", "bilinear", "bicubic", "box", "lanczos", "hamming"] = (
        "bilinear"
    )
    flip: bool = False
    value_range: tuple[float, float] | None = None
    ground: int | None = None
    whole_pixels: bool | None = None

    modality: ClassVar[str] = "image"
    stored_type: ClassVar[str] = "uint8"

    def __post_init__(self) -> None:
        problems = {
            f"size {self.height} x {self.width} (expected at least 1 x 1)": min(
                self.height, self.width
            )
            < 1,
            f"size {self.height} x {self.width} (expected at most {_MOST_PIXELS:,} pixels)": (
                self.height * self.width > _MOST_PIXELS
            ),
            f"channels {self.channels} (expected 1 or 3)": self.channels not in (1, 3),
            f"{len(self.mean)} means and {len(self.std)} stds (expected {self.channels})": {
                len(self.mean),
                len(self.std),
            }
            != {self.channels},
            f"std {self.std} (expected above 0)": min(self.std, default=1) <= 0,
            f"resize {self.resize!r} (expected 'stretch' or 'crop')": self.resize
            not in ("stretch", "crop"),
            f"crop_fraction {self.crop_fraction} (expected above 0, at most 1)": not 0
            < self.crop_fraction
            <= 1,
            f"interpolation {self.interpolation!r} (expected {', '.join(_INTERPOLATIONS)})": (
                self.interpolation not in _INTERPOLATIONS
            ),
            f"value_range {self.value_range} (expected the lesser number first)": (
                self.value_range is not None and self.value_range[0] > self.value_range[1]
            ),
            f"ground {self.ground} (expected 0 to 255)": not 0 <= (self.ground or 0) <= 255,
        }
        for problem, there in problems.items():
            if there:
                raise ConfigError(f"image preprocessing: {problem}", hint="correct that option")

    @property
    def shape(self) -> tuple[int, ...]:
        """(channels, height, width)."""
        return self.channels, self.height, self.width

    def prepare(
        self, examples: Examples, *, cache: Path | None = None, events: Events = SILENT
    ) -> np.ndarray:
        """Decode all images to uint8 (n, channels, height, width); see `Preprocessing`.

        The cached file does not depend on mean, std and flip.

        Raises
        ------
        DataError
            Where the examples are no images, or a file cannot be decoded any more.
        StorageError
            Where the disk is full; what was decoded is kept and used by the next call.
        """
        if not isinstance(examples, ImageExamples):
            raise DataError(
                f"image preprocessing was given {examples.modality} examples",
                hint="use the preprocessing of that modality",
            )
        if cache is None:
            out = np.empty((len(examples), *self.shape), np.uint8)
            done = 0
            with _bar(events, examples).progress("decode images", len(examples)) as bar:
                for chunk in self._chunks(examples, 0):
                    out[done : done + len(chunk)] = chunk
                    done += len(chunk)
                    bar.advance(len(chunk))
            return out
        apart = {k: v for k, v in self.to_dict().items() if k not in _NOT_STORED}
        return cached_rows(
            Path(cache) / f"images-{digest(examples.fingerprint(), apart)}.npy",
            (len(examples), *self.shape),
            lambda start: self._chunks(examples, start),
            events=events,
            bar=_bar(events, examples),
        )

    def _chunks(self, examples: ImageExamples, start: int) -> Iterator[np.ndarray]:
        """Yield decoded rows from `start` on, up to about 16 MB at a time."""
        from PIL import Image

        step = int(np.clip(16_000_000 // int(np.prod(self.shape)), 16, 4096))
        stretch = self.resize == "stretch"
        crop = None if stretch and self.crop_fraction == 1.0 else self.crop_fraction
        cut: Cut = "squash" if stretch else "whole" if self.whole_pixels else "crop"
        resample = int(Image.Resampling[self.interpolation.upper()])
        size = (self.height, self.width, self.channels)
        names = examples.names()

        def one(i: int) -> np.ndarray:
            assert examples.items is not None
            return decode(
                examples.items[i],
                names[i],
                *size,
                crop=crop,
                resample=resample,
                seeing=examples.seeing,
                cut=cut,
            )

        for first in range(start, len(examples), step):
            rows = range(first, min(first + step, len(examples)))
            if examples.pixels is not None:
                some = np.asarray(examples.pixels[first : rows.stop])
                yield _resized(some, size, crop, resample, cut)
            else:
                yield np.stack(list(in_threads(one, rows)))

    def encode(self, stored: torch.Tensor) -> torch.Tensor:
        """Return float32 (n, channels, height, width), normalised."""
        import torch

        scale, offset = self._constants(stored.device)
        return torch.addcmul(offset, stored.float(), scale / 255)  # one pass instead of three

    def _normalise(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        scale, offset = self._constants(x.device)
        return torch.addcmul(offset, x, scale)

    def _constants(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what to multiply with and what to add, so that (x − mean) / std comes out."""
        import torch

        mean = torch.tensor(self.mean, device=device).view(-1, 1, 1)
        scale = 1 / torch.tensor(self.std, device=device).view(-1, 1, 1)
        return scale, -mean * scale

    def augment(
        self, stored: torch.Tensor, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Like `encode`, after a random change; see `augmentation.Augmentation`."""
        from .augmentation import augment_images, augmentation_for

        if strength == "none":
            return self.encode(stored)
        change = augmentation_for(self.channels, strength)
        return self._normalise(
            augment_images(stored.float() / 255, change, generator, flip=self.flip)
        )

    def picture(self, stored: np.ndarray) -> np.ndarray:
        """Return the pixels as they are stored."""
        return np.moveaxis(np.asarray(stored), 0, -1)

    def signal(self) -> Signal:
        """Return that pixels go from 0, black, to 1."""
        return Signal(255.0, 0.0, 1.0, eps=0.1 if self.shape[0] == 1 else 4 / 255)

    def sketches(self, stored: np.ndarray) -> np.ndarray:
        """Return the slowest waves of each picture."""
        from .sketches import picture_sketches

        return picture_sketches(np.asarray(stored))

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        kept = {k: v for k, v in values.items() if v is not None}
        return {"kind": "image", **kept}

    @classmethod
    def from_dict(cls, values: JsonObject) -> Self:
        """Undo `to_dict`."""
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        values.pop("kind", None)
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown or not {"height", "width"} <= set(values):
            raise RunError(
                f"preprocessor.json of an image model has the keys {sorted(values)}",
                hint="the run was written by another version of landbridge: use that one",
            )
        return cls(**values)

    @property
    def key(self) -> str:
        """A hash of everything that changes the network inputs."""
        return digest({k: v for k, v in self.to_dict().items() if k not in _OF_EXAMPLES})

    def many(self, what: Any) -> Any:
        """Return one image, or images of Pillow, as several."""
        from .single import image_or_images

        return image_or_images(what, self.channels, self.width)

    def rule(self) -> Rule:
        """Return the range and the ground."""
        found: Rule = {}
        if self.value_range is not None:
            found["value_range"] = list(self.value_range)
        if self.ground is not None:
            found["ground"] = self.ground
        return found

    def ruled(self, rule: Rule) -> ImagePreprocessing:
        """Return one that keeps the range and the ground."""
        if not rule:
            return self
        found = rule.get("value_range")
        return replace(
            self,
            value_range=None if found is None else (float(found[0]), float(found[1])),
            ground=rule.get("ground"),
        )


def _bar(events: Events, examples: ImageExamples) -> Events:
    """Short work is done without a bar."""
    return events if examples.items is not None and len(examples) > BAR_FROM else SILENT


def _resized(
    pixels: np.ndarray,
    size: tuple[int, int, int],
    crop: float | None,
    resample: int,
    cut: Cut,
) -> np.ndarray:
    """Resize (k, h, w[, 3]) to (k, channels, height, width)."""
    from PIL import Image

    from .decoding import shrink

    height, width, channels = size
    grey = pixels.ndim == 3
    if pixels.shape[1:3] == (height, width) and crop in (None, 1.0) and (grey or channels == 3):
        if grey:
            return np.repeat(pixels[:, None], channels, axis=1)
        return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
    return np.stack(
        [shrink(Image.fromarray(x), height, width, channels, crop, resample, cut) for x in pixels]
    )
