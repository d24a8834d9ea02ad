"""Terms of fine-tuning, against what the papers write."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from landbridge.backbones.convnet import ConvNet
from landbridge.backbones.maps import by_channel, stage_maps
from landbridge.backbones.surgery import Network
from landbridge.backbones.weights import seeded
from landbridge.base.errors import MethodError
from landbridge.objectives.base import PhaseContext, StepBatch, ViewOutputs
from landbridge.objectives.bi_tuning import BiTuning, contrastive
from landbridge.objectives.co_tuning import CoTuning, class_relationship, soft_cross_entropy
from landbridge.objectives.feature_maps import FeatureMaps, channel_weights, map_distance
from landbridge.objectives.spectral_shrinkage import spectral_shrinkage


def draw(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


# Batch spectral shrinkage ---------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (1, 6), (6, 1)])
@pytest.mark.parametrize("smallest", [1, 2, 9])
def test_spectral_shrinkage_value(shape, smallest):
    """Eq. 5 of Chen et al. (2019): Σ σ_{-i}², from the eigenvalues of FᵀF."""
    x = draw(*shape)
    eigenvalues = np.linalg.eigvalsh(x.numpy() @ x.numpy().T)[::-1][: min(shape)]
    expected = sum(sorted(eigenvalues)[:smallest])
    assert float(spectral_shrinkage(x, smallest)) == pytest.approx(expected, rel=1e-9)


def test_spectral_shrinkage_of_known_singular_values():
    left, right = torch.linalg.qr(draw(6, 6))[0][:, :3], torch.linalg.qr(draw(4, 4, seed=1))[0]
    x = left @ torch.diag(torch.tensor([5.0, 0.5, 2.0]).double()) @ right[:3]
    assert float(spectral_shrinkage(x, 2)) == pytest.approx(0.0 + 0.25, abs=1e-12)
    assert float(spectral_shrinkage(x, 4)) == pytest.approx(25 + 4 + 0.25)


def test_spectral_shrinkage_gradient_leaves_large_directions_alone():
    x = draw(5, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: spectral_shrinkage(a, 2), (x,))
    diagonal = torch.diag(torch.tensor([3.0, 1.0, 2.0]).double()).requires_grad_()
    spectral_shrinkage(diagonal, 1).backward()
    expected = torch.zeros(3, 3).double()
    expected[1, 1] = 2.0
    assert torch.allclose(diagonal.grad, expected, atol=1e-12)


# DELTA ----------------------------------------------------------------------------------------


def distance_by_hand(maps, anchors, weights):
    total = 0.0
    for now, then, weight in zip(maps, anchors, weights, strict=True):
        for j in range(len(weight)):
            squares = (now[:, j] - then[:, j]).flatten().tolist()
            total += float(weight[j]) * sum(d * d for d in squares) / len(squares)
    return total


def test_map_distance_value_and_gradient():
    maps = [draw(4, 3, 2, 5), draw(4, 6, seed=1)]
    anchors = [draw(4, 3, 2, 5, seed=2), draw(4, 6, seed=3)]
    weights = [draw(3, seed=4).abs(), draw(6, seed=5).abs()]
    found = map_distance(maps, anchors, weights)
    assert float(found) == pytest.approx(distance_by_hand(maps, anchors, weights), rel=1e-12)
    assert float(map_distance(maps, maps, weights)) == 0.0
    leaves = [m.requires_grad_() for m in maps]
    assert torch.autograd.gradcheck(lambda *a: map_distance(a, anchors, weights), leaves)


def test_tokens_have_their_channels_last():
    tokens = draw(2, 5, 3)
    assert torch.equal(by_channel(tokens)[:, 1], tokens[:, :, 1])
    image = draw(2, 3, 2, 4)
    assert torch.equal(by_channel(image)[:, 1], image[:, 1].flatten(1))
    assert by_channel(draw(2, 3)).shape == (2, 3, 1)


@pytest.fixture
def small():
    with seeded("delta", 0):
        network = Network(ConvNet(16, 16, 1, widths=(4, 6), dim=8), 3).double()
    x = draw(12, 1, 16, 16, seed=8)
    labels = torch.arange(12) % 3
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(30):  # channels of an untrained network are all alike
        optimizer.zero_grad()
        F.cross_entropy(network(x)[1], labels).backward()
        optimizer.step()
    return network.eval(), x, labels


def test_channel_weights_go_by_what_the_loss_rises_without_the_channel(small):
    """Against the paper's own way: each channel scaled down a little in turn, two passes each."""
    network, x, labels = small
    found = channel_weights(network, x, labels)
    for stage, (_, modules) in enumerate(network.backbone.stages()):
        rises = []
        for j in range(len(found[stage])):
            losses = []
            for factor in (1 - 1e-5, 1 + 1e-5):

                def dim(module, given, out, j=j, factor=factor):
                    out = out.clone()
                    out[:, j] *= factor
                    return out

                handle = modules[-1].register_forward_hook(dim)
                with torch.no_grad():
                    losses.append(float(F.cross_entropy(network(x)[1], labels)))
                handle.remove()
            rises.append((losses[0] - losses[1]) / 2e-5)  # to first order: without all of it
        rises = np.array(rises)
        e = np.exp((rises - rises.mean()) / rises.std(ddof=1))
        expected = len(rises) * e / e.sum()
        assert found[stage].tolist() == pytest.approx(expected.tolist(), rel=1e-3)
        assert float(found[stage].mean()) == pytest.approx(1.0, rel=1e-5)
        assert float(found[stage].std()) > 0.1


