"""What the answers look like: classes, confusions, calibration, the map, changed examples."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.shown import from_shared_folder
from landbridge.verdict.records import Calibration

from .aggregate import Share, confusion, recalls, reliability
from .figures import accuracy_axis, estimate, reliability_diagram, scale
from .matrix import busiest, confusion_matrix, worst_confusions
from .read import Answers, RunFiles
from .svg import Mark

_MANY_CLASSES = 24
_ENDS = 10
_IMAGE = re.compile(r"data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+")


def pair(run: RunFiles) -> tuple[list[Answers], list[Answers]]:
    """Return the answers of the chosen method and of the reference.

    Of a judged run those of the stored model and of the reference's first seed: what is drawn
    is the model that answers. Cross-validated: of all repetitions.
    """
    chosen = run.of_role("chosen")
    reference = run.of_role("baseline", run.verdict.reference or "")
    if run.verdict.stored_seed is not None:
        return chosen[:1], reference[:1]
    return chosen, reference


def classes_view(run: RunFiles) -> dict[str, Any] | None:
    """Return recall by class, chosen against reference."""
    chosen, reference = pair(run)
    new = recalls(chosen, judged_classes(run))
    if not new:
        return None
    old = recalls(reference, judged_classes(run))
    names = list(new)
    marks: dict[str, list[Mark]] = {}
    for name in names:
        marks[name] = [_mark(new[name], "chosen")]
        if name in old:
            marks[name].append(_mark(old[name], "baseline"))
    axis = accuracy_axis([m for both in marks.values() for m in both])
    rows = {}
    for name in names:
        change = new[name].value - old[name].value if name in old else None
        label = f"{name}: {fmt.interval(new[name])}" + (
            f", before {fmt.interval(old[name])}" if name in old else ""
        )
        rows[name] = {
            "name": name,
            "rows": fmt.count(new[name].rows),
            "new": fmt.interval(new[name]),
            "old": fmt.interval(old[name]) if name in old else "",
            "change": fmt.signed(change) if change is not None else "",
            "by": change or 0.0,
            "track": estimate(axis, marks[name], label, 30 if name in old else 22),
        }
    shown = [{"title": "", "rows": [rows[n] for n in names]}]
    rest: list[dict[str, Any]] = []
    if len(names) > _MANY_CLASSES:
        order = sorted(names, key=lambda n: (rows[n]["by"] if old else new[n].value, n))
        titles = (
            ("Lost the most, or gained the least", "Gained the most")
            if old
            else ("Hardest", "Easiest")
        )
        shown = [
            {"title": titles[0], "rows": [rows[n] for n in order[:_ENDS]]},
            {"title": titles[1], "rows": [rows[n] for n in order[::-1][:_ENDS]]},
        ]
        rest = [rows[n] for n in names]
    return {
        "groups": shown,
        "all": rest,
        "scale": scale(axis),
        "chosen": chosen[0].method,
        "reference": reference[0].method if reference and old else "",
        "seeds": len(chosen),
    }


def _mark(share: Share, kind: str) -> Mark:
    return Mark.of(share, kind=kind)


def judged_classes(run: RunFiles) -> list[str]:
    """Return the run's classes, and after them those that only judged labels have."""
    known = list(run.classes)
    return known + [name for name in run.verdict.unseen_classes if name not in known]


def confusion_view(run: RunFiles) -> dict[str, Any] | None:
    """Return the confusion matrices of the chosen method and of the reference."""
    chosen, reference = pair(run)
    classes = judged_classes(run)
    counts = confusion(chosen, classes)
    if not counts.sum():
        return None
    # a class that nobody answers and nobody is, is left out; the others keep one order in both
    before = confusion(reference, classes)
    live = [
        i
        for i in range(len(classes))
        if (counts + before)[i].any() or (counts + before)[:, i].any()
    ]
    classes = [classes[i] for i in live]
    counts, before = counts[np.ix_(live, live)], before[np.ix_(live, live)]
    drawn = busiest(counts, classes)
    names = [classes[i] for i in drawn]

    def draw(table: np.ndarray, method: str) -> Markup:
        part = table[np.ix_(drawn, drawn)]
        known = max(1, int(table.sum()))
        return confusion_matrix(
            part,
            names,
            f"Confusion matrix of {method}: {fmt.percent(np.trace(table) / known)} right",
        )

    return {
        "chosen": chosen[0].method,
        "matrix": draw(counts, chosen[0].method),
        "reference": reference[0].method if before.sum() else "",
        "reference_matrix": draw(before, reference[0].method) if before.sum() else None,
        "side_by_side": len(names) <= 10,
        "worst": [
            {**w, "share": fmt.percent(w["share"])} for w in worst_confusions(counts, classes)
        ],
        "seeds": len(chosen),
        "left_out": len(classes) - len(names),
        "drawn": len(names),
        "numbers": len(names) <= 20,
    }


