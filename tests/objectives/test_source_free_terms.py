"""SHOT, AaD and NRC against their papers, spelled out in float64 loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from by_hand import softmax

from landbridge.objectives.aad import AaD, attract_and_disperse
from landbridge.objectives.banks import Bank, nearest
from landbridge.objectives.base import PhaseContext, StepBatch, ViewOutputs
from landbridge.objectives.nrc import NRC
from landbridge.objectives.shot import SHOT, centroid_labels

N, D, C = 30, 4, 3


def draw(*shape, seed=0, scale=1.0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape) * scale)


def probabilities(logits):
    return np.array([softmax(row) for row in logits.tolist()])


def cosine(a, b):
    return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))


def nearest_by_hand(bank, query, own, count):
    """The rows by cosine, nearest first, without the row itself."""
    closeness = [(-cosine(query, row), j) for j, row in enumerate(bank) if j != own]
    return [j for _, j in sorted(closeness)[:count]]


def setting_of(features, logits):
    setting = PhaseContext(torch.nn.Identity(), sizes={"source": 0, "target": len(features)})
    setting.outputs = lambda side: (features, logits) if side == "target" else 1 / 0
    return setting


def begun(term, seed=0):
    features, logits = draw(N, D, seed=seed), draw(N, C, seed=seed + 1, scale=2)
    term.prepare(setting_of(features, logits))
    term.begin(setting_of(features, logits))
    return features.numpy(), probabilities(logits)


def batch(rows, seed=9):
    n = len(rows)
    logits = draw(n, C, seed=seed + 1, scale=2).float().requires_grad_()
    return ViewOutputs(draw(n, D, seed=seed).float(), logits, rows=torch.tensor(rows))


# SHOT -----------------------------------------------------------------------------------------


def centroids_by_hand(features, p):
    """Eq. 4-6 of Liang et al. (2020), one number after the other."""
    n, c = p.shape

    def closest(centroids):
        out = []
        for row in features:
            scores = {k: cosine(row, v) for k, v in centroids.items()}
            out.append(max(scores, key=scores.get))
        return out

    first = closest(
        {
            k: sum(p[t, k] * features[t] for t in range(n)) / sum(p[t, k] for t in range(n))
            for k in range(c)
        }
    )
    members = {k: [t for t in range(n) if first[t] == k] for k in range(c)}
    return closest({k: sum(features[t] for t in m) / len(m) for k, m in members.items() if m})


@pytest.mark.parametrize("seed", range(6))
def test_centroid_labels(seed):
    features, p = draw(40, D, seed=seed), probabilities(draw(40, 5, seed=seed + 50, scale=3))
    found = centroid_labels(features, torch.from_numpy(p))
    assert found.tolist() == centroids_by_hand(features.numpy(), p)


def test_an_empty_class_is_no_answer():
    features = torch.tensor([[1.0, 0.1], [1.0, -0.1], [-1.0, 0.1], [-1.0, -0.1]]).double()
    p = torch.tensor([[0.8, 0, 0.2], [0.8, 0, 0.2], [0.2, 0, 0.8], [0.2, 0, 0.8]]).double()
    assert centroid_labels(features, p).tolist() == [0, 0, 2, 2]


def test_shot_corrects_an_answer_that_its_cluster_contradicts():
    features = torch.cat([draw(20, 2, scale=0.1) + 3, draw(20, 2, scale=0.1) * 1 - 3])
    logits = torch.zeros(40, 2).double()
    logits[:20, 0], logits[20:, 1] = 2, 2
    logits[3] = torch.tensor([0.0, 2.0])  # wrong, and far from the others of its answer
    assert centroid_labels(features, torch.softmax(logits, 1)).tolist() == [0] * 20 + [1] * 20


def test_shot_loss_and_when_it_labels_again():
    term = SHOT(D, C, SHOT.Config(pseudo=0.4, diversity=0.7))
    features, p = begun(term)
    labels = centroids_by_hand(features, p)
    assert term.labels.tolist() == labels
    passed = 0
    for turn in range(7):  # 5 rows each: after six of them all thirty have passed
        rows = [(5 * turn + i) % N for i in range(5)]
        view = batch(rows, seed=turn + 20)
        now = probabilities(view.logits.detach())
        entropy = -sum(v * math.log(v) for row in now for v in row) / 5
        mean = now.mean(0)
        diversity = -sum(v * math.log(v) for v in mean)
        pseudo = -sum(math.log(row[labels[r]]) for row, r in zip(now, rows, strict=True)) / 5
        value = term(StepBatch(None, view, None, view.logits.detach(), 0.0))
        assert value.item() == pytest.approx(entropy - 0.7 * diversity + 0.4 * pseudo, rel=1e-6)
        features[rows], p[rows] = view.features.numpy(), now
        passed += 5
        if passed >= N:
            labels, passed = centroids_by_hand(features, p), 0
        assert term.labels.tolist() == labels
    assert int(term.passed) == passed == 5


# Banks ----------------------------------------------------------------------------------------


def test_neighbours_never_include_the_row_itself():
    x = torch.nn.functional.normalize(draw(25, 3), dim=1)
    x[7] = x[3]  # not even where another row is the same
    rows = torch.arange(25)
    found = nearest(x, x, rows, 24)
    assert sorted(found[5].tolist()) == [j for j in range(25) if j != 5]
    assert not (found == rows[:, None]).any()
    assert found[7, 0] == 3
    for i in range(25):
        assert found[i, :5].tolist() == nearest_by_hand(x.numpy(), x[i].numpy(), i, 5)
    assert nearest(x, x, rows, 99).shape == (25, 24)


def test_a_bank_takes_in_what_passes():
    bank = Bank(N, D, C, unit=True)
    features, logits = draw(N, D).float(), draw(N, C).float()
    bank.fill(setting_of(features, logits))
    assert torch.allclose(bank.features.norm(dim=1), torch.ones(N))
    view = batch([4, 8])
    bank.put(view)
    own = view.features / view.features.norm(dim=1, keepdim=True)
    assert torch.allclose(bank.features[[4, 8]], own, atol=1e-6)
    others = [i for i in range(N) if i not in (4, 8)]
    expected = features / features.norm(dim=1, keepdim=True)
    assert torch.allclose(bank.features[others], expected[others])
    assert {"features", "probabilities"} == set(bank.state_dict())


# AaD ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("progress", [0.0, 0.5])
def test_aad_loss(progress):
    """Eq. 6 of Yang et al. (2022), with the decay of its section 3."""
    term = AaD(D, C, AaD.Config(n_neighbors=4, decay=1.5))
    features, p = begun(term)
    rows = [3, 11, 7, 3, 20]  # a small target gives a row twice
    view = batch(rows)
    now = probabilities(view.logits.detach())
    for i, row in enumerate(rows):
        features[row], p[row] = view.features[i].numpy(), now[i]
    total = 0.0
    for i, row in enumerate(rows):
        near = nearest_by_hand(features, view.features[i].numpy(), row, 4)
        total -= sum(now[i] @ p[j] for j in near)
        others = [m for m, other in enumerate(rows) if other != row]
        total += (1 + 10 * progress) ** -1.5 * sum(now[i] @ now[m] for m in others)
    value = term(StepBatch(None, view, None, None, progress))
    assert float(value) == pytest.approx(total / len(rows), rel=1e-5)
    value.backward()
    assert view.logits.grad.any()


def test_aad_gradient():
    logits, near = draw(5, 3).requires_grad_(), torch.softmax(draw(5, 2, 3, seed=1), 2)
    rows = torch.tensor([0, 1, 2, 1, 4])
    assert torch.autograd.gradcheck(
        lambda z: attract_and_disperse(torch.softmax(z, 1), near, rows, 0.6), (logits,)
    )


# NRC ------------------------------------------------------------------------------------------


def test_nrc_loss():
    """Eq. 3-8 of Yang et al. (2021): r = 0.1, KL to uniform less its constant log C."""
    term = NRC(D, C, NRC.Config(n_neighbors=4, expanded=3))
    features, p = begun(term)
    rows = [3, 11, 7, 25, 20, 14]
    view = batch(rows)
    now = probabilities(view.logits.detach())
    for i, row in enumerate(rows):
        features[row], p[row] = view.features[i].numpy(), now[i]
    n, reciprocal = len(rows), 0
    near_loss = wide_loss = own_loss = 0.0
    for i, row in enumerate(rows):
        own_loss -= p[row] @ now[i] / n
        for k in nearest_by_hand(features, features[row], row, 4):
            theirs = nearest_by_hand(features, features[k], k, 3)
            reciprocal += row in theirs
            near_loss -= (1.0 if row in theirs else 0.1) * (p[k] @ now[i]) / n
            wide_loss -= sum(0.1 * (p[m] @ now[i]) for m in theirs if m != row) / n
    assert 0 < reciprocal < 4 * n  # or the test would not see the difference
    mean = now.mean(0)
    divergence = sum(v * math.log(v * C) for v in mean) - math.log(C)
    value = term(StepBatch(None, view, None, None, 0.3))
    expected = divergence + near_loss + wide_loss + own_loss
    assert float(value) == pytest.approx(expected, rel=1e-5)
    value.backward()
    assert view.logits.grad.any()
