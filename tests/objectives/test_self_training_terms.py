"""Self-training terms and class weights against their papers, spelled out in float64 loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from by_hand import draw, softmax

from landbridge.objectives.adversarial import adversarial_ramp
from landbridge.objectives.base import PhaseContext, StepBatch, ViewOutputs
from landbridge.objectives.debiasmatch import DebiasMatch, debiased_consistency
from landbridge.objectives.dst import DST, worst_case
from landbridge.objectives.pada import PADA, class_weights, weighted_confusion
from landbridge.objectives.pseudo_label import PseudoLabel


def log_sigmoid(v):
    return -math.log1p(math.exp(-v)) if v > 0 else v - math.log1p(math.exp(v))


# Pseudo-labels --------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.0, 0.6, 0.9])
def test_pseudo_label_is_cross_entropy_to_the_largest_answer(threshold):
    """Eq. 14-15 of Lee (2013), over the rows that are sure enough."""
    z = draw(9, 4).requires_grad_()
    term = PseudoLabel(3, 4, PseudoLabel.Config(threshold=threshold))
    value = term(StepBatch(None, ViewOutputs(z, z), None, z.detach(), 0.5))
    rows = [softmax(row) for row in z.tolist()]
    expected = -sum(math.log(max(p)) for p in rows if max(p) >= threshold) / len(rows)
    assert value.item() == pytest.approx(expected, rel=1e-10)
    value.backward()
    moved = [bool(g.any()) for g in z.grad]
    assert moved == [max(p) >= threshold for p in rows]


# DebiasMatch ----------------------------------------------------------------------------------


def debiased_by_hand(weak, strong, mean, threshold, strength):
    """Eq. 5-7 of Wang et al. (2022)."""
    total = 0.0
    for w, s in zip(weak.tolist(), strong.tolist(), strict=True):
        p = softmax([v - strength * math.log(m) for v, m in zip(w, mean, strict=True)])
        answer = p.index(max(p))
        if max(p) < threshold:
            continue
        margins = [strength * math.log(1 / m) for m in mean]
        powers = [math.exp(v - d) for v, d in zip(s, margins, strict=True)]
        total -= math.log(powers[answer] / sum(powers))
    return total / len(weak)


@pytest.mark.parametrize("strength", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("threshold", [0.0, 0.7, 1.1])
def test_debiased_value(threshold, strength):
    weak, strong = draw(12, 4), draw(12, 4, seed=1)
    mean = torch.tensor([0.7, 0.1, 0.15, 0.05], dtype=torch.float64)
    expected = debiased_by_hand(weak, strong, mean.tolist(), threshold, strength)
    found = debiased_consistency(weak, strong, mean, threshold, strength)
    assert float(found) == pytest.approx(expected, rel=1e-10, abs=1e-14)


def test_debiased_gradient():
    weak, strong = draw(6, 3), draw(6, 3, seed=1).requires_grad_()
    mean = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: debiased_consistency(weak, x, mean, 0.3), (strong,))
    teacher = weak.requires_grad_()
    debiased_consistency(teacher, strong, mean, 0.3).backward()
    assert teacher.grad is None


def test_an_answer_that_is_given_often_loses_a_close_call():
    weak = torch.tensor([[1.2, 1.0]]).double()
    strong = torch.zeros(1, 2).double().requires_grad_()
    often = torch.tensor([0.9, 0.1]).double()
    debiased_consistency(weak, strong, often, 0.0, 1.0).backward()
    assert strong.grad[0, 1] < 0 < strong.grad[0, 0]  # the second answer is taught


def test_debiasmatch_remembers_its_mean():
    weak, strong = draw(8, 3).float(), draw(8, 3, seed=1).float()
    term = DebiasMatch(2, 3, DebiasMatch.Config(memory=0.75, threshold=0.5))
    mean, now = np.full(3, 1 / 3), np.mean([softmax(row) for row in weak.tolist()], axis=0)
    for _ in range(3):
        mean = 0.75 * mean + 0.25 * now
        value = term(
            StepBatch(None, ViewOutputs(weak, weak), ViewOutputs(strong, strong), weak, 0.0)
        )
        assert term.mean.tolist() == pytest.approx(mean.tolist(), rel=1e-5)
        expected = debiased_by_hand(weak, strong, mean.tolist(), 0.5, 0.5)
        assert float(value) == pytest.approx(expected, rel=1e-4)
    assert "mean" in term.state_dict()


# DST ------------------------------------------------------------------------------------------


def worst_by_hand(labelled, labels, unlabelled, answers, margin):
    right = -sum(
        math.log(softmax(row)[y]) for row, y in zip(labelled.tolist(), labels.tolist(), strict=True)
    ) / len(labelled)
    wrong = -sum(
        math.log(1 - softmax(row)[y])
        for row, y in zip(unlabelled.tolist(), answers.tolist(), strict=True)
    ) / len(unlabelled)
    return margin * right + wrong


@pytest.mark.parametrize("margin", [0.5, 2.0])
def test_worst_case_value_and_gradient(margin):
    labelled, unlabelled = draw(5, 4).requires_grad_(), draw(7, 4, seed=1).requires_grad_()
    labels, answers = torch.arange(5) % 4, torch.arange(7) % 4

    def loss(a, b):
        return worst_case(labelled=a, labels=labels, unlabelled=b, answers=answers, margin=margin)

    expected = worst_by_hand(labelled, labels, unlabelled, answers, margin)
    assert float(loss(labelled, unlabelled)) == pytest.approx(expected, rel=1e-10)
    assert torch.autograd.gradcheck(loss, (labelled, unlabelled))


def test_worst_case_stays_finite_where_the_head_is_sure():
    sure = (torch.eye(3) * 200).requires_grad_()
    value = worst_case(
        labelled=sure, labels=torch.arange(3), unlabelled=sure, answers=torch.arange(3)
    )
    value.backward()
    assert bool(value.isfinite())
    assert bool(sure.grad.isfinite().all())


def dst_step(progress=0.5):
    torch.manual_seed(0)
    views, heads = [], []
    for n, seed in ((6, 0), (5, 1), (5, 2)):
        views.append(ViewOutputs(draw(n, 4, seed=seed).requires_grad_(), draw(n, 3, seed=seed + 5)))
        heads.append(views[-1].logits.requires_grad_())
    views[0].labels = torch.arange(6) % 3
    source, target, strong = views
    return StepBatch(source, target, strong, target.logits.detach(), progress), heads


def test_dst_keeps_pseudo_labels_away_from_the_main_head():
    step, logits = dst_step()
    term = DST(4, 3, DST.Config(threshold=0.4)).double()
    grads = torch.autograd.grad(term(step), logits, allow_unused=True)
    assert all(g is None for g in grads)  # whatever made these logits is not moved by it
    step, _ = dst_step()
    (moved,) = torch.autograd.grad(term(step), [step.strong.features])
    assert moved.any()


def test_dst_moves_features_against_the_worst_head():
    step, _ = dst_step()
    term = DST(4, 3, DST.Config(threshold=1.1, worst=0.7)).double()  # no pseudo-label at all
    source, target = step.source.features, step.target.features
    given = torch.autograd.grad(term(step), [source, target, *term.worst.parameters()])
    plain = 0.7 * worst_case(
        labelled=term.worst(source),
        labels=step.source.labels,
        unlabelled=term.worst(target),
        answers=step.teacher.argmax(1),
    )
    assert float(term(step)) == pytest.approx(float(plain), rel=1e-10)
    wanted = torch.autograd.grad(plain, [source, target, *term.worst.parameters()])
    ramp = adversarial_ramp(0.5)
    for found, expected in zip(given[:2], wanted[:2], strict=True):
        assert expected.any()
        assert torch.allclose(found, -ramp * expected, rtol=1e-9)
    for found, expected in zip(given[2:], wanted[2:], strict=True):
        assert torch.allclose(found, expected, rtol=1e-9)


# PADA -----------------------------------------------------------------------------------------


def test_class_weights():
    """Eq. 4 of Cao et al. (2018): the mean answer, divided by its largest entry."""
    p = [softmax(row) for row in draw(20, 4).tolist()]
    mean = [sum(row[k] for row in p) / len(p) for k in range(4)]
    found = class_weights(torch.tensor(p, dtype=torch.float64))
    assert found.tolist() == pytest.approx([m / max(mean) for m in mean], rel=1e-12)


def test_weighted_confusion():
    s, t, w = draw(6), draw(4, seed=1), draw(6, seed=2).abs()
    rows = zip(s.tolist(), w.tolist(), strict=True)
    source = -sum(weight * log_sigmoid(v) for v, weight in rows) / 6
    target = -sum(log_sigmoid(-v) for v in t.tolist()) / 4
    found = weighted_confusion(source_scores=s, target_scores=t, weights=w)
    assert float(found) == pytest.approx((source + target) / 2, rel=1e-10)


def pada_term(target_logits):
    setting = PhaseContext(torch.nn.Identity(), sizes={"source": 9, "target": len(target_logits)})
    setting.outputs = lambda side: (torch.zeros(len(target_logits), 4), target_logits)
    term = PADA(4, 3)
    term.prepare(setting)
    term.begin(setting)
    return term


def test_pada_weighs_rows_by_their_class_and_refreshes_what_passes():
    logits = draw(8, 3).float()
    term = pada_term(logits)
    labels = torch.tensor([0, 1, 2, 1, 0])
    source = ViewOutputs(draw(5, 4).float(), draw(5, 3).float(), labels=labels)
    p = np.array([softmax(row) for row in logits.tolist()])
    weights = p.mean(0) / p.mean(0).max()
    step = StepBatch(source, None, None, None, 0.5)
    found = term.source_weights(step)
    assert found.tolist() == pytest.approx(weights[labels].tolist(), rel=1e-5)
    rows = torch.tensor([6, 1])
    target = ViewOutputs(draw(2, 4, seed=3).float(), draw(2, 3, seed=4).float(), rows=rows)
    term(StepBatch(source, target, None, target.logits, 0.5))
    p[[6, 1]] = [softmax(row) for row in target.logits.tolist()]
    assert np.allclose(term.said.numpy(), p, atol=1e-6)
    assert not term.source_weights(step).requires_grad
