"""Examples that a short report shows, written beside the facts and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from landbridge.base.files import write_json
from landbridge.base.shown import from_shared_folder
from landbridge.base.typed import read_checked

from .blocks import Card, Cards, lead
from .page import Section

FILE = "examples.json"
_SHAPE = {
    "examples": [
        {"name": str, "pictures": [[str, str]], "lines": [[str, object]], "right": (bool, None)},
    ]
}


def keep_samples(folder: Path, samples: Sequence[Mapping[str, Any]]) -> None:
    """Write what `landbridge.insight.samples.sample` gave."""
    write_json(folder / FILE, {"format": 1, "examples": list(samples)})


def sample_cards(folder: Path, title: str, what: str) -> list[Section]:
    """Return the section of examples; none where none were kept."""
    path = folder / FILE
    found = read_checked(path, _SHAPE)["examples"] if path.is_file() else []
    _, names = from_shared_folder([str(one["name"]) for one in found])
    cards = [
        Card(
            name,
            [(uri, what) for uri, what in one["pictures"]],
            [(key, str(value)) for key, value in one["lines"]],
            one["right"],
        )
        for one, name in zip(found, names, strict=True)
    ]
    return [Section("examples", title, [lead(what), Cards(cards)])] if cards else []
