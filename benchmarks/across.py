"""Across modalities: a digit seen, heard and written, brought into one space without labels.

    LANDBRIDGE_DATA=... python benchmarks/across.py

1,500 rows of noisy pictures, noisy speech and words; the 1,000 that judge are other pictures and
other speakers. Classes are then named by their words alone, and compared with the same encoders
when they are trained on labels.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import landbridge
from harness import ran_on, write_result
from landbridge.domains.domain import Domain
from landbridge.domains.modalities.multimodal import MultimodalExamples
from landbridge.domains.read import read_domain
from several_data import WORDS, Rows, digits, together

ENCODERS = {"image": "convnet", "audio": "speech_embedding", "text": "minilm"}
SEEDS = 3


def clean_words(rows: Rows, labels: list[str]) -> Rows:
    """Return the rows with words as they are written, so that names can be asked for."""
    return rows | {"text": [WORDS[int(label)] for label in labels]}


def aligned(domain: Domain, truth: np.ndarray, seed: int) -> dict[str, Any]:
    """Return recall, and how often classes named in words are right, for one seed."""
    start = time.process_time()
    space = landbridge.align(
        domain, backbone_options={"encoders": ENCODERS}, seed=seed, offline=True
    )
    judged = domain.examples.select(np.flatnonzero(domain.held_out))
    assert isinstance(judged, MultimodalExamples)
    named = {}
    for part in ("image", "audio"):
        own, _ = judged.part(part)
        named[part] = float((space.zero_shot(own, WORDS).argmax(1) == truth).mean())
    found = {f"{r['query']} → {r['answer']}": r for r in space.facts["recall"] if r["depth"] == 1}
    return {
        "named": named,
        "recall": {key: r["mean"] for key, r in found.items()},
        "chance": {key: r["chance"] for key, r in found.items()},
        "cpu_s": round(time.process_time() - start, 1),
    }


def main() -> None:
    """Run it."""
    sides = [digits(1500, "train", 0, True), digits(1000, "test", 0, True)]
    rows, labels, split = together(*[(clean_words(r, y), y) for r, y in sides])
    domain = read_domain((rows, labels), split=split, labelled=False, name="digits")
    truth = np.array([int(label) for label in sides[1][1]])
    runs = []
    for seed in range(SEEDS):
        runs.append(aligned(domain, truth, seed))
        print(seed, runs[-1], flush=True)
        title = "A digit seen, heard and written in one space, no label read"
        write_result(
            "across_digits",
            {"name": "across_digits", "kind": "across", "title": title, "seeds": runs, **ran_on()},
        )


if __name__ == "__main__":
    main()
