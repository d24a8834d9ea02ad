"""What answers that are classes look like: each class, confusions, what changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.shown import from_shared_folder
from landbridge.base.typed import JsonObject

from ..blocks import (
    Block,
    Blocks,
    Card,
    Cards,
    Columns,
    Details,
    Estimate,
    Figure,
    Heading,
    Table,
    Text,
    forest,
    lead,
)
from ..inline import keys
from ..svg import Mark
from ..units import SHARES
from .aggregate import Share, confusion, recalls
from .base import pair
from .matrix import busiest, confusion_matrix, worst_confusions
from .read import Predictions, RunFiles
from .records import Example

_MANY_CLASSES = 24
_ENDS = 10
_CARDS = 14
_IMAGE = re.compile(r"data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+")


def classes(run: RunFiles) -> Blocks | None:
    """Return recall by class, chosen against reference."""
    chosen, reference = pair(run)
    new = recalls(chosen, test_classes(run))
    if not new:
        return None
    old = recalls(reference, test_classes(run))
    rows = {name: _recall(name, share, old.get(name)) for name, share in new.items()}
    by = {n: (new[n].value - old[n].value if n in old else 0.0) for n in new}
    by = by if old else {n: share.value for n, share in new.items()}
    kind = "Wilson intervals" if chosen[0].groups is None else "intervals that go by groups"
    text = Markup("The share of each class that was recognised, with 95 % {}. {}").format(
        kind, keys([chosen[0].method, *(one.method for one in reference[:1] if old)])
    )
    if len(chosen) > 1:
        text += f" Means over {len(chosen)} seeds; each example counts once."
    axis = SHARES.axis([mark for row in rows.values() for mark in row.marks])

    def drawn(names: Sequence[str]) -> Block:
        return forest([rows[n] for n in names], axis=axis, height=30 if old else 22)

    if len(rows) <= _MANY_CLASSES:
        return [lead(text), drawn(list(rows))]
    order = sorted(rows, key=lambda n: (by[n], n))
    titles = ("Lost the most, or gained the least", "Gained the most")
    worst, best = titles if old else ("Hardest", "Easiest")
    return [
        lead(text),
        *(Heading(worst), drawn(order[:_ENDS])),
        *(Heading(best), drawn(order[::-1][:_ENDS])),
        Details(f"All {len(rows)} classes", [drawn(list(rows))]),
    ]


def _recall(name: str, new: Share, old: Share | None) -> Estimate:
    said, note = fmt.interval(new), fmt.count(new.rows)
    mark = Mark.of(new, kind="chosen")
    if old is None:
        return Estimate(name, [mark], said, note)
    marks = [mark, Mark.of(old, kind="baseline")]
    change = fmt.signed(new.value - old.value)
    label = f"{name}: {said}, before {fmt.interval(old)}"
    return Estimate(name, marks, said, note, change, label=label)


def test_classes(run: RunFiles) -> list[str]:
    """Return the run's classes, and after them those that only judged labels have."""
    classes = list(run.classes)
    return classes + [name for name in run.verdict.unseen_classes if name not in classes]


