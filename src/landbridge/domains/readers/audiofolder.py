"""A folder of recordings, one a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..modalities.recordings import AudioExamples
from ..modalities.sound_files import AUDIO_SUFFIXES, silent_or_broken
from .base import READERS
from .folder import FolderReader


@READERS.register("audiofolder")
class AudioFolder(FolderReader):
    """Reads folders of sound files; other than WAV needs ``pip install 'landbridge[audio]'``."""

    summary = "a folder of recordings: class subfolders, train/val/test folders, or flat"
    order = 16
    suffixes = AUDIO_SUFFIXES
    one, many = "recording", "recordings"

    flaw = staticmethod(silent_or_broken)

    def examples(self, files: Sequence[Path]) -> AudioExamples:
        """Return the recordings."""
        return AudioExamples(list(files))
