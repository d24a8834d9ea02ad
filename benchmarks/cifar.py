"""Six classes of CIFAR-10 to the other four, from a small net pretrained on the six.

From scratch against fine-tuning at 20, 100 and 500 labels a class: when does transfer help?
"""

from __future__ import annotations

import numpy as np

import data
import runs
from landbridge.base.seeds import numpy_rng
from landbridge.domains.read import read_domain

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
KNOWN = ("airplane", "automobile", "bird", "cat", "deer", "dog")
SHOTS = (20, 100, 500)
METHODS = ("finetune", "lp-ft", "probe")


def main() -> None:
    """Run every size and method and keep the curve under results/."""
    x, y = data.cifar10("train")
    x_test, y_test = data.cifar10("test")
    names, test_names = np.array(NAMES)[y], np.array(NAMES)[y_test]
    old, test_new = np.isin(names, KNOWN), ~np.isin(test_names, KNOWN)
    results = {}
    for shots in SHOTS:
        rng = numpy_rng("cifar", shots)
        rows = np.concatenate(
            [
                rng.choice(np.flatnonzero(names == name), shots, replace=False)
                for name in NAMES
                if name not in KNOWN
            ]
        )
        target_x = np.concatenate([x[rows], x_test[test_new]])
        target_y = np.concatenate([names[rows], test_names[test_new]])
        split = ["train"] * len(rows) + ["test"] * int(test_new.sum())
        for method in METHODS:
            found = runs.run(
                read_domain((x[old], names[old]), name="six classes"),
                read_domain((target_x, target_y), split=split, name="four classes"),
                method=method,
                backbone="convnet",
                budget="2h",
                seeds=3,
                training={"source_steps": 1500},
            )
            results[f"{shots} a class: {method}"] = found
            print(shots, method, found["sentence"])
    runs.save(
        "cifar_six_to_four",
        "CIFAR-10, six classes → the other four, by labels a class",
        results,
        note="The source net is trained for 1,500 steps on 6,000 images or so of the six classes.",
    )


if __name__ == "__main__":
    main()
