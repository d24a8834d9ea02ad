"""Groups opened from their folder: which group new rows are of, and how far labels agree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..artifacts.making import verified
from ..backbones.surgery import Network
from ..base.errors import DataError, RunError
from ..base.events import SILENT, Events
from ..base.hashing import tensors_digest
from ..base.typed import INTERVAL, JsonObject, Shape, checked, count
from ..domains.domain import Domain
from ..domains.input_rows import AnswerRow
from ..domains.modalities.base import Preprocessing
from ..domains.read_like import given_rows
from ..domains.sealing import seal
from ..report.reported import Reported
from ..training.checkpoint import load_tensors, save_tensors
from ..training.inputs import run_examples
from ..training.network_folder import load_network
from ..verdict.partition import evaluate_groups
from .base import Groups
from .compress import Compression

if TYPE_CHECKING:
    from ..report.page import Page

FILE = "clusters.json"
TENSORS = "groups.safetensors"
ARRAYS = ("mean", "centre", "directions", "weights", "bias")
_STABLE = {"groups": count, "stability": float, "chance": float, "gain": float, "error": float}
_FIGURES = {"ami": INTERVAL, "ari": INTERVAL, "accuracy": INTERVAL}
_JUDGED = {"ami": INTERVAL, "reference": (INTERVAL, None), "difference": (INTERVAL, None)}
_PLATEAU = {
    "low": count,
    "high": count,
    **_STABLE,
    "information": float,
    "chosen": bool,
}
SHAPE: Shape = {
    "data": str,
    "backbone": str,
    "flat": bool,
    "pretraining_steps": count,
    "method": str,
    "rows": count,
    "source": (str, None),
    "source_rows": count,
    "directions": count,
    "number": {"groups": count, "tried": [_STABLE], "given": bool, "plateaus?": [_PLATEAU]},
    "stability": _STABLE,
    "seed": count,
    "reference": ({"what": str}, None),
    "verdict": {
        "plateaus?": {str: _JUDGED},
        "outcome": str,
        "sentence": str,
        "judged": (
            {
                "n": count,
                "classes": [str],
                "table": [[count]],
                "difference": (INTERVAL, None),
                "reference": (_FIGURES, None),
                **_FIGURES,
            },
            None,
        ),
    },
    "groups": [
        {
            "name": str,
            "rows": count,
            "share": float,
            "source_share": (float, None),
            "comes_back": float,
            "told": [str],
        }
    ],
}
"""What ``clusters.json`` holds."""


class Clusters(Reported):
    """Groups that were found without labels, on features of a backbone.

    Make them with `landbridge.cluster`, open them with `landbridge.load`.

    Attributes
    ----------
    groups : Groups
    facts : dict
        What ``clusters.json`` holds: "number", "stability", "groups", "verdict", ...
    assigned : int ndarray (n,) or None
        The group of each row that they were made from (0 is the largest), where just made.
    path : Path or None
        Its folder, where it is in one.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> x = np.random.default_rng(0).normal(size=(60, 2)) + 8 * (np.arange(60) < 20)[:, None]
    >>> found = landbridge.cluster(x, groups=2)
    >>> [row["group"] for row in found.predict([[0.0, 0.0], [8.0, 8.0]])]
    ['group 1', 'group 2']
    """

    kind = "clusters"

    def __init__(
        self,
        network: Network,
        preprocessing: Preprocessing,
        compression: Compression,
        groups: Groups,
        facts: Mapping[str, Any],
        path: Path | None = None,
    ) -> None:
        self.network, self.preprocessing = network.eval(), preprocessing
        self.compression, self.groups, self.path = compression, groups, path
        self.facts = dict(facts)
        self.assigned: np.ndarray | None = None

    def __repr__(self) -> str:
        return f"Clusters({len(self.groups)} groups of {self.facts['rows']} rows)"

    @classmethod
    def load(cls, path: Path | str, *, offline: bool = False, events: Events = SILENT) -> Clusters:
        """Open a finished folder.

        Raises
        ------
        RunError
            Where it is none, or a file was changed.
        """
        path = Path(path)
        facts = verified(path, "clusters", SHAPE)
        network, opened = load_network(path, 1, offline=offline, events=events)
        tensors, about = load_tensors(path / TENSORS)
        checked(about, {"unit": bool, "result": str}, str(path / TENSORS))
        parts = {name: value.numpy() for name, value in tensors.items()}
        _check_fit(path, parts, network.backbone.dim, facts)
        if tensors_digest(tensors) != about.get("result"):
            raise RunError(f"{path / TENSORS} was changed", hint="restore the folder")
        compression = Compression(
            parts["mean"], parts["centre"], parts["directions"], bool(about["unit"])
        )
        groups = Groups(parts["weights"], parts["bias"])
        return cls(network, opened.preprocessing, compression, groups, facts, path)

    def save_groups(self, folder: Path) -> None:
        """Write what `load` reads beside the network and the facts."""
        own = {
            "mean": self.compression.mean,
            "centre": self.compression.centre,
            "directions": self.compression.directions,
            "weights": self.groups.weights,
            "bias": self.groups.bias,
        }
        tensors = {name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in own.items()}
        about = {"unit": self.compression.unit, "result": tensors_digest(tensors)}
        save_tensors(folder / TENSORS, tensors, about)

    def page(self, folder: Path) -> Page:
        """Return what the report of a folder shows."""
        from .page import page_of

        return page_of(folder, self.facts)

    def predict(
        self, what: Any, *, outside: bool = False, events: Events = SILENT
    ) -> list[AnswerRow]:
        """Return "name", "group" and "certainty" for each row of the input, in order.

        The certainty is the share of the row that its group has in the mixture: 1 far from any
        border, 1 over the number of groups where all meet. A row that could not be read has None,
        NaN, and "reason", as of `landbridge.Run.predict`, and so is `outside`.

        Raises
        ------
        DataError
            Where the data are of another modality.
        """
        domain = given_rows(
            self.preprocessing, what, labelled=False, outside=outside, events=events
        )
        domain.input_rows.tell(domain.name, events)
        return predictions(domain, self._shares(domain, events), self.names)

    @property
    def names(self) -> list[str]:
        """What the groups are called, the largest first."""
        return [group["name"] for group in self.facts["groups"]]

    def evaluate(
        self,
        what: Any,
        *,
        label: str | None = None,
        outside: bool = False,
        events: Events = SILENT,
    ) -> JsonObject:
        """Compare the groups of other rows with their labels.

        Returns
        -------
        dict
            "groups": as of `landbridge.verdict.partition.judge_groups`; "n", the labelled rows;
            "left_out": rows without a label;
            "unanswered": how many rows could not be read, by the reason.

        Raises
        ------
        DataError
            Where no row has a label that is a class.
        """
        reads = {"label": label, "outside": outside}
        domain = what
        if not isinstance(what, Domain):
            domain = given_rows(self.preprocessing, what, **reads, events=events)
        if domain.sealed is None:
            domain = seal(domain, "judge")
        if domain.sealed is None or not domain.target_type.exclusive:
            raise DataError(
                f"{domain.name} has no label that is a class", hint="give rows with their classes"
            )
        own = self._shares(domain, events).argmax(1)
        found = evaluate_groups(domain.sealed, own[domain.test_mask], seed=self.facts["seed"])
        return {
            "groups": found.to_json(),
            "n": found.n,
            "left_out": len(domain) - int(domain.test_mask.sum()),
            "unanswered": domain.input_rows.reasons(),
        }

    def _shares(self, domain: Domain, events: Events) -> np.ndarray:
        features = run_examples(self.network, self.preprocessing, domain.examples, events)[0]
        return self.groups.shares(self.compression.apply(features))


def _check_fit(
    path: Path, parts: Mapping[str, np.ndarray], dim: int, facts: Mapping[str, Any]
) -> None:
    """Raise where the arrays are not those of such groups of such features."""
    shapes = {name: parts[name].shape if name in parts else () for name in ARRAYS}
    k = len(facts["groups"])
    q = shapes["directions"][0] if len(shapes["directions"]) == 2 else 0
    wanted = {
        "mean": (dim,),
        "centre": (dim,),
        "directions": (q, dim),
        "weights": (k, q),
        "bias": (k,),
    }
    if shapes != wanted or any(parts[name].dtype.kind != "f" for name in ARRAYS):
        raise RunError(
            f"{path / TENSORS} holds arrays of the shapes {shapes}, expected {wanted}",
            hint="restore the folder",
        )


def predictions(domain: Domain, shares: np.ndarray, groups: list[str]) -> list[AnswerRow]:
    """Return one answer for each row of the input."""
    best = shares.argmax(1)
    rows = [
        {"name": name, "group": groups[k], "certainty": round(float(own[k]), 6)}
        for name, k, own in zip(domain.examples.names(), best, shares, strict=True)
    ]
    return domain.input_rows.answers(rows, {"name": "", "group": None, "certainty": float("nan")})


def load_clusters(path: Path | str, *, offline: bool = False) -> Clusters:
    """Open a folder that `landbridge.cluster` or `landbridge cluster` made.

    Raises
    ------
    RunError
        Where it is none, or a file was changed.
    """
    return Clusters.load(path, offline=offline)
