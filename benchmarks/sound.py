"""Spoken digits by a speaker who was never heard: six speakers, each left out once.

    LANDBRIDGE_DATA=... python benchmarks/sound.py [embedding] [net]

The other five speakers are the source, the one is the target, without labels, and judged.
`embedding`: Google's speech embedding, frozen; `net`: the small net on log-mel spectrograms.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import data
from adaptation import table
from grid import Job, truth_of
from landbridge.domains.domain import Domain
from landbridge.domains.parting import part
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import seal

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
FROZEN = ("source-only", "probe", "coral", "mcc", "infomax", "dann", "shot", "aad")
MOVED = ("source-only", "dann", "mcc", "infomax", "infomax+consistency", "shot")


@cache
def digits() -> Domain:
    """Return all 3,000 recordings; the domain of each is its speaker."""
    pattern = "{label}_{speaker}_{take}"
    return read_domain(data.root() / "spoken_digits", pattern=pattern, domain="speaker")


def jobs(backbone: str, *, frozen: bool) -> Iterator[Job]:
    """Yield six tasks."""
    for speaker in SPEAKERS:
        source, whole = part(digits(), [speaker])
        sealed = seal(whole, "judge")
        config = {"backbone": backbone, "training": {"source_steps": 800, "steps": 500}}
        name = f"{backbone}, {speaker} left out"
        job = Job(name, source, sealed, truth_of(whole, sealed), config)
        yield replace(job, frozen=frozen)


SETS = {
    "embedding": ("speech_embedding", FROZEN, True),
    "net": ("logmelnet", MOVED, False),
}


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for."""
    for name in wanted:
        backbone, methods, frozen = SETS[name]
        title = f"Spoken digits, one speaker left out, {backbone}, no target label"
        table(f"sound_{name}", title, list(jobs(backbone, frozen=frozen)), methods)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SETS))
