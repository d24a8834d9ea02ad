"""Checks of data: what must be found is found, and clean data are left alone."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

import needs
from landbridge.base.errors import ConfigError, DataError
from landbridge.checks import CHECKS, check
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.texts import TextExamples
from landbridge.domains.read import read_domain


def scene(seed: int, size: int = 64) -> np.ndarray:
    """Return a smooth picture: blurred noise, as photographs are."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    smooth = np.stack([gaussian_filter(rng.normal(size=(size, size)), 6) for _ in range(3)], 2)
    return np.uint8(255 * (smooth - smooth.min()) / np.ptp(smooth))


def found(problems, check, severity=None):
    return [p for p in problems if p.check == check and severity in (None, p.severity)]


def test_clean_data_have_no_problem():
    rng = np.random.default_rng(0)
    domain = read_domain((rng.normal(size=(60, 4)), ["a", "b"] * 30))
    assert check(domain) == []


def test_leaks_twins_and_torn_labels_are_named():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4))
    x[41], x[7], x[9] = x[3], x[5], x[8]  # a test row, a twin, a twin with another label
    labels = ["a", "b"] * 30
    labels[9] = labels[8] + "b"
    domain = read_domain((x, labels), split=["train"] * 40 + ["test"] * 20, name="t")
    problems = check(domain, only=["duplicates"])
    (leak,) = found(problems, "duplicates", "failure")
    assert leak.rows == ("t row 3 = t row 41",)
    assert "too good" in leak.found
    twins, torn = found(problems, "duplicates", "warning")
    assert twins.rows == ("t row 5 = t row 7", "t row 8 = t row 9")
    assert torn.rows == ("t row 8 = t row 9 (a, ab)",)
    assert problems[0] is leak  # the worst comes first


def test_what_both_sets_hold_is_a_leak():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3))
    old = read_domain((x[:20], ["a", "b"] * 10), name="old")
    new = read_domain((np.concatenate([x[20:], x[:1]]), ["a", "b"] * 5 + ["a"]), name="new")
    (leak,) = found(check(new, old), "duplicates")
    assert leak.severity == "failure"
    assert leak.rows == ("new row 10 = old row 0",)


def test_a_photograph_saved_again_is_near_and_others_are_not(tmp_path):
    folder = tmp_path / "photos"
    for part in ("train", "test"):
        for label in ("a", "b"):
            (folder / part / label).mkdir(parents=True)
    for i in range(12):
        label = "ab"[i % 2]
        Image.fromarray(scene(i)).save(folder / "train" / label / f"{i}.png")
        Image.fromarray(scene(100 + i)).save(folder / "test" / label / f"{i}.png")
    again = Image.fromarray(scene(4)).resize((80, 80))
    out = io.BytesIO()
    again.save(out, "JPEG", quality=70)
    (folder / "test" / "a" / "again.jpg").write_bytes(out.getvalue())
    problems = check(read_domain(folder))
    assert found(problems, "duplicates") == []
    (near,) = found(problems, "near-duplicates")
    assert near.severity == "warning"
    assert near.count == 1
    assert "4.png" in near.rows[0]
    assert "again.jpg" in near.rows[0]


def test_flat_pictures_are_like_no_other():
    flat = ImageExamples(pixels=np.stack([np.full((32, 32), v, np.uint8) for v in range(0, 90, 9)]))
    domain = read_domain((flat.pixels, list("ab") * 5))
    assert found(check(domain), "near-duplicates") == []


def test_texts_with_a_word_changed():
    long = "the quick brown fox jumps over the lazy dog and runs into the dark green wood near the"
    texts = [
        f"{long} {place} where nobody has ever seen it before today" for place in ("old", "new")
    ]
    texts += [f"something else entirely number {i} about cats" for i in range(6)]
    domain = read_domain((texts, list("ab") * 4))
    (near,) = found(check(domain), "near-duplicates")
    assert near.count == 1


def test_scripts_and_what_most_are():
    texts = ["a plain english sentence of words"] * 0 + [
        f"sentence number {i} of many" for i in range(9)
    ]
    domain = read_domain(([*texts, "这是一个完全不同的句子"], list("ab") * 5))
    (mixed,) = found(check(domain), "mixture")
    assert mixed.rows == ("array row 9",)
    assert "Chinese" in mixed.found


