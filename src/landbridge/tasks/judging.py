"""What the tuned model gives beside the same one from scratch, and as it was; with uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..base.seeds import numpy_rng
from ..metrics.estimates import widened
from ..verdict.judge import outcome_of
from .base import Example, Metric

_RESAMPLES = 1000
_RESAMPLES_WHOLE = 200
"""Where a score is not a ratio of sums, each resample costs as much as the score."""
WORDS = {
    "tuned": "fine-tuned",
    "scratch": "the same network from scratch",
    "as it is": "the model as it is",
}


def judge(
    metrics: Sequence[Metric],
    answers: Mapping[str, Sequence[Any]],
    examples: Sequence[Example],
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare models' answers with the truth of the judged rows.

    Parameters
    ----------
    metrics : sequence of Metric
        The first one decides.
    answers : mapping of sequence
        By model: "tuned" and others, in the order of `examples`.
    examples : sequence of Example
        With their truths.

    Returns
    -------
    dict
        "outcome", "reference", "sentence", "metric", "higher_is_better", "judged_rows", and
        "models": for each its scores, and of the main one the 95 % interval and the difference
        from the tuned model (positive: the tuned one is better).
    """
    main = metrics[0]
    counts = {
        name: [main.counts(said, e.truth) for said, e in zip(own, examples, strict=True)]
        for name, own in answers.items()
    }
    rng = numpy_rng("structured verdict", seed)
    resamples = _RESAMPLES_WHOLE if main.whole else _RESAMPLES
    draws = [rng.integers(0, len(examples), len(examples)) for _ in range(resamples)]
    drawn = {name: np.array([main.of(own, rows) for rows in draws]) for name, own in counts.items()}
    sign = 1.0 if main.higher else -1.0
    models = []
    for name, own in answers.items():
        value = main.of(counts[name])
        low, high = np.percentile(drawn[name], [2.5, 97.5]).tolist()
        if main.higher or value <= 1:  # error rates may pass 1
            sure = widened(value, low, high, len(examples))
            low, high = sure.low, sure.high
        scores = {
            m.name: m.of([m.counts(said, e.truth) for said, e in zip(own, examples, strict=True)])
            for m in metrics
        }
        row = {"model": name, "scores": scores, "low": low, "high": high, "difference": None}
        if name != "tuned":
            gaps = sign * (drawn["tuned"] - drawn[name])
            bounds = np.percentile(gaps, [2.5, 97.5]).tolist()
            value = sign * (main.of(counts["tuned"]) - main.of(counts[name]))
            apart = widened(value, bounds[0], bounds[1], len(examples), share=False)
            row["difference"] = {"value": value, "low": apart.low, "high": apart.high}
        models.append(row)
    reference = next((name for name in ("scratch", "as it is") if name in answers), None)
    gap = next((m["difference"] for m in models if m["model"] == reference), None)
    found = {
        "kind": "judged",
        "outcome": outcome_of(gap),
        "reference": reference,
        "metric": main.name,
        "higher_is_better": main.higher,
        "judged_rows": len(examples),
        "models": models,
    }
    return found | {"sentence": _sentence(found, gap)}


def _sentence(found: Mapping[str, Any], gap: Mapping[str, float] | None) -> str:
    tuned = next(m for m in found["models"] if m["model"] == "tuned")
    name = found["metric"]
    score, n = 100 * tuned["scores"][name], found["judged_rows"]
    has = f"the tuned model has {name} {score:.1f} on {n:,} rows"
    if gap is None:
        return f"{has[0].upper()}{has[1:]}; there is nothing to compare it with."
    start = {
        "helped": "Transfer helped",
        "hurt": "Transfer hurt",
        "can't tell": "It cannot be told whether transfer helped",
    }[found["outcome"]]
    better = "better" if gap["value"] >= 0 else "worse"
    if abs(gap["value"]) < 5e-5:
        return f"{start}: {has}, as much as {WORDS[found['reference']]}."
    return (
        f"{start}: {has}, {abs(100 * gap['value']):.1f} {better} than "
        f"{WORDS[found['reference']]} (95 %: {100 * gap['low']:+.1f} to {100 * gap['high']:+.1f})."
    )
