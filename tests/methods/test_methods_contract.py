"""What every registered method keeps, of features and of networks alike."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from landbridge.backbones.fresh import randomise
from landbridge.backbones.heads import StepsHead, head_from_state
from landbridge.backbones.open import open_backbone
from landbridge.backbones.surgery import make_network, transfer_tensors
from landbridge.base.errors import ConfigError, MethodError
from landbridge.domains.modalities.base import InputSpec
from landbridge.domains.read import read_domain
from landbridge.methods.core.base import METHODS, Features, Requirements
from landbridge.methods.core.feature import FeatureMethod
from landbridge.methods.core.network import NetworkMethod, PlanContext
from landbridge.methods.core.parameters import documented
from landbridge.methods.core.resolve import Setting, make_method, require
from landbridge.objectives.base import TERMS
from landbridge.training.batches import Side
from landbridge.training.full_plan import train_plan
from landbridge.training.inputs import run_features, run_network
from landbridge.training.loop import LoopOptions, TrainingData, train
from landbridge.training.terms import make_term
from landbridge.training.trainable import CHOICES

NAMES = [name for name, kind in METHODS.items() if "multiclass" in kind.needs.target_types]
NAMES += ["joint+mcc", "infomax+consistency", "lp-ft+trades", "finetune+mcc"]
every = pytest.mark.parametrize("name", NAMES)
OWN_WORDS = {"source-only", "scratch", "head-only", "joint", "combine"}
"""Baselines and combinations: no paper invented them."""


def allows(needs: Requirements, source: str, target: str) -> bool:
    """What `Requirements` says in its docstring, written down once more."""
    if needs.target == "labelled" and target == "none":
        return False
    if needs.source == "labelled" and source != "labelled":
        return False
    if needs.source == "model" and source not in ("labelled", "model"):
        return False
    if needs.source == "unlabelled" and source in ("none", "model"):
        return False
    some = target != "none" or source == "labelled"
    return some or (needs.source, needs.target) != ("any", "any")


# Words and options ----------------------------------------------------------------------------


@every
def test_words(name):
    method = make_method(name)
    assert isinstance(method, FeatureMethod | NetworkMethod)
    assert method.name == name
    assert type(method).__doc__
    assert 10 < len(method.summary) < 90
    assert "\n" not in method.summary
    assert re.search(r"\b(19|20)\d\d\b", method.paper) or name in OWN_WORDS or "+" in name
    assert isinstance(method.needs, Requirements)
    assert method.needs.source in ("labelled", "model", "unlabelled", "none", "any")
    assert method.needs.target in ("labelled", "unlabelled", "none", "any")
    assert method.needs.gradients == isinstance(method, NetworkMethod)


@every
def test_options(name):
    method = type(make_method(name))
    kind = method.Config
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    fields = dataclasses.fields(kind)
    for field in fields:
        explained = documented(method) if issubclass(method, FeatureMethod) else kind.__doc__
        assert field.name in explained, f"{field.name} is not explained"
    wrong = f"{fields[0].name}s" if fields else "weigth"
    with pytest.raises(ConfigError) as error:
        make_method(name, {wrong: 1})
    assert f"no option {wrong!r}" in str(error.value)
    assert name in str(error.value)
    if fields:
        assert f"did you mean {fields[0].name!r}" in str(error.value)
    values = {f.name: getattr(make_method(name).config, f.name) for f in fields}
    if "+" not in name:
        assert make_method(name, values).config == make_method(name).config
    numbers = [f.name for f in fields if isinstance(values[f.name], float)]
    for number in numbers:
        with pytest.raises(ConfigError, match=number):
            make_method(name, {number: "much"})


WHERE = {
    # What each one stands for decides where it may run: source labels, target labels, classes
    # in common.
    "source-only": ("model", "any", True),
    "scratch": ("none", "labelled", False),
    "probe": ("any", "any", False),
    "coral": ("labelled", "unlabelled", True),
    "feature-map": ("labelled", "any", True),
    "finetune": ("any", "labelled", False),
    "head-only": ("any", "labelled", False),
    "layerwise": ("any", "labelled", False),
    "lp-ft": ("any", "labelled", False),
    "structure": ("any", "labelled", False),
    "gradual": ("any", "labelled", False),
    "bias-tuning": ("any", "labelled", False),
    "norm-tuning": ("any", "labelled", False),
    "lora": ("any", "labelled", False),
    "l2-sp": ("any", "labelled", False),
    "ema": ("any", "labelled", False),
    "wise-ft": ("any", "labelled", False),
    "soup": ("any", "labelled", False),
    "bss": ("any", "labelled", False),
    "delta": ("any", "labelled", False),
    "surgical": ("any", "labelled", False),
    "co-tuning": ("any", "labelled", False),
    "bi-tuning": ("any", "labelled", False),
    "few-label": ("labelled", "labelled", True),
    "pretrain": ("any", "any", False),
    "distil": ("any", "unlabelled", False),
    "joint": ("labelled", "labelled", True),
    "mcc": ("labelled", "unlabelled", True),
    "dann": ("labelled", "unlabelled", True),
    "infomax": ("labelled", "unlabelled", True),
    "consistency": ("labelled", "unlabelled", True),
    "dan": ("labelled", "unlabelled", True),
    "jan": ("labelled", "unlabelled", True),
    "dsan": ("labelled", "unlabelled", True),
    "deep-coral": ("labelled", "unlabelled", True),
    "cdan": ("labelled", "unlabelled", True),
    "mdd": ("labelled", "unlabelled", True),
    "mcd": ("labelled", "unlabelled", True),
    "afn": ("labelled", "unlabelled", True),
    "bnm": ("labelled", "unlabelled", True),
    "combine": ("labelled", "unlabelled", True),
    "joint+mcc": ("labelled", "labelled", True),
    "lp-ft+trades": ("any", "labelled", False),
    "finetune+mcc": ("any", "labelled", False),
    "pgd": ("any", "labelled", False),
    "trades": ("any", "labelled", False),
    "fast-at": ("any", "labelled", False),
    "pseudo-label": ("labelled", "unlabelled", True),
    "fixmatch": ("labelled", "unlabelled", True),
    "flexmatch": ("labelled", "unlabelled", True),
    "debiasmatch": ("labelled", "unlabelled", True),
    "dst": ("labelled", "unlabelled", True),
    "shot": ("model", "unlabelled", True),
    "aad": ("model", "unlabelled", True),
    "nrc": ("model", "unlabelled", True),
    "pada": ("labelled", "unlabelled", True),
}


@pytest.mark.parametrize("name", WHERE)
def test_needs_of_the_methods_that_ship(name):
    needs = make_method(name).needs
    assert (needs.source, needs.target, needs.shared_classes) == WHERE[name]


# Plans ----------------------------------------------------------------------------------------

SIZES = list(itertools.product((0, 5, 50_000), (1, 300, 100_000), (0, 3, 300)))
WISHES = (
    {},
    {"augment": "strong"},
    {"steps": 7, "source_steps": 9, "batch_size": 5, "learning_rate": 0.5, "clip": 2.0},
)


def contexts():
    for (s, t, labels), pretrained, frozen, wishes in itertools.product(
        SIZES, (False, True), (False, True), WISHES
    ):
        if labels <= t:
            yield PlanContext(
                n_classes=4,
                n_source=s,
                n_target=t,
                n_labelled=labels,
                pretrained=pretrained,
                frozen=frozen,
                **wishes,
            )


def check_plan(plan, context):
    assert plan.start in ("backbone", "random", "source")
    assert plan.start != "source" or context.n_source
    assert 0 < plan.keep_stages <= 1
    assert plan.phases
    assert len({p.name for p in plan.phases}) == len(plan.phases)
    for phase in plan.phases:
        assert isinstance(phase.steps, int)
        assert 0 < phase.steps <= 5000
        assert 0 < phase.learning_rate <= 0.5
        assert phase.batch_size > 0
        assert phase.source_weight >= 0
        assert phase.target_weight >= 0
        assert phase.source_weight or phase.target_weight or phase.terms
        assert not phase.source_weight or context.n_source
        assert not phase.target_weight or context.n_labelled
        assert 0 <= phase.warmup <= 1
        assert 0 < phase.stage_decay <= 1
        assert phase.trainable.partition(":")[0] in CHOICES
        assert (phase.trainable == "adapters") == (plan.adapter is not None)
        assert phase.l2_sp_strength >= 0
        if phase.trainable == "head":  # over features computed once, which stay as they are
            assert phase.augment == "none"
            assert not phase.renormalise
        elif context.augment is not None:
            assert phase.augment == context.augment
        assert len({t.name for t in phase.terms}) == len(phase.terms)
        for term in phase.terms:
            assert term.name in TERMS
            assert term.weight > 0
            assert "source" not in TERMS.get(term.name).views or context.n_source
            make_term(term, 8, context.n_classes)
    tenth = plan.scaled(0.1)
    for old, new in zip(plan.phases, tenth.phases, strict=True):
        assert new.steps == max(min(20, old.steps), round(0.1 * old.steps))
        assert replace(new, steps=old.steps) == old
    assert plan.scaled(1.0) == plan
    assert plan.steps == sum(p.steps for p in plan.phases)
    assert all(0 <= share <= 1 for share in plan.mix)
    assert not plan.mix or 1.0 in plan.mix, "the network as it was trained must be a choice"


@every
def test_plans(name):
    method = make_method(name)
    if isinstance(method, FeatureMethod):
        return  # closed forms have no schedule
    checked = 0
    for context in contexts():
        target = "few" if context.n_labelled else "none"
        if not allows(method.needs, "labelled" if context.n_source else "none", target):
            continue
        plan = method.plan(context)
        check_plan(plan, context)
        assert plan == method.plan(context)
        if context.steps is not None:
            last = plan.phases[-1]
            expected = context.source_steps if last.name == "source" else context.steps
            # A method may share the steps out among the phases that move the backbone.
            shared = sum(p.steps for p in plan.phases if p.trainable != "head")
            assert expected in (last.steps, shared)
            assert (last.batch_size, last.learning_rate, last.clip) == (5, 0.5, 2.0)
        variants = method.variants(context)
        assert variants
        for variant in variants.values():
            check_plan(variant, context)
        checked += 1
    assert checked >= 40


def test_target_labels_are_used_where_they_are():
    for name in ("mcc", "dann", "combine", "joint", "infomax+consistency"):
        for labels, expected in ((0, 0.0), (9, 2.5)):
            if name == "joint" and not labels:
                continue
            context = PlanContext(n_classes=3, n_source=50, n_target=40, n_labelled=labels)
            (phase,) = make_method(name, {"target_weight": 2.5}).plan(context).phases
            assert phase.target_weight == expected
            assert phase.source_weight == 1.0


# Small and real -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    """Sixty scanned digits on either side; the target's are inverted and shifted."""
    domain = read_domain("sample:digits", max_rows=120)
    opened = open_backbone("convnet", InputSpec("image", *domain.examples.shape_hint()), seed=1)
    inputs = opened.preprocessing.prepare(domain.examples)
    half = np.arange(120) % 2 == 0
    labels = domain.labels.astype(np.int64)
    target = np.roll(255 - inputs[~half], 1, axis=3)
    return SimpleNamespace(
        opened=opened,
        classes=domain.classes,
        source=(inputs[half], labels[half]),
        target=(target, labels[~half]),
    )


