"""Randomised smoothing: closed forms of linear models, its error rate, refusals, resuming."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom
from subjects import subject

import landbridge
from landbridge.base.errors import ConfigError
from landbridge.metrics.intervals import clopper_pearson_low
from landbridge.robustness import work
from landbridge.robustness.smoothing import ABSTAINS, certified, certify, check_smoothing
from landbridge.robustness.smoothing_options import SmoothingOptions


def distances(own):
    """Of each row to where the two classes of a linear model tie, where white is 1."""
    weight = own.model.network.layer.weight.detach().numpy().astype(np.float64) / 0.5
    logits = own.model.logits_of(own.rows.stored).astype(np.float64)
    return np.abs(logits[:, 0] - logits[:, 1]) / np.linalg.norm(weight[0] - weight[1])


def test_of_a_linear_model_the_radius_is_its_distance_to_the_border():
    own = subject("image")
    everyone, truth = np.arange(len(own)), distances(own)
    sigma = float(np.median(truth))
    few, many = (certify(own, everyone, sigma, draws) for draws in (1000, 20_000))
    assert (few.radius <= truth + 1e-9).all()
    assert (many.radius <= truth + 1e-9).all()
    near = (truth > 0.2 * sigma) & (truth < 2.0 * sigma)
    assert near.sum() >= 3
    assert many.radius[near] == pytest.approx(truth[near], abs=0.12 * sigma)
    assert (many.answer[near] == own.truth[near]).all()
    assert many.radius[near].mean() > few.radius[near].mean()


def test_draws_depend_on_the_seed_and_the_row_alone():
    own = subject("image")
    whole, part = certify(own, np.arange(6), 0.5, 200), certify(own, np.array([4, 1]), 0.5, 200)
    assert part.radius.tolist() == whole.radius[[4, 1]].tolist()
    assert part.answer.tolist() == whole.answer[[4, 1]].tolist()


def test_the_bound_is_the_exact_one():
    hits, n, alpha = np.array([1, 40, 77, 99]), 100, 0.03
    low = clopper_pearson_low(hits, n, alpha)
    assert binom.sf(hits - 1, n, low) == pytest.approx(alpha)  # as many hits, or more
    assert clopper_pearson_low(np.array([n]), n, alpha) == pytest.approx(alpha ** (1 / n))
    assert clopper_pearson_low(np.array([0]), n, alpha) == 0.0


@pytest.mark.parametrize("distance", [0.05, 0.4, 1.5])
def test_a_radius_is_too_large_no_oftener_than_alpha(distance):
    rng, alpha, trials = np.random.default_rng(7), 0.05, 20_000
    share = ndtr(distance)
    counts = [np.stack([first := rng.binomial(n, share, trials), n - first], 1) for n in (20, 300)]
    found = certified(*counts, 1.0, alpha)
    wrong = (found.radius > distance) | (found.answer == 1)
    assert wrong.mean() <= alpha + 3 * (alpha / trials) ** 0.5
    assert (found.answer == ABSTAINS).mean() > (0.5 if distance < 0.1 else -1)
    assert (found.radius[found.answer == ABSTAINS] == 0).all()


@pytest.mark.parametrize("sigma", [0.0, -0.25, 2.5, float("nan"), float("inf")])
def test_a_noise_that_means_nothing_is_refused(sigma):
    with pytest.raises(ConfigError, match="above 0 and at most 2"):
        SmoothingOptions(sigma)


def test_draws_without_noise_or_too_few_are_refused():
    with pytest.raises(ConfigError, match="nothing that is drawn"):
        SmoothingOptions(None, 500)
    with pytest.raises(ConfigError, match="expected 100 to"):
        SmoothingOptions(0.25, 10)


@pytest.mark.parametrize(
    ("kind", "said"), [("audio", "recordings"), ("text", "texts"), ("tabular", "a table")]
)
def test_other_modalities_are_refused_by_name(kind, said):
    with pytest.raises(ConfigError, match=f"smoothing is for images, and the data are .*{said}"):
        check_smoothing(subject(kind))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("smoothed")
    return landbridge.transfer(
        pictures(0),
        pictures(1),
        backbone="convnet",
        method="finetune",
        budget="3s",
        seeds=1,
        out=folder / "run",
        training={"threads": 1, "steps": 20},
    )


def pictures(seed, n=40):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    light = 60 + 120 * y[:, None, None] + 20 * rng.normal(size=(n, 16, 16))
    return light.clip(0, 255).astype(np.uint8), np.where(y, "light", "dark")


def test_a_run_is_certified_beside_its_reference_and_goes_on(run, tmp_path, monkeypatch):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path / "cache"))
    asked = {"attacks": "none", "corruptions": "none", "smoothing": 0.1, "draws": 100}
    new = pictures(5, 12)
    whole = landbridge.stress(run, new, **asked, out=tmp_path / "page.html")
    own = whole.certificate
    held = [level.score.chosen.value for level in own.levels]
    assert held == sorted(held, reverse=True)
    assert [level.strength for level in own.levels] == [0.0, 0.05, 0.1, 0.15, 0.2]
    assert own.levels[0].score.reference is not None
    assert held[0] + own.abstained["chosen"] <= 1
    value = json.loads(json.dumps(whole.to_json()))["certificate"]
    assert (value["sigma"], value["draws"], value["alpha"]) == (0.1, 100, 0.001)
    assert "Certified by smoothing" in (tmp_path / "page.html").read_text("utf-8")
    assert "certified right" in whole.sentence

    calls = []

    def stopped(*given):
        calls.append(given[1])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return certify(*given)

    monkeypatch.setattr(work, "certify", stopped)
    with pytest.raises(KeyboardInterrupt):
        landbridge.stress(run, new, **asked)
    again = landbridge.stress(run, new, **asked)
    assert len(calls) == 3 + 4, "of six pieces two were kept"
    assert again.to_json() | {"cpu_s": 0} == whole.to_json() | {"cpu_s": 0}
