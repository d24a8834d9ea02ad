"""`landbridge methods`: every way to transfer, and what each needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any

from ..base.errors import ConfigError
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.typed import JsonObject

LABELS = ("labelled", "model", "unlabelled", "none")
TARGETS = ("labelled", "unlabelled")
SHORT = {f"{labels}-target": f"any/{labels}" for labels in TARGETS}
"""Settings that say nothing of the source."""


@verb("methods")
def methods(
    this: Frame,
    setting: Annotated[
        str | None,
        o.own(
            "SOURCE/TARGET",
            "Only those which fit, such as labelled/unlabelled, none/labelled or "
            "unlabelled-target, with cost and evidence.",
        ),
    ] = None,
) -> None:
    """List the methods and what each needs."""
    source, target = _setting(setting)
    from ..methods.core.base import METHODS
    from ..methods.core.measured import measured

    found = [
        Entry(name, method, *measured(method))
        for name, method in METHODS.items()
        if _fits(method.needs.source, source) and _fits(method.needs.target, target)
    ]
    value = {"methods": [one.to_json() for one in found]}
    this.result(value, lambda: _show(found, evidence=setting is not None))


def _setting(text: str | None) -> tuple[str | None, str | None]:
    if text is None:
        return None, None
    source, slash, target = SHORT.get(text, text).partition("/")
    if not slash or source not in ("any", *LABELS) or target not in TARGETS:
        raise ConfigError(
            f"--setting {text!r} is not a setting",
            hint=f"write SOURCE/TARGET: any, {', '.join(LABELS)}, then / and "
            f"{' or '.join(TARGETS)}; or {' or '.join(SHORT)}",
        )
    return None if source == "any" else source, target


def _fits(need: str, given: str | None) -> bool:
    """Say whether a side that is `given` meets a `need`; labels may be left unread."""
    if given is None or need in ("any", "none", given):
        return True
    return need in ("unlabelled", "model") and given == "labelled"


@dataclass(frozen=True)
class Entry:
    """A method as it is listed."""

    name: str
    method: Any
    cost: str
    evidence: str

    def to_json(self) -> JsonObject:
        """Return it as ``--json`` shows it."""
        method = self.method
        config = getattr(method, "Config", None)
        return {
            "name": self.name,
            "family": method.family,
            **asdict(method.needs),
            "target_types": sorted(method.needs.target_types),
            "summary": method.summary,
            "paper": getattr(method, "paper", ""),
            "cost": self.cost,
            "evidence": self.evidence,
            "options": {
                field.name: None if field.default is MISSING else field.default
                for field in (fields(config) if is_dataclass(config) else ())
            },
        }


FAMILIES = {
    "network": "move the network",
    "tuning": "fine-tune the network",
    "robust": "fine-tune a network that withstands changed inputs",
    "features": "on frozen features: probes",
    "reweighting": "on frozen features: weight source rows",
    "mapping": "on frozen features: map one side to the other",
    "transport": "on frozen features: optimal transport",
    "subspace": "on frozen features: a common space",
    "few_labels": "on frozen features: a few target labels",
    "pseudo": "self-training on the target",
    "source_free": "without the source's data",
    "partial": "classes that only one side has",
}


def _show(found: Sequence[Entry], *, evidence: bool) -> None:
    from .tables import console, show_entries

    out = console()
    families = {item.method.family for item in found}
    for family in [*FAMILIES, *sorted(families - set(FAMILIES))]:
        rows = [
            _measured(item) if evidence else _summed_up(item)
            for item in found
            if item.method.family == family
        ]
        if rows:
            out.print(f"\n{FAMILIES.get(family, family)}", style="bold")
            head = ["method", "needs", "cost", "evidence"] if evidence else PLAIN
            show_entries(out, head, rows, keep=(0, 1, 2))
    out.print('\nTerms combine with "+", such as infomax+consistency.', style="dim")


PLAIN = ["method", "source", "target", "what it does"]
SIDES = {
    "source": {"labelled": "source labels", "model": "source model", "unlabelled": "source rows"},
    "target": {"labelled": "target labels", "unlabelled": "target rows"},
}
"""What a need is called in a line; "any" and "none" ask for nothing."""


def _summed_up(item: Entry) -> list[Any]:
    from rich.text import Text

    text, needs = Text(item.method.summary), item.method.needs
    if paper := getattr(item.method, "paper", ""):
        text.append(f"\n{paper}", "dim")
    return [Text(item.name, "bold"), needs.source, needs.target, text]


def _measured(item: Entry) -> list[Any]:
    """Return one line: cost, need, evidence, and where it hurts."""
    from rich.text import Text

    wanted = item.method.needs
    sides = ((SIDES["source"], wanted.source), (SIDES["target"], wanted.target))
    needs = [words[side] for words, side in sides if side in words]
    text = Text(item.evidence or item.method.summary, "" if item.evidence else "dim")
    if wanted.warning:
        text.append(f"; may hurt {wanted.warning}", "yellow")
    return [Text(item.name, "bold"), ", ".join(needs) or "–", item.cost or "–", text]