def sides(digits, source, target):
    """The two sides with the labels of a setting; what is not known is nonsense."""

    def side(pair, known):
        inputs, labels = pair
        return Side(inputs, np.where(known, labels, 10**6), known)

    everyone, none = np.ones(60, bool), np.zeros(60, bool)
    first = [int(np.flatnonzero(digits.target[1] == c)[0]) for c in range(10)]
    few = none.copy()
    few[first] = True
    of_source = {"labelled": everyone, "unlabelled": none}
    return (
        None if source == "none" else side(digits.source, of_source[source]),
        side(digits.target, {"all": everyone, "few": few, "none": none}[target]),
    )


def start(digits, plan, data, context):
    opened = copy.copy(digits.opened)
    opened.module = copy.deepcopy(opened.module)
    network = make_network(opened, 10, seed=3)
    if plan.start == "random":
        randomise(network, 4)
    if plan.start == "source":
        phases = make_method("source-only").plan(context).phases
        known = make_network(opened, 10, seed=2)
        train(known, phases, data, seed=0)
        transfer_tensors(
            copy.deepcopy(known.state_dict()),
            network,
            from_classes=digits.classes,
            to_classes=digits.classes,
        )
    return network


def answers(method, digits, source, target, frozen=False):
    """Logits for the target's rows."""
    own, theirs = sides(digits, source, target)
    data = TrainingData(own, theirs, digits.opened.preprocessing, 10)
    torch.manual_seed(0)
    data.teacher = 4 * np.eye(10, dtype=np.float32)[digits.target[1]]
    data.pretrained_head = torch.nn.Linear(
        digits.opened.module.dim, 7
    )  # as if θ₀ knew seven classes
    if isinstance(method, FeatureMethod):
        network = make_network(digits.opened, 10)

        def features(side):
            x = run_features(network, side.inputs, data.preprocessing, torch.device("cpu"))
            return Features(x, side.labels, side.labeled_mask)

        its = features(theirs)
        head = method.fit_head(None if own is None else features(own), its, 10, seed=0)
        stored = StepsHead(head.steps)
        network.head = head_from_state(stored.state_dict())
        logits = head.logits(its.x)
        assert logits.dtype == its.x.dtype == np.float32
        inside = network.head(torch.from_numpy(its.x)).numpy()
        assert np.allclose(inside, logits, atol=1e-4 * (1 + np.abs(logits).max()))
        return logits
    context = PlanContext(
        n_classes=10,
        n_source=0 if own is None else int(own.labeled_mask.sum()),
        n_target=60,
        n_labelled=int(theirs.labeled_mask.sum()),
        frozen=frozen,
        steps=5,
        source_steps=5,
        batch_size=16,
    )
    plan = method.plan(context)
    network = start(digits, plan, data, context)
    before = copy.deepcopy(network.state_dict())
    options = LoopOptions(fit=method.name)
    assert train_plan(network, plan, data, seed=0, options=options).losses
    assert network.state_dict().keys() == before.keys(), "an ordinary network is left"
    assert any(not torch.equal(v, before[k]) for k, v in network.state_dict().items())
    return run_network(network, theirs.inputs, data.preprocessing)[1]


