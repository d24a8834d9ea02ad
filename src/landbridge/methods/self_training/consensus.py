"""Consensus: several ways to adapt vote on the target's rows, and one head learns the vote."""

from __future__ import annotations

from copy import copy
from functools import cache

import numpy as np

from ...base.errors import ConfigError, MethodError
from ...base.fields import setting
from ...base.seeds import numpy_rng
from ...base.typed import Notes
from ...inference.layers import Affine
from ...solvers.calibration.softmax import softmax
from ...solvers.calibration.temperature import at_confidence, temperature_for_confidence
from ..core.base import METHODS, UNSUPERVISED, Features, Head
from ..core.feature import FeatureMethod, labelled_source
from ..core.strengths import fit_with_strengths
from ..heads.base import fit_head

MEMBERS = (
    "linear-infomax",
    "linear-infomax:scaling=own",
    "meda",
    "easytl",
    "discriminant-em",
)


@METHODS.register("consensus")
class Consensus(FeatureMethod):
    """Adapt in several ways, average the answers, and fit one head on what they agree on.

    The members go wrong in different places: some follow clusters, some move a linear head, some
    take each domain by its own scale. Their probabilities, brought to one confidence so that
    none shouts the others down, are averaged for each target row; a head is then fitted on the
    source's labels and these, both sides counting the same. Known target labels are kept.

    It needs classes that form clusters, which two classes hardly show.

    Attributes
    ----------
    members_ : dict of str to float
        The share of target rows on which each member answers as all do together.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import Consensus
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1, 2], 60)
    >>> x = rng.normal(size=(180, 4)) + 4 * np.eye(3, 4)[labels]
    >>> Consensus().fit(x, labels, x + 1).score(x + 1, labels) > 0.9
    True
    """

    family = "pseudo"
    summary = "several ways to adapt vote on the target's rows, and one head learns the vote"
    paper = "Gao, Liang, Fan, Sun & Han, 2009, NIPS, Consensus Maximization"
    needs = UNSUPERVISED

    members: tuple[str, ...] = setting(
        MEMBERS, "Methods on features, with options behind their names."
    )
    max_rows: int = setting(
        3000, "Rows of a side that members are fitted on, at most; they answer for all.", ge=10
    )
    head: str = setting("ridge", "What learns the vote.")

    def fit_seconds(self, rows: int, columns: int, outputs: int) -> float:
        """Return about how long one thread fits: decompositions once, and the steps of members."""
        from .linear_term import LinearTerm

        alone = super().fit_seconds(rows, columns, outputs)
        few = min(rows, 2 * self.max_rows)
        base = super().fit_seconds(few, columns, outputs)
        members = [make_member(name) for name in self.members]
        terms = [m for m in members if isinstance(m, LinearTerm)]
        return alone + sum(m.fit_seconds(few, columns, outputs) - base for m in terms)

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the head that learned the vote.

        Raises
        ------
        MethodError
            Without labelled source rows or target rows, where dimensions differ, or where no
            member could be fitted.
        """
        source = labelled_source(source, target, self.name)
        source = source.only(source.labeled_mask)
        votes, failed = self._votes(source, target, n_classes, seed)
        if not votes:
            name, why = next(iter(failed.items()))
            raise MethodError(
                f"consensus: none of its {len(self.members)} members could be fitted; {name}: "
                f"{why}",
                hint="name other members, or the method 'probe'",
            )
        # All as sure as the least sure: a member that shouts must not win by that.
        sure = min(float(softmax(one).max(1).mean()) for one in votes.values())
        mean = np.mean([at_confidence(one, sure) for one in votes.values()], axis=0)
        own = target.labeled_mask
        answers = np.where(own, target.labels, mean.argmax(1))
        n, m = len(source), len(target)
        head = fit_head(
            self.head,
            np.concatenate([source.x, target.x.astype(source.x.dtype)]),
            np.concatenate([source.labels, answers]),
            n_classes,
            weights=np.concatenate([np.full(n, 0.5 / n), np.full(m, 0.5 / m)]) * (n + m),
            seed=seed,
            bounded=target.bounded,
        )
        self.members_ = {
            name: round(float((one.argmax(1) == answers).mean()), 4) for name, one in votes.items()
        }
        # A head of its own answers is sure of them: how far members agree is the better measure.
        agreed = float(np.mean(list(self.members_.values())))
        divided = temperature_for_confidence(head.logits(target.x), agreed)
        notes: Notes = {"members": dict(self.members_), "failed": dict(failed)}
        last = Affine(np.full(n_classes, 1 / divided), np.zeros(n_classes))
        return Head([*head.steps, last], head.notes | notes)

    def _votes(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Return each member's logits for all target rows, and why others have none."""
        own, other = self._some(source, seed, "source"), self._some(target, seed, "target")
        votes: dict[str, np.ndarray] = {}
        failed: dict[str, str] = {}
        for name in self.members:
            try:
                member = copy(make_member(name))
                logits = fit_with_strengths(member, own, other, n_classes, seed).logits(target.x)
            except MethodError as error:
                failed[name] = error.message
                continue
            if np.isfinite(logits).all():
                votes[name] = logits.astype(np.float64)
            else:
                failed[name] = "its answers are not finite"
        return votes, failed

    def _some(self, side: Features, seed: int, name: str) -> Features:
        """Return at most `max_rows` of a side; labelled rows of a target are among them."""
        if len(side) <= self.max_rows:
            return side
        order = numpy_rng(seed, f"consensus/{name}").permutation(len(side))
        if name == "target":
            order = order[np.argsort(~side.labeled_mask[order], kind="stable")]
        return side.only(np.sort(order[: self.max_rows]))


@cache
def make_member(name: str) -> FeatureMethod:
    """Return a member by name, made once.

    Raises
    ------
    ConfigError
        Where there is no such method, or it is none on features.
    """
    from ..core.resolve import make_method

    method = make_method(name)
    if not isinstance(method, FeatureMethod):
        raise ConfigError(
            f"consensus: {name} trains a network, and members are methods on features",
            hint="name some of `landbridge methods` under frozen features",
        )
    return method
