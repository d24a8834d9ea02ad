"""What a transfer term costs: a whole training step with it, source only as the unit.

    PYTHONPATH=src python benchmarks/term_steps.py [--tllib PATH] [--rounds 80]

All rivals train the same small net with the same optimiser (AdamW, fused) in the same loop:
forward, losses, backward, step. Two nets take turns as "the same small net": 784-512-512, as for
digits of 28 x 28, and 256-256-256, whose step is so short that calling a handful of operations
shows; each has a head of 10 answers. The unit is that loop on the source alone: forward of 32
source rows, cross-entropy, backward, step. Every term has 32 target rows more to send through the
net, which no term can save: "32 + 32 rows, no term" says what that costs by itself. Discriminators
and adversarial heads are 128 wide for all (CDAN of TLlib: its outer product of features and
answers, and its random map with our 256 columns).

One process, one thread, CPU time of every single step. The rivals take turns, a few steps each,
because machines drift; what counts is the lower quartile of a rival's steps, which is what a step
costs where nothing else gets in between. The range is that of the ratio in quarters of the rounds.

TLlib is read from a clone named by --tllib or TLLIB, file by file, as its package does not import
on today's torchvision. pytorch-adapt is used where it is installed. What is missing is said.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import harness
from landbridge.methods.core.base import METHODS
from landbridge.objectives.base import StepBatch, ViewOutputs
from landbridge.training.plan import TermSpec
from landbridge.training.terms import make_term

NETS = {"784-512-512": (784, 512), "256-256-256": (256, 256)}
"""Inputs, and width of both layers."""
CLASSES, ROWS, HIDDEN = 10, 32, 128
BOTH = "32 + 32 rows, no term"
Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], Any]
"""(source features, source logits, labels, target features, target logits) -> loss."""

TERMS = (
    "mcc",
    "deep-coral",
    "afn",
    "dann",
    "mdd",
    "cdan",
    "jan",
    "dan",
    "dsan",
    "mcd",
    "bnm",
    "infomax",
)
LIMITS = {
    "mcc": 1.1,
    "deep-coral": 1.4,
    "afn": 1.4,
    "dann": 1.7,
    "mdd": 2.2,
    "cdan": 2.2,
    "jan": 2.2,
    "dan": 1.6,
}


def step_of(
    net: str, loss: Loss | None = None, module: nn.Module | None = None, *, both: bool = True
) -> Any:
    """Return a function that takes one training step of a fresh net.

    Parameters
    ----------
    net : str
        Of `NETS`.
    loss : callable or None
        Added to the source's cross-entropy.
    module : nn.Module, optional
        Whose parameters are trained with the net.
    both : bool
        Whether target rows go through the net.
    """
    torch.manual_seed(0)
    inputs, width = NETS[net]
    body = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
    head = nn.Linear(width, CLASSES)
    parameters = [*body.parameters(), *head.parameters()]
    if module is not None:
        module.train()
        parameters += list(module.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=True)
    source, target = torch.randn(ROWS, inputs), torch.randn(ROWS, inputs) * 1.5 + 0.3
    rows = torch.cat([source, target]) if both else source
    labels = torch.arange(ROWS) % CLASSES

    def step() -> None:
        features = body(rows)
        logits = head(features)
        if both:
            (fs, ft), (zs, zt) = features.split(ROWS), logits.split(ROWS)
            total = F.cross_entropy(zs, labels)
            if loss is not None:
                total = total + loss(fs, zs, labels, ft, zt)
        else:
            total = F.cross_entropy(logits, labels)
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()

    return step


def ours(net: str, name: str) -> Any:
    """Return a step with a term of Landbridge, at its defaults, in the middle of its ramp."""
    weight = getattr(METHODS.get(name).Config(), "weight", 1.0)
    term = make_term(TermSpec(name), NETS[net][1], CLASSES)

    def loss(fs: Any, zs: Any, labels: Any, ft: Any, zt: Any) -> Any:
        return weight * term(
            StepBatch(ViewOutputs(fs, zs, labels), ViewOutputs(ft, zt), None, zt.detach(), 0.5)
        )

    return step_of(net, loss, term)


def tllib(net: str, path: Path) -> dict[str, Any]:
    """Return steps with TLlib's terms, with the kernels and widths of its own examples."""
    width = NETS[net][1]
    for name in ("", "alignment", "modules", "self_training", "normalization", "utils"):
        full = f"tllib.{name}".rstrip(".")
        package = types.ModuleType(full)
        package.__path__ = [str(path / "tllib" / name)]  # its own __init__ imports everything
        sys.modules[full] = package
    vars(np)["float"] = float  # which it still calls
    sys.modules.setdefault("prettytable", types.ModuleType("prettytable"))

    def get(module: str, name: str) -> Any:
        return getattr(importlib.import_module(f"tllib.{module}"), name)

    gaussian = get("modules.kernels", "GaussianKernel")
    discriminator = get("modules.domain_discriminator", "DomainDiscriminator")
    widths = [gaussian(alpha=2**k) for k in range(-3, 2)]
    mcc = get("self_training.mcc", "MinimumClassConfusionLoss")(temperature=2.5)
    coral = get("alignment.coral", "CorrelationAlignmentLoss")()
    afn = get("normalization.afn", "AdaptiveFeatureNorm")(1)
    dan = get("alignment.dan", "MultipleKernelMaximumMeanDiscrepancy")(widths, linear=False)
    jan = get("alignment.jan", "JointMultipleKernelMaximumMeanDiscrepancy")(
        (widths, (gaussian(sigma=0.92, track_running_stats=False),)), linear=False
    )
    dann = get("alignment.dann", "DomainAdversarialLoss")(discriminator(width, HIDDEN))
    conditional = get("alignment.cdan", "ConditionalDomainAdversarialLoss")
    cdan = conditional(discriminator(width * CLASSES, HIDDEN), entropy_conditioning=True)
    cdan_random = conditional(
        discriminator(256, HIDDEN),
        entropy_conditioning=True,
        randomized=True,
        num_classes=CLASSES,
        features_dim=width,
        randomized_dim=256,
    )
    disparity = get("alignment.mdd", "ClassificationMarginDisparityDiscrepancy")(4.0)
    reverse = get("modules.grl", "WarmStartGradientReverseLayer")(
        alpha=1.0, lo=0.0, hi=0.1, max_iters=1000, auto_step=False
    )
    adversary = nn.Sequential(
        nn.Linear(width, HIDDEN), nn.ReLU(), nn.Dropout(0.5), nn.Linear(HIDDEN, CLASSES)
    )

    def mdd(fs: Any, zs: Any, labels: Any, ft: Any, zt: Any) -> Any:
        seen_s, seen_t = adversary(reverse(torch.cat([fs, ft]))).chunk(2)
        reverse.step()
        return -disparity(zs, seen_s, zt, seen_t)

    return {
        "mcc": step_of(net, lambda fs, zs, y, ft, zt: mcc(zt)),
        "deep-coral": step_of(net, lambda fs, zs, y, ft, zt: coral(fs, ft)),
        "afn": step_of(net, lambda fs, zs, y, ft, zt: 0.05 * (afn(fs) + afn(ft))),
        "dann": step_of(net, lambda fs, zs, y, ft, zt: dann(fs, ft), dann),
        "mdd": step_of(net, mdd, adversary),
        "cdan": step_of(net, lambda fs, zs, y, ft, zt: cdan(zs, fs, zt, ft), cdan),
        "cdan, random map": step_of(
            net, lambda fs, zs, y, ft, zt: cdan_random(zs, fs, zt, ft), cdan_random
        ),
        "jan": step_of(
            net, lambda fs, zs, y, ft, zt: jan((fs, zs.softmax(1)), (ft, zt.softmax(1)))
        ),
        "dan": step_of(net, lambda fs, zs, y, ft, zt: dan(fs, ft)),
    }


