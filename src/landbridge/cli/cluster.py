"""`landbridge cluster`: groups of rows without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import options as o
from .frame import frame

KEYS = (
    *("data.label", "data.image", "data.text", "data.audio", "data.columns", "data.drop"),
    *(
        "data.categorical",
        "data.numeric",
        "data.pattern",
        "data.max_rows",
        "data.encoding",
        "data.value_range",
        "data.outside",
        "data.domain",
    ),
    *("backbone", "backbone_options", "seed", "offline", "training.device", "training.threads"),
)


def cluster(
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
    backbone: o.Backbone = None,
    epochs: Annotated[
        float | None,
        typer.Option("--epochs", metavar="N", help="Of pretraining, where the backbone needs it."),
    ] = None,
    label: o.Label = None,
    image: o.ImageColumn = None,
    text: o.TextColumn = None,
    audio: o.AudioColumn = None,
    columns: o.Columns = None,
    pattern: o.Pattern = None,
    value_range: o.ValueRange = None,
    seed: o.Seed = None,
    device: o.Device = None,
    offline: o.Offline = None,
    outside: o.Outside = None,
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Group rows without labels, on what a backbone knows, and say whether groups are there.

    Labels in DATA, where there are some, judge the groups and nothing else.
    """
    given: dict[str, Any] = {
        "data.label": label,
        "data.image": image,
        "data.text": text,
        "data.audio": audio,
        "data.columns": o.names(columns),
        "data.pattern": pattern,
        "backbone": backbone,
        "seed": seed,
        "training.device": device,
        "offline": offline,
    }
    with frame(as_json=as_json, quiet=quiet, debug=debug) as this:
        from .settings import usable, use_threads

        given["data.value_range"] = o.span(value_range)
        found = usable("cluster", KEYS, config, settings, given)
        this.run = out
        use_threads(found)
        from ..clustering.fit import cluster
        from ..runs.read_task import columns_named

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
