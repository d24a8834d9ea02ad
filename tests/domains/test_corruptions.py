"""Corruptions: pure, of the stated strength, worse with each severity."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from landbridge.base.errors import ConfigError
from landbridge.domains.modalities.corruptions import (
    CORRUPTIONS,
    corrupt,
    corruption_stream,
    rising_and_falling,
)


@pytest.fixture
def photographs() -> np.ndarray:
    from scipy.ndimage import zoom

    rng = np.random.default_rng(0)
    smooth = zoom(
        rng.integers(30, 220, (6, 7, 7, 3)).astype(float), (1, 32 / 7, 32 / 7, 1), order=1
    )
    return (smooth + rng.normal(0, 12, smooth.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", list(CORRUPTIONS))
@pytest.mark.parametrize("grey", [True, False])
def test_a_corruption_is_pure_and_grows_with_severity(photographs, kind, grey):
    x = photographs[..., 0] if grey else photographs
    before = x.copy()
    found = [corrupt(x, kind, severity, seed=3) for severity in range(6)]
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(found[0], x)
    assert all(one.shape == x.shape and one.dtype == np.uint8 for one in found)
    np.testing.assert_array_equal(found[3], corrupt(x, kind, 3, seed=3))
    distance = [np.abs(one.astype(float) - x).mean() for one in found]
    assert all(a < b for a, b in pairwise(distance)), distance


def test_noise_has_the_stated_spread_and_depends_on_the_seed():
    grey = np.full((20, 64, 64), 128, np.uint8)
    noisy = corrupt(grey, "gaussian-noise", 3)
    assert noisy.std() / 255 == pytest.approx(0.08, rel=0.02)
    photons = corrupt(grey, "shot-noise", 3)  # variance of a Poisson count, over photons²
    assert photons.std() / 255 == pytest.approx(np.sqrt(128 / 255 / 120), rel=0.02)
    hit = corrupt(grey, "impulse-noise", 5) != 128
    assert hit.mean() == pytest.approx(0.10, rel=0.05)
    assert not np.array_equal(noisy, corrupt(grey, "gaussian-noise", 3, seed=1))


def test_contrast_and_brightness_in_closed_form(photographs):
    x = photographs.astype(float)
    middle = x.mean((1, 2), keepdims=True)
    got = corrupt(photographs, "contrast", 2).astype(float)
    np.testing.assert_allclose(got, middle + 0.5 * (x - middle), atol=0.51)
    bright = corrupt(photographs, "brightness", 2).astype(float)
    np.testing.assert_allclose(bright, np.clip(x + 0.12 * 255, 0, 255), atol=0.51)


@pytest.mark.parametrize("kind", ["defocus-blur", "box-blur"])
def test_a_blur_leaves_an_even_image_and_spreads_a_point(kind):
    even = np.full((1, 16, 16), 90, np.uint8)
    np.testing.assert_array_equal(corrupt(even, kind, 5), even)
    point = np.zeros((1, 17, 17), np.uint8)
    point[0, 8, 8] = 255
    spread = corrupt(point, kind, 5)[0].astype(float)
    assert spread.sum() == pytest.approx(255, abs=15)  # each pixel is rounded
    np.testing.assert_array_equal(spread, spread[::-1])
    np.testing.assert_array_equal(spread, spread.T)


def test_a_stream_corrupts_each_row_at_its_severity(photographs):
    kinds = ["contrast", "jpeg", "contrast", "jpeg", "haze", "haze"]
    severities = np.array([0, 1, 2, 3, 5, 5])
    found = corruption_stream(photographs, kinds, severities, seed=1)
    np.testing.assert_array_equal(found[0], photographs[0])
    np.testing.assert_array_equal(found[2], corrupt(photographs[2:3], "contrast", 2, 1)[0])
    np.testing.assert_array_equal(found[4:], corrupt(photographs[4:], "haze", 5, 1))
    with pytest.raises(ValueError, match="6 images"):
        corruption_stream(photographs, "jpeg", severities[:3])


def test_severity_rises_and_falls():
    found = rising_and_falling(2000)
    assert found[0] == found[-1] == 0
    assert found.max() == 5
    assert set(np.diff(found)) == {-1, 0, 1}
    np.testing.assert_array_equal(np.bincount(rising_and_falling(110)), [20] * 5 + [10])


def test_what_is_unknown_is_named(photographs):
    with pytest.raises(ConfigError, match="snow"):
        corrupt(photographs, "snow", 1)
    with pytest.raises(ConfigError, match="6"):
        corrupt(photographs, "jpeg", 6)
