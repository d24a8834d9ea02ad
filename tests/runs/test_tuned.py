"""A fit that chooses by folds: the mixture, the soup, λ. It resumes, and reads no sealed label."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import landbridge
from landbridge.backbones.identity import Flat
from landbridge.backbones.surgery import Network
from landbridge.base.events import Events
from landbridge.runs.context import RunSettings
from landbridge.runs.tuned import Candidate, fit_chosen, score, tidy, trainings
from landbridge.training.arithmetic import averaged, mixed
from landbridge.training.batches import Side
from landbridge.training.checkpoint import load_tensors
from landbridge.training.full_plan import Trained
from landbridge.training.plan import Phase, TrainingPlan

TRAINING = {
    "steps": 8,
    "source_steps": 8,
    "batch_size": 8,
    "precision": "float32",
    "threads": 1,
    "checkpoint_seconds": 0,
}


class Stop(Exception):
    """What a test raises in the middle of a run."""


class After:
    """A listener that stops the run after so many steps or at a word of the log."""

    def __init__(self, steps=0):
        self.left = steps
        self.heard = []

    def event(self, event):
        self.heard.append(event)
        if event["event"] == "step":
            self.left -= 1
            if self.left == 0:
                raise Stop

    def progress(self, what, total):
        from contextlib import nullcontext

        from landbridge.base.events import _Silent

        return nullcontext(_Silent())


@pytest.fixture
def go(blobs, tmp_path):
    """Run a method on labelled blobs, moved, and return the run and what was heard."""

    def run(method, folder="run", shift=1.0, per_class=4, stop=0, options=None):
        x, y = blobs(60)
        x_t, y_t = blobs(60, shift=shift, seed=1)
        labels = y_t.copy()
        known = np.zeros(60, bool)
        for name in np.unique(y):
            known[np.flatnonzero(y_t == name)[:per_class]] = True
        split = np.where(known, "train", "test")
        source = landbridge.read_domain((x, y), name="source")
        target = landbridge.read_domain((x_t, labels), split=list(split), name="target")
        listener = After(stop)
        how = {
            "method": method,
            "backbone": "mlp",
            "seeds": 1,
            "training": TRAINING,
            "method_options": options or {},
            "out": tmp_path / folder,
            "budget": "1h",
            "events": Events(None, listener),
        }
        if not stop:
            return landbridge.transfer(source, target, **how), listener.heard
        with pytest.raises(Stop):
            landbridge.transfer(source, target, **how)
        listener = After()
        events = Events(None, listener)
        done = landbridge.resume(tmp_path / folder, source=source, target=target, events=events)
        return done, listener.heard

    return run


METHODS = {
    "wise-ft": {},
    "soup": {"learning_rate_factors": [1.0, 0.5], "orders": 1},
    "few-label": {"target_weights": [1.0, 3.0]},
}


@pytest.mark.parametrize("method", METHODS)
def test_interrupted_anywhere_ends_in_the_same_model(go, method):
    whole, heard = go(method, "whole", options=METHODS[method])
    steps = sum(e["event"] == "step" for e in heard)
    expected = load_tensors(whole.path / "model.safetensors")
    assert whole.model.predict_proba(np.zeros((2, 6), np.float32)).shape == (2, 3)
    for share in (0.4, 0.95):
        run, later = go(method, f"cut {share}", stop=int(share * steps), options=METHODS[method])
        found = load_tensors(run.path / "model.safetensors")
        assert found[1] == expected[1]
        assert all(torch.equal(found[0][k], v) for k, v in expected[0].items())
        again = sum(e["event"] == "step" for e in later)
        assert again <= steps * (1 - share) + 60, "finished trainings were done again"
    assert not (whole.path / "work").exists()


def test_the_run_says_what_was_chosen(go):
    run, _ = go("few-label", options=METHODS["few-label"])
    notes = json.loads((run.path / "notes.json").read_text())
    assert notes["folds"] == 3
    assert set(notes["candidates"]) == {"λ = 1", "λ = 3"}
    best = max(notes["candidates"], key=lambda name: notes["candidates"][name]["log_likelihood"])
    assert notes["chosen"] == best


def test_a_run_of_lora_keeps_its_adapter_and_answers(go):
    """θ₀ as fine-tuning began with it, and the adapter on top, is the run's model."""
    from peft import PeftModel

    run, _ = go("lora", options={"rank": 2})
    folder = run.path / "adapter"
    assert {f.name for f in folder.iterdir()} == {
        "adapter_model.safetensors",
        "adapter_config.json",
    }
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["r"] == 2
    assert config["base_model_name_or_path"] == "source-only network, seed 0"
    assert not any("lora" in name for name in load_tensors(run.path / "model.safetensors")[0])
    assert json.loads((run.path / "notes.json").read_text())["adapted_layers"] >= 2
    x = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    network = run.model.network
    with torch.no_grad():
        expected = network(x)[1]
        adapted = PeftModel.from_pretrained(network, folder)  # on top of the merged weights
        twice = adapted.eval()(x)[1]
    assert expected.shape == twice.shape == (5, 3)
    assert not torch.allclose(expected, twice), "the adapter on disk is empty"