def test_classes_that_cannot_be_learned():
    rng = np.random.default_rng(0)
    labels = ["a"] * 10 + ["b"] * 10 + ["c"] + ["d"] * 3 + ["e"] * 2
    split = ["train"] * 24 + ["test"] * 2
    domain = read_domain((rng.normal(size=(26, 2)), labels), split=split)
    problems = check(domain, only=["classes"])
    (never,) = found(problems, "classes", "failure")
    assert never.rows == ("e (2 to judge)",)
    (single,) = found(problems, "classes", "warning")
    assert single.rows == ("c",)
    (tiny,) = found(problems, "classes", "note")
    assert tiny.rows == ("d (3)",)


def test_class_shares_and_classes_of_two_sets():
    rng = np.random.default_rng(0)
    even = read_domain((rng.normal(size=(40, 2)), ["a", "b"] * 20), name="even")
    odd = read_domain((rng.normal(size=(40, 2)), ["a"] * 36 + ["b"] * 4), name="odd")
    (shares,) = found(check(odd, even, only=["classes"]), "classes", "note")[-1:]
    assert "40 %" in shares.found
    other = read_domain((rng.normal(size=(40, 2)), ["x", "y"] * 20), name="other")
    (apart,) = found(check(other, even), "classes", "warning")
    assert set(apart.rows) == {"a", "b", "x", "y"}


def test_columns():
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "same": np.ones(200),
            "nearly": [1.0] * 199 + [2.0],
            "gone": [np.nan] * 150 + rng.normal(size=50).tolist(),
            "fine": rng.normal(size=200),
            "label": ["a", "b"] * 100,
        }
    )
    named = {p.rows[0].split()[0]: p.severity for p in found(check(read_domain(frame)), "columns")}
    assert named == {"same": "warning", "nearly": "note", "gone": "warning"}


def test_broken_files_are_passed_on(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for i in range(4):
        Image.fromarray(scene(i)).save(tmp_path / "ab"[i % 2] / f"{i}.png")
    (tmp_path / "a" / "broken.png").write_bytes(b"\x89PNG and no more")
    (left,) = found(check(read_domain(tmp_path)), "files")
    assert left.severity == "warning"
    assert "broken.png" in left.rows[0]


def test_wrong_use():
    table = read_domain((np.eye(8), ["a", "b"] * 4))
    with pytest.raises(ConfigError, match="did you mean 'duplicates'"):
        check(table, only=["duplicate"])
    with pytest.raises(DataError, match="one modality"):
        check(table, read_domain((["a text of words", "another text here"] * 4, ["a", "b"] * 4)))


@pytest.mark.parametrize("name", list(CHECKS))
def test_every_check_says_what_it_does(name):
    assert CHECKS.get(name).summary
    assert CHECKS.get(name).name == name


def test_the_command_exits_with_1_on_a_failure(tmp_path):
    from typer.testing import CliRunner

    from landbridge.cli.app import app

    rows = [f"{i * i % 17},{i % 5},{'ab'[i % 2]},train" for i in range(40)]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["x,y,label,split", *rows, "0,0,a,test", "900,3,b,test"]))
    got = CliRunner().invoke(app, ["check", str(table), "--json"])
    assert got.exit_code == 1, got.output
    value = json.loads(got.stdout)
    assert value["failed"]
    assert value["problems"][0]["severity"] == "failure"
    table.write_text("\n".join(["x,y,label", *(f"{i}.5,{i * 7},{'ab'[i % 2]}" for i in range(40))]))
    clean = CliRunner().invoke(app, ["check", str(table)])
    assert clean.exit_code == 0
    assert "0 failures" in clean.stdout


def test_kinds_of_sound(tmp_path):
    import wave

    for i in range(6):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        with wave.open(str(folder / f"{i}.wav"), "wb") as file:
            file.setparams((1, 2, 16000 if i == 5 else 8000, 0, "NONE", "not compressed"))
            file.writeframes(np.arange(i, 800 + i, dtype="<i2").tobytes())
    (mixed,) = found(check(read_domain(tmp_path)), "mixture")
    assert "1 of 6 recordings are 16,000 Hz, most are 8,000 Hz" in mixed.found


@pytest.mark.data
def test_real_photographs_hold_few_twins():
    domain = read_domain(needs.data("hymenoptera"))
    assert not found(check(domain), "duplicates", "failure")
    assert sum(p.count for p in found(check(domain), "near-duplicates")) <= 5


def test_names_are_kept_with_texts():
    assert TextExamples(["a", "a b"]).contents()[0] != TextExamples(["a", "a b"]).contents()[1]
    assert TextExamples(["a  b"]).contents() == TextExamples(["a b"]).contents()
