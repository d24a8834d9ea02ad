"""What a column is, is decided once, exact, said, and applied to every other table."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import landbridge
from landbridge.base.errors import ConfigError, DataError
from landbridge.domains.read import read_domain
from landbridge.domains.readers.header import are_names
from landbridge.domains.schema import TableSchema
from landbridge.domains.task import Task

CARRIERS = ("csv", "parquet", "jsonl", "json", "frame")


def carried(frame: pd.DataFrame, carrier: str, folder: Path) -> Any:
    path = folder / f"t.{carrier}"
    if carrier == "csv":
        frame.to_csv(path, index=False)
    elif carrier == "parquet":
        frame.to_parquet(path)
    elif carrier in ("jsonl", "json"):
        rows = frame.to_dict("records")
        text = "\n".join(map(json.dumps, rows)) if carrier == "jsonl" else json.dumps(rows)
        path.write_text(text)
    return frame if carrier == "frame" else path


LARGE = {
    "snomed": [900000000000496003, 900000000000496006, 900000000000496009],
    "unsigned": [2**63 + 1, 2**63 + 2, 2**63 + 3],
}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("codes", LARGE.values(), ids=LARGE)
def test_large_whole_numbers_stay_apart(tmp_path, carrier, codes):
    frame = pd.DataFrame({"code": codes * 4, "x": range(12), "label": codes * 4})
    domain = read_domain(carried(frame, carrier, tmp_path), label="label")
    assert domain.classes == tuple(map(str, codes))
    assert set(domain.examples.columns["code"]) == set(map(str, codes))
    assert any("above 2^53" in note for note in domain.notes)


def test_large_whole_numbers_of_arrays_stay_apart():
    codes = np.array(LARGE["snomed"] * 4)
    domain = read_domain((np.stack([codes, np.arange(12)], 1), codes))
    assert len(domain.classes) == len(set(domain.examples.columns["x0"])) == 3
    assert domain.examples.numeric == ["x1"]


@pytest.mark.parametrize("carrier", CARRIERS)
def test_strings_reach_labels_texts_and_categories(tmp_path, carrier):
    codes = ["007", "010", "07"] * 4
    frame = pd.DataFrame({"code": codes, "x": range(12), "label": codes})
    what = carried(frame, carrier, tmp_path)
    domain = read_domain(what, label="label")
    assert set(domain.classes) == {"007", "010", "07"}
    assert domain.examples.columns["code"].tolist() == codes
    assert read_domain(what, label="label", text="code").examples.texts == codes


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,5", "2,25", "-3,0"], [1.5, 2.25, -3]),
        (["1.234,5", "2.000,0", "12,5"], [1234.5, 2000, 12.5]),
        (["1,234", "12,345", "999"], [1234, 12345, 999]),
        (["1,234.5", "2,000.25", "7"], [1234.5, 2000.25, 7]),
        (["1 234", "12 345,5", "7"], [1234, 12345.5, 7]),
        (["1'234", "7'000'000", "7"], [1234, 7e6, 7]),
        (["12%", "3.5 %", "100%"], [12, 3.5, 100]),
        (["\u22125", "+3", " 7 "], [-5, 3, 7]),
        (["1e3", "2.5E-1", "7"], [1000, 0.25, 7]),
    ],
)
def test_numbers_as_people_write_them(tmp_path, cells, values):
    path = tmp_path / "t.csv"
    rows = [f'"{cell}",{"ab"[i % 2]}' for i, cell in enumerate(cells * 5)]
    path.write_text("\n".join(["n,label", *rows]))
    domain = read_domain(path)
    np.testing.assert_allclose(domain.examples.columns["n"], values * 5)
    assert any("'n'" in note and "numbers" in note for note in domain.notes)


def test_a_word_among_numbers_is_counted_and_named(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{'unknown' if i == 16 else i % 50 * 0.5},{'ab'[i % 2]}" for i in range(200)]
    path.write_text("\n".join(["age,label", *rows]))
    domain = read_domain(path)
    assert np.isnan(domain.examples.columns["age"]).sum() == 1
    assert any("'unknown', first in row 17" in note for note in domain.notes)
    assert read_domain(path, categorical=["age"]).examples.columns["age"][16] == "unknown"
    path.write_text(
        "\n".join(["code,label"] + [f"{'A' if i == 3 else i % 5},b" for i in range(60)])
    )
    assert read_domain(path, label="label").examples.categorical == ["code"]  # codes, not amounts


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_table_is_read_as_another_was(tmp_path, carrier):
    first = tmp_path / "first.csv"
    first.write_text(
        "n;zip;label\n" + "".join(f"{i},5;0{i % 3};{'ab'[i % 2]}\n" for i in range(12))
    )
    source = read_domain(first, name="first")
    frame = pd.DataFrame(
        {"n": [i + 0.5 for i in range(12)], "zip": [f"0{i % 3}" for i in range(12)]}
    )
    target = read_domain(carried(frame, carrier, tmp_path), like=source)
    assert target.examples.numeric == source.examples.numeric == ["n"]
    np.testing.assert_array_equal(target.examples.columns["n"], source.examples.columns["n"])
    assert Task.build(source, target).classes == ("a", "b")
    with pytest.raises(DataError, match=r"'n' holds 'x0' in row 1, expected a number"):
        read_domain(frame.assign(n=[f"x{i}" for i in range(12)]), like=source)


def made(rows: int, spelled: str, seed: int = 0) -> str:
    rng = np.random.default_rng(seed)
    lines = ["size,zip,label"]
    for i in range(rows):
        y = i % 2
        number = f"{rng.normal(3 * y):.3f}"
        number = f'"{number.replace(".", ",")}"' if spelled == "comma" else number
        lines.append(f"{number},0{1 + y},{'no' if y else 'yes'}")
    return "\n".join(lines) + "\n"


def test_predict_reads_as_the_run_did(tmp_path):
    for name, seed in (("s", 0), ("t", 1)):
        (tmp_path / f"{name}.csv").write_text(made(60, "point", seed))
    run = landbridge.transfer(
        tmp_path / "s.csv", tmp_path / "t.csv", method="source-only", target_labels="judge",
        out=tmp_path / "run", seeds=1,
        training={"steps": 10, "source_steps": 40, "threads": 1, "precision": "float32"},
    )  # fmt: skip
    kept = landbridge.load(tmp_path / "run")
    schema = TableSchema.from_json(
        json.loads((tmp_path / "run/data.json").read_text())["target"]["schema"]
    )
    assert [(c.name, c.kind, c.role) for c in schema.columns] == [
        ("size", "decimal", "feature"), ("zip", "category", "feature"),
        ("label", "category", "label"),
    ]  # fmt: skip
    (tmp_path / "comma.csv").write_text(made(20, "comma", 2))
    (tmp_path / "point.csv").write_text(made(20, "point", 2))
    answers = [[p["predicted"] for p in run_.predict(tmp_path / f"{name}.csv")]
               for run_ in (run, kept) for name in ("comma", "point")]  # fmt: skip
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0])) == 2
    with pytest.raises(DataError, match="'zip' holds '1', '2' in all of its 20 rows"):
        run.predict(pd.DataFrame({"size": [0.5] * 20, "zip": [1, 2] * 10}))


ZONED = pd.date_range("2024-01-01", periods=6, tz="Europe/Berlin")
TIMES = {
    "zone": ZONED,
    "dates": [datetime.date(2024, 1, 1 + i) for i in range(6)],
    "nanoseconds": pd.date_range("2024-01-01 00:00:00.123456789", periods=6, unit="ns"),
    "microseconds": pd.date_range("2024-01-01 00:00:00.123456", periods=6, unit="us"),
}


@pytest.mark.parametrize("carrier", ["csv", "parquet", "frame"])
@pytest.mark.parametrize("name", TIMES)
def test_times_are_those_of_their_clock(tmp_path, carrier, name):
    frame = pd.DataFrame({"seen": TIMES[name], "x": range(6), "label": ["a", "b"] * 3})
    columns = read_domain(carried(frame, carrier, tmp_path)).examples.columns
    assert columns["seen (month)"][0] == 1
    assert columns["seen (weekday)"][0] == 0
    assert int(columns["seen"][0]) == 19723


@pytest.mark.parametrize("carrier", ["csv", "parquet", "frame"])
def test_periods_durations_and_times_of_day(tmp_path, carrier):
    frame = pd.DataFrame(
        {
            "month": pd.period_range("2024-01", periods=6, freq="M"),
            "at": [datetime.time(9, 30 + i) for i in range(6)],
            "label": ["a", "b"] * 3,
        }
    )
    columns = read_domain(carried(frame, carrier, tmp_path)).examples.columns
    assert columns["month"][:2].tolist() == [19723, 19754]
    np.testing.assert_allclose(columns["at"][:2], [9.5, 9.5 + 1 / 60])
    spans = pd.DataFrame({"span": pd.to_timedelta([36] * 6, unit="h"), "label": ["a", "b"] * 3})
    assert read_domain(spans).examples.columns["span"].tolist() == [1.5] * 6


WORDS = ["red", "blue", None, "red"]
ARROW = {
    "large_string": pa.array(WORDS, pa.large_string()),
    "string_view": pa.array(WORDS, pa.string_view()),
    "dictionary": pa.array(WORDS).dictionary_encode(),
    "json": pa.ExtensionArray.from_storage(
        pa.json_(), pa.array(['"red"', '"blue"', None, '"red"'])
    ),
}


@pytest.mark.parametrize("where", ["memory", "parquet"])
@pytest.mark.parametrize("name", ARROW)
def test_words_of_every_arrow_type(tmp_path, where, name):
    table = pa.table({"word": ARROW[name], "x": [1, 2, 3, 4], "label": list("abab")})
    pq.write_table(table, tmp_path / "t.parquet")
    domain = read_domain(table if where == "memory" else tmp_path / "t.parquet")
    assert domain.examples.columns["word"].tolist() == WORDS
    assert not domain.omissions


def test_missing_words_of_a_label_column(tmp_path):
    def classes(cells, **options):
        rows = [f"{i % 7},{cell}" for i, cell in enumerate(cells)]
        (tmp_path / "t.csv").write_text("\n".join(["x,label", *rows]))
        return read_domain(tmp_path / "t.csv", **options)

    assert classes(["NA", "EU", "AS"] * 4).classes == ("AS", "EU", "NA")
    assert classes(['"NA"', "EU"] * 4).classes == ("EU", "NA")
    assert classes(["null", "yes", "yes"] * 4).classes == ("null", "yes")
    few = classes(["NA"] * 40 + ["ant", "bee"] * 3)
    assert few.classes == ("ant", "bee")
    assert int(few.labeled_mask.sum()) == 6
    assert any("'NA': read as no label" in note for note in few.notes)
    assert classes(["NA", "0", "1"] * 4).classes == ("0", "1")
    source = classes(["EU", "AS"] * 4)
    assert classes(["NA", "EU", "AS"] * 4, like=source).classes == ("AS", "EU")


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("5.1,3.5,Iris-setosa|4.9,3.0,Iris-setosa|6.2,2.2,Iris-rosa", False),
        ("39,State-gov,<=50K|50,Private,>50K", False),
        ("p,x,n|e,x,n|p,b,w", False),
        ("0,1,2,label|0.1,0.2,0.3,ant|0.2,0.4,0.1,bee", True),
        ("country,2019,2020,2021|Mali,1,2,3|Peru,4,5,6", True),
        ("age,job,label|39,State-gov,a|50,Private,b", True),
        ("text,label|a film,good|a book,bad", True),
        ("1.5,2.5|3.5,4.5", False),
        ("1,2,3,label|0.1,0.2,0.3,ant|0.2,0.4,0.1,bee", True),
        ("0,label|0.1,ant|0.2,bee", True),
        ("1,2,3,ant|4,5,6,bee|4,3,3,cat", False),
        ("so good a film it is,0|so bad a book it was,1|not a film to see,0", False),
    ],
)
def test_names_or_data_in_the_first_line(tmp_path, lines, names):
    rows = [line.split(",") for line in lines.split("|")]
    assert are_names(rows[0], rows[1:])[0] == names
    (tmp_path / "t.csv").write_text(lines.replace("|", "\n"))
    domain = read_domain(tmp_path / "t.csv", labelled=False, columns=None)
    assert len(domain) == len(rows) - names
    assert names or any("holds no names" in note for note in domain.notes)


TEXT = "größe,label\n" + "".join(f"{i}.5,{'bär' if i % 2 else 'hund'}\n" for i in range(12))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
def test_tables_in_other_encodings(tmp_path, encoding):
    (tmp_path / "t.csv").write_bytes(TEXT.encode(encoding))
    domain = read_domain(tmp_path / "t.csv")
    assert list(domain.examples.columns) == ["größe"]
    assert domain.classes == ("bär", "hund")
    assert encoding.startswith("utf-8") or any(
        "is read as" in n or "read as cp1252" in n for n in domain.notes
    )


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("gb18030", "这家酒店的服务非常好，房间也很干净"),
        ("shift_jis", "この映画はとてもおもしろかったです"),
        ("euc_kr", "이 영화는 정말 재미있었습니다"),
        ("cp1251", "очень хороший фильм для всей семьи"),
    ],
)
def test_an_encoding_is_guessed_named_and_taken(tmp_path, encoding, words):
    rows = "".join(f"{words},{'ab'[i % 2]}\n" for i in range(12))
    (tmp_path / "t.csv").write_bytes(("text,label\n" + rows).encode(encoding))
    with pytest.raises(DataError, match=f"it looks like {encoding}"):
        read_domain(tmp_path / "t.csv", text="text")
    domain = read_domain(tmp_path / "t.csv", text="text", encoding=encoding)
    assert domain.examples.texts[0] == words
    with pytest.raises(ConfigError, match="no encoding 'gb1803'"):
        read_domain(tmp_path / "t.csv", encoding="gb1803")


def test_what_stands_on_top_of_a_table(tmp_path):
    path = tmp_path / "t.csv"
    for top in ("sep=;\n", "# written by a tool, in 2024\n", "sep=;\n# a, b, c\n"):
        path.write_text(top + "x;label\n1;a\n2;b\n")
        domain = read_domain(path)
        assert domain.examples.columns["x"].tolist() == [1, 2]
        assert len(domain) == 2


def test_values_that_are_not_utf8_are_named(tmp_path):
    lines = [
        b'{"t":"abc \xff","label":"x"}' if i == 3 else b'{"t":"abc","label":"y"}' for i in range(9)
    ]
    (tmp_path / "v.jsonl").write_bytes(b"\n".join(lines))
    with pytest.raises(DataError, match=r"not UTF-8, first in line 4 \(byte 0xff\)"):
        read_domain(tmp_path / "v.jsonl")
    bad = pa.array([b"abc", b"\xff"]).view(pa.binary()).view(pa.string())
    pq.write_table(pa.table({"t": bad, "label": ["a", "b"]}), tmp_path / "v.parquet")
    with pytest.raises(DataError, match=r"column 't' holds .* in row 2, which is no UTF-8"):
        read_domain(tmp_path / "v.parquet")


def test_mixed_and_cut_json(tmp_path):
    (tmp_path / "m.jsonl").write_text(
        "\n".join(
            f'{{"a": {1 if i % 2 else json.dumps("x")}, "t": "cut \\ud83d {i}", '
            f'"label": "{i % 2}"}}'
            for i in range(6)
        )
    )  # fmt: skip
    domain = read_domain(tmp_path / "m.jsonl", text="t")
    assert domain.examples.texts[0] == "cut \ufffd 0"
    assert read_domain(tmp_path / "m.jsonl", columns=["a"]).examples.columns["a"].tolist()[:2] == [
        "x",
        "1",
    ]
    (tmp_path / "m.jsonl").write_text('{"a": 1, "label": "x"}\n{"a": ')
    with pytest.raises(DataError, match="line 2 is no whole JSON"):
        read_domain(tmp_path / "m.jsonl")


def texts_in(kind: str) -> Any:
    words = ["a good film", "a bad film"] * 3
    made_of = {
        "list": list, "tuple": tuple, "array": np.array, "object": lambda x: np.array(x, object),
        "series": pd.Series, "index": pd.Index, "arrow": pa.array,
        "bytes": lambda x: np.array(x).astype("S"),
    }  # fmt: skip
    return made_of[kind](words)


@pytest.mark.parametrize(
    "kind", ["list", "tuple", "array", "object", "series", "index", "arrow", "bytes"]
)
def test_texts_in_every_container(kind):
    domain = read_domain(texts_in(kind))
    assert (domain.modality, len(domain)) == ("text", 6)
    assert read_domain((texts_in(kind), list("ababab"))).classes == ("a", "b")


def test_a_column_that_only_names_the_side_is_left_out(tmp_path):
    from landbridge.domains.markers import without_markers

    def side(name, year):
        rows = "".join(f"{i % 7}.5,{name},{year},{'ab'[i % 2]}\n" for i in range(20))
        (tmp_path / f"{name}.csv").write_text("x,segment,year,label\n" + rows)
        return tmp_path / f"{name}.csv"

    source = read_domain(side("north", 2020))
    target = read_domain(side("south", 2024), like=source)
    for domain in without_markers(source, target):
        assert list(domain.examples.columns) == ["x"]
        assert any("'segment' (north and south)" in note for note in domain.notes)
    kept = without_markers(source, target, named=["segment", "year"])[0]
    assert list(kept.examples.columns) == ["x", "segment", "year"]


REVIEWS = {
    "chinese": ["这部电影真的很好看", "房间太小而且很吵闹"],
    "japanese": ["とてもおもしろい映画でした", "部屋がせまくてうるさい"],
    "korean": ["정말 재미있는 영화였습니다", "방이 너무 좁고 시끄러워요"],
    "thai": ["หนังเรื่องนี้สนุกมาก", "ห้องเล็กเกินไปและเสียงดัง"],
}


@pytest.mark.parametrize("script", REVIEWS)
def test_texts_are_known_by_their_script_and_on_both_sides(script):
    texts = [f"{REVIEWS[script][i % 2]}{i}" for i in range(30)]
    source = read_domain(pd.DataFrame({"w": texts, "label": ["a", "b"] * 15}))
    assert source.modality == "text"
    more = pd.DataFrame({"w": texts, "stars": [i % 5 for i in range(30)]})
    assert read_domain(more, like=source).examples.texts == texts
    table = read_domain(more.assign(label=["a", "b"] * 15), name="first")
    assert table.modality == "tabular"
    both = read_domain(more[["stars", "w"]].assign(stars=range(30)), like=table)
    assert both.modality == "tabular"
    assert list(both.examples.columns) == ["stars"]


def test_foreign_letters_do_not_make_a_text():
    towns = [f"Zürich-Höngg{i % 20}" for i in range(30)]
    frame = pd.DataFrame({"town": towns, "x": range(30), "label": ["a", "b"] * 15})
    assert read_domain(frame).modality == "tabular"


def test_decimal_commas_without_names(tmp_path):
    (tmp_path / "t.csv").write_text("".join(f"{i},5;-1,2{i};{'ab'[i % 2]}\n" for i in range(12)))
    domain = read_domain(tmp_path / "t.csv")
    assert (len(domain), domain.label_column) == (12, "x2")
    np.testing.assert_allclose(domain.examples.columns["x0"], np.arange(12) + 0.5)


@pytest.mark.parametrize(
    ("codes", "classes"),
    [
        (["1.1", "1.10", "1.2"], ("1.1", "1.10", "1.2")),
        (["4E10", "4E11", "4E12"], ("4E10", "4E11", "4E12")),
        (["1.0", "2.0", "3.0"], ("1", "2", "3")),
        (["0.5", "1.5", "1e-1"], ("0.1", "0.5", "1.5")),
    ],
)
def test_codes_that_read_as_numbers_keep_their_spelling_as_labels(tmp_path, codes, classes):
    rows = "".join(f"{i * i % 7},{code}\n" for i, code in enumerate(codes * 8))
    (tmp_path / "t.csv").write_text("x,label\n" + rows)
    assert set(read_domain(tmp_path / "t.csv").classes) == set(classes)
    numbers = read_domain(tmp_path / "t.csv", target_type="regression")
    np.testing.assert_allclose(numbers.labels[:3], [float(code) for code in codes])