def test_channel_weights_agree_with_channels_switched_off_in_turn(small):
    """The paper's way, exactly; a first-order answer need not be equal, but must go with it."""
    network, x, labels = small
    found = channel_weights(network, x, labels)[2]
    module = network.backbone.stages()[2][1][-1]
    rises = []
    with torch.no_grad():
        whole = float(F.cross_entropy(network(x)[1], labels))
        for j in range(len(found)):

            def off(module, given, out, j=j):
                out = out.clone()
                out[:, j] = 0
                return out

            handle = module.register_forward_hook(off)
            rises.append(float(F.cross_entropy(network(x)[1], labels)) - whole)
            handle.remove()
    assert np.corrcoef(np.log(found.numpy()), rises)[0, 1] > 0.6


def test_channel_weights_leave_no_trace(small):
    network, x, labels = small
    network.train().requires_grad_(False)
    network.zero_grad()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    channel_weights(network, x, labels)
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
    assert network.training
    assert all(p.grad is None for p in network.parameters())
    assert not any(m._forward_hooks for m in network.modules())


def test_delta_is_zero_where_nothing_has_moved(small):
    network, x, labels = small
    term = FeatureMaps(8, 3)
    with torch.no_grad(), stage_maps(network, True) as maps:
        features, logits = network(x)
    for i, found in enumerate(maps):
        term.register_buffer(f"weight{i}", torch.ones(found.shape[1]))
    anchor = ViewOutputs(features, logits, maps=tuple(maps))
    view = ViewOutputs(features, logits, labels, maps=tuple(maps), anchor=anchor)
    assert float(term(StepBatch(None, None, None, None, 0.0, view))) == 0.0
    moved = ViewOutputs(features, logits, labels, maps=tuple(m + 0.5 for m in maps), anchor=anchor)
    expected = 0.25 * sum(m.shape[1] for m in maps)
    assert float(term(StepBatch(None, None, None, None, 0.0, moved))) == pytest.approx(expected)
    still = ViewOutputs(features, logits, labels, anchor=anchor)  # stored features have no maps
    assert float(term(StepBatch(None, None, None, None, 0.0, still))) == 0.0


# Co-Tuning ------------------------------------------------------------------------------------


def test_class_relationship_is_the_mean_answer_to_each_class():
    p = torch.softmax(2 * draw(9, 5), 1)
    labels = torch.tensor([0, 2, 2, 0, 1, 2, 0, 0, 1])
    found = class_relationship(p, labels, 4)
    for y in range(4):
        rows = [i for i in range(9) if int(labels[i]) == y] or list(range(9))
        expected = [sum(float(p[i, s]) for i in rows) / len(rows) for s in range(5)]
        assert found[y].tolist() == pytest.approx(expected)
    assert found.sum(1).tolist() == pytest.approx([1.0] * 4)


def test_soft_cross_entropy_value_and_gradient():
    logits, wanted = draw(6, 4), torch.softmax(draw(6, 4, seed=1), 1)
    expected = 0.0
    for z, q in zip(logits.tolist(), wanted.tolist(), strict=True):
        log_sum = math.log(sum(math.exp(v) for v in z))
        expected -= sum(w * (v - log_sum) for w, v in zip(q, z, strict=True)) / 6
    assert float(soft_cross_entropy(logits, wanted)) == pytest.approx(expected)
    leaf = logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda a: soft_cross_entropy(a, wanted), (leaf,))


