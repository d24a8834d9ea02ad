"""What every registered term keeps."""

from __future__ import annotations

import copy
import dataclasses
import re

import pytest
import torch
from torch import nn

from landbridge.backbones.base import Backbone
from landbridge.backbones.surgery import Network
from landbridge.base.errors import ConfigError
from landbridge.objectives.base import TERMS, PhaseContext, StepBatch, Term, ViewOutputs
from landbridge.objectives.perturb import InputRange
from landbridge.training.groups import ParameterGroup, make_optimizer
from landbridge.training.plan import Phase, TermSpec
from landbridge.training.terms import make_term

DIM, CLASSES, INPUTS = 6, 4, 3
SIZES = {"source": 7, "target": 5, "strong": 5, "labelled": 6, "other": 4, "other strong": 4}
SIZES["taught"] = 8
terms = pytest.mark.parametrize("name", list(TERMS))


def leaves(n, seed):
    g = torch.Generator().manual_seed(seed)
    features = torch.randn(n, DIM, generator=g).requires_grad_()
    logits = (4 * torch.randn(n, CLASSES, generator=g)).requires_grad_()
    return features, logits


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def view_of(kind, name, n, seed):
    """One view with what the kind declares, and the leaves that a gradient may reach."""
    features, logits = leaves(n, seed)
    view = ViewOutputs(features, logits, rows=torch.arange(n))
    given = [features, logits]
    if kind.maps:
        maps = draw(n, DIM, 2, 2, seed=seed + 10).requires_grad_()
        view.maps = (maps, features)
        given.append(maps)
    if kind.anchored:
        maps = (draw(n, DIM, 2, 2, seed=20), draw(n, DIM, seed=21)) if kind.maps else ()
        view.anchor = ViewOutputs(draw(n, DIM, seed=22), draw(n, CLASSES, seed=23), maps=maps)
    if name in ("source", "labelled", "taught"):
        view.labels = torch.arange(n) % CLASSES
    if kind.perturbs_inputs:
        view.inputs = draw(n, INPUTS, seed=seed + 40)
    return view, given


def step_for(kind, progress=0.5):
    """A step that holds the declared views and nothing else."""
    made = {
        name: view_of(kind, name, n, seed)
        for seed, (name, n) in enumerate(SIZES.items())
        if name.removesuffix(" strong") in kind.views
    }
    views = {name: view for name, (view, _) in made.items()}
    given = {name: tensors for name, (_, tensors) in made.items()}
    teacher = views["target"].logits.detach() if "target" in views else None
    step = StepBatch(
        views.get("source"),
        views.get("target"),
        views.get("strong"),
        teacher,
        progress,
        views.get("labelled"),
        views.get("other"),
        views.get("other strong"),
        tuple(view for name, view in views.items() if name == "taught"),
    )
    return step, given


class Spread(Backbone):
    """Three inputs, spread over maps of two by two; their mean is the features."""

    dim = DIM

    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(nn.Linear(INPUTS, 4 * DIM), nn.Unflatten(1, (DIM, 2, 2)))
        self.top = nn.Sequential(nn.Flatten(), nn.Linear(4 * DIM, DIM))

    def forward(self, x):
        return self.top(self.maps(x))

    def stages(self):
        return [("maps", [self.maps]), ("top", [self.top])]


def setting_for(rows=10, labelled=6):
    """A phase of tiny sides, as the loop would describe it."""
    torch.manual_seed(0)
    network = Network(Spread(), CLASSES)
    inputs = {"source": draw(rows, INPUTS, seed=1), "target": draw(rows, INPUTS, seed=2)}
    known = {"source": rows, "target": labelled}

    def labels(side):
        own = torch.arange(rows) % CLASSES
        return torch.where(torch.arange(rows) < known[side], own, -1)

    def outputs(side):
        with torch.no_grad():
            return network.eval()(inputs[side])

    return PhaseContext(
        network=network,
        start=copy.deepcopy(network),
        teacher=draw(rows, CLASSES, seed=3),
        rows={"source": rows, "target": rows, "labelled": labelled},
        sizes={"source": rows, "target": rows},
        pretrained_head=nn.Linear(DIM, 9),
        outputs=outputs,
        labels=labels,
        labeled_mask=lambda side: torch.arange(rows) < known[side],
        inputs=lambda side, which: inputs[side][which],
        input_range=InputRange(*(torch.tensor([[x]]) for x in (2.0, -8.0, 8.0)), eps=0.1),
    )


