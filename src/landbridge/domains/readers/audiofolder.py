"""A folder of recordings, one a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...base.events import Events
from ..modalities.recordings import AudioExamples
from ..modalities.sound_files import AUDIO_SUFFIXES, unreadable_sounds
from .base import READERS
from .folder import FolderReader


@READERS.register("audiofolder")
class AudioFolder(FolderReader):
    """Reads folders of sound files; other than WAV needs ``pip install 'landbridge[audio]'``."""

    summary = "a folder of recordings: class subfolders, train/val/test folders, or flat"
    order = 16
    suffixes = AUDIO_SUFFIXES
    one, many = "recording", "recordings"

    def flaws(self, files: Sequence[Path], what: str, events: Events) -> dict[int, str]:
        """Decode every file once."""
        return unreadable_sounds(files, what=what, events=events)

    def examples(self, files: Sequence[Path]) -> AudioExamples:
        """Return the recordings."""
        return AudioExamples(list(files))
