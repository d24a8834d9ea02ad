"""What a federation made, opened from its folder: one model for all, and what each client keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..artifacts.making import verified
from ..backbones.surgery import Network
from ..base.errors import ConfigError, DataError, RunError
from ..base.events import SILENT, Events
from ..base.registry import nearest
from ..base.typed import INTERVAL, EvalResult, JsonObject, Shape, count, number
from ..domains.domain import Domain
from ..domains.input_rows import AnswerRow
from ..domains.learned import not_learned
from ..domains.modalities.base import Preprocessing
from ..domains.read_like import given_rows
from ..report.reported import Reported
from ..targets.codec import TargetCodec
from ..training.checkpoint import load_tensors, save_tensors
from ..training.inputs import run_examples
from ..training.network_folder import load_network
from .arrays import Arrays, named, under
from .inputs import put

if TYPE_CHECKING:
    from ..report.page import Page

FILE = "federated.json"
CLIENTS = "clients.safetensors"
_GAP = {"value": number, "low": (number, None), "high": (number, None), "level": number}
SHAPE: Shape = {
    "classes": [str],
    "target_type": str,
    "strategy": str,
    "aggregation": str,
    "train": str,
    "backbone": str,
    "rounds": count,
    "seeds": count,
    "verdict": [
        {
            "client": str,
            "metric": str,
            "rows": count,
            "judged_rows": count,
            "judged_groups": count,
            "kept": str,
            "why": str,
            "scores": {str: INTERVAL},
            "against": {str: _GAP},
            "kept_gain": (_GAP, None),
            "outcome": str,
            "seen": str,
        }
    ],
    "outcomes": {str: count},
    "harmed": [str],
    "mean_gain": {str: object},
    "refused": [{"client": str, "why": str}],
    "refused_replies": [{"client": str, "round": count, "why": str}],
    "traffic": {"up": {str: count}, "down": {str: count}},
    "sent": [{"from": str, "what": str, "numbers": count, "messages": count, "bytes": count}],
}
"""What ``federated.json`` holds."""


class Federated(Reported):
    """A model that clients learned together, and the one that each keeps.

    Make it with `landbridge.federate`, open it with `landbridge.load`.

    Attributes
    ----------
    facts : dict
        What ``federated.json`` holds.
    clients : list of str
    path : Path or None
        Its folder, where it is in one.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> y = np.array(["ant", "bee"] * 60)
    >>> x = np.random.default_rng(0).normal(size=(120, 4)) + 2 * (y == "bee")[:, None]
    >>> made = landbridge.federate((x, y), np.repeat(["north", "south"], 60), out="insects")
    >>> landbridge.load("insects").predict(x[:1] - 9, client="north")[0]["predicted"]
    'ant'
    """

    kind = "federated"

    def __init__(
        self,
        network: Network,
        preprocessing: Preprocessing,
        facts: Mapping[str, Any],
        own: Mapping[str, Arrays],
        path: Path | None = None,
    ) -> None:
        self.network, self.preprocessing, self.path = network.eval(), preprocessing, path
        self.facts, self._own = dict(facts), dict(own)
        self.codec = TargetCodec.from_dict(facts)
        self._shared = {n: t.detach().clone().numpy() for n, t in network.state_dict().items()}

    @property
    def clients(self) -> list[str]:
        """Who took part."""
        return [one["client"] for one in self.facts["verdict"]]

    @property
    def verdict(self) -> list[JsonObject]:
        """For each client: scores, what learning together gained, and what it keeps."""
        found: list[JsonObject] = self.facts["verdict"]
        return found

    @classmethod
    def load(cls, path: Path | str, *, offline: bool = False, events: Events = SILENT) -> Federated:
        """Open a finished folder.

        Raises
        ------
        RunError
            Where it is none, or a file was changed.
        """
        path = Path(path)
        facts = verified(path, "federated", SHAPE)
        codec = TargetCodec.from_dict(facts)
        network, opened = load_network(path, codec.n_outputs, offline=offline, events=events)
        return cls(network, opened.preprocessing, facts, _load_clients(path, facts, network), path)

    def page(self, folder: Path) -> Page:
        """Return what the report of a folder shows."""
        from .page import page_of

        return page_of(folder, self.facts)

    def predict(
        self,
        what: Any,
        *,
        client: str | None = None,
        outside: bool = False,
        events: Events = SILENT,
    ) -> list[AnswerRow]:
        """Return "name" and "predicted" for each row of the input, in order.

        Parameters
        ----------
        what : path, X, Domain
        client : str, optional
            Answer with what this client keeps; with what all share where not given.
        outside : bool, default False
        events : Events

        Raises
        ------
        ConfigError
            Where there is no such client.
        DataError
            Where the data are of another modality.
        """
        domain = self._read(what, events, labelled=False, outside=outside)
        predicted = self.codec.predict(self._values(domain, client, events))
        rows = [
            {"name": name, "predicted": own}
            for name, own in zip(domain.examples.names(), predicted, strict=True)
        ]
        domain.input_rows.tell(domain.name, events)
        blank = {"name": "", "predicted": self.codec.target_type.missing()}
        return domain.input_rows.answers(rows, blank)

    def evaluate(
        self,
        what: Any,
        *,
        client: str | None = None,
        label: str | None = None,
        keep_duplicates: bool = False,
        outside: bool = False,
        events: Events = SILENT,
    ) -> EvalResult:
        """Compare answers with the labels of other data.

        Returns
        -------
        dict
            Figures as of `landbridge.Run.evaluate`; "n", "left_out", "seen", "unanswered".

        Raises
        ------
        DataError
            Where no row has a label.
        """
        kind = self.codec.target_type
        reads = {"label": label, "outside": outside, "target_type": kind.name}
        domain = self._read(what, events, **reads)
        left, seen = not_learned(self.path, domain.examples, domain.name, keep_duplicates, events)
        rows = np.flatnonzero(domain.labeled_mask & left)
        if not len(rows):
            raise DataError(f"{domain.name} has no label to compare with", hint="give labels")
        own = domain.select(rows)
        values = self._values(own, client, events)
        found = kind.evaluation(kind.decode(own.labels, own.classes), values, self.codec.classes)
        return {
            **found,
            "n": len(own),
            "left_out": len(domain) - len(own),
            "seen": None if seen is None else seen.to_json(),
            "unanswered": domain.input_rows.reasons(),
        }

    def _read(self, what: Any, events: Events, **reads: Any) -> Domain:
        return given_rows(self.preprocessing, what, **reads, events=events)

    def _values(self, domain: Domain, client: str | None, events: Events) -> np.ndarray:
        put(self.network, self._shared | self._of(client))
        outputs = run_examples(self.network, self.preprocessing, domain.examples, events)[1]
        return self.codec.transform(outputs)

    def _of(self, client: str | None) -> Arrays:
        if client is None:
            return {}
        if client not in self._own:
            near = nearest(client, self._own)
            hint = f"did you mean {near!r}?" if near else f"there are {sorted(self._own)[:20]}"
            raise ConfigError(f"there is no client {client!r}", hint=hint)
        return self._own[client]


def save_clients(folder: Path, own: Mapping[str, Arrays]) -> None:
    """Write what each client keeps."""
    order = sorted(own)
    arrays: Arrays = {}
    for i, name in enumerate(order):
        arrays |= named(str(i), own[name])
    tensors = {n: torch.from_numpy(np.array(a, np.float32)) for n, a in arrays.items()}
    save_tensors(folder / CLIENTS, tensors, {"clients": order})


def _load_clients(path: Path, facts: JsonObject, network: Network) -> dict[str, Arrays]:
    tensors, about = load_tensors(path / CLIENTS)
    order = about.get("clients")
    if order != sorted(one["client"] for one in facts["verdict"]):
        raise RunError(
            f"{path / CLIENTS} is not of the clients that {FILE} names", hint="restore the folder"
        )
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    found = {name: under(str(i), arrays) for i, name in enumerate(order)}
    state = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name, own in found.items():
        if any(state.get(key) != array.shape for key, array in own.items()):
            raise RunError(
                f"{path / CLIENTS}: what {name} keeps does not fit the network",
                hint="restore the folder",
            )
    return found


def load_federated(path: Path | str, *, offline: bool = False) -> Federated:
    """Open a folder that `landbridge.federate` or `landbridge federate` made.

    Raises
    ------
    RunError
        Where it is none, or a file was changed.
    """
    return Federated.load(path, offline=offline)
