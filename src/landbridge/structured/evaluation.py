"""What the tuned model gives beside the same one from scratch, and as it was; with uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.formatting import as_points, hundredths
from ..base.typed import JsonObject
from ..domains.seen import Seen
from ..metrics.intervals import Interval
from ..verdict.comparison import ByCounts, outcome_of
from ..verdict.sentences import groups_sentence
from .base import Example, Metric

WORDS = {
    "tuned": "fine-tuned",
    "scratch": "the same network from scratch",
    "as it is": "the model as it is",
}


@dataclass(frozen=True)
class ModelScore:
    """What one model scores.

    Attributes
    ----------
    model : {"tuned", "scratch", "as it is"}
    scores : mapping of str to float
    main : Interval
        The score that decides.
    difference : Interval or None
        How much better the tuned model is than this one.
    """

    model: str
    scores: Mapping[str, float]
    main: Interval
    difference: Interval | None = None

    def to_json(self) -> JsonObject:
        """Return it as ``tuned.json`` holds it."""
        return {
            "model": self.model,
            "scores": dict(self.scores),
            "low": self.main.low,
            "high": self.main.high,
            "difference": None if self.difference is None else self.difference.to_json(),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any], metric: str) -> ModelScore:
        """Return what `to_json` gave, `metric` being the score that decides."""
        main = Interval.from_json({**found, "value": found["scores"][metric]})
        gap = Interval.or_none(found["difference"])
        return cls(found["model"], found["scores"], main, gap)


@dataclass(frozen=True)
class TunedVerdict:
    """Whether tuning a pretrained model helped.

    Attributes
    ----------
    outcome : {"helped", "hurt", "can't tell"}
    reference : str or None
    metric : str
        The score that decides.
    higher_is_better : bool
    judged_rows, judged_groups : int
        Groups: whose rows may be alike, 0 where each row stands for itself.
    models : tuple of ModelScore
    sentence : str
    seen : Seen or None
        Rows to judge that were learned from as well.
    """

    outcome: str
    reference: str | None
    metric: str
    higher_is_better: bool
    judged_rows: int
    models: tuple[ModelScore, ...]
    sentence: str = ""
    seen: Seen | None = None
    judged_groups: int = 0

    @property
    def difference(self) -> Interval | None:
        """How much better the tuned model is than the reference."""
        return next((m.difference for m in self.models if m.model == self.reference), None)

    def to_json(self) -> JsonObject:
        """Return it as ``tuned.json`` holds it."""
        return {
            "kind": "judged",
            "outcome": self.outcome,
            "reference": self.reference,
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "judged_rows": self.judged_rows,
            "models": [one.to_json() for one in self.models],
            "sentence": self.sentence,
            **({"judged_groups": self.judged_groups} if self.judged_groups else {}),
            **({} if self.seen is None else {"seen": self.seen.to_json()}),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> TunedVerdict:
        """Return what `to_json` gave; an older version did not say what was seen."""
        names = ("outcome", "reference", "metric", "higher_is_better", "judged_rows", "sentence")
        models = tuple(ModelScore.from_json(one, found["metric"]) for one in found["models"])
        own = {name: found[name] for name in names}
        own |= {"seen": Seen.from_json(found.get("seen"))}
        return cls(**own, models=models, judged_groups=found.get("judged_groups", 0))


def evaluate_predictions(
    metrics: Sequence[Metric],
    predictions: Mapping[str, Sequence[Any]],
    examples: Sequence[Example],
    *,
    seed: int = 0,
    groups: np.ndarray | None = None,
    seen: Seen | None = None,
) -> TunedVerdict:
    """Compare models' answers with the truth of the judged rows.

    Parameters
    ----------
    metrics : sequence of Metric
        The first one decides.
    predictions : mapping of sequence
        By model: "tuned" and others, in the order of `examples`.
    examples : sequence of Example
        With their truths.
    seed : int
        Of the resamples.
    groups : int ndarray, shape (n,), optional
        Rows of one number may be alike, as those of one patient are: intervals go by groups.
    seen : Seen, optional
        Which rows to judge were learned from as well.
    """
    main = metrics[0]
    counts = {
        name: [main.counts(said, e.truth) for said, e in zip(own, examples, strict=True)]
        for name, own in predictions.items()
    }
    by = ByCounts(main, counts, seed=seed, groups=groups)
    models = [
        ModelScore(
            name,
            {
                m.name: m.of(
                    [m.counts(said, e.truth) for said, e in zip(own, examples, strict=True)]
                )
                for m in metrics
            },
            by.interval(name),
            None if name == "tuned" else by.difference("tuned", name),
        )
        for name, own in predictions.items()
    ]
    reference = next((name for name in ("scratch", "as it is") if name in predictions), None)
    found = TunedVerdict(
        outcome="",
        reference=reference,
        metric=main.name,
        higher_is_better=main.higher,
        judged_rows=len(examples),
        judged_groups=by.n_groups,
        seen=seen,
        models=tuple(models),
    )
    found = replace(found, outcome=outcome_of(found.difference, seen))
    return replace(found, sentence=_sentence(found))


def _sentence(found: TunedVerdict) -> str:
    said = "" if found.seen is None else found.seen.sentence()
    if found.seen is not None and found.seen.kept == "all":
        return f"It cannot be told whether transfer helped: {said}."
    groups = groups_sentence(found.judged_rows, found.judged_groups)
    parts = (_outcome_sentence(found), groups, f"{said}." if said else "")
    return " ".join(part for part in parts if part)


def _outcome_sentence(found: TunedVerdict) -> str:
    tuned = next(m for m in found.models if m.model == "tuned")
    score, gap = hundredths(tuned.scores[found.metric]), found.difference
    has = f"the tuned model has {found.metric} {score} on {found.judged_rows:,} rows"
    if gap is None or found.reference is None:
        return f"{has[0].upper()}{has[1:]}; there is nothing to compare it with."
    start = {
        "helped": "Transfer helped",
        "hurt": "Transfer hurt",
        "can't tell": "It cannot be told whether transfer helped",
    }[found.outcome]
    better = "better" if gap.value >= 0 else "worse"
    if abs(gap.value) < 5e-5:
        return f"{start}: {has}, as much as {WORDS[found.reference]}."
    return (
        f"{start}: {has}, {hundredths(abs(gap.value))} {better} than "
        f"{WORDS[found.reference]} (95 %: {as_points(gap.low, '')} to {as_points(gap.high, '')})."
    )
