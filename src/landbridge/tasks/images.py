"""What the tasks on images have in common: opening, sizes, constants."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backbones.images import IMAGENET_MEAN, IMAGENET_STD
from ..base.errors import DataError
from .base import Row, StructuredTask

if TYPE_CHECKING:
    from PIL import Image

_USUAL = 256


class ImageTask(StructuredTask):
    """A task whose rows are images, brought to one size."""

    inputs = ("image", "file_name", "path", "img")
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    size: tuple[int, int] = (_USUAL, _USUAL)

    def given(self, row: Row, column: str, name: str, folder: Path) -> Any:
        return file_of(row[column], name, folder)

    def open(self, folder: Path) -> None:
        """Read the constants of the model's own image processor, and its size."""
        from ..backbones.hub import read_config

        file = folder / "preprocessor_config.json"
        facts = read_config(file) if file.is_file() else {}
        self.mean = tuple(facts.get("image_mean") or IMAGENET_MEAN)
        self.std = tuple(facts.get("image_std") or IMAGENET_STD)
        wanted: Any = self.options.size or read_config(folder / "config.json").get("image_size")
        if isinstance(wanted, int):
            wanted = (wanted, wanted)
        self.size = (_USUAL, _USUAL) if not wanted else (int(wanted[0]), int(wanted[1]))

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


def file_of(value: Any, name: str, folder: Path) -> Any:
    """Return a file's bytes, or its path where it is there."""
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, bytes):
        return value
    if hasattr(value, "convert"):  # an image of Pillow
        out = io.BytesIO()
        value.save(out, "PNG")
        return out.getvalue()
    path = folder / str(value)
    if value is None or not path.is_file():
        raise DataError(f"{name}: the file {path} is not there", do="check the paths")
    return path


def opened(item: Any, name: str, mode: str = "RGB") -> Image.Image:
    """Return an image, turned upright as its camera says.

    Raises
    ------
    DataError
        Where it cannot be decoded.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        raw = Image.open(io.BytesIO(item) if isinstance(item, bytes) else item)
        found = ImageOps.exif_transpose(raw)
        return found if mode == "" else found.convert(mode)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise DataError(f"{name} cannot be decoded: {error}", do="restore the file") from error
