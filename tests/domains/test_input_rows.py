"""Every row that is given is an example, or is left out with its place, its name and the reason."""

from __future__ import annotations

import io
import json
import wave

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from landbridge.base.errors import DataError
from landbridge.base.events import Events
from landbridge.domains.input_rows import InputRows, LeftOut
from landbridge.domains.modalities.single import image_or_images, sound_or_sounds
from landbridge.domains.one import as_rows
from landbridge.domains.read import read_domain

TEXTS = ["a good film", "", "a bad film", None, "well made"]
"""Rows 1 and 3 have no text."""


def png(value=90):
    out = io.BytesIO()
    Image.fromarray(np.full((6, 6), value, np.uint8)).save(out, "PNG")
    return out.getvalue()


def wav():
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(np.arange(800, dtype="<i2").tobytes())
    return out.getvalue()


def files(folder, ending, good):
    """Five names: the second is cut, the third is missing."""
    folder.mkdir(exist_ok=True)
    for i in (0, 1, 3, 4):
        content = good[:30] if i == 1 else good
        (folder / f"{i}{ending}").write_bytes(content)
    return [f"{folder.name}/{i}{ending}" for i in range(5)]


def table_of_texts(folder, write):
    frame = pd.DataFrame({"review": TEXTS, "key": list("vwxyz")})
    path = folder / f"t.{write}"
    if write == "csv":
        frame.to_csv(path, index=False)
    elif write == "jsonl":
        lines = [json.dumps({"review": text}) for text in TEXTS]
        path.write_text("\n".join(lines) + "\n")
    elif write == "txt":
        path.write_text("\n".join(text or "" for text in TEXTS) + "\n")
        return path, {}
    elif write == "one column":
        path = folder / "one.csv"
        path.write_text("review\n" + "\n".join(text or "" for text in TEXTS) + "\n\n\n")
    else:
        frame.to_parquet(path, index=False)
    return path, {"text": "review"}


def folder_of_texts(folder, _):
    for i, text in enumerate(TEXTS):
        (folder / f"{i}.txt").write_text(text or "")
    return folder, {}


def paths(folder, kind):
    """Two are left out: the second file is cut, the third does not exist; the last names none."""
    ending, good, option = (".png", png(), "image") if kind == "image" else (".wav", wav(), "audio")
    names = [*files(folder / "media", ending, good), None]
    pd.DataFrame({"file": names}).to_csv(folder / "t.csv", index=False)
    return folder / "t.csv", {option: "file"}


TEXT = {1: "row without a text", 3: "row without a text"}
PICTURE = {1: "unreadable image: ", 2: "image file that does not exist", 5: "row without an image"}
SOUND = {k: v.replace("an image", "a recording") for k, v in PICTURE.items()}
SOUND = {k: v.replace("image", "recording") for k, v in SOUND.items()}


def bytes_in_parquet(folder, _):
    cells = [png(), png()[:40], None, png(5)]
    pd.DataFrame({"image": cells}).to_parquet(folder / "t.parquet", index=False)
    return folder / "t.parquet", {}


def pictures(folder, layout):
    names = files(folder / "media", ".png", png())
    if layout == "metadata":
        lines = [json.dumps({"file_name": name.split("/")[1]}) for name in names]
        (folder / "media" / "metadata.jsonl").write_text("\n".join(lines))
        return folder / "media", {}
    if layout == "folder":
        return folder / "media", {}
    return [None if i == 3 else str(folder / name) for i, name in enumerate(names)], {}


def parts(folder, several):
    names = [str(folder / name) for name in files(folder / "media", ".png", png())]
    if several:  # a row with nothing at all: neither its picture nor a text
        return {"image": names, "text": ["a", None, None, "d", "e"]}, {}
    return {"image": names}, {}


CARRIERS = {
    "texts in CSV": (table_of_texts, "csv", 5, TEXT),
    "texts in a CSV of one column": (table_of_texts, "one column", 5, TEXT),
    "texts in JSONL": (table_of_texts, "jsonl", 5, TEXT),
    "texts in Parquet": (table_of_texts, "parquet", 5, TEXT),
    "lines of a text file": (table_of_texts, "txt", 5, TEXT),
    "folder of texts": (folder_of_texts, None, 5, {1: "unreadable text: empty", 3: "unreadable"}),
    "list of texts": (lambda *_: (TEXTS, {}), None, 5, TEXT),
    "Series of texts": (lambda *_: (pd.Series(TEXTS), {}), None, 5, TEXT),
    "data frame": (
        lambda *_: (pd.DataFrame({"t": TEXTS}, index=list("abcde")), {"text": "t"}),
        None,
        5,
        TEXT,
    ),
    "paths of images": (paths, "image", 6, PICTURE),
    "paths of recordings": (paths, "audio", 6, SOUND),
    "encoded images": (bytes_in_parquet, None, 4, {1: "unreadable", 2: "row without an image"}),
    "folder of images": (pictures, "folder", 4, {1: "unreadable image: "}),
    "metadata folder": (pictures, "metadata", 5, {1: "unreadable", 2: "does not exist"}),
    "list of paths": (pictures, "list", 5, {1: "unread", 2: "not exist", 3: "without an image"}),
    "dict of one part": (parts, False, 5, {1: "unreadable image", 2: "does not exist"}),
    "dict of parts": (parts, True, 5, {1: "row with none of image, text: unreadable", 2: "none"}),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_rows_that_are_left_out_keep_their_place_and_say_why(carrier, tmp_path):
    make, how, n, gone = CARRIERS[carrier]
    what, options = make(tmp_path, how)
    domain = read_domain(what, **options)
    rows = domain.input_rows
    assert {one.row for one in rows.left} == set(gone)
    assert rows.places.tolist() == [i for i in range(n) if i not in gone]
    for one in rows.left:
        assert gone[one.row] in one.why
        assert one.name
    assert sum(rows.reasons().values()) == len(gone)
    names = domain.examples.names()
    answers = rows.answers(
        [{"name": name, "predicted": name} for name in names], {"name": "", "predicted": None}
    )
    assert len(answers) == n
    assert [i for i, row in enumerate(answers) if row["predicted"] is None] == sorted(gone)
    assert [row["reason"] is None for row in answers] == [i not in gone for i in range(n)]
    assert [row["name"] for row in answers if row["predicted"]] == names
    some = domain.select(np.arange(1))  # a choice is all that is asked about then
    assert len(some.input_rows.answers([{"name": "x"}], {})) == 1


def test_rows_beyond_a_limit_were_not_asked_about(tmp_path):
    path, options = table_of_texts(tmp_path, "csv")
    domain = read_domain(path, **options, max_rows=3)
    rows = domain.input_rows
    assert rows.total == 5
    assert rows.beyond == 2
    assert len(rows.places) + len(rows.left) == 3
    assert len(rows.answers([{"name": ""}] * len(rows.places), {"name": ""})) == 3


def test_arrays_get_blanks_in_their_place():
    rows = InputRows(np.array([1, 2, 4]), (LeftOut(0, "", "w"), LeftOut(3, "", "w")))
    found = rows.array(np.array([[1.0], [2], [4]], np.float32), np.nan)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, 0], [np.nan, 1, 2, np.nan, 4])
    words = rows.array(np.array(["a", "b", "c"], object), None)
    assert words.tolist() == [None, "a", "b", None, "c"]
    whole = InputRows(np.arange(2)).array(np.array([1, 2]), np.nan)
    assert whole.dtype == np.int64  # nothing changes where nothing is left out


