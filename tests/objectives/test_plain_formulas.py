"""Every gradient that is written down is that of the plain formula beside it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest
import torch
from by_hand import draw
from torch import nn

import landbridge.objectives
from landbridge.objectives import adversary, afn, bnm, deep_coral, kernels, mcc, mdd, rsd
from landbridge.objectives.adversarial import domain_confusion, domain_criterion

N, M, D, C = 7, 5, 6, 4


def _adversary():
    torch.manual_seed(0)
    x, head = draw(N + M, D), adversary.small_head(D, 5, 1).double()

    def loss(scores):
        flat = scores[:, 0]
        return domain_confusion(source_scores=flat[:N], target_scores=flat[N:])

    leaves = [x, *head.parameters()]
    return (
        leaves,
        lambda x, *_: adversary.adversary_loss(x, head, domain_criterion(N), 0.7),
        lambda x, *_: adversary.plain_adversary_loss(x, head, loss, 0.7),
    )


def _disparity():
    answers = torch.arange(N) % C, torch.arange(M) % C

    def fast(s, t):
        return mdd.margin_disparity(
            source=s, target=t, source_answers=answers[0], target_answers=answers[1]
        )

    leaves = [draw(N, C), draw(M, C, seed=1)]
    return leaves, fast, lambda s, t: mdd.plain_margin_disparity(s, t, *answers)


def _kernels():
    weights = kernels.two_sample_weights(N, M, True, torch.float64, torch.device("cpu"))
    rest = weights, (3.0, 2.0), ((-1, 0, 1), (0,))
    return (
        [draw(N + M, D), draw(N + M, C, seed=1)],
        lambda *layers: kernels.kernel_sum(layers, *rest),
        lambda *layers: kernels.plain_kernel_sum(layers, *rest),
    )


def _vectors():
    kept = draw(D, 3, seed=5)
    return (
        [draw(D, N)],
        lambda a: (rsd.leading_vectors(a, 3) * kept).sum(),
        lambda a: (rsd.plain_leading_vectors(a, 3) * kept).sum(),
    )


def _reversed():
    x = draw(N, D)
    return (
        [x],
        lambda x: adversary.reverse_gradient(x, 0.5).sum(),
        lambda x: (1.5 * x.detach() - 0.5 * x).sum(),
    )


PAIRS = {
    "_Reverse": _reversed,
    "_Adversary": _adversary,
    "_Disparity": _disparity,
    "_KernelSum": _kernels,
    "_LeadingVectors": _vectors,
    "_LongerRows": lambda: (
        [draw(N, D)],
        lambda x: afn.longer_features(features=x, growth=0.6),
        lambda x: afn.plain_longer_features(x, 0.6),
    ),
    "_Confusion": lambda: ([draw(N, C)], mcc.mcc, mcc.plain_mcc),
    "_NuclearNorm": lambda: ([draw(N, C)], bnm.batch_nuclear_norm, bnm.plain_nuclear_norm),
    "_CovarianceDistance": lambda: (
        [draw(N, D), draw(M, D, seed=1)],
        deep_coral.covariance_distance,
        deep_coral.plain_covariance_distance,
    ),
}
"""By the function whose gradient is written down: leaves, with it, and without."""


def test_none_is_left_out():
    path = landbridge.objectives.__path__
    modules = [
        importlib.import_module(m.name)
        for m in pkgutil.iter_modules(path, "landbridge.objectives.")
    ]
    functions = {
        name
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, torch.autograd.Function) and kind.__module__ == module.__name__
    }
    assert functions == set(PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_value_and_gradient_are_those_of_the_plain_formula(name):
    leaves, fast, plain = PAIRS[name]()
    leaves = [x if isinstance(x, nn.Parameter) else x.requires_grad_() for x in leaves]
    found, wanted = fast(*leaves), plain(*leaves)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)
    gradients = torch.autograd.grad(3 * found, leaves)
    for gradient, right in zip(gradients, torch.autograd.grad(3 * wanted, leaves), strict=True):
        torch.testing.assert_close(gradient, right, rtol=1e-8, atol=1e-10)
