"""A finished run as the source: what it learned, without the data that it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..artifacts.kinds import RUNS
from ..artifacts.making import check_finished
from ..artifacts.state import RUN_STATE, STATE
from ..backbones.base import BackboneIdentity, LoadedBackbone
from ..backbones.open import reopen
from ..base.errors import RunError
from ..base.events import SILENT, Events
from ..base.hashing import tensors_digest
from ..domains.modalities.base import Preprocessing
from ..domains.schema import TableSchema
from .model import Model

State = dict[str, torch.Tensor]


def is_run(what: Any) -> bool:
    """Say whether `what` is a run, or the path of what a command made, whole or not."""
    from .run import Run

    if isinstance(what, Run):
        return True
    if not isinstance(what, str | Path) or str(what).startswith("sample:"):
        return False
    path = Path(what).expanduser()
    if (path / RUN_STATE).is_file() or (path / STATE).is_file():
        return True  # also a damaged or an unfinished one: it is refused as such
    return (path / "backbone.json").is_file()


@dataclass(frozen=True)
class SourceModel:
    """What a run's model is, for fits that start from it.

    Attributes
    ----------
    path : Path
    identity : BackboneIdentity
        The θ₀ that it was made of.
    preprocessing : Preprocessing
    classes : tuple of str
        In the order of its head.
    state : dict of tensors
        Of the whole network, head included.
    digest : str
        Hash of `state`.
    limits : (float, float) or None
        Which values of an array of images are black and white.
    schema : TableSchema or None
        What the columns of its target were taken for.
    """

    path: Path
    identity: BackboneIdentity
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    state: State
    digest: str
    limits: tuple[float, float] | None
    schema: TableSchema | None = None

    @property
    def name(self) -> str:
        """What to call it."""
        return self.path.resolve().name

    def opened(self, *, offline: bool = False, events: Events = SILENT) -> LoadedBackbone:
        """Return its θ₀."""
        return reopen(self.identity, self.preprocessing, offline=offline, events=events)

    @classmethod
    def load(cls, what: Any, *, offline: bool = False, events: Events = SILENT) -> SourceModel:
        """Read a run's model.

        Parameters
        ----------
        what : Run or path

        Raises
        ------
        RunError
            Where a file is missing or damaged, or it does not tell classes apart.
        BackboneError
            Where its θ₀ is not there.
        """
        path = Path(getattr(what, "path", what)).expanduser()
        check_finished(path, RUNS)
        model = Model.load(path, offline=offline, events=events)
        if not model.reading.target_type.class_scores or len(model.classes) < 2:
            raise RunError(
                f"{path} answers with {model.reading.target_type.summary} "
                f"({', '.join(model.classes[:5])}), and a source model has to tell classes apart",
                hint="give a run that does, or labelled source data",
            )
        assert model.identity is not None
        state = {name: value.clone() for name, value in model.network.state_dict().items()}
        return cls(
            path=path,
            identity=model.identity,
            preprocessing=model.preprocessing,
            classes=model.classes,
            state=state,
            digest=tensors_digest(state),
            limits=model.limits,
            schema=model.schema,
        )

    def facts(self) -> dict[str, object]:
        """Return it in plain values, as ``data.json`` holds it."""
        return {
            "name": self.name,
            "path": str(self.path),
            "classes": list(self.classes),
            "backbone": self.identity.name,
            "hash": self.digest,
        }
