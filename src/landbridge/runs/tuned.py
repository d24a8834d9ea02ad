"""A fit that chooses among plans, mixtures and soups, by folds of the granted target labels.

Each inner training has a folder with its own checkpoint, which says that it is finished, and
each fold a small file of scores: `resume` is the same walk, and nothing is done twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..backbones.surgery import Network
from ..base.files import read_json, write_json
from ..base.typed import Notes
from ..methods.core.network import NetworkMethod
from ..training.arithmetic import averaged, mixed
from ..training.devices import borrowed
from ..training.inputs import run_network
from ..training.normalisation import renormalise
from ..training.plan import TrainingPlan
from .folds import fold_rows, possible_folds, without
from .records import FitReport
from .trainer import Trainer

FOLDS = 3
REPEAT = 1000
"""So that inner folds are dealt otherwise than those of a race."""
ROWS = 1000
"""Target rows from which mixed weights get their statistics of batch normalisation."""
INNER = "inner"

State = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Candidate:
    """What there is to choose: networks of some variants, mixed.

    Attributes
    ----------
    variants : tuple of str
        Whose networks are averaged.
    share : float
        Of the way from before the last phase to after it.
    """

    variants: tuple[str, ...]
    share: float = 1.0

    def __str__(self) -> str:
        names = " + ".join(name or "fine-tuned" for name in self.variants)
        return names if self.share == 1.0 else f"{names} × {self.share:g}"

    @property
    def plain(self) -> bool:
        """Whether it is a network as it was trained."""
        return len(self.variants) == 1 and self.share in (0.0, 1.0)


Ends = dict[str, tuple[State | None, State]]
"""By variant: the network before the last phase, where it is asked for, and after it."""


def fit_chosen(
    trainer: Trainer, method: NetworkMethod, plans: Mapping[str, TrainingPlan], folder: Path
) -> tuple[Network, FitReport]:
    """Choose by cross-validation, then train what was chosen on all granted labels.

    The highest log-likelihood of held-out rows wins. Without two labels of two classes nothing
    can be held out: then the first variant is taken as it is, or the plain average of all.
    """
    folds = possible_folds(trainer.target, FOLDS)
    notes: Notes = {"folds": folds}
    if folds:
        choice = _Choice(trainer, plans, folder / INNER, folds)
        chosen = choice.best(method.soup)
        notes["candidates"] = choice.table()
    else:
        chosen = Candidate(tuple(plans) if method.soup else (next(iter(plans)),))
        notes["why"] = "too few labels to hold any out"
    notes["chosen"] = str(chosen)
    trainer.events.log("choice", f"{trainer.name}: {chosen}", method=trainer.name)
    ends: Ends = {}
    for name in chosen.variants:
        # An adapter of the one network that answers goes where the run looks for it.
        own = folder if len(chosen.variants) == 1 else folder / INNER / f"{_slug(name)}-all"
        network, trained, report = trainer.train(plans[name], own)
        ends[name] = (trained.before, _copy(network))
        notes |= trained.notes
    settle(trainer, network, chosen, ends)
    plan = plans[chosen.variants[0]]
    return network, FitReport(trained.losses, plan.steps, plan.start, report, notes)


def tidy(folder: Path) -> None:
    """Take away what a finished fit does not need any more."""
    for name in folder.glob("checkpoint*.safetensors"):
        name.unlink()
    if (folder / INNER).exists():
        shutil.rmtree(folder / INNER)


def trainings(method: NetworkMethod, plans: Mapping[str, TrainingPlan], folds: int) -> int:
    """Return how many trainings of a plan such a fit takes on average over its plans."""
    if len(plans) == 1 and not any(plan.mix for plan in plans.values()):
        return 1
    return folds * len(plans) + (len(plans) if method.soup else 1)


class _Choice:
    """Out-of-fold scores of candidates, each worked out once."""

    def __init__(
        self, trainer: Trainer, plans: Mapping[str, TrainingPlan], folder: Path, folds: int
    ) -> None:
        self.trainer, self.plans, self.folder, self.folds = trainer, plans, folder, folds
        self.scores: dict[Candidate, dict[str, float]] = {}
        self._ends: dict[int, tuple[Network, Ends]] = {}

    def best(self, soup: bool) -> Candidate:
        """Return the candidate with the highest score; the first of equals."""
        for name, plan in self.plans.items():
            for share in plan.mix or (1.0,):
                self._score(Candidate((name,), share))
        if soup:
            self._score(Candidate(tuple(self.plans)))
            self._greedy()
        return max(self.scores, key=lambda c: self.scores[c]["log_likelihood"])

    def table(self) -> dict[str, dict[str, float]]:
        """Return all scores by the candidates' names."""
        return {str(candidate): score for candidate, score in self.scores.items()}

    def _greedy(self) -> None:
        """Add networks in the order of their own scores, each kept where it does no harm."""
        alone = sorted(
            ((name,) for name in self.plans),
            key=lambda one: -self.scores[Candidate(one)]["log_likelihood"],
        )
        kept: tuple[str, ...] = alone[0]
        for one in alone[1:]:
            more = kept + one
            before = self._score(Candidate(kept))["log_likelihood"]
            if self._score(Candidate(more))["log_likelihood"] >= before:
                kept = more

    def _score(self, candidate: Candidate) -> dict[str, float]:
        if candidate not in self.scores:
            parts = [self._fold_score(candidate, fold) for fold in range(self.folds)]
            total = np.sum(parts, axis=0)
            self.scores[candidate] = {
                "log_likelihood": round(float(total[0] / total[2]), 6),
                "accuracy": round(float(total[1] / total[2]), 6),
            }
        return self.scores[candidate]

    def _fold_score(self, candidate: Candidate, fold: int) -> list[float]:
        """Return [sum of log-likelihoods, number right, number] of a fold's rows."""
        file = self.folder / f"scores-{fold}.json"
        scores_by_candidate = read_json(file) if file.exists() else {}
        if str(candidate) not in scores_by_candidate:
            network, ends = self._trained(fold, candidate.variants)
            settle(self.trainer, network, candidate, ends)
            rows = self._rows(fold)
            side = self.trainer.target
            context = self.trainer.context
            device = torch.device(context.settings.device)
            logits = run_network(
                network, side.inputs[rows], context.backbone.preprocessing, device
            )[1]
            scores_by_candidate[str(candidate)] = score(logits, side.labels[rows])
            write_json(file, scores_by_candidate)
        return list(scores_by_candidate[str(candidate)])

    def _rows(self, fold: int) -> np.ndarray:
        seed = self.trainer.context.config.seed
        return fold_rows(self.trainer.target, REPEAT, fold, self.folds, seed)

    def _trained(self, fold: int, variants: Sequence[str]) -> tuple[Network, Ends]:
        """Return a network to put weights in, and the trained ones of a fold."""
        target = without(self.trainer.target, self._rows(fold))
        network, ends = self._ends.get(fold, (None, {}))
        for name in variants:
            if name not in ends:
                network, trained, _ = self.trainer.train(
                    self.plans[name],
                    self.folder / f"{_slug(name)}-{fold}",
                    target=target,
                    fit=f"{self.trainer.name}, {name or 'choice'} (held out {fold + 1})",
                )
                ends[name] = (trained.before, _copy(network))
        assert network is not None
        self._ends[fold] = (network, ends)
        return network, ends


def settle(trainer: Trainer, network: Network, candidate: Candidate, ends: Ends) -> None:
    """Put a candidate's weights in `network`; statistics of mixed ones are taken afresh."""
    states = []
    for name in candidate.variants:
        before, after = ends[name]
        if before is not None and candidate.share != 1.0:
            after = mixed(before, after, candidate.share)
        states.append(after)
    network.load_state_dict(states[0] if len(states) == 1 else averaged(states))
    if not candidate.plain:
        context = trainer.context
        device = torch.device(context.settings.device)
        with borrowed(network, device):
            renormalise(
                network,
                trainer.target.inputs,
                context.backbone.preprocessing,
                device,
                context.settings.precision,
                rows=ROWS,
            )
    network.eval()


def score(logits: np.ndarray, labels: np.ndarray) -> list[float]:
    """Return [sum of log-likelihoods, number right, number of rows]."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    right = logits.argmax(1) == labels
    return [float(log_p[np.arange(len(labels)), labels].sum()), float(right.sum()), len(labels)]


def _copy(network: Network) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in name) or "plan"
