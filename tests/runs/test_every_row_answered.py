"""n rows in, n rows out, in order: an answer, or the reason why there is none."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

import landbridge
from landbridge.base.errors import DataError
from landbridge.cli.app import app
from landbridge.embeddings.options import AlignOptions
from landbridge.embeddings.zero_shot import answered

MOODS = {"glad": ["great", "lovely"], "sad": ["awful", "boring"]}
GIVEN = ["it was great to me", "", "it was awful to me", None, "it was lovely to me"]
"""Rows 1 and 3 have no text."""
GONE = [1, 3]


def opinions(n=40, seed=0):
    rng = np.random.default_rng(seed)
    mood = np.array(["glad", "sad"] * (n // 2))
    texts = [f"it was {rng.choice(MOODS[y])} to me" for y in mood]
    size = np.where(mood == "glad", 3.0, 8.0) + rng.normal(size=n)
    return pd.DataFrame({"text": texts, "mood": mood, "size": size})


def given(carrier, folder):
    """Return the same five rows, however they come."""
    frame = pd.DataFrame({"text": GIVEN, "order_id": [f"n{i}" for i in range(5)]})
    if carrier == "list":
        return GIVEN
    if carrier == "frame":
        return frame
    path = folder / f"rows.{carrier}"
    if carrier == "csv":
        frame.to_csv(path, index=False)
    elif carrier == "parquet":
        frame.to_parquet(path, index=False)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    source, target = opinions(), opinions(seed=1)
    return landbridge.transfer(
        (source.text.tolist(), source.mood.tolist()),
        target[["text", "mood"]].set_index(pd.Index([f"t{i}" for i in range(len(target))])),
        text="text",
        backbone="textnet",
        method="source-only",
        target_labels="judge",
        seeds=1,
        offline=True,
        training={"source_steps": 40, "threads": 1},
        out=tmp_path_factory.mktemp("every") / "run",
    )


@pytest.mark.parametrize("carrier", ["csv", "jsonl", "parquet", "frame", "list"])
def test_a_run_answers_every_row_in_order(run, carrier, tmp_path):
    what = given(carrier, tmp_path)
    said = run.predict(what)
    assert len(said) == len(GIVEN)
    assert [i for i, row in enumerate(said) if row["predicted"] is None] == GONE
    assert [row["reason"] for row in said if row["predicted"]] == [None] * 3
    assert [row["reason"] for row in said if not row["predicted"]] == ["row without a text"] * 2
    assert all(math.isnan(p) for i in GONE for p in said[i]["probability"].values())
    if carrier != "list":
        assert [row["id"] for row in said] == [f"n{i}" for i in range(5)]
    sound = run.predict([text for text in GIVEN if text])  # the answers are those of the rows
    assert all("reason" not in row for row in sound)
    assert [row["predicted"] for row in said if row["predicted"]] == [r["predicted"] for r in sound]
    assert run.model.predict(what).tolist() == [row["predicted"] for row in said]
    probabilities = run.model.predict_proba(what)
    assert np.isnan(probabilities).all(1).nonzero()[0].tolist() == GONE


def test_a_domain_is_its_own_input(run, tmp_path):
    domain = landbridge.read_domain(given("csv", tmp_path), text="text")
    said = run.predict(domain)
    assert len(said) == len(domain) == 3
    assert [row["id"] for row in said] == ["n0", "n2", "n4"]


def test_nothing_that_can_be_read_is_an_error(run):
    with pytest.raises(DataError, match="no text"):
        run.predict(["", None, ""])


@pytest.mark.parametrize("ending", ["csv", "parquet", "json", "jsonl"])
def test_files_of_predictions_have_a_line_for_every_row(run, ending, tmp_path):
    what, out = given("csv", tmp_path), tmp_path / f"out.{ending}"
    done = CliRunner().invoke(app, ["predict", str(run.path), str(what), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "5 predictions" in done.output
    assert "2 with a reason" in done.output
    if ending == "csv":
        with out.open() as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0])[:4] == ["name", "id", "predicted", "confidence"]
        assert list(rows[0])[-1] == "reason"
        assert rows[1]["predicted"] == rows[1]["confidence"] == rows[1]["p(sad)"] == ""
        rows = [{k: v or None for k, v in row.items()} for row in rows]
    elif ending == "parquet":
        rows = pq.read_table(out).to_pylist()
    elif ending == "json":
        rows = json.loads(out.read_text())["predictions"]
    else:
        rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["name"] for row in rows] == [f"rows row {i}" for i in range(1, 6)]
    assert [row["id"] for row in rows] == [f"n{i}" for i in range(5)]
    assert [row["predicted"] is None for row in rows] == [i in GONE for i in range(5)]
    assert [row["reason"] for row in rows] == [
        "row without a text" if i in GONE else None for i in range(5)
    ]


def test_figures_say_what_they_are_not_about(run, tmp_path):
    frame = opinions(20, seed=5)[["text", "mood"]]
    frame.loc[[2, 5, 8], "text"] = None
    frame.loc[[3, 4], "mood"] = None
    frame.to_csv(tmp_path / "labelled.csv", index=False)
    found = run.evaluate(tmp_path / "labelled.csv")
    assert (found["n"], found["left_out"]) == (15, 2)
    assert found["unanswered"] == {"row without a text": 3}
    done = CliRunner().invoke(app, ["eval", str(run.path), str(tmp_path / "labelled.csv")])
    assert "not judged: 2 without a label, 3 x row without a text" in done.output


def test_answers_to_judged_rows_keep_their_ids(run):
    table = pq.read_table(run.path / "predictions.parquet").to_pydict()
    assert table["id"] == [f"t{i}" for i in table["row"]]


def test_a_stream_answers_every_row(run, tmp_path):
    from landbridge.runs.stream import stream_data

    frame = pd.DataFrame({"text": GIVEN, "mood": [None, None, "sad", "sad", "glad"]})
    value = stream_data(run, frame, method="none", label="mood")
    # rows of the input, and not of what could be read of it
    assert [(part["first"], part["last"]) for part in value["over_time"]] == [(2, 2), (4, 4)]
    said = value["predictions"]
    assert [i for i, row in enumerate(said) if row["predicted"] is None] == GONE
    assert len(said) == len(GIVEN)
    assert value["unanswered"] == {"row without a text": 2}


@pytest.mark.slow
@pytest.mark.parametrize("carrier", ["csv", "frame", "list"])
def test_several_tasks_answer_every_row(several_tasks, carrier, tmp_path):
    said = several_tasks.predict(given(carrier, tmp_path))
    assert [i for i, row in enumerate(said) if row["mood"] is None] == GONE
    assert [i for i, row in enumerate(said) if math.isnan(row["size"])] == GONE
    assert [row["reason"] is None for row in said] == [i not in GONE for i in range(5)]
    frame = opinions(20, seed=5)
    frame.loc[[2, 5, 8], "text"] = None
    found = several_tasks.evaluate(frame)
    assert (found["n"], found["unanswered"]) == (17, {"row without a text": 3})
    labels = {name: frame[name].tolist() for name in ("mood", "size")}
    again = several_tasks.evaluate((frame.text, labels))  # labels beside rows that are left out
    assert again["tasks"] == found["tasks"]


@pytest.fixture(scope="module")
def several_tasks(tmp_path_factory):
    return landbridge.multitask(
        opinions(),
        labels=["mood", "size"],
        text="text",
        out=tmp_path_factory.mktemp("tasks") / "model",
        backbone="textnet",
        steps=20,
        seeds=1,
        alone=False,
        offline=True,
    )


def picture(kind, seed):
    x = np.random.default_rng(seed).integers(0, 40, (16, 16), dtype=np.uint8)
    if kind == "bar":
        x[6:9] += 200
    else:
        x[4:12, 4:12] += 200
    return x


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A folder whose second file is cut, and a table with further reasons."""
    folder = tmp_path_factory.mktemp("photographs")
    for i in range(6):
        Image.fromarray(picture(("bar", "box")[i % 2], i)).save(folder / f"{i}.png")
    (folder / "1.png").write_bytes((folder / "1.png").read_bytes()[:50])
    names = [*(f"{i}.png" for i in range(6)), "none.png", None]
    table = folder.parent / f"{folder.name}.csv"
    frame = pd.DataFrame({"file": [n and f"{folder.name}/{n}" for n in names]})
    frame.assign(label=["bar", "box"] * 4).to_csv(table, index=False)
    return folder, table


