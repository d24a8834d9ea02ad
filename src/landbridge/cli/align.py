"""`landbridge align`, `search` and `zero-shot`: one space for several modalities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..embeddings.options import AlignOptions
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.typed import EvalResult
    from ..domains.input_rows import AnswerRow
    from ..embeddings.asking import Neighbour

Answer = Annotated[str | None, o.own("MODALITY", "What to look at in rows with several.")]
SpaceFolder = Annotated[Path, o.argument("SPACE", "A folder that `landbridge align` made.")]


@verb(
    "align",
    *(*o.ROWS, "holdout", "keep_duplicates"),
    *("batch_size", "learning_rate", "seed", "device", "offline"),
    keys=("backbone_options", "data.max_rows", "training.threads"),
    fields=(AlignOptions,),
)
def align(
    this: Frame,
    data: Annotated[str, o.argument("DATA", "Rows of several modalities: a table, a folder.")],
    out: Annotated[Path, o.own("FOLDER", "Where to keep the space; must not exist.")],
) -> None:
    """Bring modalities into one space by rows that have two of them; needs no labels.

    Then `search` finds across modalities, and `zero-shot` classifies by the names of classes.
    """
    from ..embeddings.fit import align

    this.run = out
    options = AlignOptions(**this.keywords(AlignOptions))
    space = align(data, out=out, options=options, events=this.events(), **this.given)
    this.result({"space": str(out), **space.facts}, lambda: _show_space(out, space.facts))


@verb("search", "offline", "outside", keys=("training.threads",))
def search(
    this: Frame,
    space: SpaceFolder,
    query: Annotated[str, o.argument("QUERY", "Words, or the path of an image or recording.")],
    among: Annotated[str, o.own("DATA", "Where to look: a folder, a table, a sample.")],
    top: Annotated[int, o.own("N", "How many to show.")] = 5,
    modality: Annotated[str | None, o.own("MODALITY", "Of QUERY: image, text or audio.")] = None,
    answer: Answer = None,
) -> None:
    """Find what is nearest to words, an image or a recording."""
    from ..embeddings.space import Space

    events = this.events()
    opened = Space.load(space, events=events, **this.keywords(Space.load))
    rows = opened.search(
        query, among, top=top, modality=modality, answer=answer, events=events, **this.given
    )
    this.result({"space": str(space), "query": query, "found": rows}, lambda: _show(rows))


@verb("zero-shot", "offline", "outside", keys=("training.threads",))
def zero_shot(
    this: Frame,
    space: SpaceFolder,
    data: o.Data,
    classes: Annotated[str, o.own("A,B", "The classes' names, as words say them.")],
    template: Annotated[str, o.own("TEXT", 'What is said of a class; "{}" is its name.')] = "{}",
    answer: Answer = None,
    out: o.Rows = None,
) -> None:
    """Classify by the names of classes alone; labels in DATA are used to say how well, no more."""
    from ..embeddings.space import Space
    from ..embeddings.zero_shot import answered

    events = this.events()
    opened = Space.load(space, events=events, **this.keywords(Space.load))
    value = answered(
        *(opened, data, o.names(classes) or []),
        template=template,
        answer=answer,
        events=events,
        **this.given,
    )
    rows = value.pop("predictions")
    if out is not None:
        from .predict import write

        write(out, rows)
        value["out"] = str(out)
    else:
        value["predictions"] = rows
    this.result({"space": str(space), **value}, lambda: _show_answers(value, rows, out))


def _show_space(out: Path, facts: EvalResult) -> None:
    from .evaluate import show_recall
    from .tables import console, show_folder

    screen = console()
    screen.print()
    show_recall(screen, facts)
    screen.print(
        f"{facts['pairs']:,} rows learned from, {facts['held_out']:,} held out, and these figures "
        "are about those.\n",
        style="dim",
    )
    show_folder(
        screen,
        out,
        ("search", "landbridge search {} WORDS --among DATA"),
        ("name classes", "landbridge zero-shot {} DATA --classes A,B"),
    )


def _show(found: Sequence[Neighbour]) -> None:
    from .tables import console, show_rows

    rows = [[f"{r['similarity']:.3f}", r["name"], r["shows"]] for r in found]
    show_rows(console(), ["cosine", "row", "what"], rows, right=(0,))


def _show_answers(value: EvalResult, rows: list[AnswerRow], out: Path | None) -> None:
    import sys

    from ..metrics.intervals import Interval
    from .tables import console, interval, percent

    screen = console()
    if out is None and not sys.stdout.isatty():
        from .predict import write_csv

        write_csv(sys.stdout, rows, shown=True)
        return
    counts: dict[str, int] = {}
    for row in rows:
        if row["predicted"] is None:
            continue
        counts[row["predicted"]] = counts.get(row["predicted"], 0) + 1
    screen.print(", ".join(f"{name}: {n:,}" for name, n in sorted(counts.items())))
    if value["accuracy"] is not None:
        right = value["accuracy"]
        screen.print(
            f"right: {interval(Interval.from_json(right))} of {right['n']:,} labelled rows; "
            f"the commonest class is {percent(value['commonest'])} of them"
        )
    if value["left_out"]:
        screen.print(
            f"{value['left_out']:,} of them are of classes that were not named, and count as "
            f"wrong: {', '.join(value['strange'][:5])}"
        )
    if value["unanswered"]:
        said = ", ".join(f"{n:,} x {why}" for why, n in value["unanswered"].items())
        screen.print(f"no answer: {said}", style="dim")
    if out is not None:
        screen.print(f"{len(rows):,} rows written to {out}", style="dim")
