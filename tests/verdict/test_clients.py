"""Verdicts of many clients: paired, on sealed rows, with Holm's correction."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.domains.sealed import SealedLabels
from landbridge.metrics.estimates import paired_interval
from landbridge.targets.codec import TargetCodec
from landbridge.targets.registry import get_target_type
from landbridge.verdict.clients import (
    ClientOutputs,
    ClientVerdict,
    _corrected,
    judge_clients,
    mean_gain,
)

CODEC = TargetCodec(get_target_type("multiclass"), ("no", "yes"))


def outputs(truth, right, rng):
    """Return outputs that are right on a share of rows."""
    hit = rng.random(len(truth)) < right
    said = np.where(hit, truth, 1 - truth)
    return np.eye(2)[said][None] * 4.0


def client(name, together, alone, n=80, seed=0):
    rng = np.random.default_rng([seed, len(name), ord(name[-1])])
    truth = rng.integers(0, 2, n)
    made = {"federated": outputs(truth, together, rng), "local": outputs(truth, alone, rng)}
    return ClientOutputs(name, SealedLabels([CODEC.classes[t] for t in truth]), made, rows=9)


def test_who_is_helped_and_who_is_hurt():
    found = judge_clients(
        [client("a", 0.95, 0.6), client("b", 0.6, 0.95), client("c", 0.8, 0.8)], CODEC
    )
    assert [one.outcome for one in found] == ["helped", "hurt", "can't tell"]
    assert found[0].against["local"].value > 0 > found[1].against["local"].value
    assert found[0].scores["federated"].value > 0.85
    for one in found:
        assert ClientVerdict.from_json(one.to_json()).to_json() == one.to_json()
        gap = one.against["local"]
        assert (gap.low > 0) == (one.outcome == "helped")
        assert (gap.high < 0) == (one.outcome == "hurt")


def test_holm_steps_by_hand():
    """p of 0.004, 0.02, 0.04, 0.9 at 4 clients: 0.0125, 0.0167 (fails), and that for the rest."""
    rng = np.random.default_rng(1)
    rows = [rng.normal(0.34, 1, 80) + gain for gain in (0, -0.09, -0.11, -0.3)]
    rows = [own - own.mean() + m for own, m in zip(rows, (0.335, 0.265, 0.235, 0.01), strict=True)]
    rows = [own / own.std() for own in rows]

    def gap(own):
        return lambda level: paired_interval(own, own * 0, share=False, level=level)

    p = [gap(own)(0.95).p for own in rows]
    assert p == sorted(p)
    found = _corrected([gap(own) for own in rows])
    levels = [one.level for one in found]
    expected, failed = [], None
    for rank, value in enumerate(p):
        level = 1 - 0.05 / (4 - rank) if failed is None else failed
        if failed is None and value > 1 - level:
            failed = level
        expected.append(level)
    assert levels == pytest.approx(expected)
    rejected = [not one.low <= 0 <= one.high for one in found]
    assert rejected == [v <= 1 - lv for v, lv in zip(p, levels, strict=True)]
    assert 0 < sum(rejected) < 4


def test_without_difference_hardly_any_client_of_twenty_is_called_harmed():
    wrong = 0
    for seed in range(40):
        many = [client(chr(97 + i), 0.8, 0.8, seed=seed) for i in range(20)]
        wrong += any(one.outcome != "can't tell" for one in judge_clients(many, CODEC))
    assert wrong <= 5  # of 40; uncorrected it is 25


def test_a_client_without_sealed_rows_or_of_its_own():
    plain = client("a", 0.9, 0.9)
    none = ClientOutputs("b", None, {}, rows=3)
    no_local = ClientOutputs("c", plain.sealed, {"federated": plain.outputs["federated"]})
    found = judge_clients([plain, none, no_local], CODEC)
    assert found[1].scores == {}
    assert found[1].outcome == found[2].outcome == "can't tell"
    assert found[2].against == {}
    assert found[0].against["local"].level == 0.95  # one comparison needs no correction


def test_what_is_kept_is_compared_too():
    own = client("a", 0.5, 0.95)
    kept = ClientOutputs("a", own.sealed, own.outputs, kept="local")
    [found] = judge_clients([kept], CODEC)
    assert found.kept_gain is None  # with itself
    [found] = judge_clients([own], CODEC)
    assert found.kept_gain == found.against["local"]


def test_the_mean_over_clients():
    found = judge_clients([client("a", 0.95, 0.6), client("b", 0.95, 0.7)], CODEC)
    gain = mean_gain(found)
    values = [one.against["local"].value for one in found]
    assert gain.value == pytest.approx(np.mean(values))
    half = 12.7062 * abs(values[0] - values[1]) / 2
    assert gain.high - gain.value == pytest.approx(half, rel=1e-4)
    assert not mean_gain([]).measured
