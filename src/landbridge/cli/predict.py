"""`landbridge predict`: a run's answers for new data."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

from ..base.cells import write_rows
from ..base.errors import ConfigError
from ..base.shown import encodable
from . import options as o
from .frame import Frame, dumps
from .screen import say
from .verbs import verb

if TYPE_CHECKING:
    from ..base.typed import Options
    from ..domains.input_rows import AnswerRow

FORMATS = (".csv", ".parquet", ".json", ".jsonl")
SHOWN = 20
"""How many rows a terminal gets."""
_CELL = 120
"""Letters of an answer that it gets."""


@verb("predict", "outside", keys=("training.threads",))
def predict(
    this: Frame,
    run: o.RunFolder,
    data: o.Data,
    out: o.Rows = None,
    unknown: Annotated[
        float | None,
        o.own(
            "RATE",
            "Mark rows that look like no known class, such as 0.05: at most this share of "
            "rows like the source's validation rows is marked.",
        ),
    ] = None,
) -> None:
    """Answer for every example of new data: its class, number, labels, or what a task gives.

    RUN is what transfer, multitask or tune made. Without --out a terminal gets the first rows, and
    a pipe all of them, as CSV, or as lines of JSON where answers have a structure.
    """
    if out is not None and out.suffix.lower() not in FORMATS:
        raise ConfigError(
            f"--out {out}: {out.suffix or 'no ending'} is not a format that can be written",
            hint=f"end the name in {', '.join(FORMATS)}",
        )
    if unknown is not None:
        from ..metrics.open_set import check_rate

        check_rate(unknown)
    from ..finished import load

    loaded = load(run)
    given = taken(loaded.predict, run, {"unknown": unknown, **this.given})
    rows = loaded.predict(data, **given, events=this.events())
    if out is not None:
        write(out, rows)
        left = _unanswered(rows)
        value = {"run": str(run), "rows": len(rows), "unanswered": left, "out": str(out)}
        n = sum(left.values())
        more = f", {n:,} with a reason in the place of an answer" if left else ""
        this.result(value, lambda: say(f"{len(rows):,} predictions in {out}{more}"))
    else:
        this.result({"run": str(run), "predictions": rows}, lambda: _show(rows))


def taken(use: Callable[..., Any], run: Path, options: Options) -> Options:
    """Return the options that were given; raise ConfigError where `use` does not take one."""
    parameters = inspect.signature(use).parameters
    for name, value in options.items():
        if name not in parameters and value is not None:
            option = f"--{name.replace('_', '-')}"
            raise ConfigError(
                f"{option} is for what `landbridge transfer` made, and {run} is not",
                hint=f"leave {option} out",
            )
    return {name: value for name, value in options.items() if value is not None}


def write(path: Path, rows: Sequence[AnswerRow]) -> None:
    """Write predictions whole, in the format that the name's ending says."""
    from ..base.files import atomic_file

    with atomic_file(path) as temporary:
        if path.suffix.lower() == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            def encoded(value: Any) -> Any:
                return encodable(value) if isinstance(value, str) else value

            head = _columns(rows)
            flat = list(_table(rows))
            columns = {
                encodable(name): [encoded(row[i]) for row in flat] for i, name in enumerate(head)
            }
            with temporary.open("wb") as file:  # any name will do: Arrow takes UTF-8 alone
                pq.write_table(pa.table(columns), file)
        elif path.suffix.lower() == ".json":
            temporary.write_text(dumps({"predictions": rows}) + "\n", "utf-8")
        elif path.suffix.lower() == ".jsonl":
            temporary.write_text("".join(dumps(row) + "\n" for row in rows), "utf-8")
        else:
            with temporary.open("w", -1, "utf-8", "backslashreplace", "") as cells:
                write_csv(cells, rows)


def write_csv(file: TextIO, rows: Sequence[AnswerRow], *, shown: bool = False) -> None:
    """Write predictions as CSV with a line of heads; see `landbridge.base.cells.write_rows`."""
    write_rows(file, _columns(rows), _table(rows), shown=shown)


def _columns(rows: Sequence[AnswerRow]) -> list[str]:
    if not rows or "probability" not in rows[0]:
        return list(rows[0]) if rows else ["name", "predicted", "confidence"]
    first = rows[0]
    sure = [] if _are_lists(rows) else ["confidence"]
    marked = ["unknown"] if "unknown" in first else []
    front, back = _around(first)
    classes = (f"p({name})" for name in first["probability"])
    return [*front, "predicted", *marked, *sure, *classes, *back]


