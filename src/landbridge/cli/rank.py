"""`landbridge rank`: which backbone to take for a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from ..base.formatting import hundredths
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..diagnosis.rank import Ranked


@verb("rank", *o.READING, "seed", "offline", keys=("data.max_rows", "training.threads"))
def rank(
    this: Frame,
    target: Annotated[str, o.argument("TARGET", "Labelled data: a folder, a table, a sample.")],
    backbones: Annotated[
        str | None, o.own("A,B", "Which to compare; all that are here where not given.")
    ] = None,
) -> None:
    """Compare backbones by what simple classifiers make of their frozen features."""
    from ..backbones.open import check_backbone
    from ..diagnosis.rank import rank_backbones
    from ..domains.read import read_domain
    from ..runs.load import reading

    given_names = None if backbones is None else o.names(backbones)
    for name in given_names or ():
        check_backbone(name)
    events = this.events()
    domain = read_domain(target, **reading(this.config), events=events)
    ranked, failed = rank_backbones(
        domain,
        given_names or _all_here(domain.modality),
        events=events,
        **this.keywords(rank_backbones),
    )
    value = {
        "target": domain.name,
        "ranked": [item.to_dict() for item in ranked],
        "failed": failed,
    }
    this.result(value, lambda: _show(ranked))


def _all_here(modality: str) -> list[str]:
    """Return the backbones that take such examples and need no path."""
    from ..backbones.base import BACKBONES
    from ..backbones.open import BY_PREFIX

    return [
        name
        for name, kind in BACKBONES.items()
        if modality in kind.modalities and name not in BY_PREFIX and kind().available()[0]
    ]


def _show(ranked: Sequence[Ranked]) -> None:
    from rich.text import Text

    from .tables import console, show_rows

    out = console()
    rows = []
    for i, item in enumerate(ranked):
        mark = "best" if i == 0 else ("as good, as far as one can tell" if item.ties else "")
        rows.append(
            [
                Text(item.name, "bold" if i == 0 or item.ties else ""),
                _share(item.probe, item.probe_low, item.probe_high),
                _share(item.neighbours, item.neighbours_low, item.neighbours_high),
                f"{item.logme:.3f}",
                str(item.dim),
                f"{item.ms:.2f}",
                Text(mark, "green"),
            ]
        )
    heads = ["backbone", "probe, %", "5 nearest, %", "LogME", "features", "ms each", ""]
    show_rows(out, heads, rows, right=(1, 2, 3, 4, 5))
    out.print(
        "Probe: ridge, on rows of other folds. In brackets 95 % intervals over rows; within one "
        "standard error of the paired difference nothing is told apart.",
        style="dim",
    )


def _share(value: float, low: float, high: float) -> str:
    return f"{hundredths(value)} ({hundredths(low)} to {hundredths(high)})"