def pytorch_adapt(net: str) -> dict[str, Any]:
    """Return steps with pytorch-adapt's losses of the same names."""
    from pytorch_adapt import layers
    from pytorch_adapt.layers.utils import get_kernel_scales

    mcc, coral, bnm = layers.MCCLoss(T=2.5), layers.CORALLoss(), layers.BNMLoss()
    afn = layers.AdaptiveFeatureNorm(step_size=1)
    # Five widths for features, as the other two have.
    scales = get_kernel_scales(low=-3, high=1, num_kernels=5)
    dan, jan = (layers.MMDLoss(kernel_scales=scales, mmd_type="quadratic") for _ in range(2))
    return {
        "mcc": step_of(net, lambda fs, zs, y, ft, zt: mcc(zt)),
        "deep-coral": step_of(net, lambda fs, zs, y, ft, zt: coral(fs, ft)),
        "afn": step_of(net, lambda fs, zs, y, ft, zt: 0.05 * (afn(fs) + afn(ft))),
        "dan": step_of(net, lambda fs, zs, y, ft, zt: dan(fs, ft)),
        "jan": step_of(
            net, lambda fs, zs, y, ft, zt: jan([fs, zs.softmax(1)], [ft, zt.softmax(1)])
        ),
        "bnm": step_of(net, lambda fs, zs, y, ft, zt: bnm(zt)),
    }