def calibration_view(run: RunFiles) -> dict[str, Any] | None:
    """Return the reliability diagram; None where there are no probabilities or no truth."""
    chosen, _ = pair(run)
    bins = reliability(chosen[:1])  # the model that is stored is that of the first seed
    if not bins:
        return None
    given = run.verdict.calibration or Calibration()
    known = [b for b in bins if b.accuracy]
    total = sum(b.rows for b in known)
    confidence = sum(b.rows * b.confidence for b in known) / total
    accuracy = sum(b.rows * b.accuracy.value for b in known if b.accuracy) / total
    gap = confidence - accuracy
    if abs(gap) < 0.02:
        sentence = "On average its confidence and its accuracy agree within two points."
    else:
        which = "more confident than right" if gap > 0 else "more often right than confident"
        sentence = (
            f"On average it is {abs(gap) * 100:.1f} points "
            f"{which}: "
            f"confidence {fmt.percent(confidence)}, right {fmt.percent(accuracy)}."
        )
    return {
        "diagram": reliability_diagram(bins),
        "sentence": sentence,
        "figures": [
            (
                "Calibration error (ECE)",
                fmt.percent(given.ece),
                _gap(given),
            ),
            *_before(given),
            ("Brier score", fmt.figure(given.brier), "0 is perfect"),
            ("Log loss", fmt.figure(given.log_loss), "0 is perfect"),
        ],
        "rows": [
            (
                f"{b.low * 100:.0f} to {b.high * 100:.0f} %",
                fmt.count(b.rows),
                fmt.percent(b.confidence),
                fmt.interval(b.accuracy),
            )
            for b in known
            if b.accuracy
        ],
    }


def _gap(given: Calibration) -> str:
    """Say what a calibration error is, and how much of it so few examples give by chance."""
    said = "mean gap between confidence and accuracy"
    chance = fmt.number(given.ece_by_chance)
    if chance is None:
        return said
    return f"{said}; where confidence holds, so many examples show {fmt.percent(chance)}"


def _before(given: Calibration) -> list[tuple[str, str, str]]:
    """Say what the temperature changed, where there is one."""
    before = given.before
    if before is None or before.confidence == given.confidence:
        return []
    return [
        (
            "The same without its temperature",
            fmt.percent(before.ece),
            f"confidence was {fmt.percent(before.confidence)} on average",
        )
    ]


def examples_view(run: RunFiles) -> dict[str, Any] | None:
    """Return the examples that changed, with images only where they are plain data URIs."""
    examples = run.get("examples")
    if not examples:
        return None
    nothing = not any(examples.get(f"{kind}_count") for kind in ("fixed", "broken"))
    if nothing and run.verdict.kind != "judged":
        return None
    groups = []
    for kind, title in (
        ("fixed", "Wrong before, right now"),
        ("broken", "Right before, wrong now"),
    ):
        items = [e for e in examples.get(kind) or [] if isinstance(e, dict)]
        _, names = from_shared_folder([str(e.get("name") or f"row {e.get('row')}") for e in items])
        groups.append(
            {
                "kind": kind,
                "title": title,
                "count": fmt.count(examples.get(f"{kind}_count", len(items))),
                "shown": len(items),
                "items": [
                    {
                        "name": name,
                        "row": str(e.get("row")),
                        "true": str(e.get("true")),
                        "before": str(e.get("before")),
                        "after": str(e.get("after")),
                        "confidence": fmt.percent(e.get("confidence"), 0),
                        "image": image
                        if _IMAGE.fullmatch(image := str(e.get("image") or ""))
                        else None,
                        "values": [
                            (
                                str(k),
                                fmt.shorten(fmt.figure(v) if isinstance(v, float) else v, 280),
                            )
                            for k, v in (e.get("values") or {}).items()
                        ],
                    }
                    for e, name in zip(items, names, strict=True)
                ],
            }
        )
    return {
        "reference": str(examples.get("reference") or "the reference"),
        "chosen": str(examples.get("chosen") or "the chosen method"),
        "groups": groups,
    }
