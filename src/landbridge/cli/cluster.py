"""`landbridge cluster`: groups of rows without labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.config import RunConfig


@verb(
    "cluster",
    *("backbone", "label", *o.ROWS, "domain", "pattern", "seed", "device", "offline"),
    keys=("backbone_options", "data.max_rows", "training.threads"),
)
def cluster(
    this: Frame,
    found: RunConfig,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="Rows to group: a folder, a table, a sample.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where to keep it; must not exist.")
    ],
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="DATA", help="More rows of the kind, without labels."),
    ] = None,
    groups: Annotated[
        str, typer.Option("--groups", metavar="N|LOW-HIGH|auto", help="How many.")
    ] = "auto",
    method: Annotated[
        str,
        typer.Option("--method", metavar="METHOD", help="gaussian-mixture, k-means or turtle."),
    ] = "gaussian-mixture",
    epochs: Annotated[
        float | None,
        typer.Option("--epochs", metavar="N", help="Of pretraining, where the backbone needs it."),
    ] = None,
) -> None:
    """Group rows without labels, on what a backbone knows, and say whether groups are there.

    Labels in DATA, where there are some, judge the groups and nothing else.
    """
    from ..clustering.fit import cluster
    from ..runs.read_task import columns_named

    this.run = out
    made = cluster(
        data,
        source,
        out=out,
        groups=groups,
        method=method,
        backbone=found.backbone,
        backbone_options=found.backbone_options or None,
        epochs=epochs,
        seed=found.seed,
        device=found.training.device,
        offline=found.offline,
        label=found.data.label,
        max_rows=found.data.max_rows,
        events=this.events(),
        **columns_named(found.data),
    )
    this.result({"clusters": str(out), **made.facts}, lambda: _show(out, made.facts))


def _show(out: Path, facts: dict[str, Any]) -> None:
    from rich.text import Text

    from ..clustering.page import group_rows
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
    screen.print()
    show_folder(screen, out, ("group of new rows", "landbridge predict {} DATA"))
