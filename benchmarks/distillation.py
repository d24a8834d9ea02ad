"""Distillation across modalities: a model of pictures teaches one of speech, and back.

    LANDBRIDGE_DATA=... python benchmarks/distillation.py

The teacher learned from 3,000 labelled rows of its own modality. The student sees 1,500 rows of
both modalities and no label; 1,000 rows judge (other pictures, other speakers). Beside it: what the
teacher says of the judged rows from its own modality, and a student with 5 labels a class.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import landbridge
from harness import ran_on, write_result
from landbridge.base.files import read_json
from landbridge.domains.domain import Domain
from landbridge.domains.read import read_domain
from several_data import digits, together

STUDENTS = {"image": "convnet", "audio": "speech_embedding"}
SEEDS = 3
FEW = 5


def fit(target: Any, out: Path, **how: Any) -> landbridge.Run:
    """Run one method and nothing to choose among."""
    return landbridge.transfer(
        None,
        target,
        out=out,
        budget="5m",  # in which a pretrained backbone stands still
        seeds=SEEDS,
        training={"threads": 1},
        progress=False,
        offline=True,
        **how,
    )


def one_way(sees: str, learns: str, both: Domain, labels: list[str]) -> dict[str, Any]:
    """Return what the teacher, its student and a student with a few labels are right on."""
    folder = Path(tempfile.mkdtemp())
    rows, own = digits(3000, "train", 1, False)
    teacher = fit(
        ({sees: rows[sees]}, own),
        folder / "teacher",
        backbone=STUDENTS[sees],
        method="scratch" if sees == "image" else "probe",
    )
    judged = both.examples.select(np.flatnonzero(both.held_out))
    truth = [label for label, held in zip(labels, both.held_out, strict=True) if held]
    said = teacher.model.predict(Domain.build(judged.part(sees)[0], truth, name="judged"))
    student = fit(
        both,
        folder / "student",
        teacher=teacher.path,
        student=learns,
        method="distil",
        backbone=STUDENTS[learns],
        target_labels="judge",
    )
    few = fit(
        _few(both, learns, labels),
        folder / "few",
        backbone=STUDENTS[learns],
        method="scratch" if learns == "image" else "probe",
    )
    found = {
        "teacher": float((said == np.array(truth, dtype=object)).mean()),
        "student": student.verdict["chosen"],
        "few": few.verdict["chosen"],
        "cpu_s": read_json(student.path / "cost.json")["cpu_s"],
    }
    shutil.rmtree(folder)
    return found


def _few(both: Domain, part: str, labels: list[str]) -> Domain:
    rng, keep = np.random.default_rng(0), both.held_out.copy()
    known = np.array(labels)
    for name in np.unique(known):
        rows = np.flatnonzero((known == name) & ~both.held_out)
        keep[rng.choice(rows, FEW, replace=False)] = True
    shown = [label if k else None for label, k in zip(labels, keep, strict=True)]
    split = ["test" if held else "train" for held in both.held_out]
    return Domain.build(both.examples.part(part)[0], shown, name="few", split=split)


def main() -> None:
    """Run it."""
    rows, labels, split = together(digits(1500, "train", 0, False), digits(1000, "test", 0, False))
    rows = {part: rows[part] for part in STUDENTS}
    both = read_domain((rows, labels), split=split, name="both")
    ways: dict[str, Any] = {}
    for sees, learns in (("image", "audio"), ("audio", "image")):
        ways[f"{sees} → {learns}"] = one_way(sees, learns, both, labels)
        print(ways, flush=True)
        title = "Distillation across modalities, no label for the student"
        result = {"name": "distillation", "kind": "distillation", "title": title, "ways": ways}
        write_result("distillation", result | ran_on())


if __name__ == "__main__":
    main()
