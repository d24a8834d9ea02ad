"""What the first screen says: the verdict, and the comparison it rests on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from landbridge.base import formatting as fmt
from landbridge.base.shown import in_one_line

from ..metrics.intervals import Interval
from ..metrics.labelfree import explained, heading
from ..verdict.records import MethodScore
from ..verdict.settle import Settle
from .figures import estimate, scale, verdict_line
from .read import RunFiles
from .svg import Axis, Mark, around
from .units import Units, units_of

_BADGES = {"helped": ("good", "▲"), "hurt": ("bad", "▼"), "can't tell": ("unsure", "≈")}
_KINDS = {
    "judged": "Judged on {rows} with labels that no method saw.",
    "cross-validated": "Cross-validated on the labelled rows ({rows}): no rows "
    "were kept apart for judging.",
    "label-free": "No labels were opened: this is evidence without truth, not a measurement.",
}

_UNJUDGED = {
    "label-free": "No label was opened",
    "cross-validated": "No rows were kept apart for judging",
}
_STOPPED = {"failed": "This run failed.", "interrupted": "This run was interrupted."}


def verdict_view(run: RunFiles) -> dict[str, Any]:
    """Return the verdict in words and as a line."""
    verdict, status, unit = run.verdict, run.get("run").get("status"), units_of(run)
    merged = run.merged  # its verdict.json holds a sentence, and no evidence
    outcome = "not judged" if merged else verdict.outcome or "no verdict"
    tone, sign = _BADGES.get(outcome, ("unsure", "–"))
    kind = "" if merged else verdict.kind
    rows = fmt.counted(verdict.judged_rows, "target example")
    gap = verdict.difference
    failed = str(run.get("run").get("error") or "") if status in _STOPPED else ""
    sentence = verdict.sentence or _STOPPED.get(str(status), "This run has no verdict yet.")
    label_free = kind == "label-free"
    headline, further = headed(sentence)
    return {
        "outcome": outcome.capitalize(),
        "tone": tone,
        "sign": sign,
        "sentence": sentence,
        "headline": headline,
        "further": further,
        "kind": kind,
        "label_free": label_free,
        "unjudged": _UNJUDGED.get(kind, ""),
        "how": _KINDS.get(kind, "").format(rows=rows),
        "difference": None if label_free else unit.difference(gap),
        "line": None if label_free else _line(gap, outcome, unit),
        "percent": unit.percent,
        "saves": unit.saves,
        "against": unit.against,
        "crosses": None if gap is None or not gap.bounded else gap.low <= 0 <= gap.high,
        "metric": verdict.metric or "accuracy",
        "reference": verdict.reference or "the reference",
        "chosen": verdict.chosen.method or "the chosen method",
        "assumption": verdict.assumption or "",
        # A run of an older version says a single number, and not in all of its sentences.
        "labels_to_settle": None if verdict.settle else verdict.labels_to_settle,
        **_apart(verdict.settle),
        "stored": verdict.stored_seed is not None and len(verdict.seeds) > 1,
        "seeds": [str(seed) for seed in verdict.seeds],
        "seeds_said": fmt.seeds(verdict.seeds, verdict.seeds_note),
        "unseen": list(verdict.unseen_classes),
        "failed": failed,
        "stopped": status in _STOPPED,
        "merged": merged,
        "kept_reference": kept(run),
    }


def headed(sentence: str) -> tuple[str, str]:
    r"""Return what a verdict says first, and the rest of it.

    Examples
    --------
    >>> headed("Transfer helped: 98.1 % are right. That is the stored model.")
    ('Transfer helped: 98.1\xa0% are right.', 'That is the stored model.')
    """
    ends = [found.end() for found in re.finditer(r"[.!?](?= [A-Z])", sentence)]
    if sentence.startswith("There are no labels") and len(ends) > 1:
        ends = ends[1:]  # what was done without them is the news
    end = ends[0] if ends and ends[0] < len(sentence) else len(sentence)
    return sentence[:end].replace(" %", f"{fmt.NBSP}%"), sentence[end:].strip()


def kept(run: RunFiles) -> bool:
    """Say whether what the outcome is measured against was itself kept.

    Another baseline may have been chosen, and may well have helped.
    """
    same = run.verdict.chosen.method == run.verdict.reference
    return bool(run.get("choice").get("kept_reference")) and same


def _apart(settle: Settle | None) -> dict[str, str]:
    """Return the rows that the stored model and the reference answer differently, by name."""
    rows = [] if settle is None else [name for _, name in settle.rows]
    count = (settle and settle.differ) or 0
    more = ", … (verdict.json has the first hundred)" if count > len(rows) else ""
    title = f"The {fmt.counted(count, 'row')} on which the two differ"
    if count == 1:
        title = "The row on which the two differ"
    return {"apart": in_one_line(rows) + more, "apart_title": title}


def _line(gap: Interval | None, outcome: str, unit: Units) -> Any:
    if unit.percent:
        return verdict_line(gap, outcome)
    return verdict_line(gap, outcome, unit.signed, unit.difference)


def comparison_view(run: RunFiles) -> dict[str, Any]:
    """Return the chosen method against each baseline, as rows of a chart and of a table."""
    verdict = run.verdict
    scores = verdict.scores
    if verdict.kind == "label-free" or not any(one.score.known for one in scores):
        return {"rows": [], "scores": _label_free_scores(scores)}
    marks = [
        Mark.of(one.score, one.per_seed, "chosen" if one.role == "chosen" else "baseline")
        for one in scores
    ]
    unit = units_of(run)
    axis = unit.axis(marks)
    rows = []
    for one, mark in zip(scores, marks, strict=True):
        value = unit.interval(one.score)
        rows.append(
            {
                "method": one.method,
                "what": one.what,
                "chosen": mark.kind == "chosen",
                "reference": one.method == verdict.reference and mark.kind != "chosen",
                "value": value,
                "mean": unit.value(one.score.value),
                "track": estimate(axis, [mark], f"{one.method}: {value}", 34),
                "difference": unit.difference(one.difference, unit=False),
                "p": fmt.p_value(one.difference and one.difference.p),
                "per_seed": ", ".join(unit.value(v) for v in mark.dots),
            }
        )
    return {
        "rows": rows,
        "scale": scale(axis) if unit.percent else scale(axis, fmt.figure),
        "scores": None,
        "differences": _differences(scores, unit),
    }


def _differences(scores: Sequence[MethodScore], unit: Units) -> dict[str, Any] | None:
    """Draw chosen minus each baseline; None where there is nothing to draw."""
    given = [(one.method, one.difference) for one in scores if one.difference is not None]
    if not given:
        return None
    ends = [end for _, gap in given for end in (gap.value, gap.low, gap.high)]
    axis = Axis(*around([0.0, *ends], 0.12))
    rows = []
    for method, gap in given:
        rows.append(
            {
                "method": method,
                "value": unit.difference(gap, unit=False),
                "p": fmt.p_value(gap.p),
                "track": estimate(
                    axis,
                    [Mark.of(gap)],
                    f"chosen minus {method}: {unit.difference(gap)}",
                    26,
                    zero=True,
                ),
            }
        )
    return {
        "rows": rows,
        "scale": scale(axis, unit.signed),
    }


def _label_free_scores(scores: Sequence[MethodScore]) -> dict[str, Any] | None:
    each = [one.figures or {} for one in scores]
    names = list(dict.fromkeys(name for figures in each for name in figures))
    if not names:
        return None
    columns = {name: fmt.column([figures.get(name) for figures in each]) for name in names}
    return {
        "names": [heading(name) for name in names],
        "said": explained(names),
        "rows": [
            {
                "method": one.method,
                "what": one.what,
                "chosen": one.role == "chosen",
                "values": [columns[name][i] for name in names],
            }
            for i, one in enumerate(scores)
        ],
    }
