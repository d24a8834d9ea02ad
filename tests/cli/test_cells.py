"""Tables for people: a spreadsheet runs no cell, and names come back as they were."""

from __future__ import annotations

import csv
import io

import pytest

from landbridge.base.cells import cell, unmarked, write_rows
from landbridge.cli.predict import write, write_csv
from landbridge.domains.read import read_domain

NAMES = (
    *("=1+1", "+ant", "-ant", "@ant", "\tant", "\rant", "\nant", "  =1+1", "＝1+1"),
    *("'ant", "''ant", "'=1", "'s-Hertogenbosch", "'", "ant", "a=b", "-", "- 3 degrees", "猫"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_to_a_spreadsheet_and_comes_back(name):
    written = cell(name)
    assert written.lstrip()[0] not in "=+@＝\t\r\n-" or (name == "-" and written == "'-")
    assert unmarked(written) == name


@pytest.mark.parametrize("value", ["-5", "+1.5", "-.5", "1e-3", "-1e+20", -5, -0.5, None, True])
def test_numbers_stay(value):
    assert cell(value) == value


def _rows(names, several=False):
    shares = dict.fromkeys(names, 1 / len(names))
    return [
        {
            "name": f"{name} row",
            "predicted": [name, "x"] if several else name,
            "probability": shares,
        }
        for name in names
    ]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_predictions_are_read_with_the_names_that_they_were_written_with(tmp_path, ending):
    names = [name for name in NAMES if name.strip() == name]
    write(tmp_path / f"predictions{ending}", _rows(names) * 2)
    found = read_domain(
        tmp_path / f"predictions{ending}", label="predicted", columns=["confidence"]
    )
    assert set(found.classes) == set(names)


def test_every_cell_of_a_file_is_harmless(tmp_path):
    for several in (False, True):
        write(tmp_path / "p.csv", _rows(NAMES, several))
        with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
            cells = [one for row in csv.reader(file) for one in row]
        assert not [one for one in cells if one[:1] in tuple("=+-@\t\r\n")]


def test_marks_are_taken_off_predictions_alone(tmp_path):
    text = "word,label\n'=a,x\n'=b,y\n'-c,x\n'=d,y\n"
    (tmp_path / "a.csv").write_text(text)
    found = read_domain(tmp_path / "a.csv", label="word", columns=["label"])
    assert set(found.classes) == {"'=a", "'=b", "'-c", "'=d"}


def test_a_pipe_shows_controls_and_a_file_keeps_them(tmp_path):
    rows = _rows(["a\x1b[2J", "b\u202e"])
    out = io.StringIO()
    write_csv(out, rows, shown=True)
    assert "\x1b" not in out.getvalue()
    assert "a\\x1b[2J" in out.getvalue()
    assert "\u202e" not in out.getvalue()
    write(tmp_path / "p.csv", rows)
    assert "a\x1b[2J" in (tmp_path / "p.csv").read_text("utf-8")


def test_bytes_of_a_name_that_are_no_letters_are_written(tmp_path):
    for ending in (".csv", ".parquet", ".json", ".jsonl"):
        write(tmp_path / f"p{ending}", _rows(["caf\udce9", "ant"]))
    assert "\\udce9" in (tmp_path / "p.csv").read_text("utf-8")


def test_heads_are_cells_too():
    out = io.StringIO()
    write_rows(out, ["=1", "b"], [[1, -2]])
    assert out.getvalue() == "'=1,b\n1,-2\n"