@pytest.mark.slow
def test_groups_answer_every_row(run, tmp_path):
    made = landbridge.cluster(
        opinions().text.tolist(),
        groups=2,
        backbone=f"run/{run.path}",
        offline=True,
        out=tmp_path / "groups",
    )
    for carrier in ("csv", "frame", "list"):
        said = made.predict(given(carrier, tmp_path))
        assert [i for i, row in enumerate(said) if row["group"] is None] == GONE
        assert [i for i, row in enumerate(said) if row["reason"]] == GONE
        assert len(said) == len(GIVEN)
    frame = opinions(20, seed=5)
    frame.loc[[2, 5, 8], "text"] = None
    frame.loc[4, "mood"] = None
    found = made.evaluate(frame[["text", "mood"]], label="mood")
    assert (found["n"], found["left_out"]) == (16, 1)
    assert found["unanswered"] == {"row without a text": 3}
    more = opinions(40, seed=6)
    more.loc[[2, 5, 8], "text"] = None
    kept = landbridge.cluster(
        more[["text"]], text="text", groups=2, backbone=f"run/{run.path}", out=tmp_path / "kept"
    )
    rows = pq.read_table(kept.path / "predictions.parquet").to_pylist()
    assert [i for i, row in enumerate(rows) if row["group"] is None] == [2, 5, 8]
    assert len(rows) == 40


