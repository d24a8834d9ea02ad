"""Numbers and several labels on the command line."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.shown import in_one_line
from landbridge.cli.evaluate import _show
from landbridge.cli.predict import _unanswered, write
from landbridge.cli.tables import console, show_verdict
from landbridge.domains.input_rows import InputRows, LeftOut
from landbridge.verdict.settle import Settle


def test_predictions_are_written(tmp_path):
    write(tmp_path / "n.csv", [{"name": "row 1", "predicted": 3.25}])
    assert (tmp_path / "n.csv").read_text() == "name,predicted\nrow 1,3.25\n"
    rows = [
        {"name": "a", "predicted": ["cat", "dog"], "probability": {"cat": 0.9, "dog": 0.75}},
        {"name": "b", "predicted": [], "probability": {"cat": 0.1, "dog": 0.25}},
    ]
    write(tmp_path / "s.csv", rows)
    assert (tmp_path / "s.csv").read_text().splitlines() == [
        "name,predicted,p(cat),p(dog)",
        "a,cat;dog,0.9,0.75",
        "b,,0.1,0.25",
    ]


def test_figures_of_numbers_are_no_percentages(capsys):
    _show(
        {
            "target_type": "regression",
            "metric": "mean absolute error",
            "value": 17.0,
            "low": 15.5,
            "high": 18.25,
            "figures": {"RMSE": 20.0, "MAE": 17.0, "R²": None, "Spearman": 0.5},
            "n": 40,
        }
    )
    shown = capsys.readouterr().out
    assert "17.00" in shown
    assert "15.50 to 18.25" in shown
    assert "%" not in shown.replace("95 % interval", "")
    assert shown.count("17.00") == 1  # the main figure is not said twice


def test_a_verdict_on_numbers_says_what_is_saved(capsys, tmp_path):
    figure = {"method": "rsd", "mean": 12.0, "low": 11.0, "high": 13.0}
    gap = {"mean": 1.25, "low": 0.5, "high": 2.0}
    show_verdict(
        console(),
        tmp_path,
        {
            "target_type": "regression",
            "metric": "mean absolute error",
            "lower_is_better": True,
            "outcome": "helped",
            "sentence": "It did.",
            "reference": "probe",
            "chosen": figure,
            "baselines": [{**figure, "method": "probe", "mean": 13.25, "difference": gap}],
        },
        None,
    )
    shown = capsys.readouterr().out
    assert "chosen saves" in shown
    assert "+1.25  (+0.5 to +2)" in shown
    assert "1200" not in shown


def test_rows_without_an_answer_are_empty_cells_and_do_not_change_the_heads(tmp_path):
    nan = float("nan")
    none = {"name": "a", "predicted": None, "probability": {"cat": nan, "dog": nan}}
    some = {"name": "b", "predicted": ["cat"], "probability": {"cat": 0.75, "dog": 0.25}}
    rows = [{**none, "reason": "unreadable image: cut"}, {**some, "reason": None}]
    write(tmp_path / "s.csv", rows)
    assert (tmp_path / "s.csv").read_text().splitlines() == [
        "name,predicted,p(cat),p(dog),reason",
        "a,,,,unreadable image: cut",
        "b,cat,0.75,0.25,",
    ]
    assert _unanswered(rows) == {"unreadable image": 1}
    write(tmp_path / "n.csv", [{"name": "a", "predicted": nan, "reason": "row without a text"}])
    assert (tmp_path / "n.csv").read_text().splitlines()[1] == "a,,row without a text"
    tasks = [{"name": "a", "reason": "price", "size": 2.5}]  # a task that is called so
    assert _unanswered(tasks) == {}
    tasks = InputRows(np.array([1]), (LeftOut(0, "z", "cut"),)).answers(
        tasks, {"name": "", "reason": None, "size": nan}
    )
    assert [row["row reason"] for row in tasks] == ["cut", None]
    assert _unanswered(tasks) == {"cut": 1}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["shop row 8", "shop row 12"], "shop rows 8, 12"),
        (["shop row 8"], "shop row 8"),
        (["a row of mugs row 1", "a row of mugs row 2"], "a row of mugs rows 1, 2"),
        (["shop row 8", "bank row 12"], "shop row 8, bank row 12"),
        (["a.jpg", "b.jpg"], "a.jpg, b.jpg"),
        (["/d/cat/a.jpg", "/d/dog/a.jpg"], "/d: cat/a.jpg, dog/a.jpg"),
        ([], ""),
    ],
)
def test_rows_of_one_table_name_it_once(names, said):
    assert in_one_line(names) == said


def test_rows_to_label_first_say_whose_answers_differ(capsys, tmp_path):
    figure = {"method": "dan", "mean": 0.5, "low": 0.4, "high": 0.6}
    show_verdict(
        console(),
        tmp_path,
        {
            "outcome": "can't tell",
            "sentence": "Can't tell.",
            "reference": "probe",
            "chosen": figure,
            "baselines": [],
            "settle": Settle(
                1, 9, differ=9, rows=tuple((i, f"shop row {i}") for i in range(1, 10))
            ).to_json(),
        },
        tmp_path / "report.html",
    )
    shown = " ".join(capsys.readouterr().out.split())
    assert (
        "chosen and reference answer differently: shop rows 1, 2, 3, 4, 5, 6, 7, 8 and 1" in shown
    )
