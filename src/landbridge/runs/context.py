"""What a fit of a run needs beside its method: data, settings, θ₀.

It is written to ``work/data`` once, so that worker processes and `resume` see the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..backbones.base import BackboneIdentity, LoadedBackbone
from ..backbones.open import reopen, resolve
from ..base.config import RunConfig, make_config
from ..base.errors import RunError
from ..base.events import Events
from ..base.files import as_json, read_json, write_json
from ..base.hashing import digest, file_digest
from ..base.stored import checked
from ..domains.modalities.base import Preprocessing, load_preprocessing
from ..inference.clip import Bounded
from ..methods.core.network import PlanContext
from ..methods.core.resolve import Methods
from .prepared import SOURCE_STATE, PreparedData

SMALL = "small"
"""Part of the folder for the small net's context."""
FILE = "workspace.json"
SHORTENED_FIRST = ("scratch",)
"""Baselines that are dear: a short budget shortens them before it leaves anything out."""


@dataclass(frozen=True)
class RunSettings:
    """What the plan settles for all fits.

    Attributes
    ----------
    precision, device : str
    threads : int
        Of each fit.
    scale : float
        Factor on the steps of every fit that nobody named.
    scratch_scale : float
        The same for training from scratch, which a short budget shortens first.
    frozen : bool
        Whether adapting methods leave the backbone as it is.
    """

    precision: str = "float32"
    device: str = "cpu"
    threads: int = 1
    scale: float = 1.0
    frozen: bool = False
    scratch_scale: float = 1.0

    def scale_of(self, method: str) -> float:
        """Return the factor on the steps of a method."""
        return self.scratch_scale if method in SHORTENED_FIRST else self.scale


class StartingNetwork:
    """θ₀ of a run: one for all seeds where it is pretrained, else one of each.

    Parameters
    ----------
    identity : BackboneIdentity
    preprocessing : Preprocessing
    pretrained : bool
        Whether it knows something before the source is seen.
    offline : bool
    """

    def __init__(
        self,
        identity: BackboneIdentity,
        preprocessing: Preprocessing,
        *,
        pretrained: bool,
        offline: bool = False,
    ) -> None:
        self.identity, self.preprocessing = identity, preprocessing
        self.pretrained, self.offline = pretrained, offline
        self.frozen_hashes: dict[int, str] = {}
        self._opened: dict[int, LoadedBackbone] = {}

    @property
    def on_features(self) -> bool:
        """Whether rows are taken as features, so that there is no network to train."""
        return self.identity.provider == "identity"

    def opened(self, seed: int, events: Events) -> LoadedBackbone:
        """Return θ₀ for this seed."""
        key = 0 if self.pretrained else seed
        if key not in self._opened:
            self._opened[key] = self._open(key, events)
        return self._opened[key]

    def _open(self, seed: int, events: Events) -> LoadedBackbone:
        saved, offline = self.identity, self.offline
        if seed == saved.options.get("seed", 0):
            return reopen(saved, self.preprocessing, offline=offline, events=events)
        options = saved.options | {"seed": seed}
        _, provider = resolve(saved.name)
        module = provider.restore(options, offline=offline, events=events)
        identity = provider.identify(saved.name, module, f"seed {seed}", options)
        identity = replace(identity, pretrained=saved.pretrained)
        return LoadedBackbone(module, self.preprocessing.forbidding(offline), identity)


