"""`landbridge cluster`: groups of rows without labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.typed import JsonObject


@verb(
    "cluster",
    *("backbone", "label", *o.ROWS, "domain", "pattern", "seed", "device", "offline"),
    keys=("backbone_options", "data.max_rows", "training.threads"),
)
def cluster(
    this: Frame,
    data: Annotated[str, o.argument("DATA", "Rows to group: a folder, a table, a sample.")],
    out: Annotated[Path, o.own("FOLDER", "Where to keep it; must not exist.")],
    source: Annotated[str | None, o.own("DATA", "More rows of the kind, without labels.")] = None,
    groups: Annotated[str, o.own("N|LOW-HIGH|auto", "How many, or between which.")] = "auto",
    method: Annotated[
        str, o.own("METHOD", "gaussian-mixture, k-means or turtle.")
    ] = "gaussian-mixture",
    epochs: Annotated[
        float | None, o.own("N", "Of pretraining, where the backbone needs it.")
    ] = None,
) -> None:
    """Group rows without labels, on what a backbone knows, and say whether groups are there.

    Labels in DATA, where there are some, judge the groups and nothing else.
    """
    from ..clustering.fit import cluster

    this.run = out
    made = cluster(
        *(data, source),
        out=out,
        groups=groups,
        method=method,
        epochs=epochs,
        events=this.events(),
        **this.given,
    )
    this.result({"clusters": str(out), **made.facts}, lambda: _show(out, made.facts))


def _show(out: Path, facts: JsonObject) -> None:
    from rich.text import Text

    from ..clustering.page import group_rows, plateau_rows
    from .tables import console, show_folder, show_rows

    screen = console()
    verdict = facts["verdict"]
    colour = {"helped": "green", "groups found": "green", "hurt": "red"}
    sentence = Text.assemble(
        (verdict["outcome"], f"bold {colour.get(verdict['outcome'], 'yellow')}"),
        f": {verdict['sentence']}",
    )
    screen.print()
    screen.print(sentence)
    screen.print()
    heads, rows = group_rows(facts)
    show_rows(screen, heads, rows, right=(1, 2, 3))
    if len(facts["number"]["plateaus"]) > 1:
        heads, rows = plateau_rows(facts)
        screen.print()
        screen.print("Several numbers of groups stand out (choose with --groups):")
        show_rows(screen, heads, rows, right=range(1, len(heads)))
    screen.print()
    show_folder(screen, out, ("group of new rows", "landbridge predict {} DATA"))
