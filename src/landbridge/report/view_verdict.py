"""What the first screen says: the verdict, and the comparison it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from landbridge.base.shown import in_one_line

from ..metrics.labelfree import explained, heading
from . import formatting as fmt
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
    verdict, status = run.get("verdict"), run.get("run").get("status")
    merged = run.merged  # its verdict.json holds a sentence, and no evidence
    outcome = "not judged" if merged else str(verdict.get("outcome") or "no verdict")
    tone, sign = _BADGES.get(outcome, ("unsure", "–"))
    kind = "" if merged else str(verdict.get("kind") or "")
    rows = fmt.plural(verdict.get("judged_rows"), "target example")
    diff = verdict.get("difference") or {}
    unit = units_of(run)
    failed = str(run.get("run").get("error") or "") if status in _STOPPED else ""
    sentence = str(verdict.get("sentence") or "")
    if not sentence:
        sentence = _STOPPED.get(str(status), "This run has no verdict yet.")
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
        "difference": None if label_free else unit.difference(diff),
        "line": None if label_free else _line(diff, outcome, unit),
        "percent": unit.percent,
        "saves": unit.saves,
        "against": unit.against,
        "crosses": _crosses(diff),
        "metric": str(verdict.get("metric") or "accuracy"),
        "reference": str(verdict.get("reference") or "the reference"),
        "chosen": str((verdict.get("chosen") or {}).get("method") or "the chosen method"),
        "assumption": str(verdict.get("assumption") or ""),
        # A run of an older version says a single number, and not in all of its sentences.
        "labels_to_settle": None if "settle" in verdict else verdict.get("labels_to_settle"),
        **_apart(verdict.get("settle") or {}),
        "stored": verdict.get("stored_seed") is not None and len(verdict.get("seeds") or []) > 1,
        "seeds": [str(seed) for seed in verdict.get("seeds") or []],
        "seeds_said": fmt.seeds(verdict),
        "unseen": [str(name) for name in verdict.get("unseen_classes") or []],
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
    verdict = run.get("verdict")
    chosen = (verdict.get("chosen") or {}).get("method")
    same = chosen is not None and chosen == verdict.get("reference")
    return bool(run.get("choice").get("kept_reference")) and same


def _apart(settle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows that the stored model and the reference answer differently, by name."""
    rows = [str(row.get("name")) for row in settle.get("rows") or []]
    count = settle.get("differ") or 0
    more = ", … (verdict.json has the first hundred)" if count > len(rows) else ""
    title = f"The {fmt.plural(count, 'row')} on which the two differ"
    if count == 1:
        title = "The row on which the two differ"
    return {"apart": in_one_line(rows) + more, "apart_title": title}


def _line(diff: Mapping[str, Any], outcome: str, unit: Units) -> Any:
    if unit.percent:
        return verdict_line(diff, outcome)
    return verdict_line(diff, outcome, unit.signed, unit.difference)


def _crosses(diff: Mapping[str, Any]) -> bool | None:
    low, high = fmt.number(diff.get("low")), fmt.number(diff.get("high"))
    return None if low is None or high is None else low <= 0 <= high


def comparison_view(run: RunFiles) -> dict[str, Any]:
    """Return the chosen method against each baseline, as rows of a chart and of a table."""
    verdict = run.get("verdict")
    figures = [
        f for f in [verdict.get("chosen"), *(verdict.get("baselines") or [])] if isinstance(f, dict)
    ]
    if verdict.get("kind") == "label-free" or not any(
        fmt.number(f.get("mean")) is not None for f in figures
    ):
        return {"rows": [], "scores": _label_free_scores(figures)}
    marks = [
        Mark(
            fmt.number(f.get("mean")),
            fmt.number(f.get("low")),
            fmt.number(f.get("high")),
            [v for v in f.get("per_seed") or [] if fmt.number(v) is not None],
            "chosen" if f.get("role") == "chosen" else "baseline",
        )
        for f in figures
    ]
    unit = units_of(run)
    axis = unit.axis(marks)
    rows = []
    for f, mark in zip(figures, marks, strict=True):
        value = unit.interval(f.get("mean"), f.get("low"), f.get("high"))
        rows.append(
            {
                "method": str(f.get("method", "")),
                "what": str(f.get("what") or ""),
                "chosen": mark.kind == "chosen",
                "reference": f.get("method") == verdict.get("reference") and mark.kind != "chosen",
                "value": value,
                "mean": unit.value(f.get("mean")),
                "track": estimate(axis, [mark], f"{f.get('method', '')}: {value}", 34),
                "difference": unit.difference(f.get("difference"), unit=False),
                "p": fmt.p_value((f.get("difference") or {}).get("p")),
                "per_seed": ", ".join(unit.value(v) for v in mark.dots),
            }
        )
    return {
        "rows": rows,
        "scale": scale(axis) if unit.percent else scale(axis, fmt.figure),
        "scores": None,
        "differences": _differences(figures, unit),
    }


def _differences(figures: list[dict[str, Any]], unit: Units) -> dict[str, Any] | None:
    """Draw chosen minus each baseline; None where there is nothing to draw."""
    given = [(f, f.get("difference") or {}) for f in figures if f.get("role") != "chosen"]
    given = [(f, d) for f, d in given if fmt.number(d.get("mean")) is not None]
    if not given:
        return None
    low, high = around([0.0, *(d.get(k) for _, d in given for k in ("mean", "low", "high"))], 0.12)
    axis = Axis(low, high)
    rows = []
    for f, d in given:
        mark = Mark(
            fmt.number(d["mean"]),
            fmt.number(d.get("low")),
            fmt.number(d.get("high")),
        )
        rows.append(
            {
                "method": str(f.get("method", "")),
                "value": unit.difference(d, unit=False),
                "p": fmt.p_value(d.get("p")),
                "track": estimate(
                    axis,
                    [mark],
                    f"chosen minus {f.get('method', '')}: {unit.difference(d)}",
                    26,
                    zero=True,
                ),
            }
        )
    return {
        "rows": rows,
        "scale": scale(axis, unit.signed),
    }


def _label_free_scores(figures: list[dict[str, Any]]) -> dict[str, Any] | None:
    names: list[str] = []
    for f in figures:
        names += [str(n) for n in f.get("figures") or {} if n not in names]
    if not names:
        return None
    columns = {n: fmt.column([(f.get("figures") or {}).get(n) for f in figures]) for n in names}
    return {
        "names": [heading(name) for name in names],
        "said": explained(names),
        "rows": [
            {
                "method": str(f.get("method", "")),
                "what": str(f.get("what") or ""),
                "chosen": f.get("role") == "chosen",
                "values": [columns[name][i] for name in names],
            }
            for i, f in enumerate(figures)
        ],
    }
