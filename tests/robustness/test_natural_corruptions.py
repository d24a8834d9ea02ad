"""Every corruption: five severities, the same for the same row, more of it at the last."""

from __future__ import annotations

import numpy as np
import pytest
from subjects import rows, table

from landbridge.domains.modalities.texts import TextExamples
from landbridge.robustness.base import CORRUPTIONS, SEVERITIES, Rows
from landbridge.robustness.words import joined, pieces

NAMES = sorted(CORRUPTIONS)


def of(name: str) -> Rows:
    kind = CORRUPTIONS.get(name).modality
    return rows(kind)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).mean())


@pytest.mark.parametrize("name", NAMES)
def test_a_corruption_keeps_the_contract(name):
    corruption, own = CORRUPTIONS.get(name)(), of(name)
    before = np.array(own.stored)
    assert corruption.applies(own)
    assert len(corruption.strengths) == len(SEVERITIES)
    found = [corruption.corrupted(own, severity) for severity in SEVERITIES]
    for one in found:
        assert one.shape == before.shape
        assert one.dtype == before.dtype
        assert np.isfinite(np.asarray(one, float)).all()
    assert np.array_equal(own.stored, before), "the rows themselves have changed"
    if name != "capitals":  # which hashed texts do not have
        assert distance(found[-1], before) > 0
    assert distance(found[-1], before) >= distance(found[0], before)
    assert np.array_equal(CORRUPTIONS.get(name)().corrupted(own, 5), found[-1])


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"noise", "drift", "unknown-categories"}))
def test_a_row_is_changed_alike_whoever_is_with_it(name):
    """Units of a column's spread alone depend on the other rows."""
    corruption, own = CORRUPTIONS.get(name)(), of(name)
    some = np.array([3, 1])
    alone = corruption.corrupted(own.select(some), 4)
    assert np.array_equal(alone, corruption.corrupted(own, 4)[some])


@pytest.mark.parametrize("name", ["gaussian-noise", "white-noise", "typos", "missing-values"])
def test_another_seed_draws_otherwise(name):
    kind = CORRUPTIONS.get(name).modality
    a, b = (CORRUPTIONS.get(name)().corrupted(rows(kind, seed), 5) for seed in (0, 1))
    assert not np.array_equal(a, b)


def test_strengths_are_what_they_say():
    own = rows("audio")
    wave = own.stored[0][own.stored[0] != -32768] / 32767
    for severity, ratio in ((1, 20), (5, 0)):
        noisy = CORRUPTIONS.get("white-noise")().corrupted(own, severity)[0]
        noise = noisy[noisy != -32768] / 32767 - wave
        found = 10 * np.log10(np.square(wave).mean() / np.square(noise).mean())
        assert found == pytest.approx(ratio, abs=1.5)
    quiet = CORRUPTIONS.get("gain")().corrupted(own, 1)[0]
    assert np.abs(quiet[quiet != -32768]).max() / 32767 == pytest.approx(
        np.abs(wave).max() * 10 ** (-6 / 20), rel=0.01
    )
    numbers = table(400)
    moved = CORRUPTIONS.get("drift")().columns(numbers, 0.5, rows("tabular"))
    assert np.abs(moved["dose"] - numbers.columns["dose"]) == pytest.approx(
        0.5 * numbers.columns["dose"].std()
    )


def test_parts_of_several_modalities_are_corrupted_in_their_place():
    own = rows("several")
    slots = {slot.name: slot for slot in own.preprocessing.slots}
    for name, changed, same in (
        ("gaussian-noise", "image", "tabular"),
        ("missing-values", "tabular", "image"),
    ):
        found = CORRUPTIONS.get(name)().corrupted(own, 5)

        def part(stored, which):
            return stored[:, slots[which].first : slots[which].last]

        assert not np.array_equal(part(found, changed), part(own.stored, changed))
        assert np.array_equal(part(found, same), part(own.stored, same))
    gone = CORRUPTIONS.get("missing-modality")().corrupted(own, 5)
    assert (gone[:, :2].sum(1) == 1).all(), "each row has lost one, and never both"


def test_a_modality_is_corrupted_where_it_is_there():
    fits = {
        kind: {name for name in NAMES if CORRUPTIONS.get(name)().applies(rows(kind))}
        for kind in ("image", "audio", "text", "tabular", "several")
    }
    assert fits["image"] >= {"blur", "jpeg"}
    assert not fits["image"] & (fits["audio"] | fits["text"] | fits["tabular"])
    assert fits["several"] == fits["image"] | fits["tabular"] | {"missing-modality"}


def test_capitals_are_capitals():
    own, corruption = rows("text"), CORRUPTIONS.get("capitals")()
    found = corruption.change(own.examples, 1.0, own).texts
    assert found == [text.upper() for text in own.examples.texts]


@pytest.mark.parametrize("text", ["一部很好的电影", "Ein schöner Film.", "?!", "a", "नमस्ते दुनिया"])
def test_texts_of_any_script_are_corrupted_and_never_emptied(text):
    from dataclasses import replace

    assert joined(text, pieces(text)) == text
    own = replace(rows("text"), examples=TextExamples([text]), numbers=np.array([0]))
    for name in NAMES:
        corruption = CORRUPTIONS.get(name)()
        if corruption.modality == "text":
            changed = corruption.change(own.examples, corruption.strength(5), own)
            assert changed.texts[0].strip()