SETTINGS = [
    # An unlabelled source is read by few methods: the others do the same as without one.
    pytest.param(source, target, marks=[pytest.mark.slow] if source == "unlabelled" else [])
    for source, target in itertools.product(
        ("labelled", "unlabelled", "none"), ("all", "few", "none")
    )
]


@pytest.mark.parametrize(("source", "target"), SETTINGS)
@every
def test_runs_where_its_needs_are_met_and_says_where_not(name, source, target, digits):
    method = make_method(name)
    situation = Setting(source, target, shared_classes=True, pretrained=True, teacher=True)
    if method.needs.teacher:
        with pytest.raises(MethodError, match="teacher"):
            require(method, replace(situation, teacher=False))
    if not allows(method.needs, source, target):
        with pytest.raises(MethodError) as error:
            require(method, situation)
        assert repr(name) in str(error.value)
        says = "labelled source|target labels|needs a source|labels on one"
        assert re.search(says, str(error.value))
        return
    require(method, situation)
    logits = answers(method, digits, source, target)
    assert logits.shape == (60, 10)
    logits = logits.astype(np.float64)
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    assert np.isfinite(p).all()
    least = 10 if name == "boosted-trees" else 30  # a few labels make a few leaves
    assert len(np.unique(logits.round(6), axis=0)) > least, "all rows have the same answer"
    if target != "all":  # once more; with all labels it is the same code as with a few
        again = answers(make_method(name), digits, source, target)
        assert np.array_equal(logits, again.astype(np.float64))


@pytest.mark.parametrize("name", [n for n in NAMES if make_method(n).needs.gradients])
def test_runs_with_a_frozen_backbone(name, digits):
    logits = answers(make_method(name), digits, "labelled", "few", frozen=True)
    assert np.isfinite(logits).all()


@every
def test_classes_in_common(name):
    method = make_method(name)
    apart = Setting("labelled", "few", shared_classes=False, pretrained=True, teacher=True)
    if method.needs.shared_classes:
        with pytest.raises(MethodError, match="share none"):
            require(method, apart)
    else:
        require(method, apart)


def test_every_kind_of_method_is_there():
    """So that a registry that finds nothing does not pass."""
    assert {"probe", "coral", "finetune", "lp-ft", "mcc", "dann", "joint"} <= set(METHODS)
    assert {make_method(n).needs.gradients for n in METHODS} == {True, False}
