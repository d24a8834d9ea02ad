"""The rows that the fits of a run work on: arrays, masks, hashes. Never a sealed label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..base.files import write_array
from ..base.seeds import numpy_rng
from ..base.typed import JsonObject
from ..methods.core.resolve import Setting
from ..targets.codec import TargetCodec
from ..targets.registry import type_of_target
from ..training.batches import Side
from ..training.checkpoint import load_tensors, save_tensors

VALIDATION_SHARE = 0.1
VALIDATION_MOST = 1000
SOURCE_STATE = "known.safetensors"
_GIVEN = {"validation": "validation", "source_own": "source_own", "test_rows": "judged_rows"}
_TEACHER = {"teacher": "teacher", "teacher_test": "teacher_judged"}
"""Arrays by field, and what their files are called."""


@dataclass(frozen=True)
class PreparedData:
    """What every fit learns from and answers for; no array of it can be written to.

    Attributes
    ----------
    classes : tuple of str
        The answers.
    source_classes : tuple of str
        What the source-trained head tells apart; the answers where classes are shared.
    source : Side or None
        All labelled source rows; ``labeled_mask`` is False on the validation part.
    source_own : int64 ndarray
        Labels of the source as indices into `source_classes`.
    validation : bool ndarray
        Source rows kept for validation.
    target : Side
        Target rows that may be used.
    test_inputs : ndarray
        Inputs of the rows that the verdict is about.
    test_rows : int64 ndarray
        Where they stand among the target's rows; empty where they are held out.
    fingerprints : mapping
        Content hash of the inputs of "source", "target" and "judged", and of the labels on
        either side.
    situation : Setting
    mean, std : float
        Of the granted labels where they are numbers; sides hold (label − mean) / spread.
    source_state : mapping of tensors or None
        The network of the model that is the source, where one is.
    teacher, teacher_test : float32 ndarray (n, classes) or None
        A teacher's logits for the target's rows, and for the judged ones.
    """

    classes: tuple[str, ...]
    source_classes: tuple[str, ...]
    source: Side | None
    source_own: np.ndarray
    validation: np.ndarray
    target: Side
    test_inputs: np.ndarray
    test_rows: np.ndarray
    fingerprints: Mapping[str, str]
    situation: Setting
    mean: float = 0.0
    spread: float = 1.0
    source_state: Mapping[str, torch.Tensor] | None = None
    teacher: np.ndarray | None = None
    teacher_test: np.ndarray | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _read_only(getattr(self, field.name)))

    @property
    def own_backbone(self) -> bool:
        """Whether what is known was learned from the source, in this run or before it."""
        if self.source_state is not None:
            return True
        return not self.situation.pretrained and self.situation.source == "labelled"

    @property
    def reading(self) -> TargetCodec:
        """How outputs are read as answers."""
        return TargetCodec(self.situation.target_type, self.classes, self.mean, self.spread)

    def outputs_of(self, classes: Sequence[str]) -> tuple[str, ...]:
        """Return what the outputs for these classes are about."""
        return self.situation.target_type.output_names(classes)

    @property
    def answerable(self) -> np.ndarray:
        """Which source rows have a label that is among the answers."""
        assert self.source is not None
        if self.situation.target_type.exclusive:
            return self.source.labels >= 0
        return self.source.labeled_mask

    @property
    def teaching(self) -> np.ndarray:
        """Which source rows teach the answers: labelled with one, and not kept for validation."""
        assert self.source is not None
        return self.source.labeled_mask & ~self.validation & self.answerable

    def inputs(self, which: str) -> np.ndarray:
        """Return the stored inputs of "source", "target" or "judged"."""
        if which == "source":
            assert self.source is not None
            return self.source.inputs
        return self.target.inputs if which == "target" else self.test_inputs

    def save(self, folder: Path) -> JsonObject:
        """Write all arrays, and return what `load` takes beside them."""
        inputs = {"target": self.target.inputs, "judged": self.test_inputs}
        sides = {"target": self.target}
        if self.source is not None:
            inputs["source"] = self.source.inputs
            sides["source"] = self.source
        arrays = {file: getattr(self, name) for name, file in (_GIVEN | _TEACHER).items()}
        for name, side in sides.items():
            arrays[f"{name}_labels"], arrays[f"{name}_known"] = side.labels, side.labeled_mask
            arrays[f"{name}_groups"], arrays[f"{name}_domain"] = side.groups, side.domain
        places = {}
        for name, array in inputs.items():
            file = getattr(array, "filename", None)
            if file is None:  # not a memory map of the cache
                write_array(folder / f"{name}_inputs.npy", array, private=True)
                file = f"{name}_inputs.npy"
            places[name] = str(file)
        for name, array in arrays.items():
            if array is not None:
                write_array(folder / f"{name}.npy", array)
        if self.source_state is not None:
            save_tensors(folder / SOURCE_STATE, dict(self.source_state), {})
        return {
            "classes": self.classes,
            "source_classes": self.source_classes,
            "inputs": places,
            "fingerprints": self.fingerprints,
            "situation": self.situation.to_json(),
            "mean": self.mean,
            "spread": self.spread,
        }

    @classmethod
    def load(cls, folder: Path, facts: Mapping[str, Any]) -> PreparedData:
        """Read what `save` wrote; inputs are memory-mapped."""

        def array(name: str) -> np.ndarray:
            return np.load(folder / f"{name}.npy", allow_pickle=False)

        def some(name: str) -> np.ndarray | None:
            return array(name) if (folder / f"{name}.npy").exists() else None

        def inputs(name: str) -> np.ndarray:
            place = folder / facts["inputs"][name]  # a whole path where it is in the cache
            return np.load(place, mmap_mode="r", allow_pickle=False)

        def side(name: str) -> Side:
            # Groups and domains: of runs that were begun by earlier versions there are none.
            return Side(
                inputs(name),
                array(f"{name}_labels"),
                array(f"{name}_known"),
                some(f"{name}_groups"),
                some(f"{name}_domain"),
            )

        return cls(
            classes=tuple(facts["classes"]),
            source_classes=tuple(facts["source_classes"]),
            source=side("source") if "source" in facts["inputs"] else None,
            target=side("target"),
            test_inputs=inputs("judged"),
            fingerprints=facts["fingerprints"],
            situation=Setting.from_json(facts["situation"]),
            mean=facts["mean"],
            spread=facts["spread"],
            source_state=load_tensors(folder / SOURCE_STATE)[0]
            if (folder / SOURCE_STATE).exists()
            else None,
            teacher=some("teacher"),
            teacher_test=some("teacher_judged"),
            **{name: array(file) for name, file in _GIVEN.items()},
        )


def _read_only(value: Any) -> Any:
    """Return an array, or a side of arrays, that cannot be written to; the caller's own can."""
    if isinstance(value, Side):
        return replace(value, **{f.name: _read_only(getattr(value, f.name)) for f in fields(value)})
    if not isinstance(value, np.ndarray) or not value.flags.writeable:
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def validation_split(labels: np.ndarray, labeled: np.ndarray, seed: int) -> np.ndarray:
    """Return which labelled source rows are kept for validation: a tenth, 1,000 at most.

    Stratified, by the tenths where labels are numbers; a class keeps at least one row to
    learn from.
    """
    rng = numpy_rng(seed, "source validation")
    chosen = np.zeros(len(labels), bool)
    share = min(VALIDATION_SHARE, VALIDATION_MOST / max(1, int(labeled.sum())))
    groups = type_of_target(labels).strata(labels, labeled)
    for value in np.unique(groups[labeled]):
        rows = rng.permutation(np.flatnonzero(labeled & (groups == value)))
        chosen[rows[: min(len(rows) - 1, round(share * len(rows)))]] = True
    return chosen