# What is chosen ---------------------------------------------------------------------------------


class Fake:
    """A trainer whose plans give networks that are known beforehand: rows answer themselves.

    The network is a head on three inputs that are the class; `ends` says by which factor each
    variant's head multiplies them, before and after the last phase.
    """

    def __init__(self, ends, per_class=6):
        labels = np.repeat(np.arange(3), per_class)
        inputs = np.eye(3, dtype=np.float32)[labels]
        if per_class > 1:
            inputs[::per_class] = np.roll(inputs[::per_class], 1, axis=1)  # one wrong in each
        self.target = Side(inputs, labels, np.ones(len(labels), bool))
        config = SimpleNamespace(seed=0)
        encode = SimpleNamespace(encode=lambda x: x, lengths=lambda x: None)
        self.context = SimpleNamespace(
            config=config, backbone=SimpleNamespace(preprocessing=encode), settings=RunSettings()
        )
        self.events, self.name, self.ends, self.trained = Events(), "fake", ends, []

    def train(self, plan, folder, *, target=None, fit=""):
        before, after = self.ends[plan.phases[0].name]
        self.trained.append((plan.phases[0].name, folder.name))
        network = Network(Flat(3), 3)
        states = []
        for factor in (before, after):
            states.append(
                {"head.weight": torch.diag(torch.tensor(factor)), "head.bias": torch.zeros(3)}
            )
        network.load_state_dict(states[1])
        return network, Trained({"labelled": 0.0}, states[0] if plan.mix else None), None


def choose(ends, mix=(), soup=False, per_class=6, folder=None):
    trainer = Fake(ends, per_class)
    plans = {name: TrainingPlan("backbone", (Phase(name, 1, 0.1),), mix=mix) for name in ends}
    method = SimpleNamespace(soup=soup)
    network, report = fit_chosen(trainer, method, plans, folder)
    return network.head.weight.diagonal().tolist(), report.notes, trainer.trained


RIGHT, WRONG, LOUD = [2.0, 2.0, 2.0], [-2.0, -2.0, -2.0], [9.0, 9.0, 9.0]


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [(WRONG, RIGHT, 1.0), (RIGHT, WRONG, 0.0), (WRONG, [6.0, 6.0, 6.0], 0.5)],
)
def test_the_share_goes_where_held_out_rows_are_likely(before, after, share, tmp_path):
    found, notes, trained = choose({"": (before, after)}, (0.0, 0.5, 1.0), folder=tmp_path)
    mean = [(1 - share) * b + share * a for b, a in zip(before, after, strict=True)]
    assert found == pytest.approx(mean)
    assert notes["chosen"] == str(Candidate(("",), share))
    assert notes["folds"] == 3
    assert len(trained) == 4
    # One of six rows lies in another class: log p = z - log(e^z + 2), or -log(e^z + 2).
    z = mean[0]
    expected = 5 / 6 * z - math.log(math.exp(z) + 2)
    best = notes["candidates"][notes["chosen"]]
    assert best["log_likelihood"] == pytest.approx(expected, abs=1e-5)
    assert best["accuracy"] == pytest.approx(5 / 6, abs=1e-5)


