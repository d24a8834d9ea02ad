"""The parts of a made-up run folder that need no predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from landbridge.base.files import write_json, write_text

CHOSEN = "infomax+consistency"


def plain_files(folder: Path, classes: list[str], rows: int, seeds: int, label_free: bool) -> None:
    counts = {c: 100 + 7 * (i % 9) for i, c in enumerate(classes)}
    domain = {"modality": "image", "classes": classes, "omissions": [], "notes": []}
    write_json(
        folder / "run.json",
        {
            "format": 1,
            "landbridge": "0.1.0.dev0",
            "status": "complete",
            "error": None,
            "created": "2026-11-20T09:14:03+00:00",
            "finished": "2026-11-20T09:23:41+00:00",
            "files": {},
        },
    )
    write_json(
        folder / "config.json",
        {
            "data": {
                "source": "sample:usps",
                "target": "sample:font-digits",
                "target_labels": "judge",
            },
            "backbone": "auto",
            "method": "auto",
            "budget": "10m",
            "seeds": seeds,
        },
    )
    write_json(
        folder / "data.json",
        {
            "setting": "The source is labelled, the target is not: unsupervised domain adaptation.",
            "classes": classes,
            "match": {
                "kind": "same",
                "shared": classes,
                "only_source": [],
                "only_target": [],
                "sentence": f"All {len(classes)} classes occur on both sides.",
            },
            "source": {
                **domain,
                "name": "usps",
                "rows": 2007,
                "usable": 2004,
                "judged": 0,
                "labelled": "all",
                "counts": counts,
                "omissions": [
                    {
                        "what": "files that are not images",
                        "count": 3,
                        "rows": ["a/notes.txt", "a/Thumbs.db", "b/broken.png"],
                    }
                ],
            },
            "target": {
                **domain,
                "name": "font-digits",
                "rows": rows * 3,
                "usable": rows * 3,
                "judged": rows,
                "labelled": "none" if label_free else "all",
                "counts": {} if label_free else counts,
                "notes": ["1 image has four channels; the fourth was dropped."],
            },
        },
    )
    write_json(
        folder / "plan.json",
        {"fits": 14, "steps": 9600, "seeds": seeds, "estimated_s": 540, "measured_s": 512},
    )
    scores = [
        ("infomax+consistency", (0.81, 1.93, 0.94), None, 1),
        ("mcc", (0.80, 1.88, 0.93), None, 2),
        ("infomax", (0.79, 1.90, 0.92), None, 3),
        ("coral", (0.72, 1.61, 0.90), None, 4),
        ("source-only", (0.69, 1.52, 0.88), None, 5),
        ("dann", (0.41, 0.97, None), "source validation fell by 9.1 points (5 are allowed)", None),
    ]
    write_json(
        folder / "choice.json",
        {
            "method": CHOSEN,
            "kind": "label-free",
            "kept_reference": False,
            "reason": "Of five candidates that passed the gates it ranks first on ClassAMI and "
            "InfoMax, and second on agreement with the ensemble.",
            "candidates": [
                {
                    "method": m,
                    "figures": dict(zip(("ClassAMI", "InfoMax", "EnsV"), f, strict=True)),
                    "gated": g,
                    "rank": r,
                    "steps": 800,
                    "cpu_s": 31.4 + 2 * i,
                }
                for i, (m, f, g, r) in enumerate(scores)
            ],
            "not_tried": [
                {
                    "method": "tca",
                    "why": "2 004 source rows: the kernel would take more than the budget",
                },
                {
                    "method": "shot",
                    "why": "the source is there, so nothing needs to be source-free",
                },
            ],
        },
    )
    write_json(
        folder / "backbone.json",
        {
            "name": "convnet",
            "parameters": 242_058,
            "hash": "9f1c6f0a2a7e4b53",
            "features": 128,
            "pretrained_on": "nothing: trained here on the source",
        },
    )
    write_json(
        folder / "preprocessor.json",
        {"size": [32, 32], "channels": 1, "mean": [0.5], "std": [0.5], "augment": "weak"},
    )
    write_json(
        folder / "transfer.json",
        {
            "tensors": [
                *(_tensor(f"features.{i}.weight", "transferred", 32, 32) for i in range(8)),
                _tensor("features.0.input", "reshaped", 3, 1, "3 channels to 1"),
                _tensor("head.weight", "fresh", None, len(classes)),
                _tensor("old_head.weight", "unused", 26, None),
            ]
        },
    )
    write_json(
        folder / "cost.json",
        {
            "wall_s": 512.4,
            "cpu_s": 688.1,
            "peak_mb": 913.0,
            "device": "cpu",
            "threads": 2,
            "stages": [
                {"name": n, "wall_s": w, "cpu_s": c}
                for n, w, c in (
                    ("read", 4.1, 3.9),
                    ("source-only", 88, 121),
                    ("race", 240, 330),
                    ("chosen, 3 seeds", 170, 222),
                    ("verdict", 6.2, 6.1),
                )
            ],
            "parameters": {"total": 242_058, "moved": 242_058, "stored_bytes": 971_000},
        },
    )


def write_log(folder: Path, rng: Any, seeds: int) -> None:
    lines: list[dict[str, Any]] = [
        {"time": 1.0, "event": "stage", "message": "read"},
        {
            "time": 2.0,
            "event": "warning",
            "message": "the target has 3 classes with fewer than 60 rows",
        },
    ]
    for fit, phases in (
        ("source-only", ("source",)),
        (CHOSEN, ("source", "adapt")),
        ("from-scratch", ("source",)),
    ):
        for seed in range(seeds):
            for phase in phases:
                for step in range(10, 801, 10):
                    t = step / 800
                    losses = {"source": 2.3 * np.exp(-4 * t) * (1 + 0.12 * rng.normal()) + 0.05}
                    if phase == "adapt":
                        losses |= {
                            "infomax": -1.2 * t + 0.05 * rng.normal(),
                            "consistency": 0.4 * np.exp(-7 * t) * (1 + 0.2 * rng.random()) + 1e-3,
                        }
                    lines.append(
                        {
                            "time": 3.0,
                            "event": "step",
                            "fit": fit,
                            "seed": seed,
                            "phase": phase,
                            "step": step,
                            "steps": 800,
                            "total": sum(losses.values()),
                            "losses": losses,
                            "rate": 1e-3 * (1 - t),
                        }
                    )
    write_text(folder / "log.jsonl", "\n".join(json.dumps(line) for line in lines) + "\n")


def _tensor(
    name: str, status: str, found: int | None, wanted: int | None, note: str = ""
) -> dict[str, Any]:
    shapes = [None if n is None else [n, 32, 3, 3] for n in (found, wanted)]
    return {"name": name, "status": status, "found": shapes[0], "wanted": shapes[1], "note": note}
