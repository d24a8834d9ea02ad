"""Old names of options work for one release, everywhere, and a warning names the new one."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

import landbridge
from landbridge.base.config import OPTIONS, apply_settings, make_config
from landbridge.base.errors import ConfigError, LandbridgeWarning
from landbridge.base.renamed import KEYWORDS, RENAMED, check_settings, renamed, renamed_words
from landbridge.cli.settings import resolve
from landbridge.embeddings.options import AlignOptions
from landbridge.methods.core.resolve import make_method
from landbridge.structured.options import FitOptions
from landbridge.targets.registry import TARGET_TYPES, get_target_type, stored_target_type


@pytest.mark.parametrize("key", sorted(RENAMED))
def test_the_new_name_is_an_option_and_the_old_one_is_none(key):
    section = key.rpartition(".")[0]
    assert f"{section}.{RENAMED[key].name}" in OPTIONS
    assert key not in OPTIONS


VALUES = {"data.answers": "numbers", "data.judge_fraction": 0.5}


@pytest.mark.parametrize("key", sorted(RENAMED))
def test_old_keys_of_files_and_settings(key):
    section, _, name = key.rpartition(".")
    value, new = VALUES.get(key, 7), RENAMED[key]
    with pytest.warns(LandbridgeWarning, match=f"{key} is called {section}.{new.name}"):
        config = make_config(apply_settings({}, [f"{key}={value}"]))
    assert config.at(f"{section}.{new.name}") == new.value(value)
    assert make_config({section: {name: value}}, stored=True) == config  # warns of nothing
    with pytest.raises(ConfigError, match="the same option"):
        make_config({section: {name: value, new.name: value}})


@pytest.mark.parametrize("old", ["classes", "numbers", "several"])
def test_old_kinds_of_label(old):
    new = KEYWORDS["answers"].value(old)
    assert new in TARGET_TYPES
    assert stored_target_type({"answers": old}) == get_target_type(new)
    x = np.arange(8.0)[:, None]
    y = [("a", "b")] * 8 if old == "several" else np.arange(8.0) % 2
    with pytest.warns(LandbridgeWarning, match="answers is called target_type"):
        domain = landbridge.read_domain((x, y), answers=old)
    assert domain.target_type.name == new
    assert renamed_words(["check", "d", "--answers", old])[0][2:] == ["--target-type", new]
    assert renamed_words(["check", "d", f"--answers={old}"])[0][2:] == [f"--target-type={new}"]


def test_words_that_only_look_like_options_stay():
    words = ["predict", "run", "--out", "--rate", "--", "--rate", "5"]
    assert renamed_words(words)[0] == [*words[:3], "--learning-rate", *words[4:]]
    assert renamed_words(["transfer", "--label", "answers"])[0] == [
        "transfer",
        "--label",
        "answers",
    ]


def test_both_names_on_a_command_line_are_an_error_and_values_are_named():
    words, changed = renamed_words(["plan", "--answers", "classes", "--rate=1", "--batch", "4"])
    assert words == [
        "plan",
        "--target-type",
        "multiclass",
        "--learning-rate=1",
        "--batch-size",
        "4",
    ]
    assert changed == [
        ("--answers classes", "--target-type multiclass"),
        ("--rate", "--learning-rate"),
        ("--batch", "--batch-size"),
    ]
    assert renamed_words(["plan", "--answers=numbers"])[1] == [
        ("--answers=numbers", "--target-type=regression")
    ]
    for both in (
        ["--answers", "classes", "--target-type=ordinal"],
        ["--rate=1", "--learning-rate", "2"],
    ):
        with pytest.raises(ConfigError, match="the same option"):
            renamed_words(["plan", *both])


def test_old_and_new_names_in_two_places_override_as_one(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text("training: {batch: 16, rate: 0.1}\ndata: {answers: classes}\n")
    with pytest.warns(LandbridgeWarning, match="is called"):
        config = resolve(file, ["training.batch_size=8", "data.answers=numbers"])
    assert config.training.batch_size == 8
    assert config.training.learning_rate == 0.1
    assert config.data.target_type == "regression"
    with pytest.raises(ConfigError, match=r"training.rate and training.learning_rate are the same"):
        check_settings(["training.rate", "training.learning_rate"])
    with pytest.warns(LandbridgeWarning), pytest.raises(ConfigError, match="are the same"):
        resolve(None, ["data.answers=numbers", "data.target_type=ordinal"])
    file.write_text("training: {batch: 16, batch_size: 8}\n")
    with pytest.raises(ConfigError, match=r"are the same option.*leave out batch"):
        resolve(file, None)


def test_an_old_name_in_the_wrong_place_leads_to_the_new_one():
    with pytest.raises(ConfigError, match=r"did you mean 'data\.test_size'"):
        make_config({"judge_fraction": 0.2})


def test_old_options_of_methods_warn_once_and_a_run_has_the_new_ones():
    given = {"options": {"jan": {"answer_width": 2.0}}}
    with pytest.warns(LandbridgeWarning, match="answer_width is called answer_bandwidth"):
        config = make_config({"method": "mcc+jan", "method_options": given})
    assert config.method_options == {"options": {"jan": {"answer_bandwidth": 2.0}}}
    make_method(config.method, config.method_options)  # warns of nothing
    stored = {"method": "meda", "method_options": {"shrinkage": 0.2}}
    assert make_config(stored, stored=True).method_options == {"alpha": 0.2}
    with pytest.raises(ConfigError, match="no option 'answer_width'"):
        make_method("jan", {"answer_width": 2.0})  # of the term, never of the method


def test_old_keywords_of_dataclasses():
    with pytest.warns(LandbridgeWarning, match="batch is called batch_size"):
        assert FitOptions(batch=4) == FitOptions(batch_size=4)
    with pytest.warns(LandbridgeWarning, match="rate is called learning_rate"):
        assert AlignOptions(rate=0.5) == AlignOptions(learning_rate=0.5)


def test_a_name_that_still_means_something_stays():
    assert renamed({"rate": 1}, current=["rate"]) == {"rate": 1}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tasks.rows", "structured.rows"),
        ("spaces.options", "embeddings.options"),
        ("several_tasks", "multi_task"),
    ],
)
def test_old_names_of_packages(old, new):
    for name in [
        name for name in sys.modules if name.startswith(f"landbridge.{old.split('.')[0]}")
    ]:
        del sys.modules[name]
    with pytest.warns(LandbridgeWarning, match="is called landbridge"):
        found = importlib.import_module(f"landbridge.{old}")
    assert found is importlib.import_module(f"landbridge.{new}")
    assert found.__spec__.name == f"landbridge.{new}"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("landbridge.nothing")


def test_old_attributes_of_domains():
    domain = landbridge.read_domain((np.arange(8.0)[:, None], ["a", "b"] * 4))
    for old, new in (("known", domain.labeled_mask), ("judged", domain.test_mask)):
        with pytest.warns(LandbridgeWarning, match=f"Domain.{old} is called"):
            assert getattr(domain, old) is new
    with pytest.warns(LandbridgeWarning, match="target_type"):
        assert domain.answers == "multiclass"
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = domain.nothing
