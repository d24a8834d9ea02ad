"""The fine-tuning family at 1, 5, 15 and 100 % of the target's labels, against plain fine-tuning.

    LANDBRIDGE_DATA=... python benchmarks/finetuning.py [cifar] [hymenoptera]

`cifar`: six classes of CIFAR-10 to the other four, a small net pretrained on the six;
`hymenoptera`: ants and bees from MobileNetV2 as ImageNet left it. Unlabelled rows stay there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import data
from adaptation import table
from cifar import KNOWN, NAMES
from grid import Job, truth_of
from landbridge.base.seeds import numpy_rng
from landbridge.domains.domain import Domain
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import seal

SHARES = (0.01, 0.05, 0.15, 1.0)
LEAST = 2
"""Labels a class at least."""
FAMILY = (
    *("finetune", "scratch", "probe", "head-only", "lp-ft", "layerwise", "gradual", "surgical"),
    *("bias-tuning", "norm-tuning", "lora", "l2-sp", "delta", "bss", "co-tuning", "bi-tuning"),
    *("ema", "wise-ft", "soup", "structure", "head2toe"),
)
PRETRAINED = (
    *("finetune", "probe", "head-only", "lp-ft", "layerwise", "gradual", "surgical"),
    *("bias-tuning", "norm-tuning", "lora", "l2-sp", "delta", "bss", "co-tuning", "bi-tuning"),
    *("ema", "head2toe"),
)


def fewer(domain: Domain, share: float, *where: object) -> Domain:
    """Return the domain with the labels of a share of each class's usable rows."""
    rng, keep = numpy_rng("share", share, *where), domain.held_out | domain.validation
    usable = domain.labeled_mask & ~keep
    for value in np.unique(domain.labels[usable]):
        rows = np.flatnonzero((domain.labels == value) & usable)
        keep[rng.choice(rows, max(LEAST, round(share * len(rows))), replace=False)] = True
    return replace(domain, labeled_mask=domain.labeled_mask & keep)


def job(name: str, source: Domain | None, whole: Domain, share: float, **config: object) -> Job:
    """Return a task with a share of the labels."""
    sealed = seal(fewer(whole, share, name), "use")
    named = f"{name}, {share:.0%} of the labels"
    return Job(named, source, sealed, truth_of(whole, sealed), config, reference="finetune")


def cifar_jobs() -> Iterator[Job]:
    """Yield six classes → four, by share of the labels."""
    x, y = data.cifar10("train")
    x_test, y_test = data.cifar10("test")
    names, test_names = np.array(NAMES)[y], np.array(NAMES)[y_test]
    old, new, test_new = np.isin(names, KNOWN), ~np.isin(names, KNOWN), ~np.isin(test_names, KNOWN)
    source = read_domain((x[old], names[old]), name="six classes")
    split = ["train"] * int(new.sum()) + ["test"] * int(test_new.sum())
    both = (
        np.concatenate([x[new], x_test[test_new]]),
        np.concatenate([names[new], test_names[test_new]]),
    )
    whole = read_domain(both, split=split, name="four classes")
    for share in SHARES:
        how = {"backbone": "convnet", "training": {"source_steps": 1500}}
        yield job("CIFAR-10 six → four", source, whole, share, **how)


def hymenoptera_jobs() -> Iterator[Job]:
    """Yield ants and bees, by share of the labels."""
    whole = read_domain(Path(data.root()) / "hymenoptera")
    for share in SHARES:
        yield job("ants and bees", None, whole, share, backbone="mobilenet_v2")


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for."""
    if "cifar" in wanted:
        title = "Fine-tuning, CIFAR-10 six classes → four, by share of the labels"
        table("finetuning_cifar", title, list(cifar_jobs()), FAMILY)
    if "hymenoptera" in wanted:
        title = "Fine-tuning, ants and bees from MobileNetV2, by share of the labels"
        table("finetuning_hymenoptera", title, list(hymenoptera_jobs()), PRETRAINED)


if __name__ == "__main__":
    main(sys.argv[1:] or ["cifar", "hymenoptera"])
