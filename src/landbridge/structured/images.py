"""What the tasks on images have in common: opening, sizes, constants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backbones.images import IMAGENET_MEAN, IMAGENET_STD
from ..base.errors import BackboneError, DataError
from ..base.inside import Place
from ..domains.modalities.decoding import Seeing, broken_image_errors, normalise, open_image
from ..domains.modalities.images import ImageExamples
from ..domains.modalities.single import encoded_picture, is_picture
from .base import Example, Row, StructuredTask, file_of

if TYPE_CHECKING:
    from PIL import Image

_USUAL = 256


class ImageTask(StructuredTask):
    """A task whose rows are images, brought to one size."""

    inputs = ("image", "file_name", "path", "img")
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    size: tuple[int, int] = (_USUAL, _USUAL)

    def given(self, row: Row, column: str, name: str, folder: Place) -> Any:
        return image_of(row[column], name, folder)

    def raw(self, examples: Sequence[Example]) -> ImageExamples:
        """Return the images."""
        return ImageExamples([e.given for e in examples], names=[e.name for e in examples])

    def settle(self, examples: Sequence[Example]) -> None:
        """One range and one ground for all images; see `modalities.seeing`."""
        settled, notes = self.raw(examples).settled({}, False)
        self.rule = settled.rule()
        self.notes += notes

    def opened(self, example: Example) -> Image.Image:
        """Return a row's image in colour, upright, as everywhere here.

        Raises
        ------
        DataError
            Where it cannot be decoded.
        """
        taken = self.rule.get("value_range")
        seeing = Seeing(None if taken is None else (taken[0], taken[1]), self.rule.get("ground"))
        return _decoded(
            example.given,
            example.name,
            lambda image: normalise(image, seeing if self.rule else None).convert("RGB"),
        )

    def open(self, folder: Path) -> None:
        """Read the constants of the model's own image processor, and its size."""
        from ..backbones.hub import ModelFolder, read_config
        from ..backbones.transformers_input import MOST_PIXELS, constants, processor_of

        whole = ModelFolder(folder, str(folder), None, folder)
        self.mean, self.std = constants(processor_of(whole), 3, str(folder))
        wanted: Any = self.options.size or read_config(folder / "config.json").get("image_size")
        if isinstance(wanted, int):
            wanted = (wanted, wanted)
        self.size = (_USUAL, _USUAL) if not wanted else (int(wanted[0]), int(wanted[1]))
        if not self.options.size and not 0 < max(self.size) <= MOST_PIXELS:
            raise BackboneError(
                f"{folder / 'config.json'} wants images of {self.size[0]} x {self.size[1]} pixels, "
                f"expected at most {MOST_PIXELS} x {MOST_PIXELS}",
                hint="give a size (--size)",
            )

    def save(self, folder: Path) -> None:
        """Write them, in Hugging Face's layout."""
        from ..base.files import write_json

        write_json(
            folder / "preprocessor_config.json",
            {
                "image_mean": list(self.mean),
                "image_std": list(self.std),
                "size": {"height": self.size[0], "width": self.size[1]},
                "do_resize": True,
                "do_normalize": True,
                "do_rescale": True,
                "rescale_factor": 1 / 255,
            },
        )

    def pixels(self, image: Image.Image) -> np.ndarray:
        """Return float32 (3, height, width), normalised."""
        small = image.resize((self.size[1], self.size[0]), 2)
        values = np.asarray(small, np.float32) / 255
        return ((values - self.mean) / self.std).transpose(2, 0, 1).astype(np.float32)


def image_of(value: Any, name: str, folder: Place) -> Any:
    """Return an image's bytes, or its path; one of Pillow's is encoded."""
    if is_picture(value):
        return encoded_picture(value, name)
    return file_of(value, name, folder)


def opened_mask(item: Any, name: str) -> Image.Image:
    """Return an image upright, its pixels as they are stored."""
    return _decoded(item, name, _upright)


def class_colours(n: int) -> np.ndarray:
    """Return a colour for each class and a grey one more, uint8 (n + 1, 3); the first is dark."""
    import colorsys

    hues = [colorsys.hsv_to_rgb((0.58 + 0.618 * i) % 1, 0.62, 0.88) for i in range(max(0, n - 1))]
    table = [*[(0.13, 0.15, 0.18), *hues][:n], (0.6, 0.6, 0.6)]
    return (np.array(table) * 255).round().astype(np.uint8)


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _decoded(item: Any, name: str, how: Callable[[Image.Image], Image.Image]) -> Image.Image:
    try:
        return how(open_image(item))
    except broken_image_errors() as error:
        raise DataError(f"{name} cannot be decoded: {error}", hint="restore the file") from error
