"""Old names of options work for one release, everywhere, and a warning names the new one."""

from __future__ import annotations

import numpy as np
import pytest

import landbridge
from landbridge.base.config import OPTIONS, apply_settings, make_config
from landbridge.base.errors import ConfigError, LandbridgeWarning
from landbridge.base.renamed import KEYWORDS, RENAMED, renamed, renamed_words
from landbridge.embeddings.options import AlignOptions
from landbridge.structured.options import FitOptions
from landbridge.targets.base import TARGET_TYPES, get_target_type, stored_target_type


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
    with pytest.warns(LandbridgeWarning, match=f"{name} is called {new.name}"):
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


def test_old_keywords_of_dataclasses():
    with pytest.warns(LandbridgeWarning, match="batch is called batch_size"):
        assert FitOptions(batch=4) == FitOptions(batch_size=4)
    with pytest.warns(LandbridgeWarning, match="rate is called learning_rate"):
        assert AlignOptions(rate=0.5) == AlignOptions(learning_rate=0.5)


def test_a_name_that_still_means_something_stays():
    assert renamed({"rate": 1}, current=["rate"]) == {"rate": 1}
