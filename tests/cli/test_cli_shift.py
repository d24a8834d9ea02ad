"""`landbridge shift` on real rows: what it prints, writes and exits with."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def tables(tmp_path: Path) -> tuple[str, str]:
    """Two tables of one kind; in the second a column has moved and another is hardly there."""
    rng = np.random.default_rng(0)
    for name, moved, n in (("near", 0.0, 150), ("far", 2.0, 120)):
        kind = rng.integers(2, size=n)
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["height", "weight", "<colour>", "seldom", "kind"])
            for i in range(n):
                out.writerow(
                    [
                        round(rng.normal() + kind[i] * 2, 4),
                        round(rng.normal() + moved, 4),
                        "red" if rng.random() < 0.5 else "blue",
                        "" if moved and rng.random() < 0.9 else round(rng.normal(), 4),
                        ["ant", "bee"][kind[i]],
                    ]
                )
    return str(tmp_path / "near.csv"), str(tmp_path / "far.csv")


def test_a_person_reads_what_differs_and_what_that_speaks_for(cli, tables):
    result = cli("shift", *tables, "--target-labels", "judge")
    assert result.exit_code == 0, result.stderr
    assert "This speaks for mapping" in result.stdout
    assert "2 of 4 columns changed: seldom (missing 0 % →" in result.stdout
    assert "Column seldom is mostly missing on one side only" in result.stdout
    assert "Classes' positions: not looked at" in result.stdout
    assert f"landbridge transfer --source {tables[0]} --target {tables[1]}" in result.stdout
    assert "identity: the columns themselves" in result.stderr
    assert "\x1b" not in result.output


def test_the_printed_command_asks_for_the_same(cli, pipeline, tables):
    given = ["--label", "kind", "--drop", "seldom,weight", "--target-labels", "judge"]
    given += ["--seed", "3", "--set", "data.max_rows=100", "--backbone", "identity", "--offline"]
    result = cli("shift", *tables, *given)
    assert result.exit_code == 0, result.stderr
    words = shlex.split(result.stdout.split("go on")[1])
    assert words[:2] == ["landbridge", "transfer"]
    cli("transfer", *words[2:], "--out", "made")
    data = pipeline.config.data
    assert (data.source, data.target, data.label) == (*tables, "kind")
    assert (data.drop, data.target_labels, data.max_rows) == (["seldom", "weight"], "judge", 100)
    assert (pipeline.config.seed, pipeline.config.backbone) == (3, "identity")
    assert pipeline.config.offline


def test_json_has_every_figure_and_nothing_sealed(cli, tables, only_json):
    result = cli("shift", *tables, "--target-labels", "judge", "--json")
    found = only_json(result)
    assert set(found["findings"]) >= {"domain-classifier", "mmd", "columns", "label-shift"}
    assert found["advice"]["speaks_for"][0]["family"] == "mapping"
    assert found["label_shift"] is False
    assert found["source"] == {"name": "near", "rows": 150}
    assert [item["name"] for item in found["skipped"]] == ["conditional"]
    assert found["findings"]["label-shift"]["figures"]["counted"] == 0


def test_labels_of_the_target_are_used_where_they_may_be(cli, tables, only_json):
    found = only_json(cli("shift", *tables, "--json"))
    assert found["target"]["rows"] < 120  # the rest is kept for the verdict
    assert found["findings"]["label-shift"]["figures"]["counted"] == 1
    assert "conditional" in found["findings"]


def test_sealed_labels_change_nothing(cli, tables, tmp_path, only_json):
    before = only_json(cli("shift", *tables, "--target-labels", "judge", "--json"))
    with open(tables[1], newline="") as file:
        rows = list(csv.reader(file))
    labels = [row[-1] for row in rows[1:]][::-1]
    with open(tables[1], "w", newline="") as file:
        again = [[*row[:-1], y] for row, y in zip(rows[1:], labels, strict=True)]
        csv.writer(file).writerows([rows[0], *again])
    after = only_json(cli("shift", *tables, "--target-labels", "judge", "--json"))
    before.pop("seconds"), after.pop("seconds")
    assert before == after


def test_the_page_is_one_file_that_loads_nothing(cli, tables, tmp_path):
    out = tmp_path / "page.html"
    result = cli("shift", *tables, "--out", str(out), "-q")
    assert result.exit_code == 0, result.stderr
    assert str(out) in result.stdout
    page = out.read_text("utf-8")
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert "default-src &#39;none&#39;" in page
    assert "<colour>" not in page  # what a user wrote never becomes markup
    assert "&lt;colour&gt;" in page
    for part in ("advice", "distances", "made-of", "classes", "columns", "checks"):
        assert f'<section id="{part}"' in page
    assert page.count("<svg") > 10
    assert "nan" not in re.sub(r"<script>.*?</script>", "", page, flags=re.S).lower().split()
    again = tmp_path / "again.html"
    cli("shift", *tables, "--out", str(again), "-q")
    assert again.read_text("utf-8") == page


def test_samples_and_one_domain_twice(cli, only_json):
    found = only_json(cli("shift", "sample:digits", "sample:digits", "--json"))
    assert found["backbone"] == "identity"
    assert found["advice"]["speaks_for"][0]["family"] == "none"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("shift", "nowhere", "sample:digits"), 3, "nowhere does not exist"),
        (("shift", "sample:digit", "sample:digits"), 3, "did you mean sample:digits"),
        (("shift", "sample:digits"), 2, "TARGET"),
        (("shift", "sample:digits", "sample:digits", "--out", "page.txt"), 2, "end the name in"),
        (("shift", "sample:digits", "sample:digits", "--backbone", "resnot"), 5, "resnot"),
        (("shift", "sample:digits", "sample:digits", "--set", "method=mcc"), 2, "cannot use"),
    ],
)
def test_what_cannot_be_done_is_said(cli, args, code, said):
    result = cli(*args)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    as_json = cli(*args, "--json")
    assert json.loads(as_json.stdout)["error"]["exit_code"] == code


def test_a_table_and_images_do_not_compare(cli, tables):
    result = cli("shift", tables[0], "sample:digits")
    assert result.exit_code == 3
    assert "one modality" in result.stderr
