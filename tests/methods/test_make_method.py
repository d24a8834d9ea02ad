"""From a name to a method; what importing costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from landbridge.base.errors import ConfigError, MethodError
from landbridge.methods.core.base import METHODS, Requirements
from landbridge.methods.core.network import PlanContext
from landbridge.methods.core.resolve import Setting, make_method, require, unmet

MANY = PlanContext(n_classes=4, n_source=300, n_target=200, n_labelled=40)
NONE = PlanContext(n_classes=4, n_source=300, n_target=200)


def test_a_combination_has_its_terms_in_order():
    method = make_method("mcc+dann")
    assert method.name == "mcc+dann"
    assert [(t.name, t.weight) for t in method.terms()] == [("mcc", 1.0), ("dann", 1.0)]
    assert [t.name for t in make_method("dann+deep-coral+mcc").terms()] == [
        "dann",
        "deep-coral",
        "mcc",
    ]
    assert METHODS.get("combine").name == "combine"  # the class is not renamed


def test_weights_and_options_of_a_combination():
    method = make_method(
        "mcc+dann",
        {"terms": {"mcc": 0.3}, "options": {"dann": {"hidden": 16}}, "target_weight": 2.0},
    )
    found = {t.name: (t.weight, dict(t.options)) for t in method.terms()}
    assert found == {"mcc": (0.3, {}), "dann": (1.0, {"hidden": 16})}
    assert method.plan(MANY).phases[-1].target_weight == 2.0


def test_a_term_keeps_the_weight_that_its_own_method_gives_it():
    for name in ("rsd", "afn"):
        (own,) = make_method(name).terms()
        joined = {t.name: t.weight for t in make_method(f"mcc+{name}").terms()}
        assert joined == {"mcc": 1.0, name: own.weight}
        assert own.weight != 1.0
    named = make_method("mcc+rsd", {"terms": {"rsd": 2.0}})
    assert {t.name: t.weight for t in named.terms()} == {"mcc": 1.0, "rsd": 2.0}


def test_combine_by_its_own_name():
    method = make_method("combine", {"terms": {"infomax": 0.5}})
    assert [(t.name, t.weight) for t in method.terms()] == [("infomax", 0.5)]


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("mcc+mcc", {}, "names mcc more than once"),
        ("joint+joint+mcc", {}, "names joint more than once"),
        ("mccc+dann", {}, "did you mean 'mcc'"),
        ("coral+mcc", {}, "coral trains no network"),
        ("coral+mcc", {}, "did you mean 'deep-coral'"),
        ("finetune+lora+mcc", {}, "finetune and lora are two methods"),
        ("finetune+mcc", {"options": {"lora": {"rank": 2}}}, "options for lora"),
        ("lora+mcc", {"options": {"lora": {"rnak": 2}}}, "did you mean 'rank'"),
        ("mcc+", {}, "unknown term ''"),
        ("joint+", {}, "unknown term ''"),
        ("mcc+dann", {"terms": {"infomax": 1.0}}, "a weight for infomax"),
        ("mcc+dann", {"options": {"infomax": {}}}, "options for infomax"),
        ("mcc+dann", {"options": {"mcc": {"temperatur": 1}}}, "did you mean 'temperature'"),
        ("mcc+dann", {"options": {"mcc": {"temperature": "hot"}}}, "temperature"),
        ("mcc+dann", {"targetweight": 1}, "did you mean 'target_weight'"),
        ("combine", {"terms": {"mccc": 1.0}}, "did you mean 'mcc'"),
        ("combine", {"terms": {}}, "no terms"),
        ("fintune", {}, "did you mean 'finetune'"),
        ("auto", {}, "name a method"),
    ],
)
def test_what_is_wrong_with_a_name(name, options, says):
    with pytest.raises(ConfigError) as error:
        make_method(name, options)
    assert says in str(error.value)


@pytest.mark.parametrize("name", ["joint+mcc", "mcc+joint", "infomax+joint+consistency"])
def test_joint_in_a_combination_needs_target_labels(name):
    method = make_method(name)
    assert method.needs.target == "labelled"
    assert [t.name for t in method.terms()] == [p for p in name.split("+") if p != "joint"]
    assert method.plan(MANY).phases[-1].target_weight == 1.0
    here = Setting("labelled", "none", True, False)
    with pytest.raises(MethodError, match="needs target labels"):
        require(method, here)
    require(make_method(name.replace("joint+", "").replace("+joint", "")), here)
    assert make_method("mcc+dann").needs.target == "unlabelled"  # nothing has stuck to the class


def test_without_joint_labels_are_used_where_there_are_any():
    method = make_method("mcc+dann")
    assert method.plan(MANY).phases[-1].target_weight == 1.0
    assert method.plan(NONE).phases[-1].target_weight == 0.0


EVERYTHING = Requirements("labelled", "labelled", True, shared_classes=True, pretrained=True)


@pytest.mark.parametrize(
    ("needs", "situation", "says"),
    [
        (EVERYTHING, Setting("labelled", "few", True, True), ""),
        (EVERYTHING, Setting("labelled", "all", True, True), ""),
        (EVERYTHING, Setting("unlabelled", "few", True, True), "labelled source"),
        (EVERYTHING, Setting("none", "few", True, True), "labelled source"),
        (EVERYTHING, Setting("labelled", "none", True, True), "target labels"),
        (EVERYTHING, Setting("labelled", "few", False, True), "share"),
        (EVERYTHING, Setting("labelled", "few", True, False), "pretrained"),
        (
            Requirements("unlabelled", "unlabelled", True),
            Setting("none", "few", True, True),
            "source",
        ),
        (
            Requirements("unlabelled", "unlabelled", True),
            Setting("unlabelled", "none", True, True),
            "",
        ),
        (Requirements("none", "labelled", True), Setting("none", "few", False, False), ""),
        (Requirements("any", "any", True), Setting("none", "few", False, False), ""),
        (Requirements("any", "any", True), Setting("labelled", "none", True, False), ""),
        (Requirements("any", "any", True), Setting("unlabelled", "none", True, False), "labels"),
        (Requirements("any", "any", True), Setting("none", "none", True, True), "labels"),
    ],
)
def test_unmet(needs, situation, says):
    found = unmet(needs, situation)
    assert says in found
    assert bool(says) == bool(found)


HEAVY = ("torch", "sklearn", "scipy", "pandas", "transformers", "pyarrow")


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import landbridge; dir(landbridge)", ()),
        ("from landbridge.methods.core.base import METHODS; assert len(list(METHODS)) > 10", ()),
        (
            "from landbridge.methods.core.resolve import make_method, unmet\n"
            "from landbridge.methods.core.network import PlanContext\n"
            "m = make_method('mcc'); m.plan(PlanContext(n_classes=2, n_source=9, n_target=9))",
            (),
        ),
    ],
)
def test_imports_are_light(code, allowed):
    tell = f"\nimport sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code + tell], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(list(allowed))
