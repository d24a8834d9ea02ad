"""Ranking of backbones: its figures, and that it tells good from bad."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.optimize import minimize

import needs
from landbridge.base.errors import BackboneError, DataError
from landbridge.base.events import SILENT, Events
from landbridge.diagnosis.logme import logme, one_hot
from landbridge.diagnosis.rank import rank_backbones
from landbridge.domains.read import read_domain


def test_logme_is_the_greatest_evidence():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 4))
    y = x @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=30)

    def evidence(logs: np.ndarray) -> float:
        """Return log N(y; 0, I / beta + X Xᵀ / alpha), negated and by row."""
        alpha, beta = np.exp(logs)
        cov = np.eye(30) / beta + x @ x.T / alpha
        sign, det = np.linalg.slogdet(2 * np.pi * cov)
        assert sign > 0
        return (det + y @ np.linalg.solve(cov, y)) / (2 * 30)

    best = minimize(evidence, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-8})
    assert logme(x, y) == pytest.approx(-best.fun, abs=1e-6)


def test_logme_with_more_columns_than_rows():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 50)), rng.normal(size=20)
    assert np.isfinite(logme(x, y))
    assert logme(np.c_[x, 5 * y], y) > logme(x, y)


def greatest(x: np.ndarray, y: np.ndarray) -> float:
    """Return the greatest evidence of centred rows, from the covariance itself, in steps."""
    n = len(y)
    # Rows of a basis of all that is orthogonal to the mean: an intercept of any size is free.
    basis = np.linalg.svd(np.eye(n) - 1 / n)[0][:, : n - 1].T
    x, y = basis @ x, basis @ y
    found = []
    for ratio in np.exp(np.arange(-12, 12, 0.05)):
        cov = np.eye(n - 1) + x @ x.T / ratio
        noise = y @ np.linalg.solve(cov, y) / (n - 1)
        found.append(-np.linalg.slogdet(2 * np.pi * noise * cov)[1] / (n - 1) - 1)
    return max(found) / 2


@pytest.mark.parametrize("d", [5, 40, 200, 1000])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_logme_of_classes_is_the_greatest_evidence_and_tells_features_apart(d, n_classes):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(n_classes), 60 // n_classes)
    y = one_hot(labels, n_classes + 1)  # one class has no rows
    seen = []
    for signal in [0.3, 1.0, 3.0]:
        x = rng.normal(size=(60, d)) * np.exp(-np.arange(d) / 20)
        x[:, :n_classes] += signal * y[:, :n_classes]
        x = x - x.mean(0)
        wanted = np.mean([greatest(x, y[:, j]) for j in range(n_classes)])
        seen.append(logme(x, y, intercept=True))
        assert seen[-1] == pytest.approx(wanted, abs=2e-3)
    assert seen[0] < seen[1] < seen[2]


def test_logme_of_labels_that_are_all_the_same_is_not_a_number():
    assert np.isnan(logme(np.eye(4), np.ones((4, 1)), intercept=True))


def images(n: int = 60):
    """Bright on the left or on the right, in noise."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], n // 2)
    pixels = rng.integers(0, 120, (n, 16, 16)).astype(np.uint8)
    for i, label in enumerate(labels):
        pixels[i, :, 8 * label : 8 * label + 8] += 100
    return pixels, labels


def test_the_better_backbone_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    domain = read_domain(images(), name="sides")
    ranked, failed = rank_backbones(domain, ["identity", "convnet", "mobilenet_v9"], offline=True)
    assert {item.name for item in ranked} == {"identity", "convnet"}
    assert "mobilenet_v9" in failed
    assert ranked[0].probe == 1.0
    assert ranked[0].probe_error == 0.0
    for item in ranked:
        assert 0 <= item.neighbours <= 1
        assert item.ms > 0
    assert ranked[1].ties == (ranked[1].probe == 1.0)


def test_noise_ties_nothing_that_is_far_behind(monkeypatch, tmp_path):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    pixels, labels = images(100)
    rng = np.random.default_rng(1)
    shuffled = read_domain((pixels, rng.permutation(labels)), name="noise")
    (only,), _ = rank_backbones(shuffled, ["identity"], offline=True)
    assert abs(only.probe - 0.5) < 4 * only.probe_error


def test_too_few_labels(monkeypatch, tmp_path):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    pixels, _ = images(10)
    with pytest.raises(DataError, match="needs 4 of each"):
        rank_backbones(read_domain((pixels, [0] * 8 + [1, 1])), ["identity"])
    with pytest.raises(DataError, match="is a number"):
        rank_backbones(read_domain((pixels, np.linspace(0, 1.7, 10))), ["identity"])


def test_no_backbone_at_all_is_about_the_backbones(monkeypatch, tmp_path):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    rows = (np.arange(24.0).reshape(12, 2), np.array(["n", "p"] * 6))
    with pytest.raises(BackboneError, match=r"no backbone could be opened: .*convnet"):
        rank_backbones(read_domain(rows), ["convnet"])


def test_the_command(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from landbridge.cli.app import app

    needs.package("font_caladea")
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    ways = ["rank", "sample:font-digits", "--backbones", "identity,convnet", "--set"]
    found = CliRunner().invoke(app, [*ways, "data.max_rows=300", "--json", "--quiet"])
    assert found.exit_code == 0, found.output
    ranked = json.loads(found.stdout)["ranked"]
    assert {item["name"] for item in ranked} == {"identity", "convnet"}
    assert ranked[0]["probe"] > 0.5


def test_a_class_with_one_label_is_left_out_and_said(monkeypatch, tmp_path):
    class Heard:
        said: list[str] = []  # noqa: RUF012

        def event(self, event):
            self.said.append(event.get("message", ""))

        def progress(self, what, total):
            return SILENT.progress(what, total)

    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    pixels, labels = images(40)
    pixels = np.concatenate([pixels, pixels[:1]])
    heard = Heard()
    (with_one,), _ = rank_backbones(
        read_domain((pixels, [*labels, "alone"])), ["identity"], events=Events(None, heard)
    )
    (without,), _ = rank_backbones(read_domain((pixels[:-1], labels)), ["identity"])
    assert any("1 row left out" in said and "'alone'" in said for said in heard.said)
    assert (with_one.probe, with_one.logme) == (without.probe, without.logme)
