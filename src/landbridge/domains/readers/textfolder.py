"""A folder of texts, one a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...base.shown import encodable
from ..modalities.pieces import Item
from ..modalities.texts import TextExamples
from .base import READERS
from .folder import FolderReader


@READERS.register("textfolder")
class TextFolder(FolderReader):
    """Reads folders of ``.txt`` or ``.md`` files in UTF-8."""

    summary = "a folder of texts: class subfolders, train/val/test folders, or flat"
    order = 15
    suffixes = frozenset((".txt", ".text", ".md"))
    one, many = "text", "texts"

    def flaw(self, item: Item) -> str | None:
        """Read it once."""
        assert isinstance(item, Path)
        try:
            return None if item.read_text("utf-8-sig").strip() else "empty"
        except UnicodeDecodeError as error:
            return f"not UTF-8: {error.reason} at byte {error.start}"
        except OSError as error:
            return str(error)

    def examples(self, files: Sequence[Path]) -> TextExamples:
        """Return the texts."""
        texts = [file.read_text("utf-8-sig").strip() for file in files]
        return TextExamples(texts, [encodable(file) for file in files])
