"""Rows that are among others, the same or nearly, are found in every modality; others are not."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.multimodal import MultimodalExamples
from landbridge.domains.modalities.recordings import AudioExamples
from landbridge.domains.modalities.table import TableExamples
from landbridge.domains.modalities.texts import TextExamples
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels, seal
from landbridge.domains.seen import Seen
from landbridge.domains.twins import find_twins, without_seen

N = 12


def scene(seed: int, size: int = 48) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    smooth = np.stack([gaussian_filter(rng.normal(size=(size, size)), 5) for _ in range(3)], 2)
    return np.uint8(255 * (smooth - smooth.min()) / np.ptp(smooth))


def encoded(image: np.ndarray, kind: str = "PNG", side: int = 0, **options) -> bytes:
    picture = Image.fromarray(image)
    out = io.BytesIO()
    (picture.resize((side, side)) if side else picture).save(out, kind, **options)
    return out.getvalue()


def photographs(change) -> tuple[ImageExamples, ImageExamples]:
    scenes = [scene(i) for i in range(N)]
    ours = [change(scenes[i]) if i % 2 else encoded(scene(100 + i)) for i in range(N)]
    return ImageExamples(ours), ImageExamples([encoded(image) for image in scenes])


def wave(seed: int, rate: int, kind: str = "WAV") -> bytes:
    import soundfile

    rng = np.random.default_rng(seed)
    time = np.arange(int(0.4 * rate)) / rate
    tones = sum(
        np.sin(2 * np.pi * f * time) * np.exp(-((time - c) ** 2) / 0.004)
        for f, c in zip(rng.uniform(150, 3500, 8), rng.uniform(0, 0.4, 8), strict=True)
    )
    out = io.BytesIO()
    soundfile.write(out, 0.1 * tones, rate, format=kind)
    return out.getvalue()


def recordings(rate: int, kind: str) -> tuple[AudioExamples, AudioExamples]:
    ours = [wave(i, rate, kind) if i % 2 else wave(100 + i, 16000) for i in range(N)]
    return AudioExamples(ours), AudioExamples([wave(i, 16000) for i in range(N)])


def prose(seed: int, words: int = 40) -> str:
    rng = np.random.default_rng(seed)
    return " ".join(
        f"{'bcdfgklmnprst'[i % 13]}{'aeiou'[i % 5]}{i}" for i in rng.integers(0, 999, words)
    )


def texts(change) -> tuple[TextExamples, TextExamples]:
    said = [prose(i) for i in range(N)]
    return TextExamples([change(t) if i % 2 else prose(100 + i) for i, t in enumerate(said)]), (
        TextExamples(said)
    )


def table(change) -> tuple[TableExamples, TableExamples]:
    def made(seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        columns = {name: rng.normal(50, 10, N) for name in "abc"}
        columns["a"][3] = np.nan
        return {**columns, "colour": np.array(["Red", "blue"] * (N // 2), object)}

    theirs, other = made(0), made(1)
    ours = {k: np.where(np.arange(N) % 2, change(v), other[k]) for k, v in theirs.items()}
    ours = {k: v.astype(object) if k == "colour" else v.astype(float) for k, v in ours.items()}
    return TableExamples(ours), TableExamples(theirs)


def numbers(change):
    return lambda column: column if column.dtype == object else change(column)


CASES = {
    "image the same": lambda: photographs(encoded),
    "image saved as JPEG": lambda: photographs(lambda x: encoded(x, "JPEG", quality=70)),
    "image at another size": lambda: photographs(lambda x: encoded(x, side=32)),
    "image in another container": lambda: photographs(lambda x: encoded(x, "BMP")),
    "text the same": lambda: texts(str),
    "text in capitals": lambda: texts(str.upper),
    "text but for spaces the same": lambda: texts(lambda t: "  " + t.replace(" ", "\n ")),
    "text with a word changed": lambda: texts(lambda t: t.replace(t.split()[20], "another")),
    "table the same": lambda: table(lambda v: v),
    "table rounded": lambda: table(numbers(lambda v: v.round(1))),
    "table as float32": lambda: table(numbers(lambda v: v.astype(np.float32).astype(float))),
    "table in other case": lambda: table(
        lambda v: np.array([x.upper() for x in v], object) if v.dtype == object else v
    ),
    "sound the same": lambda: recordings(16000, "WAV"),
    "sound without loss": lambda: recordings(16000, "FLAC"),
    "sound with loss": lambda: recordings(16000, "OGG"),
    "sound at another rate": lambda: recordings(11025, "WAV"),
}


@pytest.mark.parametrize("name", CASES)
def test_copies_are_found_and_nothing_else(name):
    ours, theirs = CASES[name]()
    twins = find_twins(ours, theirs)
    assert twins.of.tolist() == [i if i % 2 else -1 for i in range(N)]
    assert twins.near.any() == (not name.endswith("the same"))


@pytest.mark.parametrize("parts", ["image text", "text tabular"])
def test_rows_of_several_modalities_are_the_same_where_all_parts_are(parts):
    pairs = {
        "image": photographs(lambda x: encoded(x, "JPEG", quality=80)),
        "text": texts(str.upper),
        "tabular": table(lambda v: v),
    }
    chosen = {name: pairs[name] for name in parts.split()}
    ours = MultimodalExamples({name: a for name, (a, _) in chosen.items()})
    theirs = MultimodalExamples({name: b for name, (_, b) in chosen.items()})
    assert find_twins(ours, theirs).of.tolist() == [i if i % 2 else -1 for i in range(N)]
    first = parts.split()[0]
    swapped = MultimodalExamples(
        {name: b.select(np.roll(np.arange(N), name == first)) for name, (_, b) in chosen.items()}
    )
    assert (find_twins(ours, swapped).of == -1).all()


def test_an_array_of_pixels_and_files_hold_the_same_pictures():
    scenes = np.stack([scene(i) for i in range(N)])
    files = ImageExamples([encoded(x, "JPEG", quality=90) for x in scenes])
    assert find_twins(ImageExamples(pixels=scenes), files).of.tolist() == list(range(N))


def test_columns_may_stand_in_another_order():
    ours, theirs = table(lambda v: v)
    turned = TableExamples({name: theirs.columns[name] for name in reversed(theirs.columns)})
    assert np.array_equal(find_twins(ours, turned).of, find_twins(ours, theirs).of)
    assert not find_twins(ours, turned).near.any()


def test_rows_of_few_values_equal_others_by_chance():
    rng = np.random.default_rng(0)

    def drawn(n: int) -> TableExamples:
        columns = {name: rng.integers(0, 3, n).astype(float) for name in "abc"}
        return TableExamples({**columns, "d": np.array(["x", "y"], object)[rng.integers(0, 2, n)]})

    found = find_twins(drawn(200), drawn(500))
    assert (found.of == -1).all()
    assert found.chance.sum() > 150


def test_rows_of_many_words_that_stand_in_another_table_are_copies():
    rng = np.random.default_rng(0)
    theirs = {f"c{i}": np.array(list("abcde"), object)[rng.integers(0, 5, 300)] for i in range(15)}
    rows = np.arange(0, 300, 10)
    found = find_twins(
        TableExamples({k: v[rows] for k, v in theirs.items()}), TableExamples(theirs)
    )
    assert found.of.tolist() == rows.tolist()
    assert not found.chance.any()


def test_rows_that_are_close_by_nature_are_no_copies():
    rng = np.random.default_rng(0)

    def drawn() -> TableExamples:
        one = rng.normal(size=800)  # eight columns that say the same
        return TableExamples({f"c{i}": one + 1e-4 * rng.normal(size=800) for i in range(8)})

    ours, theirs = drawn(), drawn()
    assert (find_twins(ours, theirs).of == -1).all()
    again = TableExamples(
        {k: np.where(np.arange(800) < 50, theirs.columns[k], v) for k, v in ours.columns.items()}
    )
    assert np.flatnonzero(find_twins(again, theirs).of >= 0).tolist() == list(range(50))


def test_handwritten_digits_are_not_copies_of_each_other():
    digits = read_domain("sample:digits").examples
    half = len(digits) // 2
    twins = find_twins(digits.select(np.arange(half)), digits.select(np.arange(half, 2 * half)))
    assert (twins.of >= 0).mean() < 0.01


def test_flat_pictures_and_empty_texts_are_like_no_other():
    flat = ImageExamples(pixels=np.stack([np.full((32, 32), v, np.uint8) for v in (0, 90)]))
    other = ImageExamples(pixels=np.stack([np.full((32, 32), v, np.uint8) for v in (40, 120)]))
    assert (find_twins(flat, other).of == -1).all()
    assert find_twins(TextExamples([]), TextExamples(["a"])).of.tolist() == []


def sides(own: int, of_source: int) -> tuple:
    """Return a source, and a target of 40 rows of which some are copies."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 4))
    y = np.array(["a", "b"] * 50)
    target = np.concatenate([x[:of_source], x[60 : 100 - of_source]])
    target[39 - own : 39] = target[:own]  # copies within the target, beyond the source's
    label = np.concatenate([y[:of_source], y[60 : 100 - of_source]])
    return read_domain((x[:60], y[:60]), name="source"), read_domain((target, label), name="target")


