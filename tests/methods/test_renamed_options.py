"""Old names of options work, with a warning that names the new one, wherever options are given."""

from __future__ import annotations

import dataclasses

import pytest

import landbridge.features
from landbridge.base.errors import ConfigError, LandbridgeWarning
from landbridge.base.renamed import _OF_METHODS, renamed_options
from landbridge.methods.core.base import METHODS
from landbridge.methods.core.feature import FeatureMethod
from landbridge.methods.core.resolve import make_method
from landbridge.objectives.base import TERMS
from landbridge.training.plan import TermSpec
from landbridge.training.terms import make_term

CASES = [(old, new, name) for (old, new), names in _OF_METHODS.items() for name in names.split()]


@pytest.mark.parametrize(("old", "new", "name"), CASES)
def test_old_name_works_and_warns(old, new, name):
    assert renamed_options(name)[old].name == new
    default = {}
    if name in METHODS:
        kind = METHODS.get(name)
        default = {field.name: field.default for field in dataclasses.fields(kind.Config)}
        assert old not in default
    assert new in default or name in TERMS
    if new in default:
        with pytest.warns(LandbridgeWarning, match=f"{old} is called {new} now"):
            method = make_method(name, {old: default[new]})
        assert method.config == make_method(name).config
        with pytest.raises(ConfigError, match=f"{old} and {new} are the same option"):
            make_method(name, {old: default[new], new: default[new]})
        if issubclass(kind, FeatureMethod):
            estimator = getattr(landbridge.features, kind.__name__)
            with pytest.warns(LandbridgeWarning, match=new):
                assert getattr(estimator(**{old: default[new]}), new) == default[new]
            with pytest.warns(LandbridgeWarning, match=new):
                estimator().set_params(**{old: default[new]})
    if name in TERMS:
        value = getattr(TERMS.get(name).Config(), new)
        with pytest.warns(LandbridgeWarning, match=new):
            assert (
                getattr(make_term(TermSpec(name, options={old: value}), 4, 3).config, new) == value
            )


def test_a_combination_takes_old_names_of_its_terms():
    with pytest.warns(LandbridgeWarning, match="n_neighbors"):
        method = make_method("mcc+aad", {"options": {"aad": {"neighbours": 5}}})
    terms = [make_term(spec, 4, 3) for spec in method.terms()]
    assert terms[1].config.n_neighbors == 5


def test_set_and_configuration_files_take_old_names():
    from landbridge.base.config import apply_settings, make_config

    given = apply_settings({"method": "coral"}, ["method_options.regularisation=0.5"])
    with pytest.warns(LandbridgeWarning, match="reg"):
        config = make_config(given)
    assert make_method(config.method, config.method_options).reg == 0.5
