"""Two tables are read as both say, in whatever order they are named."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from landbridge import cluster
from landbridge.base.config import RunConfig, make_config
from landbridge.base.errors import DataError
from landbridge.base.events import Events
from landbridge.cli.app import app
from landbridge.domains.read import read_domain
from landbridge.runs.load import read_task

N = 24
ANSWERS = ["bad", "good"] * (N // 2)
CHINESE = [f"这部电影的第{i}幕非常好看我很喜欢" for i in range(N)]
SHORT = [f"好{i % 4}" for i in range(N)]
SIDES = {
    "texts, all different words": (
        {"review": [f"好看{i}" for i in range(N)]}, {"review": CHINESE}, "text",
    ),
    "texts, a category": (
        {"评论": SHORT, "n": [i % 5 + 0.5 for i in range(N)]},
        {"评论": CHINESE, "n": [i % 7 + 0.5 for i in range(N)]}, "text",
    ),
    "codes, one with a letter": (
        {"code": [i % 3 for i in range(N)], "x": [i * 0.7 for i in range(N)]},
        {"code": ["1", "A", "2", "B"] * (N // 4), "x": [i * 0.3 for i in range(N)]}, "category",
    ),
    "names, that come again on one side": (
        {"name": ["Ann", "Bo", "Cy"] * (N // 3), "x": [i * 0.7 for i in range(N)]},
        {"name": [f"n{i}" for i in range(N)], "x": [i * 0.3 for i in range(N)]}, "unused",
    ),
}  # fmt: skip


def carried(columns, carrier, folder, name):
    frame = pd.DataFrame(columns).astype(str) if carrier == "csv" else pd.DataFrame(columns)
    frame = frame.assign(label=ANSWERS)
    path = folder / f"{name}.{carrier}"
    if carrier == "frame":
        return frame
    if carrier == "csv":
        frame.to_csv(path, index=False)
    elif carrier == "jsonl":
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    else:
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize("carrier", ["csv", "parquet", "jsonl", "frame"])
@pytest.mark.parametrize("case", SIDES)
def test_both_sides_decide_what_a_column_is(tmp_path, case, carrier):
    first, second, wanted = SIDES[case]
    sides = [carried(first, carrier, tmp_path, "a"), carried(second, carrier, tmp_path, "b")]
    found = []
    for source, target in (sides, sides[::-1]):
        task = read_task(RunConfig(), source, target, Events())
        (column,) = {next(iter(first))}
        schemas = [side.schema[column] for side in (task.source, task.target)]
        assert {s.role if wanted in ("text", "unused") else s.kind for s in schemas} == {wanted}
        found.append({side.examples.fingerprint() for side in (task.source, task.target)})
        said = [*task.source.notes, *task.target.notes]
        assert any(repr(column) in note for note in said)
    assert found[0] == found[1]


def test_what_is_named_is_kept(tmp_path):
    first, second, _ = SIDES["names, that come again on one side"]
    config = make_config({"data": {"columns": ["name", "x"]}})
    task = read_task(config, *(pd.DataFrame(s).assign(label=ANSWERS) for s in (first, second)))
    assert list(task.source.examples.columns) == ["name", "x"]


def test_quantities_are_not_made_words():
    first = pd.DataFrame({"age": np.arange(N) * 3 + 1, "x": 0.5, "label": ANSWERS})
    second = first.assign(age=[f"a{i % 3}" for i in range(N)])
    with pytest.raises(DataError, match="'age' holds 'a0' in row 1, expected a number"):
        read_task(RunConfig(), first, second)
    with pytest.raises(DataError, match=r"'age' holds whole numbers such as .* words such as 'a0'"):
        read_task(RunConfig(), second, first)
    config = make_config({"data": {"categorical": ["age"]}})
    assert read_task(config, second, first).target.examples.categorical == ["age"]


@pytest.mark.parametrize("values", ["0.5", "-3.25"])
@pytest.mark.parametrize("carrier", ["csv", "frame"])
def test_measured_values_with_a_step_of_one_count_no_rows(tmp_path, values, carrier):
    steps = [float(values) + i for i in range(N)]
    domain = read_domain(carried({"size": steps}, carrier, tmp_path, "a"))
    assert list(domain.examples.columns) == ["size"]
    with pytest.raises(DataError, match="no column to learn from"):
        read_domain(carried({"size": range(7, 7 + N)}, carrier, tmp_path, "b"))


def test_codes_of_two_places_are_codes():
    east = pd.DataFrame({"zip": [f"0{1000 + i}" for i in range(N)] * 2, "label": ANSWERS * 2})
    west = east.assign(zip=[80000 + i for i in range(N)] * 2)
    for sides in ((east, west), (west, east)):
        task = read_task(RunConfig(), *sides)
        assert [side.examples.categorical for side in (task.source, task.target)] == [["zip"]] * 2


def test_shift_and_check_read_alike(tmp_path):
    from typer.testing import CliRunner

    first, second, _ = SIDES["codes, one with a letter"]
    paths = [carried(s, "csv", tmp_path, n) for s, n in ((first, "a"), (second, "b"))]
    first, second = map(str, paths)
    for words in (
        ["shift", first, second], ["check", first, "--against", second],
        ["check", second, "--against", first],
    ):  # fmt: skip
        answer = CliRunner().invoke(app, words)
        assert answer.exit_code in (0, 1), answer.output
        assert re.search("'code' holds .* read as words", answer.stderr)


@pytest.mark.slow
def test_groups_are_not_found_by_what_tells_the_sides_apart(tmp_path):
    rng = np.random.default_rng(0)
    sides = []
    for year in (2020, 2024):
        x = rng.normal(size=(40, 2)) + 6 * (np.arange(40) % 2)[:, None]
        sides.append(pd.DataFrame(x, columns=["a", "b"]).assign(year=year))
    found = cluster(sides[0], source=sides[1], groups=2, columns=None, out=tmp_path / "found")
    assert len(found.predict(sides[0].drop(columns="year"))) == 40
    assert "year" not in json.dumps(found.facts["groups"])