@dataclass(frozen=True)
class FitContext:
    """What fits of one run have in common.

    Attributes
    ----------
    path : Path
        The run folder.
    config : RunConfig
    methods : Methods
        Each made once.
    data : PreparedData
    backbone : StartingNetwork
    settings : RunSettings
    subdir : str
        Its folder below ``work/``.
    fallback : FitContext or None
        The same target, small, for a small net of our own: what training from scratch uses
        where the backbone's architecture is too dear to train from nothing.
    """

    path: Path
    config: RunConfig
    methods: Methods
    data: PreparedData
    backbone: StartingNetwork
    settings: RunSettings = RunSettings()
    subdir: str = "data"
    fallback: FitContext | None = None

    @property
    def bounded(self) -> Bounded:
        """What linear heads clip: a table's columns, and what our own net makes of these."""
        if not self.backbone.preprocessing.columnar or self.backbone.identity.pretrained:
            return ""
        return "columns" if self.backbone.on_features else "directions"

    @property
    def fits(self) -> Path:
        """Where finished and unfinished fits lie."""
        return self.path / "work" / "fits"

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self.path / "work" / self.subdir

    def for_method(self, method: str) -> FitContext:
        """Return what a method works on: the small one for "scratch" where there is one."""
        return self.fallback if method == "scratch" and self.fallback is not None else self

    def settled(self, **settings: Any) -> FitContext:
        """Return the same with other settings, the small one's as well."""
        fallback = None if self.fallback is None else self.fallback.settled(**settings)
        return replace(self, settings=replace(self.settings, **settings), fallback=fallback)

    def plan_context(self) -> PlanContext:
        """Return what methods may know when they make their plans."""
        wishes, data = self.config.training, self.data
        return PlanContext(
            n_classes=len(data.classes),
            n_source=0 if data.source is None else int(data.source.labeled_mask.sum()),
            n_target=len(data.target),
            n_labelled=int(data.target.labeled_mask.sum()),
            pretrained=data.situation.pretrained,
            same_classes=data.situation.shared_classes,
            model=data.source_state is not None,
            frozen=self.settings.frozen,
            steps=wishes.steps,
            source_steps=wishes.source_steps,
            batch_size=wishes.batch_size,
            learning_rate=wishes.learning_rate,
            clip=wishes.clip,
            augment=wishes.augment,
        )

    def save(self) -> None:
        """Write everything below its folder, the small one first."""
        if self.fallback is not None:
            self.fallback.save()
        folder = self.folder
        data = self.data.save(folder)
        facts = as_json(
            {
                "config": self.config.to_dict(),
                **data,
                "identity": self.backbone.identity.to_dict(),
                "preprocessing": self.backbone.preprocessing.to_dict(),
                **asdict(self.settings),
                # What is judged and what is known must never be read from a damaged file.
                "files": {file.name: file_digest(file) for file in sorted(folder.glob("*.npy"))}
                | {file.name: file_digest(file) for file in folder.glob(SOURCE_STATE)},
            }
        )
        write_json(folder / FILE, facts | {"seal": digest(facts)})

    def settled_as(self, saved: Mapping[str, Any]) -> FitContext:
        """Return the same with what the plan settled, from a ``workspace.json``.

        Raises
        ------
        RunError
            Where θ₀ is another one now.
        """
        own, was = as_json(self.backbone.identity.to_dict()), saved["identity"]
        if own != was:
            raise RunError(
                f"the backbone of {self.path} was {was['name']!r} "
                f"({was['origin']}), and is {own['name']!r} ({own['origin']}) now",
                hint="give the same weights, or start a new run",
            )
        fallback = self.fallback
        if fallback is not None:
            file = fallback.folder / FILE
            fallback = fallback.settled_as(read_json(file)) if file.exists() else None
        return replace(self, settings=_settings(saved), fallback=fallback)

    @staticmethod
    def damaged(path: Path) -> str | None:
        """Return the name of a stored file that is missing or is not what `save` wrote.

        Raises
        ------
        RunError
            Where what names them is damaged itself.
        """
        for file in sorted((path / "work").glob(f"*/{FILE}")):
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
            for file in (path / "work").glob(f"*/{FILE}")
            for place in read_json(file)["inputs"].values()
        )

    @classmethod
    def load(cls, path: Path, subdir: str = "data", methods: Methods | None = None) -> FitContext:
        """Read what `save` wrote."""
        folder = path / "work" / subdir
        facts = read_json(folder / FILE)
        config = make_config(facts["config"], stored=True)
        methods = methods or Methods(config.method, config.method_options)
        data = PreparedData.load(folder, facts)
        fallback = subdir == "data" and (path / "work" / SMALL / FILE).exists()
        return cls(
            path=path,
            config=config,
            methods=methods,
            data=data,
            backbone=StartingNetwork(
                BackboneIdentity.from_dict(facts["identity"]),
                load_preprocessing(facts["preprocessing"]),
                pretrained=data.situation.pretrained,
                offline=config.offline,
            ),
            settings=_settings(facts),
            subdir=subdir,
            fallback=cls.load(path, SMALL, methods) if fallback else None,
        )


def _settings(saved: Mapping[str, Any]) -> RunSettings:
    own = {name: saved[name] for name in RunSettings.__dataclass_fields__ if name in saved}
    return RunSettings(**{"scratch_scale": own["scale"], **own})  # older versions had one scale
