"""`landbridge shift`: how two domains differ, and which methods that speaks for."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ..base.errors import ConfigError
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..diagnosis.domains import Compared


@verb(
    "shift",
    *("backbone", *o.READING, "target_labels", "seed", "offline"),
    keys=("data.test_size", "data.max_rows", "training.threads"),
)
def shift(
    this: Frame,
    source: Annotated[str, o.argument("SOURCE", 'A folder, a table or "sample:NAME".')],
    target: Annotated[str, o.argument("TARGET", "The same; it needs no labels.")],
    out: Annotated[
        Path | None, o.own("FILE", "Write a page with drawings: one offline .html file.")
    ] = None,
) -> None:
    """Say how two domains differ, and which family of methods that speaks for.

    Looks at frozen features, or a table's columns; trains nothing, and needs no target label.
    """
    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--out {out}: the page is one HTML file", hint="end the name in .html")
    from ..backbones.open import check_backbone
    from ..diagnosis.domains import compare_domains
    from ..runs.load import read_two

    check_backbone(this.config.backbone)
    events = this.events()
    ours, theirs = read_two(this.config, source, target, events)
    compared = compare_domains(ours, theirs, events=events, **this.keywords(compare_domains))
    if out is not None:
        from ..report.shift import write_shift_page

        write_shift_page(compared, out)
    data = replace(this.config.data, source=source, target=target)
    config = replace(this.config, data=data)
    options = shlex.join(config.as_words())
    value = {
        "source": {"name": compared.source.name, "rows": len(compared.source)},
        "target": {"name": compared.target.name, "rows": len(compared.target)},
        "backbone": compared.backbone,
        "page": None if out is None else str(out),
        **compared.diagnosis.to_dict(),
    }
    this.result(value, lambda: _show(compared, options, out))


_STYLES = {
    "none": "green",
    "slight": "",
    "moderate": "yellow",
    "strong": "bold red",
    "unclear": "magenta",
}


def _show(compared: Compared, options: str, out: Path | None) -> None:
    from rich.text import Text

    from ..diagnosis.base import DIAGNOSES
    from .tables import console, show_entries, show_paths

    screen, found = console(), compared.diagnosis
    screen.print()
    screen.print(Text(found.advice.sentence, style="bold"))
    screen.print()
    n, m = found.rows
    kind = compared.source.examples.noun
    screen.print(
        Text(
            f"{compared.source.name}: {n:,} {kind}   {compared.target.name}: {m:,} {kind}   "
            f"{found.features:,} features of {compared.backbone}",
            style="dim",
        )
    )
    if compared.match:
        screen.print(Text(compared.match, style="dim"))
    screen.print()
    rows: list[list[Any]] = []
    for name, finding in found.findings.items():
        rows.append(
            [
                Text(DIAGNOSES.get(name).title, style="bold"),
                Text(finding.severity, style=_STYLES[finding.severity]),
                Text(finding.sentence),
            ]
        )
    show_entries(screen, ["check", "shift", "what was found"], rows, keep=(0, 1))
    screen.print()
    _show_advice(screen, found.advice)
    notes = [f"{DIAGNOSES.get(name).title}: not looked at, {why}" for name, why in found.skipped]
    for note in [*notes, *found.notes]:
        screen.print(Text(note, style="dim"))
    if notes or found.notes:
        screen.print()
    page = [] if out is None else [("page", str(out))]
    show_paths(screen, [*page, ("go on", f"landbridge transfer {options}")])


def _show_advice(screen: Any, advice: Any) -> None:
    """Print the families, each with its reason under it."""
    from rich.padding import Padding
    from rich.text import Text

    for head, mark, style, items in (
        ("speaks for", "+", "green", advice.speaks_for),
        ("warns against", "−", "red", advice.warns_against),
    ):
        if not items:
            continue
        screen.print(Text(head, style="dim"))
        for item in items:
            screen.print(Text.assemble((f"  {mark} ", f"bold {style}"), (item.methods, "bold")))
            screen.print(Padding(Text(item.reason), (0, 0, 0, 4)))
        screen.print()
    for remark in advice.remarks:
        screen.print(Text(remark))
    if advice.remarks:
        screen.print()
