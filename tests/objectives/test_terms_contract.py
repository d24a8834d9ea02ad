"""What every registered term keeps."""

from __future__ import annotations

import dataclasses
import re

import pytest
import torch

from landbridge.base.errors import ConfigError
from landbridge.objectives.base import TERMS, Setting, Step, View
from landbridge.training.groups import make_optimizer
from landbridge.training.loop import make_term
from landbridge.training.plan import Phase, TermSpec

DIM, CLASSES = 6, 4
terms = pytest.mark.parametrize("name", list(TERMS))


def made(name):
    """The term, as the loop has it before the first step."""
    term = make_term(TermSpec(name), DIM, CLASSES)
    sizes = {"source": 7, "target": 5}

    def outputs(side):
        return tuple(x.detach() for x in leaves(sizes[side], 9))

    setting = Setting(torch.nn.Identity(), rows=sizes | {"labelled": 0}, sizes=sizes)
    setting.outputs = outputs
    term.prepare(setting)
    term.begin(setting)
    return term


def leaves(n, seed):
    g = torch.Generator().manual_seed(seed)
    features = torch.randn(n, DIM, generator=g).requires_grad_()
    logits = (4 * torch.randn(n, CLASSES, generator=g)).requires_grad_()
    return features, logits


def step_for(kind, progress=0.5):
    """A step that holds the declared views and nothing else."""
    given = {
        name: leaves(n, seed)
        for seed, (name, n) in enumerate({"source": 7, "target": 5, "strong": 5}.items())
        if name in kind.views
    }
    views = {name: View(*pair) for name, pair in given.items()}
    for view in views.values():
        view.rows = torch.arange(len(view.features))
    if "source" in views:
        views["source"].labels = torch.arange(7) % CLASSES
    teacher = views["target"].logits.detach() if "target" in views else None
    step = Step(views.get("source"), views.get("target"), views.get("strong"), teacher, progress)
    return step, given


@terms
def test_value_and_gradient_with_declared_views_alone(name):
    kind = TERMS.get(name)
    assert kind.views
    assert kind.views <= {"source", "target", "strong"}
    term = made(name)
    step, given = step_for(kind)
    value = term(step)
    assert value.shape == ()
    assert bool(value.isfinite())
    tensors = [t for pair in given.values() for t in pair]
    grads = torch.autograd.grad(value, tensors, allow_unused=True)
    assert all(g is None or bool(g.isfinite().all()) for g in grads)
    assert any(g is not None and bool(g.any()) for g in grads), "the network would not learn"


@terms
def test_value_does_not_need_gradients_or_float32(name):
    kind = TERMS.get(name)
    term = made(name)
    step, given = step_for(kind)
    again = made(name)
    again.load_state_dict(term.state_dict())  # a term may remember what it saw
    with torch.no_grad():
        plain = float(again(step))
        for pair in given.values():
            for tensor in pair:
                tensor.data = tensor.data.bfloat16()
        if step.teacher is not None:
            step.teacher = step.teacher.bfloat16()
        value = term(step)
    assert value.dtype == torch.float32
    assert float(value) == pytest.approx(plain, rel=0.1, abs=0.02)


@terms
def test_own_parameters_are_trained(name):
    kind = TERMS.get(name)
    term = made(name)
    before = [p.detach().clone() for p in term.parameters()]
    if name in ("dann", "cdan", "mdd", "mcd"):
        assert before
    if not before:
        return
    phase = Phase("x", 1, 0.1, optimizer="sgd")
    optimizer = make_optimizer([{"params": list(term.parameters()), "scale": 1.0}], phase)
    step, _ = step_for(kind)
    memory = {key: buffer.clone() for key, buffer in term.named_buffers()}
    first = term(step)
    first.backward()
    optimizer.step()
    assert all(not torch.equal(a, b) for a, b in zip(before, term.parameters(), strict=True))
    for key, buffer in term.named_buffers():
        buffer.copy_(memory[key])  # the same loss again, whatever it remembers
    assert term(step).item() < first.item()


@terms
def test_unknown_option_names_the_nearest(name):
    kind = TERMS.get(name)
    fields = dataclasses.fields(kind.Config)
    wrong = f"{fields[0].name}s" if fields else "weigth"
    with pytest.raises(ConfigError) as error:
        make_term(TermSpec(name, options={wrong: 1}), DIM, CLASSES)
    assert name in str(error.value)
    assert wrong in str(error.value)
    if fields:
        assert f"did you mean {fields[0].name!r}" in str(error.value)


def test_unknown_term_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'mcc'"):
        make_term(TermSpec("mccc"), DIM, CLASSES)


@terms
def test_words(name):
    kind = TERMS.get(name)
    assert kind.name == name
    assert kind.__doc__
    assert kind.summary
    assert re.search(r"\b(19|20)\d\d\b", kind.paper), "a paper has a year"
    assert dataclasses.is_dataclass(kind.Config)
    assert kind.Config.__dataclass_params__.frozen
    for field in dataclasses.fields(kind.Config):
        assert field.name in kind.Config.__doc__