@pytest.mark.parametrize("policy", ["judge", "use"])
def test_judged_rows_of_the_source_are_left_out(policy):
    source, target = sides(0, 10)
    sealed = seal(target, policy)
    found = without_seen(source, sealed)
    copies = sealed.test_mask & (np.arange(40) < 10)
    assert copies.any()
    assert np.array_equal(found.test_mask, sealed.test_mask & ~copies)
    assert found.sealed.count == int(found.test_mask.sum())
    assert (found.seen.found, found.seen.source) == (copies.sum(), copies.sum())
    assert not found.seen.kept
    assert found.seen.at == tuple(np.flatnonzero(copies))
    assert "at" not in found.seen.to_json()
    assert np.array_equal(found.held_out, sealed.held_out)
    assert np.array_equal(found.labeled_mask, sealed.labeled_mask)
    kept = without_seen(source, sealed, keep=True)
    assert kept.seen.kept == "asked"
    assert np.array_equal(kept.test_mask, sealed.test_mask)


def test_judged_rows_of_the_targets_own_labelled_ones_are_left_out():
    _, target = sides(8, 0)
    few = keep_labels(target, np.arange(40) < 8)  # their copies are judged
    found = without_seen(None, few)
    assert (found.seen.found, found.seen.source) == (8, 0)
    assert int(found.test_mask.sum()) == 24


