"""The samples that are there without a network."""

from __future__ import annotations

import numpy as np
import pytest

import needs
from landbridge.base.errors import DataError, MissingExtra
from landbridge.domains import Task, read_domain, seal
from landbridge.domains.samples import font_digits


@pytest.fixture
def fonts() -> None:
    needs.package("font_caladea")


def test_digits() -> None:
    domain = read_domain("sample:digits")
    assert len(domain) == 1797
    assert domain.examples.shape_hint() == (8, 8, 1)
    assert domain.classes == tuple("0123456789")


@pytest.mark.usefixtures("fonts")
def test_font_digits() -> None:
    pixels, digits = font_digits.render(300, seed=1)
    again, same = font_digits.render(300, seed=1)
    assert np.array_equal(pixels, again)
    assert np.array_equal(digits, same)
    assert not np.array_equal(pixels, font_digits.render(300, seed=2)[0])
    assert pixels.shape == (300, 8, 8)
    assert pixels.max() == 16
    assert np.bincount(digits).tolist() == [30] * 10


@pytest.mark.usefixtures("fonts")
def test_font_digits_look_like_digits() -> None:
    """A classifier of drawn digits reads scanned ones far better than chance."""
    from sklearn.linear_model import LogisticRegression

    pixels, digits = font_digits.render(1000, seed=0)
    model = LogisticRegression(C=0.01, max_iter=2000).fit(pixels.reshape(-1, 64), digits)
    scanned = read_domain("sample:digits")
    x = np.rint(scanned.examples.pixels.reshape(-1, 64) * (16 / 255))  # type: ignore[attr-defined]
    assert (model.predict(x) == scanned.labels).mean() > 0.5


@pytest.mark.usefixtures("fonts")
def test_different_sizes_make_a_task() -> None:
    source = read_domain("sample:font-digits")
    target = seal(read_domain("sample:digits", max_rows=500), "judge")
    task = Task.build(source, target)
    ours, theirs = task.training()
    assert ours is not None
    assert (len(ours), len(theirs)) == (4000, 500)
    assert "unsupervised domain adaptation" in task.sentence()


def test_without_fonts(monkeypatch) -> None:
    monkeypatch.setattr(font_digits.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"landbridge\[demo\]"):
        read_domain("sample:font-digits")


def test_unknown_sample() -> None:
    with pytest.raises(DataError, match="did you mean sample:digits"):
        read_domain("sample:digit")
