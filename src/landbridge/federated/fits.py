"""Every fit that is compared, and what each answers to a client's rows to judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..base.events import Events
from ..methods.heads.base import fit_head
from ..methods.heads.ridge import ALPHAS
from ..solvers.linear.ridge import ridge_loo
from ..solvers.linear.sufficient import Statistics, ridge_path
from ..targets.codec import TargetCodec
from ..verdict.clients import FEDERATED, LOCAL, POOLED, SOURCE, ClientOutputs
from .aggregations.base import Aggregation
from .arrays import Arrays
from .clients import Client, Together
from .federation import Fitted
from .inputs import Encoder, all_rows
from .learner import Rows
from .options import FederatedOptions
from .strategies.base import Strategy
from .trainer import Trainer


def prepare(
    together: Together,
    encoder: Encoder,
    options: FederatedOptions,
    strategy: Strategy,
    aggregation: Aggregation,
    batch_size: int,
    learning_rate: float | None,
    events: Events,
) -> tuple[Trainer, dict[str, Rows], dict[str, np.ndarray]]:
    """Return what fits, each client's rows to learn from, and its inputs to judge."""
    see = encoder.inputs if options.train == "network" else encoder.features
    source = together.source
    granted = [one.labels[one.learned] for one in together.clients if len(one.learned)]
    from_source: tuple[np.ndarray, np.ndarray] | None = None
    if source is not None:
        kind = source.target_type
        labels, labeled = kind.reindexed(
            source.labels, source.labeled_mask, source.classes, together.classes
        )
        granted.append(labels[labeled])
        from_source = encoder.features(source.examples, events)[labeled], labels[labeled]
    codec = TargetCodec.of(together.target_type, together.classes, granted)
    rows, tests = {}, {}
    for one in together.clients:
        x = np.asarray(see(one.domain.examples, events))
        learned = one.learned
        if len(learned):
            rows[one.name] = Rows(x[learned], codec.encode(one.labels[learned]))
        tests[one.name] = x[one.judged]
    trainer = Trainer(
        encoder, codec, options, strategy, aggregation, batch_size, learning_rate, events=events
    )
    if from_source is None:
        return trainer, rows, tests
    head, prior = _source_head(*from_source, codec)
    return replace(trainer, source=head, prior=prior), rows, tests


def _source_head(
    x: np.ndarray, labels: np.ndarray, codec: TargetCodec
) -> tuple[Arrays, tuple[np.ndarray, np.ndarray]]:
    """Return the source's head as outputs, and as least squares."""
    encoded, kind, size = codec.encode(labels), codec.target_type, len(codec.classes)
    head = fit_head("ridge", x, encoded, size, kind=kind).affine
    assert head is not None  # of a ridge
    goals = kind.regression_targets(encoded, size)
    own = Statistics.of(x, goals)
    alpha = ridge_loo((x - own.mean) / own.deviation, goals, ALPHAS).strength
    weight, bias = head.weight.astype(np.float64), head.bias.astype(np.float64)
    return {"head.weight": weight, "head.bias": bias}, ridge_path(own, [alpha])[0]


@dataclass(frozen=True)
class Fits:
    """What was learned, the first seed first.

    Attributes
    ----------
    together : list of Fitted
    alone : dict of list of Arrays
        Of each client with labels.
    pooled : list of Arrays
        Empty where it was not asked for.
    trainer : Trainer
    seeds : list of int
    """

    together: list[Fitted]
    alone: dict[str, list[Arrays]]
    pooled: list[Arrays]
    trainer: Trainer
    seeds: list[int]

    def untouched(self) -> Arrays | None:
        """Return the source's model, None without a source."""
        source = self.trainer.source
        return None if source is None else self.trainer.learner(self.seeds[0]).start() | source

    def model(self, client: str, what: str) -> Arrays:
        """Return a client's model of the first seed."""
        if what == LOCAL:
            return self.alone[client][0]
        if what == SOURCE:
            untouched = self.untouched()
            assert untouched is not None
            return untouched
        return self.together[0].of(client)


def fit_all(
    clients: Sequence[Client],
    rows: Mapping[str, Rows],
    trainer: Trainer,
    seeds: Sequence[int],
    events: Events,
) -> Fits:
    """Fit together, alone and pooled, with every seed."""
    total = len(seeds) * (1 + len(rows) + trainer.options.pooled)
    found = Fits([], {name: [] for name in rows}, [], trainer, list(seeds))
    with events.progress("learn together, alone and pooled", total) as bar:
        for seed in seeds:
            found.together.append(trainer.fit(rows, seed, "together"))
            bar.advance(1)
            for name, own in rows.items():
                alone = trainer.alone.fit({name: own}, seed, f"alone {name}")
                found.alone[name].append(alone.model)
                bar.advance(1)
            if trainer.options.pooled:
                one = {"all": all_rows([rows[name] for name in sorted(rows)])}
                found.pooled.append(trainer.in_one_place.fit(one, seed, "pooled").model)
                bar.advance(1)
    return found


def outputs_of(
    one: Client,
    tests: Mapping[str, np.ndarray],
    rows: Mapping[str, Rows],
    fits: Fits,
    kept: Mapping[str, tuple[str, str]],
) -> ClientOutputs:
    """Return what all models answer to a client's rows to judge."""
    x, what = tests[one.name], kept[one.name]
    models: dict[str, list[Arrays]] = {FEDERATED: [f.of(one.name) for f in fits.together]}
    if one.name in fits.alone:
        models[LOCAL] = fits.alone[one.name]
    if fits.pooled:
        models[POOLED] = fits.pooled
    if (untouched := fits.untouched()) is not None:
        models[SOURCE] = [untouched]
    outputs = {
        name: np.stack([fits.trainer.outputs(model, x) for model in own])
        for name, own in models.items()
    }
    return ClientOutputs(
        one.name,
        one.domain.sealed if len(x) else None,
        outputs if len(x) else {},
        len(rows[one.name]) if one.name in rows else 0,
        *what,
        groups=one.groups,
        seen=one.domain.seen,
    )