def confusions(run: RunFiles) -> Blocks | None:
    """Return the confusion matrices of the chosen method and of the reference."""
    chosen, reference = pair(run)
    names = test_classes(run)
    counts = confusion(chosen, names)
    if not counts.sum():
        return None
    # a class that nobody answers and nobody is, is left out; the others keep one order in both
    before = confusion(reference, names)
    both = counts + before
    live = np.flatnonzero(both.any(0) | both.any(1))
    names = [names[i] for i in live]
    counts, before = counts[np.ix_(live, live)], before[np.ix_(live, live)]
    drawn = busiest(counts, names)

    def matrix(table: np.ndarray, side: Sequence[Predictions], role: str) -> Figure:
        method, right = side[0].method, np.trace(table) / max(1, int(table.sum()))
        label = f"Confusion matrix of {method}: {fmt.percent(right)} right"
        picture = confusion_matrix(table[np.ix_(drawn, drawn)], [names[i] for i in drawn], label)
        tag = Markup('{} <span class="tag{}">{}</span>')
        caption = tag.format(method, "" if role == "chosen" else " plain", role)
        return Figure(picture, caption, scrolls=f"Confusion matrix, {role}", above=True)

    few = len(drawn) <= 20
    text = "Each row is one true class and adds up to 100 %; the diagonal is right."
    text += "" if few else " Point at a cell for its figures."
    text += f" All {len(chosen)} seeds together." if len(chosen) > 1 else ""
    if left := len(names) - len(drawn):
        text += (
            f" Drawn are the {len(drawn)} classes with the most mistakes; {left} more are left out."
        )
    figures = [matrix(counts, chosen, "chosen")]
    figures += [matrix(before, reference, "reference")] if before.sum() else []
    shown: list[Block] = [Columns([[one] for one in figures])]
    if len(figures) == 1 or len(drawn) > 10:
        folded = [Details(f"The same for {reference[0].method}", [one]) for one in figures[1:]]
        shown = [figures[0], *folded]
    mistakes = [
        [w.true, w.answered, fmt.count(w.count), fmt.percent(w.share)]
        for w in worst_confusions(counts, names)
    ]
    heads = ["True", "Answered", "Times", "Of that class"]
    table = Table(heads, mistakes, (2, 3), "Most frequent mistakes")
    title = f"The most frequent mistakes of {chosen[0].method}"
    return [lead(text), *shown, Details(title, [table], open=not few) if mistakes else None]


def examples(run: RunFiles) -> Blocks | None:
    """Return the examples that changed, with images only where they are plain data URIs."""
    found = run.get("examples")
    nothing = not any(found.get(f"{kind}_count") for kind in ("fixed", "broken"))
    if not found or (nothing and run.verdict.kind != "judged"):
        return None
    chosen, reference = found.get("chosen") or "the chosen method", found.get("reference")
    text = f"{chosen} against {reference or 'the reference'}, the most confident first."
    changed = (
        ("fixed", "▲", "up", "Wrong before, right now"),
        ("broken", "▼", "down", "Right before, wrong now"),
    )
    return [
        lead(text),
        *chain(*(_changed(found, *one) for one in changed)),
    ]


def _changed(found: JsonObject, kind: str, sign: str, css: str, title: str) -> Blocks:
    items = [Example.from_json(e) for e in found.get(kind) or [] if isinstance(e, dict)]
    _, names = from_shared_folder([one.name for one in items])
    count = fmt.count(found.get(f"{kind}_count", len(items)))
    shown = f", {len(items)} shown" if items and count != str(len(items)) else ""
    head = Markup('<span class="{}" aria-hidden="true">{}</span> {}').format(css, sign, title)
    cards = [_card(e, name, kind == "fixed") for e, name in zip(items, names, strict=True)]
    more = cards[_CARDS:]
    return [
        Heading(head, after=f"{count}{shown}"),
        Cards(cards[:_CARDS]) if cards else Text("None.", "fine"),
        Details(f"{len(more)} more", [Cards(more)]) if more else None,
    ]


def _card(e: Example, name: str, fixed: bool) -> Card:
    wrong, right = Markup('<span class="wrong">{}</span>'), Markup("<strong>{}</strong>")
    was, now = (wrong, right) if fixed else (right, wrong)
    answer = Markup("{} → {}").format(was.format(e.before), now.format(e.after))
    lines = [
        (str(k), fmt.shorten(fmt.figure(v) if isinstance(v, float) else v, 280))
        for k, v in e.values.items()
    ]
    foot = f"true {e.true}, sure {fmt.percent(e.confidence, 0)}"
    pictures = [(e.image, "")] if _IMAGE.fullmatch(e.image) else []
    return Card(name, pictures, lines, fixed, answer, foot, e.row)
