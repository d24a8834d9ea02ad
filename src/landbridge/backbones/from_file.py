"""Providers whose weights are one known file of tensors in the folder of weights."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch

from ..base.errors import BackboneError
from ..base.events import SILENT, Events
from ..base.typed import Options
from .base import Backbone, BackboneRequest, LoadedBackbone, Provider
from .sound_input import sound_preprocessing
from .weights import load_exactly, merge_options, read_tensors, seeded, weights_folder


class SoundFileProvider(Provider):
    """A pretrained network for sound at 16 kHz from ``$LANDBRIDGE_DATA/weights``.

    Attributes
    ----------
    file : str
        Name of the file.
    kind : type
        The network; it takes no arguments.
    drop : tuple of str
        Beginnings of names of tensors that belong to the original head.
    prefix : str
        What the module puts before the file's names.
    width : int
        Numbers that the network makes of one sample.
    """

    modalities = ("audio",)
    pretrained = True
    takes = ("path", "seconds")
    file: ClassVar[str]
    kind: ClassVar[type[Backbone]]
    drop: ClassVar[tuple[str, ...]] = ()
    prefix: ClassVar[str] = ""
    width: ClassVar[int] = 8
    rate: ClassVar[int] = 16000

    def _path(self, given: str | None = None) -> Path:
        folder = weights_folder()
        path = Path(given) if given else (folder or Path("weights")) / self.file
        if not path.is_file():
            raise BackboneError(
                f"{self.name}: {path} is not there",
                hint=f"set LANDBRIDGE_DATA to the folder that holds weights/{self.file}, or write "
                f"{self.name}:/path/to/it",
            )
        return path

    def available(self) -> tuple[bool, str]:
        try:
            return True, str(self._path())
        except BackboneError as error:
            return False, error.message

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        given = dict(asked.options or {})
        path = asked.name.partition(":")[2] or None
        preprocessing = sound_preprocessing(
            asked.hint, self.rate, seconds=given.get("seconds"), width=self.width
        )
        chosen = merge_options(
            {"path": path, "seconds": preprocessing.samples / self.rate}, given, self.name
        )
        module = self.restore(chosen)
        origin = str(self._path(chosen["path"]))
        return LoadedBackbone(
            module, preprocessing, self.identify(asked.name, module, origin, chosen)
        )

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        with seeded("backbone", self.name):
            module = self.kind()
        if weights:
            path = self._path(options["path"])
            found = read_tensors(path)
            tensors = {self.prefix + k: v.to(torch.float32) for k, v in found.items()}
            load_exactly(module, tensors, str(path), drop=self.drop)
        return module
