"""The same column written otherwise on the other side is read as it is meant, or refused."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from landbridge.base.errors import DataError
from landbridge.domains.modalities.tabular import TablePreprocessing
from landbridge.domains.read import read_domain
from landbridge.domains.read_like import read_like

LABELS = ["a", "b"] * 6


def table(folder, cells: list[str], name: str = "t") -> Any:
    path = folder / f"{name}.csv"
    rows = [f'"{cell}",{label}' for cell, label in zip(cells * 4, LABELS, strict=True)]
    path.write_text("\n".join(["n,label", *rows]))
    return path


@pytest.mark.parametrize(
    ("cells", "values", "said"),
    [
        (["$1.50", "$2,000", "$7"], [1.5, 2000, 7], "in $"),
        (["1,50 €", "2.000,25 €", "7 €"], [1.5, 2000.25, 7], "in €"),
        (["-£3", "£4.5", "+£1"], [-3, 4.5, 1], "in £"),
        (["($1,234)", "$7", "$1.5"], [-1234, 7, 1.5], "in $"),
        (["EUR 5", "EUR 1.5", "6 EUR"], [5, 1.5, 6], "in EUR"),
    ],
)
def test_amounts_of_money_are_numbers(tmp_path, cells, values, said):
    domain = read_domain(table(tmp_path, cells))
    np.testing.assert_allclose(domain.examples.columns["n"], values * 4)
    assert any(said in note for note in domain.notes)
    labels = read_domain(
        table(tmp_path, cells), label="n", target_type="regression", columns=["label"]
    )
    np.testing.assert_allclose(labels.labels[:3], values)


@pytest.mark.parametrize("cells", [["$1", "€2", "£3"], ["A1$", "B2$", "C3$"]])
def test_other_signs_are_words(tmp_path, cells):
    assert read_domain(table(tmp_path, cells)).examples.categorical == ["n"]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (["12%", "3.5%", "100%"], ["0.12", "0.035", "1"]),
        (["0.12", "0.035", "1"], ["12%", "3.5%", "100%"]),
        (["$1.5", "$2", "$3"], ["1.5 €", "2 €", "3 €"]),
    ],
)
@pytest.mark.parametrize(
    ("role", "carrier"), [("feature", "csv"), ("feature", "frame"), ("label", "csv")]
)
def test_other_units_are_refused(tmp_path, here, there, role, carrier):
    asked = (
        {}
        if role == "feature"
        else {"label": "n", "columns": ["label"], "target_type": "regression"}
    )
    source = read_domain(table(tmp_path, here, "s"), **asked)
    what: Any = table(tmp_path, there)
    if carrier == "frame":
        what = pd.DataFrame({"n": there * 4})
    with pytest.raises(DataError, match="the other side"):
        read_domain(what, like=source, **asked)


TIMES = pd.date_range("2024-01-30", periods=12, freq="D")
FLAGS = np.array([True, False, False] * 4)


@pytest.mark.parametrize(
    "spelled",
    [
        lambda f: np.where(f, "true", "false"),
        lambda f: np.where(f, "TRUE", "FALSE"),
        lambda f: np.where(f, "yes", "no"),
        lambda f: np.where(f, "1", "0"),
        lambda f: f.astype(int),
        lambda f: f.astype(float),
        lambda f: pd.array(f, "boolean"),
    ],
)
def test_truth_values_in_other_words(spelled):
    source = read_domain(pd.DataFrame({"flag": FLAGS, "label": LABELS}))
    other = read_domain(pd.DataFrame({"flag": spelled(FLAGS)}), like=source)
    assert list(other.examples.columns["flag"]) == list(source.examples.columns["flag"])


@pytest.mark.parametrize(
    "spelled",
    [
        lambda t: t.astype(str),
        lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lambda t: [x.date() for x in t],
        lambda t: t.tz_localize("Asia/Tokyo"),
        lambda t: t.to_series().astype(object).to_numpy(),
    ],
)
def test_dates_in_other_types(spelled):
    source = read_domain(pd.DataFrame({"when": TIMES, "label": LABELS}))
    other = read_domain(pd.DataFrame({"when": spelled(TIMES)}), like=source)
    for name in ("when", "when (month)", "when (weekday)"):
        np.testing.assert_allclose(other.examples.columns[name], source.examples.columns[name])
    with pytest.raises(DataError, match="expected dates"):
        read_domain(pd.DataFrame({"when": TIMES.strftime("%d.%m.%Y")}), like=source)


def test_text_in_bytes_and_intervals_are_words(tmp_path):
    frame = pd.DataFrame({"x": [b"u", "é".encode(), b"w"] * 4, "label": [b"a", b"b"] * 6})
    frame.to_parquet(tmp_path / "t.parquet")  # as Impala writes strings
    for what in (frame, tmp_path / "t.parquet"):
        domain = read_domain(what)
        assert domain.classes == ("a", "b")
        assert set(domain.examples.columns["x"]) == {"u", "é", "w"}
    cut = pd.cut(range(12), [-1, 5, 12])
    for label in (cut, pd.Series(cut).astype(object)):
        found = read_domain(pd.DataFrame({"x": np.arange(12.0) ** 2, "label": label}))
        assert set(found.classes) == {"(-1, 5]", "(5, 12]"}


def test_a_table_model_takes_rows_in_every_container():
    frame = pd.DataFrame({"when": TIMES, "n": np.arange(12) * 0.5, "w": list("uvw") * 4})
    rows = read_domain(frame.assign(label=LABELS))
    model = TablePreprocessing.fit([rows.examples])
    wanted = model.prepare(rows.examples)
    for what, kept in (
        (frame.to_dict("list"), slice(None)),
        ({name: frame[name].to_numpy() for name in frame}, slice(None)),
        ({name: frame[name] for name in frame[::-1]}, slice(None)),
        (frame.iloc[3], slice(3, 4)),
        (frame.iloc[3].to_dict(), slice(3, 4)),
        (frame.iloc[:2].to_dict("records"), slice(0, 2)),
    ):
        np.testing.assert_allclose(model.prepare(read_like(model, what).examples), wanted[kept])
    with pytest.raises(DataError, match="differ in length"):
        read_like(model, frame.to_dict("list") | {"n": [datetime.timedelta(1)]})


def test_ids_of_shuffled_rows_are_those_of_their_column():
    frame = pd.DataFrame({"customer_id": list("pqrs"), "x": [1.5, 2, 4, 0], "label": list("abab")})
    assert read_domain(frame[::-1]).input_rows.ids == tuple("srqp")
    assert read_domain(frame[::-1].drop(columns="customer_id")).input_rows.ids == tuple("3210")
    assert read_domain(frame.set_index(pd.Index(list("wxyz")))).input_rows.ids == tuple("wxyz")
