"""`landbridge eval`: how good a run is on labelled data that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.typed import EvalResult


@verb("eval", "label", "keep_duplicates", "outside", keys=("training.threads",))
def evaluate(
    this: Frame,
    run: o.RunFolder,
    data: o.Data,
) -> None:
    """Measure what a command made on labelled DATA, with intervals; a space on pairs."""
    from ..finished import load
    from .predict import taken

    loaded = load(run)
    given = taken(loaded.evaluate, run, this.given)
    figures = loaded.evaluate(data, **given, events=this.events())
    this.result({"run": str(run), **figures}, lambda: _show(figures))


def _show(figures: EvalResult) -> None:
    _show_figures(figures)
    if "comparison" in figures:
        from .screen import say

        say("")
        say(figures["comparison"]["sentence"])


def _show_figures(figures: EvalResult) -> None:
    from ..metrics.intervals import Interval
    from .tables import console, interval, percent, show_rows

    out = console()
    for key, show in _OTHERS.items():
        if key in figures:
            show(out, figures)
            _show_left(out, figures)
            return
    if "metric" in figures:
        _show_answers(out, figures)
        _show_left(out, figures)
        return
    accuracy = Interval.from_json(figures, "accuracy")
    rows = [["accuracy", percent(accuracy.value), interval(accuracy)]]
    for key, name in (("balanced_accuracy", "balanced accuracy"), ("macro_f1", "macro F1")):
        if figures.get(key) is not None:
            rows.append([name, percent(figures[key]), ""])
    title = f"{figures['n']} labelled examples" if figures.get("n") is not None else ""
    show_rows(out, ["figure", "", "95 % interval"], rows, title=title, right=(1, 2))
    _show_left(out, figures)
    per_class = figures.get("per_class")
    if not per_class:
        return
    named = (
        list(per_class.items())
        if isinstance(per_class, dict)
        else [(item.get("class", ""), item) for item in per_class]
    )
    heads = [key for key in named[0][1] if key != "class"]
    cells = [[name, *(_cell(item.get(head)) for head in heads)] for name, item in named]
    out.print()
    show_rows(out, ["class", *heads], cells, right=range(1, len(heads) + 1))


def _show_left(out: Any, figures: EvalResult) -> None:
    """Say how many rows the figures are not about, and why, and whether intervals go by groups."""
    from rich.text import Text

    each = (figures, *figures.get("tasks", ()), *figures.get("recall", ()))
    if groups := max(one.get("judged_groups", 0) for one in each):
        out.print(Text(f"intervals go by {groups:,} groups", style="dim"))

    said = [f"{figures['left_out']:,} without a label"] if figures.get("left_out") else []
    said += [f"{n:,} x {why}" for why, n in (figures.get("unanswered") or {}).items()]
    if said:
        out.print(Text(f"not judged: {', '.join(said)}", style="dim"))


def _show_scores(out: Any, figures: EvalResult) -> None:
    """Show the scores of a task with structured answers."""
    from .tables import percent, show_rows

    rows = [[name, percent(score)] for name, score in figures["scores"].items()]
    title = f"{figures['n']:,} rows with an answer"
    show_rows(out, ["score", ""], rows, title=title, right=(1,))


def _show_tasks(out: Any, figures: EvalResult) -> None:
    """Show each of several tasks."""
    from ..base.formatting import quantity
    from .tables import percent, show_rows

    rows = []
    for task in figures["tasks"]:
        say = percent if task["metric"] == "accuracy" else quantity
        said = [say(task[key]) if task[key] is not None else "" for key in ("value", "low", "high")]
        between = f"{said[1]} to {said[2]}" if said[1] else ""
        rows.append([task["task"], task["metric"], said[0], between, f"{task['n']:,}"])
    heads = ["task", "score", "", "95 % interval", "rows"]
    show_rows(out, heads, rows, right=(2, 3, 4))


def show_recall(out: Any, figures: EvalResult) -> None:
    """Show who finds whom in a space, beside chance."""
    from ..embeddings.recall import Recall
    from .tables import interval, percent, show_rows

    rows = [
        [
            f"{one.query} → {one.answer}",
            str(one.depth),
            f"{percent(one.found.value)} ({interval(one.found)})",
            percent(one.chance),
        ]
        for one in map(Recall.from_json, figures["recall"])
    ]
    show_rows(out, ["who asks → who answers", "first", "found", "by chance"], rows, right=(1, 3))


def _show_groups(out: Any, figures: EvalResult) -> None:
    """Show how far groups and labels are the same."""
    from .tables import show_rows

    own = figures["groups"]
    names = (
        ("ami", "adjusted mutual information"),
        ("ari", "adjusted Rand index"),
        ("accuracy", "accuracy, each group one class"),
    )
    rows = [
        [name, *(f"{own[key][part]:.2f}" for part in ("value", "low", "high"))]
        for key, name in names
    ]
    title = f"{own['n']:,} labelled rows of {len(own['classes'])} classes"
    show_rows(out, ["figure", "", "low", "high"], rows, title=title, right=(1, 2, 3))


_OTHERS = {
    "scores": _show_scores,
    "tasks": _show_tasks,
    "recall": show_recall,
    "groups": _show_groups,
}
"""By what figures hold, who shows them; all others are of a run."""


def _show_answers(out: Any, figures: EvalResult) -> None:
    """Show what is measured of numbers, or of several labels at once."""
    from ..targets.registry import get_target_type
    from .tables import show_rows

    metric = get_target_type(figures["target_type"]).metric

    def say(value: float | None) -> str:
        return "–" if value is None else metric.format(value)

    rows = [
        [
            figures["metric"],
            say(figures["value"]),
            f"{say(figures['low'])} to {say(figures['high'])}",
        ],
        *(
            [name, say(value), ""]
            for name, value in figures["figures"].items()
            if name not in (figures["metric"], "MAE")
        ),
    ]
    title = f"{figures['n']} labelled examples"
    show_rows(out, ["figure", "", "95 % interval"], rows, title=title, right=(1, 2))
    if "per_label" in figures:
        heads = list(next(iter(figures["per_label"].values())))
        cells = [[n, *(_cell(one[h]) for h in heads)] for n, one in figures["per_label"].items()]
        out.print()
        show_rows(out, ["label", *heads], cells, right=range(1, len(heads) + 1))


def _cell(value: Any) -> str:
    from .tables import percent

    return percent(value) if value is None or isinstance(value, float) else str(value)
