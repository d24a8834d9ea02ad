"""`landbridge backbones`: what can be built on, and whether it is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from .frame import Frame
from .verbs import verb


@dataclass(frozen=True)
class Entry:
    """A backbone as it is listed."""

    name: str
    modalities: list[str]
    pretrained: bool
    available: bool
    where: str
    extra: str
    summary: str


@verb("backbones")
def backbones(this: Frame) -> None:
    """List the backbones and which are available here."""
    from ..backbones.base import BACKBONES

    found = []
    for name, provider in BACKBONES.items():
        here, where = provider().available()
        found.append(
            Entry(
                name,
                list(provider.modalities),
                provider.pretrained,
                here,
                where,
                provider.extra,
                provider.summary,
            )
        )
    this.result({"backbones": list(map(asdict, found))}, lambda: _show(found))


def _show(found: Sequence[Entry]) -> None:
    from rich.text import Text

    from .tables import console, show_entries

    rows = []
    for item in found:
        here = Text("yes", "green") if item.available else Text("no", "yellow")
        text = Text(item.summary)
        where = item.where
        if item.extra and not item.available:
            where += f" (pip install 'landbridge[{item.extra}]')"
        text.append(f"\n{where}" if where else "", "dim")
        knows = "yes" if item.pretrained else "no"
        takes = ", ".join(item.modalities)
        rows.append([Text(item.name, "bold"), takes, knows, here, text])
    columns = ["backbone", "takes", "pretrained", "here", "what it is"]
    show_entries(console(), columns, rows, keep=(0, 2, 3))