def test_a_soup_leaves_out_what_does_harm(tmp_path):
    """Two halves that are right together, and one that spoils every mean it is in."""
    ends = {
        "a": (WRONG, [4.0, 4.0, 0.5]),
        "b": (WRONG, [0.5, 1.0, 4.0]),
        "c": (WRONG, [-9.0, -9.0, -9.0]),
    }
    found, notes, _ = choose(ends, soup=True, folder=tmp_path)
    assert found == pytest.approx([2.25, 2.5, 2.25])
    assert set(notes["chosen"].split(" + ")) == {"a", "b"}
    assert "a + b + c" in notes["candidates"]


def test_a_single_network_may_be_the_best_soup(tmp_path):
    ends = {"a": (WRONG, LOUD), "b": (WRONG, RIGHT), "c": (WRONG, WRONG)}
    found, notes, trained = choose(ends, soup=True, folder=tmp_path)
    assert notes["chosen"] == "b"
    assert found == pytest.approx(RIGHT)
    assert trained[-1] == ("b", tmp_path.name)


def test_nothing_is_chosen_where_no_label_can_be_held_out(tmp_path):
    found, notes, trained = choose(
        {"": (RIGHT, LOUD)}, (0.0, 0.5, 1.0), per_class=1, folder=tmp_path
    )
    assert found == pytest.approx(LOUD)
    assert notes["why"]
    assert len(trained) == 1
    found, _, _ = choose(
        {"a": (WRONG, LOUD), "b": (WRONG, RIGHT)}, soup=True, per_class=1, folder=tmp_path
    )
    assert found == pytest.approx([5.5] * 3)


def test_folds_that_are_scored_are_not_trained_again(tmp_path):
    ends = {"": (RIGHT, WRONG)}
    first = choose(ends, (0.0, 1.0), folder=tmp_path)
    again = choose(ends, (0.0, 1.0), folder=tmp_path)
    assert again[:2] == first[:2]
    assert len(again[2]) == 1
    tidy(tmp_path)
    assert not list(tmp_path.iterdir())


# Parts ----------------------------------------------------------------------------------------


def test_score_is_the_log_likelihood():
    logits = np.array([[2.0, 0.0, -1.0], [0.0, 0.5, 0.0]], np.float32)
    labels = np.array([0, 2])
    by_hand = 0.0
    for row, label in zip(logits.tolist(), labels, strict=True):
        by_hand += row[label] - math.log(sum(math.exp(z) for z in row))
    assert score(logits, labels) == pytest.approx([by_hand, 1.0, 2])


def test_mixed_and_averaged():
    a = {"w": torch.tensor([1.0, 2.0]), "n": torch.tensor(3)}
    b = {"w": torch.tensor([5.0, 0.0]), "n": torch.tensor(7)}
    assert torch.equal(mixed(a, b, 0.25)["w"], torch.tensor([2.0, 1.5]))
    assert torch.equal(mixed(a, b, 0.0)["w"], a["w"])
    assert torch.equal(mixed(a, b, 1.0)["w"], b["w"])
    assert int(mixed(a, b, 0.5)["n"]) == 7  # a counter is no weight
    assert torch.equal(averaged([a, b])["w"], torch.tensor([3.0, 1.0]))
    assert int(averaged([a, b])["n"]) == 3


def test_names_of_candidates():
    assert str(Candidate(("",))) == "fine-tuned"
    assert str(Candidate(("",), 0.25)) == "fine-tuned × 0.25"
    assert str(Candidate(("a", "b"))) == "a + b"
    assert Candidate(("",)).plain
    assert Candidate(("",), 0.0).plain
    assert not Candidate(("",), 0.5).plain
    assert not Candidate(("a", "b")).plain


def test_how_many_trainings_are_planned():
    from landbridge.methods.core.network import PlanContext
    from landbridge.methods.core.resolve import make_method

    context = PlanContext(n_classes=3, n_source=50, n_target=50, n_labelled=20)
    for name, expected in (("finetune", 1), ("wise-ft", 4), ("few-label", 10), ("soup", 16)):
        method = make_method(name)
        assert trainings(method, method.variants(context), 3) == expected
