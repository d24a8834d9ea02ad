"""A keyword of Python that nothing reads is an error, in every function that hands them on."""

from __future__ import annotations

import numpy as np
import pytest

import landbridge
from landbridge.base.errors import ConfigError

X = np.zeros((30, 2))
CALLS = {
    "cluster": lambda **more: landbridge.cluster(X, groups=2, **more),
    "multitask": lambda **more: landbridge.multitask((X, {"a": X[:, 0], "b": X[:, 1]}), **more),
    "align": lambda **more: landbridge.align({"text": ["a"], "image": X}, **more),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"dorp": ["x"]}, "did you mean 'drop'"),
        ({"colums": ["x"]}, "did you mean 'columns'"),
        ({"qqqq": 1}, "of reading it has "),
        ({"target_type": "multiclass"}, ""),
        ({"like": None}, ""),
    ],
)
def test_an_unknown_keyword_names_the_nearest(name, wrong, says):
    with pytest.raises(ConfigError) as caught:
        CALLS[name](**wrong)
    assert caught.value.message == f"{name} has no option {next(iter(wrong))!r}"
    assert says in caught.value.hint


@pytest.mark.parametrize("name", ["multitask", "align"])
@pytest.mark.parametrize("wrong", ["label", "labelled", "domain", "pattern"])
def test_a_keyword_without_effect_is_none(name, wrong):
    with pytest.raises(ConfigError, match="has no option"):
        CALLS[name](**{wrong: "x"})