def test_co_tuning_learns_from_granted_labels_alone():
    features = draw(10, 4).float()
    labels = torch.tensor([0, 1, 0, -1, -1, 1, -1, -1, -1, -1])
    head = torch.nn.Linear(4, 3)
    term = CoTuning(4, 2)
    setting = PhaseContext(
        network=None,
        pretrained_head=head,
        outputs=lambda side: (features, None),
        labels=lambda side: labels,
    )
    term.prepare(setting)
    term.begin(setting)
    p = torch.softmax(head(features), 1).detach()
    expected = torch.stack([p[[0, 2]].mean(0), p[[1, 5]].mean(0)])
    assert torch.allclose(term.relationship, expected, atol=1e-6)
    assert term.pretrained_head is not head
    assert torch.equal(term.pretrained_head.weight, head.weight)
    with pytest.raises(MethodError, match="needs the head"):
        CoTuning(4, 2).prepare(PhaseContext(network=None))


# Bi-tuning ------------------------------------------------------------------------------------


def test_contrastive_value_and_gradient():
    """-1/|P| Σ over positives of log exp(q·k/τ) / Σ exp(q·k'/τ)."""
    q, k = draw(4, 3), draw(7, 3, seed=1)
    own, theirs = torch.tensor([0, 1, 0, 3]), torch.tensor([0, 1, 1, 0, 2, 0, 1])
    positive = own.unsqueeze(1) == theirs
    rows = []
    for i in range(4):
        scores = [float(q[i] @ k[j]) / 0.5 for j in range(7)]
        log_sum = math.log(sum(math.exp(s) for s in scores))
        logs = [scores[j] - log_sum for j in range(7) if int(theirs[j]) == int(own[i])]
        if logs:
            rows.append(-sum(logs) / len(logs))
    assert len(rows) == 3  # class 3 has no key
    found = contrastive(q, k, positive, 0.5)
    assert float(found) == pytest.approx(sum(rows) / 3)
    q.requires_grad_()
    k.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: contrastive(a, b, positive, 0.5), (q, k))
    assert float(contrastive(q, k, torch.zeros(4, 7, dtype=torch.bool))) == 0.0


@pytest.fixture
def bi(small):
    network, x, labels = small
    network = network.float()
    torch.manual_seed(0)
    term = BiTuning(8, 3, BiTuning.Config(width=5, queue=20, momentum=0.75))
    setting = PhaseContext(network=network)
    term.prepare(setting)
    term.begin(setting)
    return term, network, x.float(), labels


def ask(term, network, x, labels):
    features, logits = network(x)
    return term(
        StepBatch(None, None, None, None, 0.0, ViewOutputs(features, logits, labels, inputs=x))
    )


def test_the_queue_holds_the_last_keys(bi):
    term, network, x, labels = bi
    for i in range(3):  # 12 rows each, 20 places
        ask(term, network, x + i, labels)
    assert int(term.place) == 36 % 20
    assert sorted(term.key_labels.tolist()) == sorted(labels.tolist() + labels.tolist()[4:])
    with torch.no_grad():
        last = F.normalize(term.key_backbone(x + 2), dim=1)
    where = (torch.arange(12) + 24) % 20
    assert torch.allclose(term.key_features[where], last, atol=1e-6)
    assert torch.allclose(term.key_projected.norm(dim=1), torch.ones(20), atol=1e-5)


def test_the_key_encoder_follows_slowly_and_is_not_trained(bi):
    term, network, x, labels = bi
    before = [p.clone() for p in term.key_backbone.parameters()]
    with torch.no_grad():
        for p in network.backbone.parameters():
            p.add_(1.0)
    loss = ask(term, network, x, labels)
    for old, slow, fast in zip(
        before, term.key_backbone.parameters(), network.backbone.parameters(), strict=True
    ):
        assert torch.allclose(slow, 0.75 * old + 0.25 * fast, atol=1e-6)
    loss.backward()
    assert all(p.grad is None for p in term.key_backbone.parameters())
    assert all(p.grad is None for p in term.key_projector.parameters())
    assert network.head.weight.grad.abs().sum() > 0
    assert all(p.grad.abs().sum() > 0 for p in term.projector.parameters())
    trained = {n.split(".")[0] for n, p in term.named_parameters() if p.requires_grad}
    assert trained == {"projector"}
    assert {"key_backbone", "key_projector"} <= {n.split(".")[0] for n in term.state_dict()}


def test_asking_without_a_gradient_moves_nothing_but_the_queue(bi):
    term, network, x, labels = bi
    with torch.no_grad():
        for p in network.backbone.parameters():
            p.add_(1.0)
        before = [p.clone() for p in term.key_backbone.parameters()]
        ask(term, network, x, labels)
    assert all(
        torch.equal(a, b) for a, b in zip(before, term.key_backbone.parameters(), strict=True)
    )
