"""The probe of all stages: the columns it keeps, and a network that reads them when it answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import landbridge
from landbridge.backbones.convnet import ConvNet
from landbridge.backbones.heads import StagesHead, head_from_state
from landbridge.backbones.maps import pooled
from landbridge.backbones.surgery import Network
from landbridge.base.errors import ConfigError
from landbridge.features import Head2Toe
from landbridge.inference.layers import Affine
from landbridge.methods.core.base import Features
from landbridge.methods.core.resolve import make_method
from landbridge.methods.probes.head2toe import most_relevant, relevance


def rows(n=60, d=200, telling=(3, 77, 150), seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    x = rng.normal(size=(n, d)) * rng.uniform(0.1, 10, d)  # scale must not matter
    for c, column in enumerate(telling):
        x[:, column] += 6 * x[:, column].std() * (y == c)
    return x.astype(np.float32), y


def test_relevance_is_the_length_of_standardised_ridge_weights():
    x, y = rows()
    found = relevance(x, y, 3)
    scaled = x * np.linspace(0.01, 100, x.shape[1], dtype=np.float32)
    assert np.allclose(relevance(scaled, y, 3), found, rtol=1e-2, atol=1e-4 * found.max())
    assert most_relevant(x, y, 3, 0.015).tolist() == [3, 77, 150]
    assert len(most_relevant(x, y, 3, 1e-9)) == 1


def test_few_columns_are_kept_where_few_tell_and_the_others_have_no_weight():
    x, y = rows(n=30)
    known = np.ones(30, bool)
    head = Head2Toe().fit_head(None, Features(x, y, known), 3, 0)
    kept = np.flatnonzero(head.weight.any(axis=0))
    assert head.notes["share"] < 1
    assert head.notes["columns_kept"] == len(kept) == round(head.notes["share"] * 200)
    assert set(kept) & {3, 77, 150}
    fresh, truth = rows(n=300, seed=1)
    every = Head2Toe(shares=(1.0,)).fit_head(None, Features(x, y, known), 3, 0)
    accuracy = [(h.logits(fresh).argmax(1) == truth).mean() for h in (head, every)]
    assert accuracy[0] > accuracy[1] + 0.1


def test_its_confidence_is_that_of_rows_it_has_not_seen():
    """Columns chosen with a row in hand make it look easy; held-out scores set the temperature."""
    rng = np.random.default_rng(0)
    y = np.arange(45) % 3
    x = rng.normal(size=(45, 400)).astype(np.float32)  # nothing to learn at all
    head = Head2Toe().fit_head(None, Features(x, y, np.ones(45, bool)), 3, 0)
    fresh = head.logits(rng.normal(size=(500, 400)).astype(np.float32)).astype(np.float64)
    p = np.exp(fresh - fresh.max(1, keepdims=True))
    confidence = (p / p.sum(1, keepdims=True)).max(1).mean()
    assert confidence < 0.6
    assert "loo_accuracy" not in head.notes


def test_a_single_label_a_class_keeps_every_column():
    x, y = rows(n=3)
    head = Head2Toe().fit_head(None, Features(x, y, np.ones(3, bool)), 3, 0)
    assert head.notes["share"] == 1.0


@pytest.mark.parametrize("options", [{"shares": (0.0,)}, {"shares": ()}, {"budget": 0}])
def test_options_out_of_range(options):
    with pytest.raises(ConfigError, match="head2toe"):
        make_method("head2toe", options)


def test_pooled_by_hand():
    """Means over cells, each stage of length one, side by side."""
    image = torch.arange(2 * 2 * 4 * 4, dtype=torch.float32).reshape(2, 2, 4, 4)
    tokens, flat = torch.ones(2, 5, 3), torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    found = pooled([image, tokens, flat], budget=8)
    cells = torch.zeros(2, 2, 2, 2)
    for i in range(2):
        for j in range(2):
            part = image[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            cells[:, :, i, j] = part.mean((2, 3))
    first = cells.flatten(1)
    first = first / first.square().sum(1, keepdim=True).sqrt()
    assert torch.allclose(found[:, :8], first)
    assert torch.allclose(found[:, 8:11], torch.full((2, 3), 3**-0.5))
    assert torch.allclose(found[:, 11:], torch.tensor([[0.6, 0.8], [0.0, 1.0]]))


def test_a_network_gives_its_head_all_stages_and_can_be_read_again():
    network = Network(ConvNet(16, 16, 1, widths=(4, 6), dim=8), 3).eval()
    x = torch.randn(5, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        first = network.backbone.blocks[0](x)
        second = network.backbone.blocks[1](first)
        top = network.backbone.top(second.flatten(1))
        columns = torch.cat(
            [
                F.normalize(F.adaptive_avg_pool2d(first, 2).flatten(1)),
                F.normalize(F.adaptive_avg_pool2d(second, 1).flatten(1)),
                F.normalize(top),
            ],
            1,
        )
    matrix = np.random.default_rng(0).normal(size=(columns.shape[1], 3))
    network.head = StagesHead([Affine(matrix, np.zeros(3))], budget=16)
    with torch.no_grad():
        features, logits = network(x)
    assert torch.allclose(features, top)
    assert torch.allclose(logits, columns @ torch.from_numpy(matrix).float(), atol=1e-5)
    assert network.reads_stages
    assert not any(module._forward_hooks for module in network.modules())
    again = Network(ConvNet(16, 16, 1, widths=(4, 6), dim=8), 1).eval()
    state = network.state_dict()
    again.head = head_from_state(
        {k.removeprefix("head."): v for k, v in state.items() if k.startswith("head.")}
    )
    again.load_state_dict(state)
    with torch.no_grad():
        assert torch.equal(again(x)[1], logits)


def test_a_saved_run_answers_as_it_did(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (rng.integers(0, 60, (60, 16, 16)) + 60 * y[:, None, None]).astype(np.uint8)
    names = np.array(["a", "b", "c"], dtype=object)[y]
    source = landbridge.read_domain((255 - x, names), name="source")
    target = landbridge.read_domain((x, names), split=["train", "test"] * 30, name="target")
    run = landbridge.transfer(
        source,
        target,
        method="head2toe",
        backbone="convnet",
        seeds=1,
        training={"source_steps": 20, "threads": 1, "precision": "float32"},
        budget="1h",
        out=tmp_path / "run",
    )
    loaded = landbridge.load_run(tmp_path / "run")
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "run" / "predictions.parquet").to_pylist()
    own = [row for row in table if row["method"] == "head2toe"]
    assert len(own) == 30
    found = loaded.model.predict(x[1::2])
    assert [row["predicted"] for row in own] == list(found)
    assert (found == names[1::2]).mean() > 0.9
    assert loaded.model.network.reads_stages
    assert run.choice["method"] == "head2toe"
