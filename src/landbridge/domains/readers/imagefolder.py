"""A folder of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..modalities.decoding import IMAGE_SUFFIXES, flaw
from ..modalities.images import ImageExamples
from .base import READERS
from .folder import FolderReader


@READERS.register("imagefolder")
class ImageFolder(FolderReader):
    """Reads folders of images; a folder that no other reader knows is taken for one."""

    summary = "a folder of images: class subfolders, train/val/test folders, or flat"
    order = 20
    suffixes = frozenset(IMAGE_SUFFIXES)
    one, many = "image", "images"

    def accepts(self, what: Any) -> bool:
        """Whether it is a folder."""
        return isinstance(what, str | Path) and Path(what).is_dir()

    flaw = staticmethod(flaw)

    def examples(self, files: Sequence[Path]) -> ImageExamples:
        """Return the images."""
        return ImageExamples(list(files))
