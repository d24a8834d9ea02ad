"""What a folder of data names stays in it, unless somebody says otherwise."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from landbridge.base.errors import DataError
from landbridge.base.inside import Bounds, place_of
from landbridge.domains.read import read_domain
from landbridge.structured.base import TASKS
from landbridge.structured.options import TaskOptions
from landbridge.structured.rows import read_rows

LINK = "link that leads out of the folder (--outside follows it)"


def image(path: Path, grey: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8), grey, np.uint8)).save(path)
    return path


def sound(path: Path, pitch: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave_form = (8000 * np.sin(np.arange(4000) * pitch / 10)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(wave_form.tobytes())
    return path


def text(path: Path, said: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"a sentence of several words, number {said}")
    return path


MEDIA = {"image": (image, ".png"), "recording": (sound, ".wav")}
KINDS = {**MEDIA, "text": (text, ".txt")}


@pytest.fixture
def places(tmp_path):
    """A folder of data, and another beside it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "other").mkdir()
    return tmp_path / "data", tmp_path / "other"


def _ways(data: Path, other: Path, make, ending: str) -> dict[str, str]:
    """Names by which metadata in `data` reach the same file of `other`."""
    file = make(other / f"secret{ending}", 9)
    (data / f"link{ending}").symlink_to(file)
    (data / "folder").symlink_to(other)
    (data / f"chain{ending}").symlink_to(data / f"link{ending}")
    return {
        "up": f"../other/secret{ending}",
        "absolute": str(file),
        "link": f"link{ending}",
        "link to a link": f"chain{ending}",
        "in a linked folder": f"folder/secret{ending}",
        "up and down": f"sub/../../other/secret{ending}",
        "backslashes": f"..\\other\\secret{ending}",
    }


def _table(data: Path, carrier: str, rows: list[dict[str, str]]) -> Path:
    path = data / f"metadata.{carrier}"
    if carrier == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif carrier == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        mark = {"csv": ",", "tsv": "\t"}[carrier]
        lines = [mark.join(row.values()) for row in rows]
        path.write_text("\n".join([mark.join(rows[0]), *lines]) + "\n")
    return path