def measured(steps: dict[Any, Any], rounds: int, block: int) -> dict[Any, np.ndarray]:
    """Return CPU microseconds of each step, (rounds, block), for each of `steps` in turn."""
    for step in steps.values():
        for _ in range(20):
            step()
    seen = {key: np.empty((rounds, block)) for key in steps}
    for turn in range(rounds):
        for key, step in steps.items():
            step()  # what others left in the caches is no part of it
            for index in range(block):
                start = time.process_time_ns()
                step()
                seen[key][turn, index] = (time.process_time_ns() - start) / 1e3
    return seen


def ratios(times: np.ndarray, unit: np.ndarray) -> list[float]:
    """Return the ratio of lower quartiles, of all rounds and then of each quarter of them."""
    parts = [(times, unit), *zip(np.array_split(times, 4), np.array_split(unit, 4), strict=True)]
    return [float(np.quantile(a, 0.25) / np.quantile(b, 0.25)) for a, b in parts]


def rivals(net: str, clone: Path | None, adapt: bool) -> dict[Any, Any]:
    """Return the steps of everybody, the units first."""
    steps: dict[Any, Any] = {
        ("unit", "source only"): step_of(net, both=False),
        ("unit", BOTH): step_of(net),
    }
    steps |= {("Landbridge", name): ours(net, name) for name in TERMS}
    if clone is not None:
        steps |= {("TLlib", name): step for name, step in tllib(net, clone).items()}
    if adapt:
        steps |= {("pytorch-adapt", name): step for name, step in pytorch_adapt(net).items()}
    return steps


def main() -> None:
    """Measure and write ``results/term_steps.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tllib", default=os.environ.get("TLLIB"), help="path of a clone")
    parser.add_argument("--rounds", type=int, default=80)
    parser.add_argument("--block", type=int, default=10, help="steps of each rival in a round")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    clone = Path(asked.tllib) if asked.tllib else None
    adapt = importlib.util.find_spec("pytorch_adapt") is not None
    missing = [] if clone else ["TLlib (name a clone with --tllib)"]
    missing += [] if adapt else ["pytorch-adapt (not installed)"]
    for peer in missing:
        print(f"left out: {peer}", flush=True)
    rows = []
    for net in NETS:
        seen = measured(rivals(net, clone, adapt), asked.rounds, asked.block)
        for (who, name), times in seen.items():
            ratio, *parts = ratios(times, seen["unit", "source only"])
            over, *_ = ratios(times, seen["unit", BOTH])
            row = {
                "net": net,
                "who": who,
                "term": name,
                "us": round(float(np.quantile(times, 0.25)), 1),
                "ratio": round(ratio, 3),
                "low": round(min(parts), 3),
                "high": round(max(parts), 3),
                "over_both": round(over, 3),
            }
            rows.append(row)
            print(f"{net} {who:14} {name:24} {row['us']:6.0f} us {ratio:6.2f} {over:6.2f}")
    harness.write_result(
        "term_steps",
        {
            "name": "term_steps",
            "kind": "term steps",
            "title": "A step with a term, source only as the unit",
            "note": (
                f"An MLP with {CLASSES} answers, {ROWS} + {ROWS} rows, AdamW; the unit is the "
                f"step on {ROWS} source rows alone, in brackets the step on {ROWS} + {ROWS} rows "
                f"without a term, which is what the aims are held against."
            ),
            "threads": 1,
            "rounds": asked.rounds,
            "block": asked.block,
            "missing": missing,
            "limits": LIMITS,
            **harness.ran_on(("torch",)),
            "rows": rows,
        },
    )


if __name__ == "__main__":
    main()
