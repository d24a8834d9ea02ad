"""`landbridge federate`: clients that learn together, and keep their rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..federated.options import FederatedOptions
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.typed import JsonObject

app = typer.Typer(
    name="federate",
    help="Let clients learn together without their rows coming together, and judge each.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("simulate")
@verb(
    "federate simulate",
    *("backbone", "label", *o.ROWS, "pattern", "target_type", "batch_size", "learning_rate"),
    *("seeds", "seed", "holdout", "keep_duplicates", "device", "offline"),
    keys=("backbone_options", "data.test_size", "data.max_rows", "training.threads"),
    fields=(FederatedOptions,),
)
def simulate(
    this: Frame,
    data: Annotated[str, o.argument("DATA", "The rows of all clients: a folder, a table.")],
    clients: Annotated[
        str, o.own("COLUMN", "The column, or part of file names, that says whose a row is.")
    ],
    out: Annotated[Path, o.own("FOLDER", "Where to keep it.")],
    source: Annotated[str | None, o.own("DATA", "Labelled rows that all start from.")] = None,
) -> None:
    """Let the clients of one data set learn together on this machine, as they would apart.

    Each client is judged on rows of its own that were kept aside: learning together against
    learning alone, against all rows in one place, and against the source. What would travel is
    counted. `landbridge predict FOLDER DATA` answers with what all share.
    """
    from ..federated.fit import federate

    this.run = out
    made = federate(
        data,
        clients,
        source=source,
        out=out,
        options=FederatedOptions(**this.keywords(FederatedOptions)),
        events=this.events(),
        **this.given,
    )
    this.result({"run": str(out), **made.facts}, lambda: _show(out, made.facts))


def _show(out: Path, facts: JsonObject) -> None:
    from rich.text import Text

    from ..base.formatting import counted, size
    from ..federated.page import headline, units_of
    from ..verdict.clients import WORDS, ClientVerdict
    from .tables import console, show_folder, show_rows

    units = units_of(facts)
    verdicts = [ClientVerdict.from_json(one) for one in facts["verdict"]]
    names = [name for name in WORDS if any(name in one.scores for one in verdicts)]
    rows = []
    for one in verdicts:
        colour = {"helped": "green", "hurt": "red"}.get(one.outcome, "yellow")
        figures = [units.value(one.scores[n].value) if n in one.scores else "" for n in names]
        gap = one.against.get("local")
        said = "" if gap is None else units.difference(gap, unit=False)
        outcome = Text(one.outcome, colour)
        rows.append([one.name, f"{one.rows:,}", *figures, said, outcome, WORDS[one.kept]])
    screen = console()
    screen.print()
    heads = ["client", "rows", *(WORDS[n] for n in names), "gain (95 %, Holm)", "", "keeps"]
    show_rows(screen, heads, rows, right=range(1, 2 + len(names)))
    screen.print()
    screen.print(headline(facts))
    up, down = (sum(facts["traffic"][side].values()) for side in ("up", "down"))
    screen.print(
        f"{counted(facts['rounds'], 'round')}, {size(up)} sent by clients, {size(down)} to them\n",
        style="dim",
    )
    show_folder(screen, out, ("use it", "landbridge predict {} DATA --out predictions.csv"))