def ready(name, begin=True):
    """The term as the loop has it at the first step."""
    torch.manual_seed(0)
    term = make_term(TermSpec(name), DIM, CLASSES)
    setting = setting_for()
    term.prepare(setting)
    if begin:
        term.begin(setting)
    return term


@terms
def test_value_and_gradient_with_declared_views_alone(name):
    kind = TERMS.get(name)
    assert kind.views
    assert kind.views <= set(SIZES)
    term = ready(name)
    step, given = step_for(kind)
    value = term(step)
    assert value.shape == ()
    assert bool(value.isfinite())
    tensors = [t for pair in given.values() for t in pair]
    assert tensors
    if kind.perturbs_inputs:  # the network is asked once more
        tensors += term.setting.network.parameters()
    grads = torch.autograd.grad(value, tensors, allow_unused=True)
    assert all(g is None or bool(g.isfinite().all()) for g in grads)
    assert any(g is not None and bool(g.any()) for g in grads), "the network would not learn"


@terms
def test_what_acts_through_features_alone_says_so(name):
    kind, term = TERMS.get(name), ready(name)
    step, given = step_for(kind)
    logits = [tensors[1] for tensors in given.values()]
    grads = torch.autograd.grad(term(step), logits, allow_unused=True)
    reaches_head = any(g is not None and bool(g.any()) for g in grads)
    elsewhere = kind.source_weights is not Term.source_weights or kind.perturbs_inputs
    assert kind.through_features == (not reaches_head and not elsewhere)


@terms
def test_value_does_not_need_gradients_or_float32(name):
    kind = TERMS.get(name)
    term = ready(name)
    step, given = step_for(kind)
    again = ready(name, begin=False)
    again.load_state_dict(term.state_dict())  # a term may remember what it saw
    with torch.no_grad():
        torch.manual_seed(1)  # the loop seeds each step
        plain = float(again(step))
        for pair in given.values():
            for tensor in pair:
                tensor.data = tensor.data.bfloat16()
        if step.teacher is not None:
            step.teacher = step.teacher.bfloat16()
        torch.manual_seed(1)
        value = term(step)
    assert value.dtype == torch.float32
    assert float(value) == pytest.approx(plain, rel=0.1, abs=0.02)


@terms
def test_what_it_remembers_is_in_its_state(name):
    """A term that is prepared afresh and reads the state goes on as the one that began."""
    kind = TERMS.get(name)
    term = ready(name)
    with torch.no_grad():
        term(step_for(kind, 0.1)[0])
    again = ready(name, begin=False)
    again.load_state_dict(term.state_dict())
    with torch.no_grad():
        for progress in (0.2, 0.4):
            step, _ = step_for(kind, progress)
            torch.manual_seed(2)
            value = term(step)
            torch.manual_seed(2)
            assert torch.equal(value, again(step))


@terms
def test_own_parameters_are_trained(name):
    kind = TERMS.get(name)
    term = ready(name)
    learned = [p for p in term.parameters() if p.requires_grad]
    before = [p.detach().clone() for p in learned]
    if name in ("dann", "cdan", "mdd", "mcd"):
        assert before
    if not before:
        return
    phase = Phase("x", 1, 0.1, optimizer="sgd")
    optimizer = make_optimizer([ParameterGroup(learned, "terms", 1.0, 0.0)], phase)
    step, _ = step_for(kind)
    names = {name for name, p in term.named_parameters() if p.requires_grad}
    memory = {k: v.clone() for k, v in term.state_dict().items() if k not in names}
    first = term(step)
    first.backward()
    optimizer.step()
    term.load_state_dict(memory, strict=False)  # or it would be another question
    assert all(not torch.equal(a, b) for a, b in zip(before, learned, strict=True))
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
