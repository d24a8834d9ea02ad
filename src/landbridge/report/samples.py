"""Examples that a short report shows, written beside the facts and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from landbridge.base.files import read_json, write_json

from .page import Card, Cards

FILE = "examples.json"


def keep_samples(folder: Path, samples: Sequence[Mapping[str, Any]]) -> None:
    """Write what `landbridge.insight.samples.sample` gave."""
    write_json(folder / FILE, {"format": 1, "examples": list(samples)})


def sample_cards(folder: Path, title: str, lead: str) -> list[tuple[str, Cards]]:
    """Return the section of examples; none where none were kept."""
    path = folder / FILE
    found = read_json(path)["examples"] if path.is_file() else []
    cards = [
        Card(
            str(one["name"]),
            [(str(uri), str(what)) for uri, what in one["pictures"]],
            [(str(key), str(value)) for key, value in one["lines"]],
            one["right"],
        )
        for one in found
    ]
    return [("examples", Cards(title, cards, lead))] if cards else []
