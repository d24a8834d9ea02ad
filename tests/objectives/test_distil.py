"""Distillation against the formula."""

from __future__ import annotations

import math

import pytest
import torch

from landbridge.base.errors import ConfigError
from landbridge.objectives.base import PhaseContext
from landbridge.objectives.distil import Distil, distillation


def draw(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_value_and_gradient():
    student, teacher = draw(5, 4, seed=0).requires_grad_(), draw(5, 4, seed=1)
    t, total = 2.5, 0.0
    for s, w in zip(student.tolist(), teacher.tolist(), strict=True):
        p = [math.exp(x / t) for x in w]
        q = [math.exp(x / t) for x in s]
        p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
        total += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    assert float(distillation(student, teacher, t).detach()) == pytest.approx(
        t * t * total / 5, rel=1e-12
    )
    assert torch.autograd.gradcheck(lambda x: distillation(x, teacher, t), (student,))
    assert float(distillation(teacher, teacher, t)) == pytest.approx(0, abs=1e-12)


def test_rows_that_the_teacher_does_not_see_and_classes_that_it_does_not_know():
    student, teacher = draw(4, 3, seed=0).requires_grad_(), draw(4, 3, seed=1)
    teacher[1] = torch.nan
    kept = [0, 2, 3]
    found = distillation(student, teacher)
    assert torch.allclose(found, distillation(student[kept], teacher[kept]))
    found.backward()
    assert (student.grad[1] == 0).all()
    teacher = draw(4, 3, seed=1)
    teacher[:, 2] = -torch.inf
    assert torch.isfinite(distillation(student.detach(), teacher))
    nothing = distillation(student, torch.full((4, 3), torch.nan))
    assert float(nothing.detach()) == 0
    nothing.backward()


def test_without_a_teacher():
    with pytest.raises(ConfigError, match="no teacher"):
        Distil(3, 2).prepare(PhaseContext(network=None))
