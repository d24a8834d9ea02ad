"""From a step's number to what the losses see: batches drawn, taken through the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from ..backbones.maps import stage_maps
from ..backbones.surgery import Network
from ..base.errors import ConfigError
from ..base.seeds import torch_rng
from ..domains.modalities.base import Strength
from ..objectives.base import StepBatch, ViewOutputs
from .batches import Pool, Side
from .inputs import InputSource
from .plan import Phase
from .precision import autocast, joined, layout
from .shared_steps import Ranks, as_one_batch


def make_pools(
    phase: Phase,
    views: frozenset[str],
    source: Side | None,
    target: Side | None,
    where: tuple[object, ...],
    fit: str,
) -> dict[str, tuple[Side, Pool]]:
    """Return what each batch of a phase is drawn from.

    Raises
    ------
    ConfigError
        Where a loss or term needs rows that are not there.
    """
    pools: dict[str, tuple[Side, Pool]] = {}

    def add(name: str, side: Side | None, rows: np.ndarray, what: str) -> None:
        if side is None or len(rows) == 0:
            raise ConfigError(
                f"phase {phase.name!r} of {fit} needs {what}, and there is none",
                hint="choose a method that this setting allows: `landbridge methods`",
            )
        pools[name] = (side, Pool(rows, phase.batch_size, *where, name))

    def labelled(side: Side | None) -> np.ndarray:
        return np.flatnonzero(side.labeled_mask) if side is not None else np.array([], int)

    if phase.source_weight or "source" in views:
        add("source", source, labelled(source), "labelled source rows")
    if phase.target_weight or "labelled" in views:
        add("labelled", target, labelled(target), "labelled target rows")
    if views & {"target", "strong"}:
        rows = np.arange(len(target)) if target is not None else np.array([], int)
        add("target", target, rows, "target rows")
    if "taught" in views and not taught(phase):
        add("taught", None, np.array([], int), "labelled rows")
    if "other" in views and source is not None and len(source):
        add("other", source, np.arange(len(source)), "source rows")
    return pools


def taught(phase: Phase) -> list[str]:
    """Return the batches that the losses of a phase learn from."""
    weights = (("source", phase.source_weight), ("labelled", phase.target_weight))
    return [name for name, weight in weights if weight]


class BatchBuilder:
    """Makes the scene of each step: a function of (seed, phase, step) and the network.

    Parameters
    ----------
    network : Network
    inputs : InputSource
    pools : dict of (Side, Pool)
        By batch: "source", "labelled", "target".
    phase : Phase
    views : frozenset of str
        What the terms need.
    where : tuple
        Seeds the augmentations.
    device, precision
        Where and in which number format.
    anchor : Network or None
        What `ViewOutputs.anchor` is asked of.
    maps : bool
        Whether `ViewOutputs.maps` are wanted.
    ranks : Ranks or None
        Processes that share each batch; None: there is this one.
    """

    def __init__(
        self,
        network: Network,
        inputs: InputSource,
        pools: dict[str, tuple[Side, Pool]],
        phase: Phase,
        views: frozenset[str],
        where: tuple[object, ...],
        *,
        device: torch.device,
        precision: str,
        anchor: Network | None = None,
        maps: bool = False,
        ranks: Ranks | None = None,
    ) -> None:
        self.ranks = ranks
        self.network, self.inputs, self.pools = network, inputs, pools
        self.phase, self.views, self.where = phase, views, where
        self.device, self.precision = device, precision
        self.anchor, self.maps = anchor, maps

    def at(self, step: int) -> tuple[StepBatch, dict[str, ViewOutputs]]:
        """Return what terms see, and all views, labels included, for the task's losses."""
        drawn, labels, rows = self._draw(step)
        found: dict[str, ViewOutputs] = {}
        for names in _passes(list(drawn), self.phase.by_domain):
            together = layout(joined([drawn[name] for name in names]))
            sizes = [len(drawn[name]) for name in names]
            outputs = self._forward(self.network, together)
            anchors = [None] * len(names) if self.anchor is None else self._anchor(together, sizes)
            for name, view, anchor in zip(names, _split(outputs, sizes), anchors, strict=True):
                view.labels, view.rows = labels.get(name), rows[name]
                view.inputs, view.anchor = drawn[name], anchor
                found[name] = view
        target = found.get("target")
        seen = StepBatch(
            source=found.get("source"),
            target=target,
            strong=found.get("strong"),
            teacher=None if target is None else target.logits.detach(),
            progress=step / self.phase.steps,
            # Granted labels are for L_target alone unless a term says that it learns from them.
            labelled=found.get("labelled") if "labelled" in self.views else None,
            other=found.get("other"),
            other_strong=found.get("other strong"),
            taught=tuple(found[name] for name in taught(self.phase) if name in found)
            if "taught" in self.views
            else (),
        )
        return seen, found

    def _draw(
        self, step: int
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        generator = torch_rng(*self.where, "augment", step, device=self.device)
        augment = self.phase.augment
        drawn: dict[str, torch.Tensor] = {}
        labels: dict[str, torch.Tensor] = {}
        rows: dict[str, torch.Tensor] = {}

        def take(name: str, side: Side, which: np.ndarray, strength: Strength) -> None:
            drawn[name] = self.inputs.batch(side, which, strength, generator)
            rows[name] = torch.from_numpy(which).to(self.device)

        for name, (side, pool) in self.pools.items():
            which = pool.at(step)
            if name == "target":
                take("target", side, which, "none" if augment == "none" else "weak")
                if "strong" in self.views:
                    take("strong", side, which, "strong")
            elif name == "other":
                take("other", side, which, "none" if augment == "none" else "weak")
                take("other strong", side, which, "strong")
            else:
                take(name, side, which, augment)
                labels[name] = torch.from_numpy(side.labels[which]).to(self.device)
        return drawn, labels, rows

    def _forward(self, network: Network, x: torch.Tensor) -> ViewOutputs:
        if self.ranks is None or len(x) < self.ranks.size:  # too few rows to share: all take all
            return self._outputs(network, x)
        n, ranks = len(x), self.ranks
        with as_one_batch(network, ranks, n):
            own = self._outputs(network, x[ranks.own(n)])
        parts = [ranks.gather(part, n) for part in (own.features, own.logits, *own.maps)]
        return ViewOutputs(parts[0], parts[1], maps=tuple(parts[2:]))

    def _outputs(self, network: Network, x: torch.Tensor) -> ViewOutputs:
        with autocast(self.precision, self.device), stage_maps(network, self.maps) as maps:
            features, logits = self.inputs.forward(network, x)
        return ViewOutputs(features, logits, maps=tuple(maps))

    @torch.no_grad()
    def _anchor(self, x: torch.Tensor, sizes: Sequence[int]) -> list[ViewOutputs | None]:
        assert self.anchor is not None
        return list(_split(self._forward(self.anchor, x), sizes))


def _split(view: ViewOutputs, sizes: Sequence[int]) -> Iterator[ViewOutputs]:
    parts = [part.split(list(sizes)) for part in (view.features, view.logits, *view.maps)]
    for features, logits, *maps in zip(*parts, strict=True):
        yield ViewOutputs(features, logits, maps=tuple(maps))


def _passes(names: list[str], by_domain: bool) -> list[list[str]]:
    if not by_domain:
        return [names]
    of_source = {"source", "other", "other strong"}
    sides = [[n for n in names if n in of_source], [n for n in names if n not in of_source]]
    return [side for side in sides if side]
