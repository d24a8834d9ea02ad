"""Terms that remember all rows: what they remember survives a resume, and no source is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from landbridge.methods.core.network import PlanContext
from landbridge.methods.core.resolve import make_method
from landbridge.training.batches import Side
from landbridge.training.plan import TermSpec

TERMS = {
    "shot": {"source_weight": 0.0, "trainable": "backbone", "average": 0.9},
    "aad": {"source_weight": 0.0, "augment": "weak"},
    "nrc": {"source_weight": 0.0},
    "pada": {"target_weight": 0.5},
    "debiasmatch": {"augment": "weak"},
    "dst": {"average": 0.9},
    "pseudo-label": {},
}
every = pytest.mark.parametrize("term", TERMS)


def phase_of(term, make_phase):
    options = {"threshold": 0.3} if term in ("debiasmatch", "dst", "pseudo-label") else {}
    # Thirty target rows, eight a step: shot labels them again after the fourth step.
    return make_phase(terms=(TermSpec(term, options=options),), **TERMS[term])


@every
def test_interrupted_anywhere_ends_in_the_same_network(term, kit, make_phase, same_state, tmp_path):
    phase = phase_of(term, make_phase)
    whole, losses = kit.train(phase)
    assert not same_state(whole, kit.network())
    for cut in (1, 2, 4, 5, 6):
        path = tmp_path / f"{cut}.safetensors"
        resumed, last = kit.interrupted(phase, after=cut, checkpoint=path)
        assert same_state(whole, resumed), f"cut after step {cut}"
        assert last == losses


@pytest.mark.parametrize("name", ["shot", "aad", "nrc"])
@pytest.mark.parametrize("labels", [0, 9])
def test_no_source_row_is_read(name, labels, make_kit, same_state):
    """Garbage in place of the source, or no source at all: the same network, bit for bit."""
    kit = make_kit(n_labelled=labels)
    context = PlanContext(3, n_source=40, n_target=30, n_labelled=labels, steps=6, batch_size=8)
    phases = make_method(name).plan(context).phases
    nonsense = Side(
        np.full_like(kit.source.inputs, 255),
        np.zeros_like(kit.source.labels),
        np.ones(len(kit.source), bool),
    )
    ends = [
        kit.train(*phases, data=replace(kit.data, source=source))[0]
        for source in (kit.source, nonsense, None)
    ]
    assert not same_state(ends[0], kit.network())
    assert same_state(ends[0], ends[1])
    assert same_state(ends[0], ends[2])
    more = make_method(name).plan(replace(context, n_source=4000)).phases
    assert more == phases  # nor does its size matter


def test_shot_leaves_the_head_alone(kit):
    context = PlanContext(3, n_source=40, n_target=30, steps=4, batch_size=8)
    before = kit.network()
    after, _ = kit.train(*make_method("shot").plan(context).phases)
    assert torch.equal(before.head.weight, after.head.weight)
    assert torch.equal(before.head.bias, after.head.bias)
    moved = zip(before.backbone.parameters(), after.backbone.parameters(), strict=True)
    assert all(not torch.equal(a, b) for a, b in moved)


def test_pada_weighs_the_loss_on_the_source(kit, make_phase, same_state):
    """Without weights, and without a gradient from the discriminator, it would be plain."""
    phase = make_phase(terms=(TermSpec("pada", options={"slope": 0.0}),))
    weighted, _ = kit.train(phase)
    plain, _ = kit.train(replace(phase, terms=(TermSpec("dann", options={"slope": 0.0}),)))
    assert not same_state(weighted, plain)