@pytest.mark.slow
def test_a_space_answers_every_row_and_counts_every_label(photographs, tmp_path):
    kinds = ["bar", "box"] * 40
    parts = {
        "image": np.stack([picture(kind, i) for i, kind in enumerate(kinds)]),
        "text": [f"a {kind}" for kind in kinds],
    }
    encoders = {"encoders": {"image": "convnet", "text": "textnet"}, "space": 8, "width": 16}
    space = landbridge.align(
        parts,
        out=tmp_path / "space",
        backbone_options=encoders,
        options=AlignOptions(epochs=2, batch_size=16),
    )
    folder, table = photographs
    value = answered(space, folder, ["bar", "box"], template="a {}")
    assert [i for i, row in enumerate(value["predictions"]) if row["reason"]] == [1]
    assert len(value["predictions"]) == 6
    probabilities = space.zero_shot(folder, ["bar", "box"], template="a {}")
    assert np.isnan(probabilities).all(1).nonzero()[0].tolist() == [1]
    vectors = space.embed(table)["image"]
    assert (~vectors.any(1)).nonzero()[0].tolist() == [1, 6, 7]
    rows = [one["row"] for one in space.search("a bar", among=table, top=9)]
    assert sorted(rows) == [0, 2, 3, 4, 5]
    one = answered(space, table, ["bar", "ring"], template="a {}")  # no row is called a box
    assert one["accuracy"]["n"] == 5
    boxes = [row["predicted"] for i, row in enumerate(one["predictions"]) if i in (3, 5)]
    assert all(boxes)
    hits = sum(one["predictions"][i]["predicted"] == "bar" for i in (0, 2, 4))
    assert one["accuracy"]["mean"] == pytest.approx(hits / 5)
