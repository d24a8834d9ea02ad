"""Attacks of `landbridge.robustness` beside those of ART, on one model and the same rows.

pip install adversarial-robustness-toolbox && python benchmarks/robustness_beside_art.py
"""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import data
import landbridge
from harness import ran_on, write_result
from landbridge.robustness.base import ATTACKS, Rows
from landbridge.robustness.subject import Subject

SIZES = (0.05, 0.075, 0.1, 0.15)
SPHERES = (0.5, 1.0, 1.5)
ROWS = 200


def model() -> Subject:
    """Return a small network made from MNIST and USPS digits, with rows of USPS to attack."""
    x, y = data.mnist("train")
    (u, v), (t, w) = (data.usps(part) for part in ("train", "test"))
    with tempfile.TemporaryDirectory() as folder:
        run = landbridge.transfer(
            (x[:2000], y[:2000].astype(str)),
            (larger(u[:1000]), v[:1000].astype(str)),
            backbone="convnet",
            method="finetune",
            budget="60s",
            seeds=1,
            out=Path(folder) / "run",
        )
        own = run.model
    domain = own.read((larger(t[:600]), w[:600].astype(str)))
    rows = Rows(domain.examples, own.preprocessing, np.arange(600))
    truth, _ = own.reading.target_type.truth(
        [domain.classes[i] for i in domain.labels], own.reading.classes
    )
    return Subject("chosen", own, rows, truth)


def larger(images: np.ndarray) -> np.ndarray:
    """Return images of 28 × 28 pixels."""
    return np.stack([np.asarray(Image.fromarray(one).resize((28, 28))) for one in images])


class Whole(torch.nn.Module):
    """Pixels of 0 to 1 in, logits out: what ART attacks."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.network = subject.model.network
        self.subject = subject

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.subject.logits(x)


def main() -> None:
    """Attack with both, and write how many right answers withstand."""
    evasion = importlib.import_module("art.attacks.evasion")
    classifiers = importlib.import_module("art.estimators.classification")
    subject = model()
    answers = subject.values(subject.rows.stored).argmax(1)
    rows = np.flatnonzero(answers == subject.truth)[:ROWS]
    x, y = subject.start(rows).numpy(), subject.truth[rows]
    theirs = classifiers.PyTorchClassifier(
        Whole(subject),
        loss=torch.nn.CrossEntropyLoss(),
        input_shape=x.shape[1:],
        nb_classes=len(subject.model.classes),
        clip_values=(0, 1),
    )
    targets = np.eye(len(subject.model.classes), dtype=np.float32)[y]

    def withstand(attack: Any) -> float:
        np.random.seed(0)  # noqa: NPY002 - what ART draws from
        torch.manual_seed(0)
        return float((theirs.predict(attack.generate(x, targets)).argmax(1) == y).mean())

    quiet = {"batch_size": ROWS, "verbose": False}
    found: dict[str, Any] = {}
    for size in SIZES:
        steps = {"eps": size, "eps_step": size / 4, "max_iter": 10, "num_random_init": 1}
        chosen = {"eps": size, "eps_step": 2 * size, "max_iter": 20, "nb_random_init": 1}
        found[f"{size:g}"] = {
            "fgsm": withstand(evasion.FastGradientMethod(theirs, eps=size, eps_step=size)),
            "pgd": withstand(evasion.ProjectedGradientDescentPyTorch(theirs, **steps, **quiet)),
            **{
                name: withstand(
                    evasion.AutoProjectedGradientDescent(theirs, loss_type=loss, **chosen, **quiet)
                )
                for name, loss in (
                    ("apgd-ce", "cross_entropy"),
                    ("apgd-dlr", "difference_logits_ratio"),
                )
            },
            "square": withstand(
                evasion.SquareAttack(theirs, eps=size, max_iter=200, nb_restarts=1, **quiet)
            ),
        }
    for size in SPHERES:
        steps = {"eps": size, "eps_step": size / 4, "max_iter": 10, "num_random_init": 1}
        attack = evasion.ProjectedGradientDescentPyTorch(theirs, norm=2, **steps, **quiet)
        found[f"{size:g}, L2"] = {"pgd-l2": withstand(attack)}
    result: dict[str, Any] = {
        "name": "robustness_beside_art",
        "kind": "attacks",
        "title": "Accuracy under attack, beside ART",
        "images": len(rows),
        **ran_on(),
        "sizes": {},
    }
    for said, others in found.items():
        size = float(said.split(",")[0])
        result["sizes"][said] = {
            name: {
                "ours": float(ATTACKS.get(name)().run(subject, rows, size).withstood.mean()),
                "art": other,
            }
            for name, other in others.items()
        }
        print(said, result["sizes"][said], flush=True)
    write_result("robustness_beside_art", result)


if __name__ == "__main__":
    main()