@pytest.mark.parametrize(
    ("columns", "ids"),
    [
        ({"customerID": ["a7", "b2", "c9"]}, ["a7", "b2", "c9"]),
        ({"PassengerId": [11, 5, 7]}, ["11", "5", "7"]),
        ({"order_id": ["007", "008", "009"]}, ["007", "008", "009"]),
        ({"big_id": [2**60 + 1, 2**60 + 2, 2**60 + 3]}, [str(2**60 + i) for i in (1, 2, 3)]),
        ({"group_id": ["a", "a", "b"]}, None),  # tells no rows apart
        ({"paid": ["x", "y", "z"]}, None),
        ({"some_id": ["a", None, "b"]}, None),
    ],
)
@pytest.mark.parametrize("carrier", ["csv", "parquet", "frame"])
def test_rows_keep_the_ids_of_their_table(columns, ids, carrier, tmp_path):
    frame = pd.DataFrame({**columns, "x": [1.5, 2.5, 0.5], "label": ["p", "q", "p"]})
    what = frame
    if carrier == "csv":
        frame.to_csv(what := tmp_path / "t.csv", index=False)
    elif carrier == "parquet":
        frame.to_parquet(what := tmp_path / "t.parquet", index=False)
    found = read_domain(what, columns=["x"]).input_rows.ids
    assert found == (None if ids is None else tuple(ids))


def test_an_index_and_paths_name_rows(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4]})
    assert read_domain(frame).input_rows.ids is None
    assert read_domain(frame[frame.x > 2]).input_rows.ids == ("2", "3")
    pairs = pd.MultiIndex.from_product([["a", "b"], [1, 2]])
    assert read_domain(frame.set_index(pairs)).input_rows.ids == ("a, 1", "a, 2", "b, 1", "b, 2")
    twice = frame.set_index(pd.Index(["a", "a", "b", "c"]))
    assert read_domain(twice).input_rows.ids is None
    path, options = paths(tmp_path, "image")
    rows = read_domain(path, **options).input_rows
    assert rows.ids == (*(f"media/{i}.png" for i in range(5)), None)
    said = rows.answers([{"name": str(i)} for i in rows.places], {"name": ""})
    assert [row["id"] for row in said] == list(rows.ids)  # of those left out as well


def in_memory(kind, folder):
    """Return three things as a model is given them: the second is missing, the last is broken."""
    if kind == "bytes":
        return [png(), None, png()[:40]]
    if kind == "Pillow":
        broken = Image.open(io.BytesIO(png()[:-30]))
        return [Image.open(io.BytesIO(png())), None, broken]
    if kind == "recordings":
        return [(np.ones(800, np.float32) / 2, 8000), None, (np.zeros(0, np.float32), 8000)]
    (folder / "a.wav").write_bytes(wav())
    return [str(folder / "a.wav"), None, str(folder / "none.wav")]


@pytest.mark.parametrize("kind", ["bytes", "Pillow", "recordings", "paths of recordings"])
def test_things_in_memory_keep_their_place(kind, tmp_path):
    class Takes:
        def many(self, what):
            if kind in ("bytes", "Pillow"):
                return image_or_images(what, 3, 32)
            return sound_or_sounds(what, 8000)

        def rule(self):
            return {}

    given, heard = in_memory(kind, tmp_path), []
    events = Events(None, type("Hears", (), {"event": lambda _, event: heard.append(event)})())
    rows = as_rows(Takes(), given, events).input_rows
    assert rows.places.tolist() == [0]
    one = "image" if kind in ("bytes", "Pillow") else "recording"
    assert [one.row for one in rows.left] == [1, 2]
    assert rows.left[0].why.startswith("row without a")
    assert rows.left[1].why.startswith(f"unreadable {one}: ")
    assert "object at 0x" not in rows.left[1].why
    assert sum(event["event"] == "warning" for event in heard) == 2
    with pytest.raises(DataError):
        as_rows(Takes(), given[2:])  # nothing that can be answered
