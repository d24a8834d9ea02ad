"""Examples as features of a pretrained encoder that stands still: computed once, standardised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from ...base.events import SILENT, Events
from ...base.typed import JsonObject
from ...domains.examples import Examples, Rule
from ...domains.modalities.base import (
    PREPROCESSINGS,
    Preprocessing,
    Reads,
    Strength,
    load_preprocessing,
)
from ..base import BackboneIdentity, LoadedBackbone

if TYPE_CHECKING:
    import torch


@PREPROCESSINGS.register("embedded")
@dataclass(frozen=True)
class EmbeddedPreprocessing(Preprocessing):
    """A preprocessing that ends in features.

    Parameters
    ----------
    identity : BackboneIdentity
        Of the encoder.
    inner : Preprocessing
        The encoder's own.
    mean, spread : tuple of float
        Of each feature over the training rows of all domains: 0 is then what an average row has,
        and what a row without this part is given.
    offline : bool
        Forbid every download when it is opened again.

    Notes
    -----
    Stored rows are float32 (n, features), encoded ones are standardised. With a cache, features
    are kept there.
    """

    identity: BackboneIdentity
    inner: Preprocessing
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    offline: bool = field(default=False, compare=False)
    modality: ClassVar[str] = "embedded"

    def __post_init__(self) -> None:
        self.__dict__["_opened"] = None

    @classmethod
    def fit(
        cls,
        opened: LoadedBackbone,
        examples: Sequence[Examples],
        *,
        cache: Path | None = None,
        offline: bool = False,
        events: Events = SILENT,
    ) -> EmbeddedPreprocessing:
        """Compute the features of all training rows, and their mean and spread.

        Parameters
        ----------
        opened : LoadedBackbone
            The encoder.
        examples : sequence of Examples
        cache : Path, optional
            Where features are kept, for `prepare`.
        """
        dim = opened.module.dim
        made = cls(opened.identity, opened.preprocessing, (0.0,) * dim, (1.0,) * dim, offline)
        made._hold(opened)
        rows = np.concatenate(
            [made.prepare(own, cache=cache, events=events) for own in examples]
            or [np.zeros((1, dim), np.float32)]
        )
        spread = rows.std(0, dtype=np.float64)
        spread[spread <= 1e-6 * np.abs(rows).max(initial=1e-6)] = 1.0
        found = replace(
            made,
            mean=tuple(round(float(m), 7) for m in rows.mean(0, dtype=np.float64)),
            spread=tuple(round(float(s), 7) or 1.0 for s in spread),
        )
        return found._hold(opened)

    def forbidding(self, offline: bool) -> EmbeddedPreprocessing:
        """Return one whose encoder is not downloaded where `offline`."""
        if offline == self.offline:
            return self
        return replace(self, offline=offline)._hold(self.__dict__["_opened"])

    @property
    def dim(self) -> int:
        """Width of the features."""
        return len(self.mean)

    def _hold(self, opened: LoadedBackbone | None) -> EmbeddedPreprocessing:
        self.__dict__["_opened"] = opened
        return self

    def encoder(self, events: Events = SILENT) -> LoadedBackbone:
        """Return what encodes, opened where it is not yet."""
        from ..open import reopen

        if self.__dict__["_opened"] is None:
            self._hold(reopen(self.identity, self.inner, offline=self.offline, events=events))
        found: LoadedBackbone = self.__dict__["_opened"]
        return found

    def prepare(
        self, examples: Examples, *, cache: Path | None = None, events: Events = SILENT
    ) -> np.ndarray:
        """Return features, float32 (n, dim), from the feature store below `cache` where given."""
        from ..extraction import extract, forward_batch
        from ..store import FeatureStore

        stored = self.inner.prepare(examples, cache=cache, events=events)
        if not len(stored):
            return np.zeros((0, self.dim), np.float32)
        opened = self.encoder(events)
        if cache is not None:
            store = FeatureStore(cache / "features")
            return store.features(
                opened, stored, examples.fingerprint(), precision="float32", events=events
            )
        batch = forward_batch(opened.module, self.inner)
        return np.concatenate(list(extract(opened, stored, 0, batch, "float32")))

    @property
    def shape(self) -> tuple[int, ...]:
        """(dim,)."""
        return (self.dim,)

    def encode(self, stored: torch.Tensor) -> torch.Tensor:
        """Return standardised features."""
        mean, spread = self._scale
        return (stored - mean.to(stored.device)) / spread.to(stored.device)

    @cached_property
    def _scale(self) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        return torch.tensor(self.mean), torch.tensor(self.spread)

    def augment(
        self, stored: torch.Tensor, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Leave out a third of the features in a strong view."""
        from ..extraction import thinned

        x = self.encode(stored)
        return thinned(x, generator) if strength == "strong" else x

    def reads(self) -> Reads:
        """Return what the encoder's preprocessing reads."""
        return self.inner.reads()

    def many(self, what: Any) -> Any:
        """Return one example as several, as the encoder takes them."""
        return self.inner.many(what)

    def rule(self) -> Rule:
        """Return the rule of what is encoded."""
        return self.inner.rule()

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        return {
            "kind": "embedded",
            "identity": self.identity.to_dict(),
            "inner": self.inner.to_dict(),
            "mean": list(self.mean),
            "spread": list(self.spread),
        }

    @classmethod
    def from_dict(cls, values: JsonObject) -> Self:
        """Undo `to_dict`."""
        return cls(
            BackboneIdentity.from_dict(values["identity"]),
            load_preprocessing(values["inner"]),
            tuple(values["mean"]),
            tuple(values["spread"]),
        )
