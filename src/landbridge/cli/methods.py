"""`landbridge methods`: every way to transfer, and what each needs."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from ..base.errors import ConfigError
from . import options as o
from .frame import Frame
from .verbs import verb

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

    found = [
        _describe(name, method)
        for name, method in METHODS.items()
        if _fits(method.needs.source, source) and _fits(method.needs.target, target)
    ]
    this.result({"methods": found}, lambda: _show(found, evidence=setting is not None))


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


def _describe(name: str, method: Any) -> dict[str, Any]:
    from ..methods.core.measured import measured

    cost, evidence = measured(method)
    config = getattr(method, "Config", None)
    fields = dataclasses.fields(config) if dataclasses.is_dataclass(config) else ()
    return {
        "name": name,
        "family": method.family,
        **dataclasses.asdict(method.needs),
        "target_types": sorted(method.needs.target_types),
        "summary": method.summary,
        "paper": getattr(method, "paper", ""),
        "cost": cost,
        "evidence": evidence,
        "options": {
            field.name: None if field.default is dataclasses.MISSING else field.default
            for field in fields
        },
    }


FAMILIES = {
    "network": "move the network",
    "tuning": "fine-tune the network",
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


def _show(found: list[dict[str, Any]], *, evidence: bool) -> None:
    from .tables import console, show_entries

    out = console()
    families = {item["family"] for item in found}
    for family in [*FAMILIES, *sorted(families - set(FAMILIES))]:
        rows = [
            _measured(item) if evidence else _summed_up(item)
            for item in found
            if item["family"] == family
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


def _summed_up(item: dict[str, Any]) -> list[Any]:
    from rich.text import Text

    text = Text(item["summary"])
    if item["paper"]:
        text.append(f"\n{item['paper']}", "dim")
    return [Text(item["name"], "bold"), item["source"], item["target"], text]


def _measured(item: dict[str, Any]) -> list[Any]:
    """Return one line: cost, need, evidence, and where it hurts."""
    from rich.text import Text

    needs = [words[item[side]] for side, words in SIDES.items() if item[side] in words]
    text = Text(item["evidence"] or item["summary"], "" if item["evidence"] else "dim")
    if item["warning"]:
        text.append(f"; may hurt {item['warning']}", "yellow")
    return [Text(item["name"], "bold"), ", ".join(needs) or "–", item["cost"] or "–", text]