def _around(row: AnswerRow) -> tuple[list[str], list[str]]:
    """Return what stands before an answer, and after it: name and id, the reason for none."""
    keys = [key for key in row if key not in ("probability", "unknown")]
    place = keys.index("predicted")
    return keys[:place], keys[place + 1 :]


def _are_lists(rows: Sequence[AnswerRow]) -> bool:
    """Whether answers are several labels; a row without an answer does not say."""
    return any(isinstance(row.get("predicted"), list) for row in rows)


def _table(rows: Sequence[AnswerRow]) -> Iterator[list[Any]]:
    """Yield rows as cells: what is no number is empty."""
    lists = _are_lists(rows)
    for row in rows:
        yield [None if _is_nothing(x) else x for x in _flat(row, lists)]


def _flat(row: AnswerRow, lists: bool) -> list[Any]:
    # Six digits are more than a network knows.
    if "probability" not in row:
        return [dumps(v) if isinstance(v, list | dict) else v for v in row.values()]
    front, back = _around(row)
    rounded = [round(float(p), 6) for p in row["probability"].values()]
    said = row["predicted"]
    cells = [";".join(said) if isinstance(said, list) else said]
    cells += [row["unknown"]] if "unknown" in row else []
    cells += [] if lists else [max(rounded, default=None)]
    return [*(row[key] for key in front), *cells, *rounded, *(row[key] for key in back)]


def _structured(row: AnswerRow) -> bool:
    """Say whether an answer is more than a cell can hold."""
    return "probability" not in row and any(isinstance(v, list | dict) for v in row.values())


def _unanswered(rows: Sequence[AnswerRow]) -> dict[str, int]:
    """Return how many rows have a reason in the place of an answer, by the reason.

    A task may be called "reason" as well: its rows have answers.
    """
    found: Counter[str] = Counter()
    for row in rows:
        key = "row reason" if "row reason" in row else "reason"
        said = [value for name, value in row.items() if name not in ("name", "id", "row id", key)]
        if row.get(key) is not None and all(map(_is_nothing, said)):
            found[str(row[key]).partition(": ")[0]] += 1
    return dict(found)


def _is_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_nothing, value.values()))
    return value is None or (isinstance(value, float) and value != value)


def _show(rows: Sequence[AnswerRow]) -> None:
    """Show the first rows on a terminal; a pipe gets all of them."""
    if not sys.stdout.isatty():
        if any(map(_structured, rows)):
            for row in rows:
                print(dumps(row))  # which shows nothing that a terminal would obey
        else:
            write_csv(sys.stdout, rows, shown=True)
        return
    from .tables import console, percent, show_rows

    out = console()
    if rows and ("probability" not in rows[0] or _are_lists(rows)):
        heads = [key for key in rows[0] if key != "probability"]
        cells = [[_said(row[key]) for key in heads] for row in rows[:SHOWN]]
        show_rows(out, heads, cells, keep=(1,))
        _show_rest(out, rows)
        return
    cells = []
    for row in rows[:SHOWN]:
        if row["predicted"] is None:
            cells.append([row["name"], f"no answer: {row.get('reason')}", "", ""])
            continue
        ranked = sorted(row["probability"].items(), key=lambda item: -item[1])
        second = f"{ranked[1][0]} {percent(ranked[1][1])}" if len(ranked) > 1 else ""
        said = "unknown" if row.get("unknown") else row["predicted"]
        cells.append([row["name"], said, percent(ranked[0][1]), second])
    show_rows(out, ["name", "predicted", "how sure", "else"], cells, right=(2,), keep=(1,))
    _show_rest(out, rows)


def _show_rest(out: Any, rows: Sequence[AnswerRow]) -> None:
    if len(rows) > SHOWN:
        out.print(f"and {len(rows) - SHOWN} more: --out predictions.csv has them all", style="dim")


def _said(answer: Any) -> str:
    from ..base.formatting import shorten

    if answer is None or (isinstance(answer, float) and answer != answer):
        return ""
    if isinstance(answer, list):
        words = [x if isinstance(x, str) else dumps(x) for x in answer]
        return shorten(", ".join(words), _CELL) or "none"
    if isinstance(answer, dict):
        return shorten(dumps(answer), _CELL)
    return f"{answer:.6g}" if isinstance(answer, float) else str(answer)
