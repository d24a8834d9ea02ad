"""Feature maps and changed examples."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest

from landbridge.insight import (
    MapSide,
    build_map,
    changed_examples,
    feature_map_points,
    png_data_uri,
)


def _groups(n: int, d: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 5, n)
    centre = rng.normal(size=(5, d)) * 3
    noise = rng.normal(size=(n, d))
    return label, centre[label] + noise, centre[label] * 1.5 + noise[::-1]


def _neighbours_agree(points: np.ndarray, label: np.ndarray) -> float:
    distance = ((points[:, None] - points[None]) ** 2).sum(2)
    np.fill_diagonal(distance, np.inf)
    return float((label[distance.argmin(1)] == label).mean())


def test_map_shows_groups_follows_and_repeats() -> None:
    label, before, after = _groups(300)
    first, second = feature_map_points(before, after, seed=3)
    assert first.shape == second.shape == (300, 2)
    assert _neighbours_agree(first, label) > 0.95
    assert _neighbours_agree(second, label) > 0.95
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.8
    again = feature_map_points(before, after, seed=3)
    np.testing.assert_array_equal(first, again[0])
    np.testing.assert_array_equal(second, again[1])


@pytest.mark.slow
def test_map_of_as_many_points_as_a_report_shows() -> None:
    label, before, after = _groups(1200, 512)
    for points in feature_map_points(before, after, 0):
        assert points.shape == (1200, 2)
        assert _neighbours_agree(points, label) > 0.95


@pytest.mark.parametrize("shape", [(1, 4), (3, 1), (19, 2), (40, 1), (200, 3)])
def test_map_of_small_or_flat_features(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(size=shape)
    values[0, 0] = np.nan
    for after in (values, np.zeros(shape)):
        for points in feature_map_points(values, after, 0, max_points=100):
            assert points.shape == (shape[0], 2)
            assert np.isfinite(points).all()


def test_build_map_draws_evenly_and_keeps_rows_together() -> None:
    label, before, after = _groups(500)
    names = [f"c{i}" for i in label]
    rows = list(range(1000, 1500))
    source = MapSide(before[:450], after[:450], rows[:450], names[:450])
    target = MapSide(before[450:], after[450:], rows[450:], None, None, names[450:])
    found = build_map(source, target, seed=0, max_points=200)
    for when in ("before", "after"):
        one = found[when]
        assert len({len(v) for k, v in one.items() if k != "title"}) == 1
        assert one["domain"].count("source") == 150  # the target has only 50
        assert one["domain"].count("target") == 50
        for r, d, name in zip(one["row"], one["domain"], one["label"], strict=True):
            assert name == (names[r - 1000] if d == "source" else None)
    assert set(found["before"]["predicted"]) == {None}
    assert found["after"]["predicted"][-1] == names[found["after"]["row"][-1] - 1000]
    assert build_map(source, target, seed=0, max_points=200) == found
    assert build_map(None, target, seed=0)["after"]["domain"] == ["target"] * 50


def test_a_side_of_unequal_lengths_is_an_error() -> None:
    with pytest.raises(ValueError, match="labels has 1 entries"):
        MapSide(np.zeros((2, 2)), np.zeros((2, 2)), labels=["a"])


def test_changed_examples_most_confident_first() -> None:
    found = changed_examples(
        ["a", "b", "a", "b", "a"],
        ["b", "b", "b", "a", "b"],
        ["b", "b", "b", "b", None],
        [0.6, 0.9, 0.8, 0.7, 1.0],
        [10, 11, 12, 13, 14],
        ["v", "w", "x", "y", "z"],
        lambda row: np.full((8, 8), row, np.uint8),
        limit=1,
    )
    assert (found["fixed_count"], found["broken_count"]) == (2, 1)
    assert [e["row"] for e in found["fixed"]] == [12]
    assert found["broken"][0] == {
        "row": 13,
        "name": "y",
        "true": "b",
        "before": "b",
        "after": "a",
        "confidence": 0.7,
        "image": png_data_uri(np.full((8, 8), 13, np.uint8)),
        "values": None,
    }


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 8, 3), (8, 8, 4), (300, 200, 3), (3, 50)])
def test_thumbnails(shape: tuple[int, ...]) -> None:
    from PIL import Image

    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    data = base64.b64decode(png_data_uri(image).removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(data)) as found:
        assert max(found.size) == min(128, max(shape[:2]))
        if shape == (8, 8):
            np.testing.assert_array_equal(np.asarray(found), image)


def test_a_thumbnail_of_something_else_is_an_error() -> None:
    with pytest.raises(TypeError, match="float64"):
        png_data_uri(np.zeros((8, 8)))
    with pytest.raises(ValueError, match="shape"):
        png_data_uri(np.zeros((8, 8, 2), np.uint8))
