"""`landbridge stress`: what a run's model withstands, before and after the transfer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ..robustness.smoothing_options import SmoothingOptions
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..robustness.records import Paired, StressResult, Tested


@verb(
    *("stress", "label", "keep_duplicates", "outside", "seed"),
    keys=("training.threads",),
    fields=(SmoothingOptions,),
)
def stress(
    this: Frame,
    run: o.RunFolder,
    data: Annotated[str, o.argument("DATA", "Labelled data that the run has not seen.")],
    attacks: Annotated[
        str | None, o.own("A,B", "Which attacks; all, none, or the usual ones if not given.")
    ] = None,
    corruptions: Annotated[
        str | None, o.own("A,B", "Which corruptions; none, or all that go with the data.")
    ] = None,
    epsilon: Annotated[
        float | None,
        o.own("SIZE", "How much attacks may change, in units of the input: 0.03 of white, ..."),
    ] = None,
    fixed: Annotated[
        str | None, o.own("A,B", "Columns of a table that attacks must leave as they are.")
    ] = None,
    budget: Annotated[
        str, o.own("TIME", 'CPU time, by which rows are drawn: "90s", "10m", "2h".')
    ] = "2m",
    out: Annotated[
        Path | None, o.own("FILE", "Write a page with drawings: one offline .html file.")
    ] = None,
) -> None:
    """Say what a run's model withstands on labelled DATA, and whether the transfer kept it.

    Natural corruptions at five severities, and attacks: the run's model beside its reference.
    """
    from ..finished import load
    from ..robustness.stress import stress as test
    from ..runs.run import Run

    loaded = load(run)
    if not isinstance(loaded, Run):
        from ..base.errors import ConfigError

        raise ConfigError(
            f"{run} is not what `landbridge transfer` made, and stress is about such a run alone",
            hint="give the folder of a transfer",
        )
    found = test(
        loaded,
        data,
        attacks=attacks,
        corruptions=corruptions,
        epsilon=epsilon,
        fixed=fixed,
        budget=budget,
        out=out,
        events=this.events(),
        **this.given,
    )
    value = {**found.to_json(), "page": None if out is None else str(out)}
    this.result(value, lambda: _show(found, out))


def _show(found: StressResult, out: Path | None) -> None:
    from rich.text import Text

    from .tables import console, show_paths, show_rows

    screen = console()
    screen.print(Text(found.headline, style="bold"))
    screen.print(Text(found.sentence))
    heads = ["", "run's model", *(["reference", "difference"] if found.reference else [])]
    summary: list[tuple[str, Paired | None]] = [
        ("without any change", found.clean),
        ("under every attack", found.attacked),
        ("mean of corruptions", found.corrupted),
    ]
    rows = [_row(name, own, found) for name, own in summary if own is not None]
    screen.print()
    show_rows(screen, heads, rows, right=range(1, len(heads)))
    for kind, title in (("attack", "attacks"), ("corruption", "corruptions, all severities")):
        own = sorted(found.of_kind(kind), key=_score(found))
        if own:
            cells = [_row(_name(one), one.score, found) for one in own]
            screen.print()
            show_rows(screen, [title, *heads[1:]], cells, right=range(1, len(heads)))
    if found.certificate is not None:
        cells = [_row(level.said, level.score, found) for level in found.certificate.levels]
        screen.print()
        title = f"smoothed by noise of {found.certificate.sigma:g}, certified"
        show_rows(screen, [title, *heads[1:]], cells, right=range(1, len(heads)))
    weak = [one for one in found.classes if one.attacked is not None or one.corrupted is not None]
    if weak:
        said = ", ".join(
            f"{one.name} ({_figure((one.attacked or one.corrupted or one.clean).value, found)})"
            for one in weak[:3]
        )
        screen.print()
        screen.print(Text(f"weakest classes: {said}"))
    for name, why in found.skipped.items():
        screen.print(Text(f"{name}: {why}", style="dim"))
    screen.print()
    if out is not None:
        show_paths(screen, [("page", str(out))])
    else:
        screen.print(Text("--out stress.html writes a page with curves and examples", style="dim"))


def _name(one: Tested) -> str:
    return f"{one.name} ({one.at})" if one.at else one.name


def _score(found: StressResult) -> Any:
    sign = -1 if found.lower_is_better else 1
    return lambda one: sign * one.score.chosen.value


def _figure(value: float, found: StressResult) -> str:
    from ..base.formatting import quantity
    from .tables import percent

    return percent(value) if found.percent else quantity(value)


def _row(name: str, own: Paired, found: StressResult) -> list[Any]:
    from .tables import interval, percent

    def cell(figure: Any) -> str:
        if figure is None:
            return ""
        if not found.percent:
            return _figure(figure.value, found)
        return f"{percent(figure.value)} ({interval(figure)})"

    cells = [name, cell(own.chosen)]
    if found.reference:
        from ..base.formatting import as_points, three_figures

        gap = own.difference
        say = as_points if found.percent else (lambda v: three_figures(v, "+"))
        cells += [cell(own.reference), "" if gap is None else say(gap.value)]
    return cells
