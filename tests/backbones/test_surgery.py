"""Transfer of tensors between networks of other shapes."""

from __future__ import annotations

import json

import pytest
import torch

from landbridge.backbones import BACKBONES, BackboneRequest, make_network, transfer_tensors
from landbridge.backbones.surgery import _interpolate, _is_position
from landbridge.domains.modalities.base import InputSpec

GREY = InputSpec("image", 16, 16, 1)


def network(classes=10, seed=0, hint=GREY, **options):
    opened = BACKBONES.get("convnet")().open(
        BackboneRequest("convnet", hint, [], seed=seed, options=options)
    )
    return make_network(opened, classes, seed)


def test_same_architecture():
    a, b = network(seed=1), network(seed=2)
    names = [str(i) for i in range(10)]
    report = transfer_tensors(a.state_dict(), b, from_classes=names, to_classes=names)
    x = torch.randn(5, 1, 16, 16)
    assert torch.equal(a.eval()(x)[1], b.eval()(x)[1])
    assert report.counts() == {
        "transferred": len(a.state_dict()),
        "reshaped": 0,
        "fresh": 0,
        "unused": 0,
    }
    assert "100 % of the values" in report.sentence()


def test_a_backbone_alone_and_a_fresh_head():
    a, b = network(seed=1), network(seed=2)
    head = b.head.weight.clone()
    report = transfer_tensors({**a.backbone.state_dict(), "extra": torch.ones(2)}, b)
    assert torch.equal(a.backbone.top[0].weight, b.backbone.top[0].weight)
    assert torch.equal(head, b.head.weight)
    status = {t.name: t.status for t in report.tensors}
    assert status["head.weight"] == "fresh"
    assert status["backbone.extra"] == "unused"
    assert transfer_tensors(a.state_dict(), b).counts()["fresh"] == 2, "no names: a fresh head"


def test_head_by_class_name():
    a, b = network(classes=3, seed=1), network(classes=3, seed=2)
    fresh = b.head.weight[0].clone()
    report = transfer_tensors(
        a.state_dict(), b, from_classes=["cat", "dog", "emu"], to_classes=["fox", "emu", "cat"]
    )
    assert torch.equal(b.head.weight[1], a.head.weight[2])
    assert torch.equal(b.head.weight[2], a.head.weight[0])
    assert torch.equal(b.head.bias[1], a.head.bias[2])
    assert torch.equal(b.head.weight[0], fresh)
    head = next(t for t in report.tensors if t.name == "head.weight")
    assert (head.status, head.note) == ("reshaped", "2 of 3 classes by name")
    with pytest.raises(ValueError, match="class names for heads"):
        transfer_tensors(a.state_dict(), b, from_classes=["cat"], to_classes=["fox", "emu", "cat"])


def test_grey_and_colour_give_the_same():
    grey, colour = network(seed=1), network(seed=2, hint=InputSpec("image", 16, 16, 3))
    x = torch.randn(4, 1, 16, 16)
    transfer_tensors(grey.state_dict(), colour)
    assert torch.allclose(
        grey.eval().backbone(x), colour.eval().backbone(x.expand(-1, 3, -1, -1)), atol=1e-5
    )
    other = network(seed=3)
    transfer_tensors(colour.state_dict(), other)
    assert torch.allclose(grey.backbone(x), other.eval().backbone(x), atol=1e-5)


def test_another_width():
    a, b = network(seed=1), network(seed=2, widths=[16, 64, 96])
    fresh = b.backbone.blocks[1][0].weight[48:].clone()
    report = transfer_tensors(a.state_dict(), b)
    assert torch.equal(b.backbone.blocks[1][0].weight[:48], a.backbone.blocks[1][0].weight)
    assert torch.equal(b.backbone.blocks[1][0].weight[48:], fresh)
    assert torch.equal(
        b.backbone.blocks[1][1].running_var[:48], a.backbone.blocks[1][1].running_var
    )
    told = {t.name: t for t in report.tensors}
    assert told["backbone.blocks.1.0.weight"].status == "reshaped"
    assert told["backbone.blocks.1.0.weight"].found == (48, 16, 3, 3)
    assert told["backbone.blocks.1.0.weight"].wanted == (64, 16, 3, 3)
    assert "reshaped" in report.sentence()
    assert json.loads(json.dumps(report.to_dict()))["counts"] == report.counts()


def test_positions():
    old = torch.randn(1, 17, 6)
    assert _is_position("embeddings.position_embeddings", old, torch.zeros(1, 65, 6))
    assert not _is_position("embeddings.position_embeddings", old, torch.zeros(1, 64, 6))
    grown = _interpolate(old, 65)
    assert grown.shape == (1, 65, 6)
    assert torch.equal(grown[:, 0], old[:, 0])
    assert torch.allclose(_interpolate(torch.ones(1, 16, 2), 64), torch.ones(1, 64, 2), atol=1e-5)