@pytest.mark.parametrize("carrier", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize("kind", MEDIA)
def test_metadata_in_a_folder_name_its_own_files(places, kind, carrier):
    data, other = places
    make, ending = MEDIA[kind]
    ways = _ways(data, other, make, ending)
    (data / "sub").mkdir()
    rows = [{"file_name": name, "label": "ant"} for name in ways.values()]
    for i in range(4):
        make(data / "sub" / f"own{i}{ending}", i + 1)
        rows.append({"file_name": f"sub/own{i}{ending}", "label": "bee"})
    make(data / f"dotted{ending}", 7)
    rows.append({"file_name": f"sub/../dotted{ending}", "label": "bee"})
    _table(data, carrier, rows)
    found = read_domain(data)
    left = {o.what: o.rows for o in found.omissions}
    assert len(found) == 5
    assert found.classes == ("bee",)
    outside = left[f"{kind} file outside the folder (--outside reads it)"]
    assert len(outside) == len(ways)
    assert all("other" in row for row in outside)
    assert len(read_domain(data, outside=True)) == 5 + len(ways)


def test_nothing_is_looked_up_elsewhere(places):
    data, _ = places
    image(data / "a.png")
    rows = [{"file_name": n, "label": "x"} for n in ("a.png", "../other/none.png", "/no/such.png")]
    _table(data, "csv", rows)
    (left,) = read_domain(data).omissions
    assert left.what == "image file outside the folder (--outside reads it)"
    assert len(left.rows) == 2


def test_where_all_lie_elsewhere_it_is_an_error_that_says_what_to_do(places):
    data, other = places
    image(other / "a.png")
    _table(data, "csv", [{"file_name": "../other/a.png", "label": "x"}])
    with pytest.raises(
        DataError, match="none of the 1 image files of data lies in its folder"
    ) as e:
        read_domain(data)
    assert "--outside" in e.value.hint
    assert "other/a.png" in e.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_links_in_class_folders_stay_inside(places, kind):
    data, other = places
    make, ending = KINDS[kind]
    for i, label in enumerate("abab"):
        make(data / label / f"{i}{ending}", i + 1)
        make(other / "c" / f"{i}{ending}", i + 5)
    (data / "a" / f"link{ending}").symlink_to(other / "c" / f"0{ending}")
    (data / "a" / "deeper").symlink_to(other)
    (data / "c").symlink_to(other / "c")
    (data / "b" / f"inside{ending}").symlink_to(data / "a" / f"0{ending}")
    found = read_domain(data)
    assert found.classes == ("a", "b")
    assert len(found) == 5
    assert {o.what: o.rows for o in found.omissions}[LINK] == ("c", "a/deeper", f"a/link{ending}")
    assert read_domain(data, outside=True).classes == ("a", "b", "c")


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_made_of_links_is_of_the_kind_that_it_leads_to(places, kind):
    data, other = places
    make, ending = KINDS[kind]
    for i, label in enumerate("abab"):
        make(other / label / f"{i}{ending}", i + 1)
    for label in "ab":
        (data / label).symlink_to(other / label)
    (other / "a" / "ring").symlink_to(other)
    with pytest.raises(DataError, match=f"no {kind} but through links that lead out of it"):
        read_domain(data)
    assert read_domain(data, outside=True).classes == ("a", "b")


def test_a_folder_of_nothing_but_links_says_so(places):
    data, other = places
    (data / "a.png").symlink_to(image(other / "a.png"))
    with pytest.raises(DataError, match=r"links that lead out of it \(1\).*other/a.png") as error:
        read_domain(data)
    assert "--outside" in error.value.hint


def test_a_folder_may_itself_be_a_link(places, tmp_path):
    data, _ = places
    for label in "ab":
        image(data / label / "1.png")
    (tmp_path / "named").symlink_to(data)
    assert len(read_domain(tmp_path / "named")) == 2


def test_a_pipe_keeps_nobody_waiting(places):
    data, _ = places
    image(data / "a" / "1.png")
    image(data / "b" / "1.png")
    os.mkfifo(data / "a" / "2.png")
    assert len(read_domain(data)) == 2


def test_a_snapshot_of_the_hub_reads_its_own_blobs(tmp_path):
    repo = tmp_path / "datasets--a--b"
    blob, stranger = image(repo / "blobs" / "1f.png"), image(tmp_path / "other.png")
    snapshot = repo / "snapshots" / "main"
    for label in "ab":
        (snapshot / label).mkdir(parents=True)
        (snapshot / label / "1.png").symlink_to(os.path.relpath(blob, snapshot / label))
    (snapshot / "a" / "2.png").symlink_to(stranger)
    found = read_domain(snapshot)
    assert len(found) == 2
    assert [o.rows for o in found.omissions] == [("a/2.png",)]


def test_metadata_that_lie_elsewhere_are_refused(places):
    data, other = places
    image(data / "a.png")
    table = _table(other, "csv", [{"file_name": "a.png", "label": "x"}])
    (data / "metadata.csv").symlink_to(table)
    with pytest.raises(
        DataError, match=r"metadata.csv \(which is .*other/metadata.csv\) lies outside"
    ):
        read_domain(data)
    assert len(read_domain(data, outside=True)) == 1


def test_shards_name_their_own_files(places):
    data, other = places
    kept = image(data / "a.png")
    paths = [str(kept), "a.png", str(image(other / "b.png")), "../other/b.png"]
    images = [{"bytes": None, "path": path} for path in paths]
    pq.write_table(pa.table({"image": images, "label": list("xxyy")}), data / "train-0.parquet")
    found = read_domain(data / "train-0.parquet", image="image")
    assert len(found) == 4  # somebody named this table
    (other / "shards").mkdir()
    (other / "shards" / "1.parquet").symlink_to(data / "train-0.parquet")
    with pytest.raises(DataError, match="lies outside"):
        read_domain(other / "shards")


@pytest.mark.parametrize("carrier", ["csv", "jsonl", "parquet"])
def test_a_table_that_is_named_reads_files_anywhere(places, carrier):
    data, other = places
    rows = [
        {"image": str(image(other / "a.png")), "label": "x"},
        {"image": "../other/a.png", "label": "y"},
        {"image": str(image(data / "b.png")), "label": "x"},
        {"image": "b.png", "label": "y"},
    ]
    table = _table(data, carrier, rows).rename(data / f"target.{carrier}")
    assert len(read_domain(table)) == 4


@pytest.mark.parametrize("way", ["up", "absolute", "link", "in a linked folder"])
@pytest.mark.parametrize("layout", ["coco", "metadata", "splits", "masks"])
def test_structured_tasks_stay_inside(places, way, layout):
    data, other = places
    place = data / "train" if layout == "splits" else data
    place.mkdir(exist_ok=True)
    name = _ways(place, other, image, ".png")[way]
    if layout == "splits" and way == "up":
        name = f"../{name}"
    if layout == "coco":
        (data / "annotations.json").write_text(
            json.dumps(
                {
                    "images": [{"id": 1, "file_name": name}],
                    "categories": [{"id": 1, "name": "ant"}],
                    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 3, 3]}],
                }
            )
        )
        task = "detection"
    elif layout == "masks":
        image(data / "images" / "1.png")
        (data / "masks").mkdir()
        (data / "masks" / "1.png").symlink_to(other / "secret.png")
        task = "segmentation"
    else:
        objects = {"bbox": [[1, 1, 3, 3]], "category": ["ant"]}
        row = json.dumps({"file_name": name, "objects": objects})
        (place / "metadata.jsonl").write_text(row)
        task = "detection"

    def read(outside: bool):
        rows = read_rows(data, outside=outside)
        own = TASKS.get(task)(TaskOptions())
        return own.example(rows.rows[0], rows.names[0], rows.folder, True)

    with pytest.raises(DataError, match=r"other/secret.png.* lies outside") as error:
        read(False)
    assert "--outside" in error.value.hint
    assert read(True).given


def test_bounds_follow_links_and_no_names():
    bounds = Bounds([Path("/data")])
    assert bounds.holds(Path("/data/a/../b"))
    assert not bounds.holds(Path("/database/a"))
    assert not bounds.holds(Path("/data/.."))
    assert place_of(Path("/data"), outside=True).holds(Path("/etc/hosts"))


def test_the_command_line_says_it_once(places):
    from landbridge.cli.app import app

    data, other = places
    for i, label in enumerate("abababab"):
        image(data / label / f"{i}.png", 20 + 9 * i)
    (data / "c").symlink_to(other)
    image(other / "1.png", 200)
    image(other / "2.png", 210)
    rows = []
    for flags in ((), ("--outside",), ("--set", "data.outside=true"), ("--no-outside",)):
        found = CliRunner().invoke(app, ["check", str(data), "--json", *flags])
        rows.append(json.loads(found.stdout)["data"]["rows"])
    assert rows == [8, 10, 10, 8]


READING = (
    *("transfer", "plan", "shift", "rank", "check", "predict", "eval", "stream", "merge"),
    *("cluster", "tune", "multitask", "align", "search", "zero-shot"),
)


@pytest.mark.parametrize("verb", READING)
def test_every_command_that_reads_data_takes_it(verb):
    from landbridge.cli.app import app

    assert "--outside" in CliRunner().invoke(app, [verb, "--help"]).stdout