def test_rows_without_a_label_to_learn_from_give_nothing_away():
    source, target = sides(0, 10)
    sealed = seal(target, "judge")
    bare = read_domain(np.stack(list(source.examples.columns.values()), 1), name="source")
    assert without_seen(bare, sealed).seen.found == 0
    assert without_seen(None, sealed).seen.found == 0


def test_all_stay_where_nothing_would_be_judged():
    source, _ = sides(0, 0)
    found = without_seen(source, seal(source, "judge"))
    assert found.seen.kept == "all"
    assert found.seen.found == int(found.test_mask.sum()) == 60


def test_which_labels_are_sealed_changes_nothing_of_what_is_found():
    source, target = sides(0, 10)
    frame = pd.DataFrame(dict(target.examples.columns))
    rng = np.random.default_rng(1)
    found = [
        without_seen(source, seal(read_domain((frame, labels), name="target"), "judge"))
        for labels in (["a", "b"] * 20, rng.permutation(["a", "b"] * 20).tolist())
    ]
    assert found[0].seen == found[1].seen
    assert np.array_equal(found[0].test_mask, found[1].test_mask)


@pytest.mark.parametrize("kept", ["", "asked", "all"])
@pytest.mark.parametrize(("found", "source", "near"), [(1, 1, 0), (1, 0, 1), (9, 4, 2), (9, 9, 9)])
def test_what_is_said_of_them(kept, found, source, near):
    said = Seen(found, 10, source, near, kept).sentence()
    assert said.startswith(f"{found} of 10 rows to judge {'was' if found == 1 else 'were'}")
    assert ("left out" in said) == (not kept)
    assert Seen(0, 10).sentence() == ""
