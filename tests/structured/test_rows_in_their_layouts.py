"""What is read from each layout of files: rows, what they are called, their split, their folder."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from landbridge.base.errors import DataError
from landbridge.base.inside import place_of
from landbridge.structured.base import TASKS, Metric, file_of, padded
from landbridge.structured.options import TaskOptions
from landbridge.structured.rows import hold_out, read_rows


def picture(path, shade=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 6), shade, np.uint8)).save(path)
    return path


def coco(root, name="annotations.json", below="images", **other):
    for file in ("a.png", "b.png"):
        picture(root / below / file)
    found = {
        "images": [{"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "b.png"}],
        "annotations": [
            {"image_id": 7, "category_id": 2, "bbox": [0, 1, 2, 3]},
            {"image_id": 7, "category_id": 1, "bbox": [1, 1, 2, 2]},
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    (root / name).write_text(json.dumps(found | other))
    return root


@pytest.mark.parametrize("name", ["annotations.json", "_annotations.coco.json"])
@pytest.mark.parametrize("below", ["images", "."])
def test_cocos_layout(tmp_path, name, below):
    found = read_rows(coco(tmp_path / "things", name, below))
    assert (found.what, found.names) == ("things", ["things row 1", "things row 2"])
    assert found.folder.folder == tmp_path / "things"
    assert found.splits == ["train"] * 2
    first, second = found.rows
    assert first["image"] == str((tmp_path / "things" / below / "a.png").resolve())
    assert first["objects"] == {
        "bbox": [[0, 1, 2, 3], [1, 1, 2, 2]],
        "category": ["dog", "cat"],
    }
    assert second["objects"] == {"bbox": [], "category": []}


def test_what_is_wrong_in_cocos_file(tmp_path):
    astray = [{"image_id": 7, "category_id": 9, "bbox": [0, 0, 1, 1]}]
    with pytest.raises(DataError, match="category_id 9, which no category has"):
        read_rows(coco(tmp_path / "a", annotations=astray))
    with pytest.raises(DataError, match="annotations"):
        read_rows(coco(tmp_path / "b", annotations=[{"image_id": 7}]))
    (coco(tmp_path / "c") / "annotations.json").write_text("{")
    with pytest.raises(DataError, match="no whole JSON"):
        read_rows(tmp_path / "c")


def test_images_beside_masks(tmp_path):
    root = tmp_path / "scenes"
    for stem in ("b", "a"):
        picture(root / "images" / f"{stem}.jpg")
        picture(root / "masks" / f"{stem}.png")
    (root / "images" / "notes.txt").write_text("no image")
    found = read_rows(root)
    assert (found.what, found.folder.folder) == ("scenes", root)
    assert found.rows == [
        {"image": f"images/{stem}.jpg", "mask": f"masks/{stem}.png"} for stem in "ab"
    ]
    picture(root / "masks" / "c.png")
    with pytest.raises(DataError, match="1 files in images/ or masks/ have no partner, such as c"):
        read_rows(root)


def test_a_folder_with_metadata(tmp_path):
    root = tmp_path / "said"
    root.mkdir()
    (root / "metadata.jsonl").write_text('{"file_name": "a.wav", "text": "hm"}')
    found = read_rows(root)
    assert (found.what, found.names, found.folder.folder) == ("said", ["said row 1"], root)
    assert found.rows[0]["text"] == "hm"


@pytest.mark.parametrize(("name", "split"), [("valid", "val"), ("TEST", "test")])
def test_folders_are_splits(tmp_path, name, split):
    root = tmp_path / "all"
    coco(root / name)
    coco(root / "train")
    found = read_rows(root)
    assert (found.what, found.folder.folder) == ("all", root)
    assert set(found.splits) == {"train", split}
    first = found.splits.index(split)
    assert found.rows[first]["image"].endswith(f"{name}/images/a.png")
    assert found.names == [f"all row {i + 1}" for i in range(len(found))]


def test_a_folder_of_nothing_known(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match=r"no metadata\.jsonl, no annotations\.json"):
        read_rows(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        read_rows(tmp_path / "nowhere")


@pytest.mark.parametrize("suffix", ["conll", "bio", "iob", "IOB2"])
def test_a_file_of_tokens_is_called_by_its_name(tmp_path, suffix):
    path = tmp_path / f"names.{suffix}"
    path.write_text("ada B-PER\nsat O\n")
    found = read_rows(path)
    assert (found.what, found.names) == ("names", ["names row 1"])
    assert found.folder.folder == tmp_path


def test_tables_frames_and_lists(tmp_path):
    rows = [{"source": "a", "target": "b", "split": "Validation"}, {"source": "c", "target": None}]
    (tmp_path / "some.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for data, what in ((tmp_path / "some.jsonl", "some"), (pd.DataFrame(rows[:1]), "rows"),
                       (rows, "rows")):  # fmt: skip
        found = read_rows(data)
        assert found.what == what
        assert found.names[0] == f"{what} row 1"
        assert found.splits[0] == "val"
        assert found.rows[0]["source"] == "a"
    with pytest.raises(DataError, match="rows row 1 has the split 'later'"):
        read_rows([{"split": "later"}])
    with pytest.raises(DataError, match="rows has no rows"):
        read_rows([])
    for odd in (7, [1, 2]):
        with pytest.raises(DataError, match="cannot be read as rows"):
            read_rows(odd)


def test_the_test_split_judges_and_else_val():
    rows = [{"source": "a", "split": s} for s in ("train", "val", "test") for _ in range(3)]
    labeled = np.ones(9, bool)
    found = hold_out(read_rows(rows), "stratified", labeled, 0.3, 0)
    assert found.test.tolist() == [False] * 6 + [True] * 3
    found = hold_out(read_rows(rows[:6]), "stratified", labeled[:6], 0.3, 0)
    assert found.test.tolist() == [False] * 3 + [True] * 3
    for few in (rows[2:9], rows[:4]):
        with pytest.raises(DataError, match="to judge on"):
            hold_out(read_rows(few[:3]), "stratified", labeled[:3], 0.3, 0)


# What tasks share ---------------------------------------------------------------------------------


def test_files_are_found_within_their_folder_and_named_where_they_are_not(tmp_path):
    inside, outside = tmp_path / "in", picture(tmp_path / "out.png")
    own = picture(inside / "a.png")
    place = place_of(inside.resolve(), False)
    assert file_of("a.png", "row 1", place) == own
    assert file_of({"path": "a.png"}, "row 1", place) == own
    assert file_of({"bytes": b"x", "path": "a.png"}, "row 1", place) == file_of(b"x", "", place)
    with pytest.raises(DataError, match=r"row 1: the recording .*none\.wav is not there"):
        file_of("none.wav", "row 1", place, "recording")
    with pytest.raises(DataError, match=r"row 2: the file .* is not there"):
        file_of(None, "row 2", place)
    with pytest.raises(DataError, match=rf"row 3: the file .*out\.png.* lies outside {inside}"):
        file_of(str(outside), "row 3", place)
    assert file_of(str(outside), "row 3", place_of(inside.resolve(), True)) == outside


def test_labels_are_filled_up():
    assert padded([[1], [2, 3]]).tolist() == [[1, -100], [2, 3]]
    assert padded([[1]], 3).tolist() == [[1, -100, -100]]
    assert padded([[], []]).tolist() == [[-100], [-100]]


def test_a_score_of_some_rows():
    counts = [[1, 2], [0, 2], [3, 4]]
    summed = Metric("x", None, lambda c: float(c[0] / c[1]))
    assert summed.of(counts) == 0.5
    assert summed.of(counts, np.array([0, 0, 2])) == 5 / 8
    whole = Metric("x", None, lambda rows: float(len(rows) + rows[0][0]), non_additive=True)
    assert whole.of(counts) == 4
    assert whole.of(counts, np.array([2, 2])) == 5


@pytest.mark.parametrize("task", sorted(TASKS))
def test_columns_are_found_by_their_names_the_likeliest_first(task):
    own = TASKS.get(task)(TaskOptions())
    assert own._column(["x", *reversed(own.inputs)], None, own.inputs) == own.inputs[0]
    assert own._column(["x", own.inputs[-1]], None, own.inputs) == own.inputs[-1]
    assert own._column(["x", own.inputs[0]], "x", own.inputs) == "x"
    with pytest.raises(DataError, match="there is no column 'y'; there are x, z"):
        own._column(["x", "z"], "y", own.inputs)
    with pytest.raises(DataError, match=f"{task}: none of the columns x is called"):
        own._column(["x"], None, own.inputs)
