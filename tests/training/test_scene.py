"""What a term sees of a step: granted labels, row numbers, maps of stages, the start's answers."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from landbridge.training.batches import Pool
from landbridge.training.inputs import StoredInputs
from landbridge.training.plan import Phase
from landbridge.training.scene import BatchBuilder, make_pools

CPU = torch.device("cpu")


def scenes(kit, views, *, phase=None, anchor=None, maps=False, network=None):
    phase = phase or Phase("x", 10, 0.1, target_weight=1.0, batch_size=8, augment="none")
    where = (0, 0, phase.name)
    pools = make_pools(phase, frozenset(views), kit.source, kit.target, where, "fit")
    network = network or kit.network().eval()
    inputs = StoredInputs(kit.preprocessing, CPU)
    return BatchBuilder(
        network,
        inputs,
        pools,
        phase,
        frozenset(views),
        where,
        device=CPU,
        precision="float32",
        anchor=anchor,
        maps=maps,
    )


def test_granted_labels_are_seen_by_terms_that_ask_and_by_no_others(kit):
    plain, _ = scenes(kit, {"source", "target"}).at(0)
    assert plain.labelled is None
    assert plain.target.labels is None
    asked, found = scenes(kit, {"labelled"}).at(0)
    assert asked.labelled is found["labelled"]
    rows = asked.labelled.rows.numpy()
    assert kit.target.labeled_mask[rows].all(), "a label that is not granted was drawn"
    assert np.array_equal(asked.labelled.labels.numpy(), kit.target.labels[rows])


@pytest.mark.parametrize("step", [0, 3, 9])
def test_rows_say_where_each_one_stands_on_its_side(kit, step):
    network = kit.network().eval()
    seen, found = scenes(kit, {"source", "target", "strong", "labelled"}, network=network).at(step)
    sides = {"source": kit.source, "target": kit.target, "labelled": kit.target}
    for name, side in sides.items():
        view = found[name]
        stored = torch.from_numpy(side.inputs[view.rows.numpy()])
        encoded = kit.preprocessing.encode(stored)
        assert torch.equal(view.inputs, encoded)
        with torch.no_grad():
            features, logits = network(encoded)
        assert torch.allclose(view.features, features, atol=1e-5)
        assert torch.allclose(view.logits, logits, atol=1e-5)
    assert torch.equal(seen.strong.rows, seen.target.rows)
    expected = Pool(np.arange(30), 8, 0, 0, "x", "target").at(step)
    assert np.array_equal(seen.target.rows.numpy(), expected)


@pytest.mark.parametrize("by_domain", [False, True])
def test_maps_are_what_each_stage_gives_for_the_views_own_rows(kit, by_domain):
    phase = Phase("x", 10, 0.1, target_weight=1.0, batch_size=8, by_domain=by_domain)
    network = kit.network().eval()
    seen, _ = scenes(kit, {"source", "labelled"}, phase=phase, maps=True, network=network).at(2)
    for view in (seen.source, seen.labelled):
        x, maps = view.inputs, []
        with torch.no_grad():
            for block in network.backbone.blocks:
                x = block(x)
                maps.append(x)
            maps.append(network.backbone.top(x.flatten(1)))
        assert len(view.maps) == len(network.backbone.stages()) == len(maps)
        for own, expected in zip(view.maps, maps, strict=True):
            assert own.shape == expected.shape
            assert torch.allclose(own, expected, atol=1e-5)
        assert torch.equal(view.maps[-1], view.features)
    without, _ = scenes(kit, {"source"}, network=network).at(2)
    assert without.source.maps == ()
    assert not any(module._forward_hooks for module in network.modules())


def test_the_anchor_is_what_the_start_says_of_the_same_inputs(kit):
    start = kit.network(seed=5).eval()
    network = kit.network()
    before = copy.deepcopy(start.state_dict())
    seen, _ = scenes(kit, {"source", "labelled"}, anchor=start, maps=True, network=network).at(1)
    for view in (seen.source, seen.labelled):
        with torch.no_grad():
            features, logits = start(view.inputs)
        assert torch.allclose(view.anchor.features, features, atol=1e-5)
        assert torch.allclose(view.anchor.logits, logits, atol=1e-5)
        assert not view.anchor.logits.requires_grad
        assert view.logits.requires_grad
        assert len(view.anchor.maps) == 3
    assert all(torch.equal(v, before[k]) for k, v in start.state_dict().items())
    plain, _ = scenes(kit, {"source"}).at(1)
    assert plain.source.anchor is None
