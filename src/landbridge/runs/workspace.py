"""What every fit of a run works on: prepared arrays, θ₀, the setting. Never a sealed label.

It is written to ``work/data`` once, so that worker processes and `resume` see the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..backbones.base import BackboneIdentity, LoadedBackbone
from ..base.config import RunConfig, make_config
from ..base.errors import RunError
from ..base.events import Events
from ..base.files import as_json, read_json, write_array, write_json
from ..base.hashing import digest, file_digest
from ..base.stored import checked
from ..domains.modalities.base import Preprocessing, load_preprocessing
from ..methods.core.network import PlanContext
from ..methods.core.resolve import Methods, Setting
from ..targets.base import type_of_target
from ..targets.codec import TargetCodec
from ..training.batches import Side
from ..training.checkpoint import load_tensors, save_tensors

VALIDATION_SHARE = 0.1
VALIDATION_MOST = 1000
SETTLED = ("precision", "device", "threads", "scale", "frozen")
"""What the plan settles for all fits."""
TEACHER, TEACHER_JUDGED = "teacher.npy", "teacher_judged.npy"
KNOWN = "known.safetensors"
SMALL = "small"
"""Part of the folder for the small workspace."""


@dataclass
class Workspace:
    """Arrays and facts of one run.

    Attributes
    ----------
    path : Path
        The run folder.
    config : RunConfig
    classes : tuple of str
        The answers.
    source_classes : tuple of str
        What the source-trained head tells apart; the answers where classes are shared.
    source : Side or None
        All labelled source rows; ``known`` is False on the validation part.
    source_own : int64 ndarray
        Labels of the source as indices into `source_classes`.
    validation : bool ndarray
        Source rows kept for validation.
    target : Side
        Target rows that may be used.
    judged : ndarray
        Inputs of the judged rows.
    judged_rows : int64 ndarray
        Where they stand among the target's rows; empty where they are held out.
    fingerprints : dict
        Content hash of the inputs of "source", "target" and "judged", and of the labels on
        either side.
    known : dict of tensors or None
        The network of the model that is the source, where one is.
    part : str
        Its folder below ``work/``.
    small : Workspace or None
        The same target, small, for a small net of our own: what training from scratch uses
        where the backbone's architecture is too dear to train from nothing.
    methods : Methods
        Each made once.
    teacher : float32 ndarray (n, classes) or None
        A teacher's logits for the target's rows.
    teacher_judged : float32 ndarray (n, classes) or None
        The same for the judged rows.
    mean, spread : float
        Of the granted labels where they are numbers; sides hold (label − mean) / spread.
    """

    path: Path
    config: RunConfig
    classes: tuple[str, ...]
    source_classes: tuple[str, ...]
    source: Side | None
    source_own: np.ndarray
    validation: np.ndarray
    target: Side
    judged: np.ndarray
    judged_rows: np.ndarray
    fingerprints: dict[str, str]
    situation: Setting
    methods: Methods
    identity: dict[str, Any]
    preprocessing: Preprocessing
    precision: str = "float32"
    device: str = "cpu"
    threads: int = 1
    scale: float = 1.0
    frozen: bool = False
    part: str = "data"
    small: Workspace | None = None
    known: dict[str, torch.Tensor] | None = None

    @property
    def own_backbone(self) -> bool:
        """Whether what is known was learned from the source, in this run or before it."""
        if self.known is not None:
            return True
        return not self.situation.pretrained and self.situation.source == "labelled"

    mean: float = 0.0
    spread: float = 1.0
    teacher: np.ndarray | None = None
    teacher_judged: np.ndarray | None = None

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
        return self.source.known

    @property
    def teaching(self) -> np.ndarray:
        """Which source rows teach the answers: labelled with one, and not kept for validation."""
        assert self.source is not None
        return self.source.known & ~self.validation & self.answerable

    @property
    def on_features(self) -> bool:
        """Whether rows are taken as features, so that there is no network to train."""
        return bool(self.identity["provider"] == "identity")

    def __post_init__(self) -> None:
        self._opened: dict[int, LoadedBackbone] = {}
        self.known_hashes: dict[int, str] = {}
        if self.small is not None:
            self.small.methods = self.methods

    @property
    def fits(self) -> Path:
        """Where finished and unfinished fits lie."""
        return self.path / "work" / "fits"

    def for_method(self, method: str) -> Workspace:
        """Return what a method works on: the small one for "scratch" where there is one."""
        return self.small if method == "scratch" and self.small is not None else self

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self.path / "work" / self.part

    def inputs(self, which: str) -> np.ndarray:
        """Return the stored inputs of "source", "target" or "judged"."""
        if which == "source":
            assert self.source is not None
            return self.source.inputs
        return self.target.inputs if which == "target" else self.judged

    def opened(self, seed: int, events: Events) -> LoadedBackbone:
        """Return θ₀ for this seed (the same for all seeds where it is pretrained)."""
        from ..backbones.open import reopen, resolve

        key = 0 if self.situation.pretrained else seed
        if key in self._opened:
            return self._opened[key]
        offline = self.config.offline
        saved = BackboneIdentity.from_dict(self.identity)
        if key == saved.options.get("seed", 0):
            opened = reopen(saved, self.preprocessing, offline=offline, events=events)
        else:
            options = saved.options | {"seed": key}
            _, provider = resolve(saved.name)
            module = provider.restore(options, offline=offline, events=events)
            identity = provider.identify(saved.name, module, f"seed {key}", options)
            identity = replace(identity, pretrained=saved.pretrained)
            opened = LoadedBackbone(module, self.preprocessing.forbidding(offline), identity)
        self._opened[key] = opened
        return opened

    def context(self) -> PlanContext:
        """Return what methods may know when they make their plans."""
        wishes = self.config.training
        return PlanContext(
            n_classes=len(self.classes),
            n_source=0 if self.source is None else int(self.source.known.sum()),
            n_target=len(self.target),
            n_labelled=int(self.target.known.sum()),
            pretrained=self.situation.pretrained,
            same_classes=self.situation.shared_classes,
            model=self.known is not None,
            frozen=self.frozen,
            steps=wishes.steps,
            source_steps=wishes.source_steps,
            batch=wishes.batch_size,
            rate=wishes.learning_rate,
            clip=wishes.clip,
            augment=wishes.augment,
        )

    def save(self) -> None:
        """Write everything below its folder, the small one first."""
        if self.small is not None:
            self.small.save()
        folder = self.folder
        arrays = {
            "validation": self.validation,
            "source_own": self.source_own,
            "judged_rows": self.judged_rows,
        }
        inputs = {"target": self.target.inputs, "judged": self.judged}
        sides = {"target": self.target}
        if self.source is not None:
            inputs["source"] = self.source.inputs
            sides["source"] = self.source
        for name, side in sides.items():
            arrays[f"{name}_labels"], arrays[f"{name}_known"] = side.labels, side.known
            if side.groups is not None:
                arrays[f"{name}_groups"] = side.groups
        places = {}
        for name, array in inputs.items():
            file = getattr(array, "filename", None)
            if file is None:  # not a memory map of the cache
                write_array(folder / f"{name}_inputs.npy", array, private=True)
                file = f"{name}_inputs.npy"
            places[name] = str(file)
        if self.teacher is not None:
            write_array(folder / TEACHER, self.teacher)
        if self.teacher_judged is not None:
            write_array(folder / TEACHER_JUDGED, self.teacher_judged)
        if self.known is not None:
            save_tensors(folder / KNOWN, self.known, {})
        for name, array in arrays.items():
            write_array(folder / f"{name}.npy", array)
        facts = as_json(
            {
                "config": self.config.to_dict(),
                "classes": self.classes,
                "source_classes": self.source_classes,
                "inputs": places,
                "fingerprints": self.fingerprints,
                "situation": self.situation.to_json(),
                "mean": self.mean,
                "spread": self.spread,
                "identity": self.identity,
                "preprocessing": self.preprocessing.to_dict(),
                **{name: getattr(self, name) for name in SETTLED},
                # What is judged and what is known must never be read from a damaged file.
                "files": {file.name: file_digest(file) for file in sorted(folder.glob("*.npy"))}
                | {file.name: file_digest(file) for file in folder.glob(KNOWN)},
            }
        )
        write_json(folder / "workspace.json", facts | {"seal": digest(facts)})

    def settle_as(self, saved: dict[str, Any]) -> None:
        """Take over what the plan settled, from a ``workspace.json``.

        Raises
        ------
        RunError
            Where θ₀ is another one now.
        """
        if self.identity != saved["identity"]:
            raise RunError(
                f"the backbone of {self.path} was {saved['identity']['name']!r} "
                f"({saved['identity']['origin']}), and is {self.identity['name']!r} "
                f"({self.identity['origin']}) now",
                hint="give the same weights, or start a new run",
            )
        for name in SETTLED:
            setattr(self, name, saved[name])
        if self.small is not None and (self.small.folder / "workspace.json").exists():
            self.small.settle_as(read_json(self.small.folder / "workspace.json"))
        else:
            self.small = None

    @staticmethod
    def damaged(path: Path) -> str | None:
        """Return the name of a stored file that is missing or is not what `save` wrote.

        Raises
        ------
        RunError
            Where what names them is damaged itself.
        """
        for file in sorted((path / "work").glob("*/workspace.json")):
            facts = read_json(file)
            own = {key: value for key, value in facts.items() if key != "seal"}
            if "seal" in facts and facts["seal"] != digest(own):
                raise RunError(
                    f"{file} is damaged: its content is not what the run wrote",
                    hint="start the run again in another folder",
                )
            for name, expected in facts.get("files", {}).items():
                stored = file.parent / name
                if not stored.is_file() or file_digest(stored) != expected:
                    return str(stored)
        return None

    @staticmethod
    def inputs_there(path: Path) -> bool:
        """Say whether the decoded inputs that `save` named are there, and whole in the cache."""
        return all(
            checked(Path(place)) if Path(place).is_absolute() else (file.parent / place).exists()
            for file in (path / "work").glob("*/workspace.json")
            for place in read_json(file)["inputs"].values()
        )

    @classmethod
    def load(cls, path: Path, part: str = "data") -> Workspace:
        """Read what `save` wrote; inputs are memory-mapped."""
        folder = path / "work" / part
        small = part == "data" and (path / "work" / SMALL / "workspace.json").exists()
        facts = read_json(folder / "workspace.json")
        config = make_config(facts["config"], stored=True)

        def array(name: str) -> np.ndarray:
            return np.load(folder / f"{name}.npy", allow_pickle=False)

        def inputs(name: str) -> np.ndarray:
            place = folder / facts["inputs"][name]  # a whole path where it is in the cache
            return np.load(place, mmap_mode="r", allow_pickle=False)

        def side(name: str) -> Side:
            groups = f"{name}_groups"  # of runs that were begun by earlier versions: none
            return Side(
                inputs(name),
                array(f"{name}_labels"),
                array(f"{name}_known"),
                array(groups) if (folder / f"{groups}.npy").exists() else None,
            )

        return cls(
            path=path,
            config=config,
            methods=Methods(config.method, config.method_options),
            classes=tuple(facts["classes"]),
            source_classes=tuple(facts["source_classes"]),
            source=side("source") if "source" in facts["inputs"] else None,
            source_own=array("source_own"),
            validation=array("validation"),
            target=side("target"),
            judged=inputs("judged"),
            judged_rows=array("judged_rows"),
            fingerprints=facts["fingerprints"],
            situation=Setting.from_json(facts["situation"]),
            identity=facts["identity"],
            preprocessing=load_preprocessing(facts["preprocessing"]),
            part=part,
            small=cls.load(path, SMALL) if small else None,
            known=load_tensors(folder / KNOWN)[0] if (folder / KNOWN).exists() else None,
            teacher=array("teacher") if (folder / TEACHER).exists() else None,
            teacher_judged=(
                array("teacher_judged") if (folder / TEACHER_JUDGED).exists() else None
            ),
            mean=facts["mean"],
            spread=facts["spread"],
            **{name: facts[name] for name in SETTLED},
        )


def validation_part(labels: np.ndarray, known: np.ndarray, seed: int) -> np.ndarray:
    """Return which labelled source rows are kept for validation: a tenth, 1,000 at most.

    Stratified, by the tenths where labels are numbers; a class keeps at least one row to
    learn from.
    """
    from ..base.seeds import numpy_rng

    rng = numpy_rng(seed, "source validation")
    chosen = np.zeros(len(labels), bool)
    share = min(VALIDATION_SHARE, VALIDATION_MOST / max(1, int(known.sum())))
    groups = type_of_target(labels).strata(labels, known)
    for value in np.unique(groups[known]):
        rows = rng.permutation(np.flatnonzero(known & (groups == value)))
        chosen[rows[: min(len(rows) - 1, round(share * len(rows)))]] = True
    return chosen
