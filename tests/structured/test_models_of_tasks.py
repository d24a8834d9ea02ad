"""Options of a fit, the labels of a model, and LoRA: what is taken, trained and refused."""

from __future__ import annotations

import json

import pytest
import torch

from landbridge.base.errors import BackboneError, ConfigError
from landbridge.structured.base import TASKS, Example
from landbridge.structured.fit import _adopt, _check_options, _samples
from landbridge.structured.models import Opened, find_model, merged, with_lora
from landbridge.structured.options import FitOptions, TaskOptions


def task(name, **options):
    return TASKS.get(name)(TaskOptions(**options))


@pytest.mark.parametrize(
    ("name", "options", "fit", "says"),
    [
        ("detection", {"length": 5}, {}, "length = 5 would be without effect on detection"),
        ("token-classification", {"threshold": 0.5}, {}, "threshold = 0.5 would be without"),
        ("token-classification", {"length": 0}, {}, "length"),
        ("segmentation", {"size": 0}, {}, "size"),
        ("detection", {}, {"rank": 4}, "rank = 4 would be without effect"),
        ("detection", {}, {"steps": 3, "epochs": 2.0}, "steps = 3 and epochs = 2"),
        ("detection", {}, {"learning_rate": -1.0}, "learning_rate"),
        ("detection", {}, {"batch_size": 0}, "batch_size"),
        ("detection", {}, {"device": "abacus"}, "abacus"),
    ],
)
def test_options_without_effect_or_out_of_range(name, options, fit, says):
    with pytest.raises(ConfigError, match=says):
        _check_options(task(name, **options), FitOptions(**fit))


def test_options_that_have_an_effect():
    _check_options(task("detection", size=5, threshold=0.5, input="x"), FitOptions())
    _check_options(task("token-classification", length=5), FitOptions(lora=True, rank=4))
    _check_options(task("detection"), FitOptions(steps=3))


def test_steps_and_learning_rate_of_a_fit():
    assert FitOptions(epochs=4).count(200) == 100
    assert FitOptions(epochs=4).count(10) == 50
    assert FitOptions(epochs=5000).count(10_000) == 20_000
    assert FitOptions(steps=7).count(10_000) == 7
    assert [FitOptions(lora=lora).speed for lora in (False, True)] == [5e-5, 5e-4]
    assert FitOptions(lora=True, learning_rate=0.1).speed == 0.1


def test_labels_of_a_model_that_knows_all_of_ours_are_taken(tmp_path):
    def adopted(names, ours=("a", "b")):
        found = task("detection")
        found.labels = list(ours)
        config = {"id2label": {str(i): name for i, name in enumerate(names)}}
        (tmp_path / "config.json").write_text(json.dumps(config))
        _adopt(found, tmp_path)
        return found.labels

    twelve = [f"c{i}" for i in range(10)] + ["b", "a"]
    assert adopted(twelve) == twelve  # by number, not by how numbers are written
    assert adopted(["b", "c"]) == ["a", "b"]
    assert adopted(["a", "b", "a"]) == ["a", "b"]
    assert adopted(["a", "b"], ours=()) == []


def test_the_rows_that_went_most_wrong_are_kept():
    own = task("speech-recognition")  # errors: lower is better
    rows = [Example(b"", f"word {i}", f"row {i}") for i in range(40)]
    said = [e.truth if i % 4 else "quite other words" for i, e in enumerate(rows)]
    names = [one["name"] for one in _samples(own, rows, said)]
    wrong = [f"row {i}" for i in range(0, 40, 4)]
    assert sum(name in wrong for name in names) >= len(names) / 2
    assert any(name not in wrong for name in names)


def bert():
    from transformers import BertConfig, BertForTokenClassification

    config = BertConfig(
        vocab_size=9,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
    )
    return BertForTokenClassification(config)


def test_lora_takes_the_head_whole_and_no_layer_that_is_called_nearly_so():
    """PEFT takes each module whose name ends so, and stops where that has an adapter as well."""
    model = bert()
    layer = model.bert.encoder.layer[0].output
    layer.classifier, layer.subclassifier = (torch.nn.Linear(8, 8) for _ in "ab")
    before = list(dict(model.named_parameters()))
    network = with_lora(Opened(model, ["classifier.weight", "classifier.bias"]), 3, 0)
    moved = {name: p for name, p in network.named_parameters() if p.requires_grad}
    whole = {name for name in moved if "lora_" not in name}
    assert {name.split("model.classifier.")[-1] for name in whole} == {
        "modules_to_save.default.weight",
        "modules_to_save.default.bias",
    }
    adapted = {
        name.split(".lora_")[0].removeprefix("base_model.model.") for name in set(moved) - whole
    }
    linear = {n for n, m in bert().named_modules() if isinstance(m, torch.nn.Linear)}
    assert adapted == linear - {"classifier"} | {
        f"bert.encoder.layer.0.output.{name}" for name in ("classifier", "subclassifier")
    }
    assert all(3 in p.shape for name, p in moved.items() if name not in whole)
    scaled = [m for m in network.modules() if hasattr(m, "lora_A")]
    assert {m.scaling["default"] for m in scaled} == {2.0}
    assert list(dict(merged(network).named_parameters())) == before


def test_lora_of_a_model_without_a_new_head():
    network = with_lora(Opened(bert(), []), 2, 0)
    moved = {name for name, p in network.named_parameters() if p.requires_grad}
    assert moved
    assert all("lora_" in name for name in moved)
    same = with_lora(Opened(bert(), []), 2, 0)
    names = [name for name in moved if ".lora_A." in name]
    own, other = dict(network.named_parameters()), dict(same.named_parameters())
    assert all(torch.equal(own[name], other[name]) for name in names)
    assert merged("as it is") == "as it is"


@pytest.mark.parametrize("name", ["nowhere", "./a/b", "a/b/c", "~/x/y"])
def test_what_is_no_model(name):
    with pytest.raises(BackboneError, match="neither a folder nor a hub id"):
        find_model(name, offline=True, events=None)


def test_lora_leaves_layers_within_a_new_head_alone():
    model = bert()
    model.classifier = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Linear(8, 2))
    network = with_lora(Opened(model, ["classifier.1.weight"]), 2, 0)
    moved = [name for name, p in network.named_parameters() if p.requires_grad]
    assert len([name for name in moved if "classifier.modules_to_save" in name]) == 4
    assert not any("classifier" in name and "lora_" in name for name in moved)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("hf/a/b", ("a/b", None)), ("a/b@v1", ("a/b", "v1")), ("hf/a/b@c0ffee", ("a/b", "c0ffee"))],
)
def test_a_model_of_the_hub_may_be_of_a_revision(name, wanted, monkeypatch):
    from landbridge.structured import models

    monkeypatch.setattr(models, "hub_folder", lambda *asked, **how: (asked, how["offline"]))
    assert find_model(name, offline=True, events=None) == (wanted, True)
