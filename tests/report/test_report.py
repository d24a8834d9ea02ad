"""The report is built from a run folder alone, whatever is in it or missing from it."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fake_run import CHOSEN, fake_run
from typer.testing import CliRunner

from landbridge.artifacts.state import create, mark_stopped
from landbridge.base.errors import RunError
from landbridge.base.files import read_json, write_json
from landbridge.cli.app import app
from landbridge.report.html import file_text
from landbridge.report.run.build import write_report
from landbridge.report.run.card import write_card

EVIL = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "a&b", "{{ 7 * 7 }}")
SECTIONS = (
    *("verdict", "comparison", "story", "curves", "classes", "confusion", "calibration"),
    *("map", "examples", "transfer", "cost", "repeat"),
)
SMALL = {CHOSEN: 0.93, "source-only": 0.8}


class Page(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def visible(path: Path) -> str:
    """The text of a report without scripts and styles."""
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", path.read_text("utf-8"), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fake_run(tmp_path_factory.mktemp("runs") / "judged", rows=240)


def test_every_section_is_there_and_whole(judged: Path) -> None:
    report = write_report(judged)
    page = Page(report)
    ids = [a["id"] for t, a in page.tags if t == "section"]
    assert ids == list(SECTIONS)
    everything = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(everything) == len(set(everything))
    text = visible(report)
    assert "missing or damaged" not in text
    assert "holds something unexpected" not in text
    verdict = read_json(judged / "verdict.json")
    assert verdict["sentence"] in text
    assert text.index(verdict["sentence"]) < text.index("Compared with what?")


def test_figures_are_those_of_the_run(judged: Path) -> None:
    text = visible(write_report(judged)).replace("\u00a0", " ")
    verdict = read_json(judged / "verdict.json")
    f = verdict["chosen"]
    assert (
        f"{f['mean']:.1%} ({f['low'] * 100:.1f} to {f['high'] * 100:.1f})".replace("%", " %")
        in text
    )
    import pyarrow.parquet as pq

    rows = pq.read_table(judged / "predictions.parquet").to_pylist()
    threes = [r for r in rows if r["role"] == "chosen" and r["true"] == "3"]
    share = sum(r["correct"] for r in threes) / len(threes)
    assert f"{share * 100:.1f} % (" in text


def test_nothing_is_loaded_from_anywhere(judged: Path) -> None:
    for tag, attributes in Page(write_report(judged)).tags:
        for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            value = attributes.get(name)
            if value is not None:
                assert value.startswith(("#", "data:image/png;base64,")), (tag, name, value[:80])
    style = file_text("style.css")
    assert "url(" not in style
    assert "@import" not in style


def test_same_folder_same_bytes(judged: Path, tmp_path: Path) -> None:
    first = write_report(judged, tmp_path / "a.html").read_bytes()
    assert write_report(judged, tmp_path / "b.html").read_bytes() == first
    assert write_card(judged).read_bytes() == write_card(judged).read_bytes()


def test_text_from_users_is_never_code(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "evil", classes=EVIL, rows=80, seeds=1, accuracy=SMALL)
    verdict = read_json(run / "verdict.json")
    write_json(run / "verdict.json", verdict | {"sentence": EVIL[0], "seeds_note": EVIL[1]})
    examples = read_json(run / "examples.json")
    examples["fixed"][0]["image"] = 'data:image/svg+xml,<svg onload="alert(3)">'
    examples["fixed"][0]["name"] = EVIL[1]
    write_json(run / "examples.json", examples)
    report = write_report(run)
    page = Page(report)
    text = report.read_text("utf-8")
    assert "<script>alert" not in text
    assert "onerror" not in {name for _, a in page.tags for name in a}
    assert "onload" not in {name for _, a in page.tags for name in a}
    assert [a.get("src") for t, a in page.tags if t == "img" and a.get("src") == "x"] == []
    assert "{{ 7 * 7 }}" in text
    assert "<script>" not in write_card(run).read_text("utf-8")


@pytest.mark.parametrize(
    "name",
    [
        *("map.json", "examples.json", "cost.json", "transfer.json", "choice.json", "data.json"),
        *("log.jsonl", "predictions.parquet", "config.json", "backbone.json", "labels.json"),
        *("verdict.json", "run.json", "plan.json", "preprocessor.json"),
    ],
)
@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_missing_or_damaged_file_is_said(
    judged: Path, tmp_path: Path, name: str, how: str
) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(judged, run)
    (run / name).unlink() if how == "missing" else (run / name).write_bytes(b'{"half": ')
    text = visible(write_report(run))
    assert name in text
    assert re.search(r"1 file of this run is missing or damaged", text)
    write_card(run)


@pytest.mark.parametrize("name", ["verdict", "data", "choice", "cost", "map", "examples"])
def test_unexpected_content_is_said(judged: Path, tmp_path: Path, name: str) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(judged, run)
    value = read_json(run / f"{name}.json")
    write_json(run / f"{name}.json", {key: 7 for key in value})
    assert "Compared with what?" in visible(write_report(run))
    assert "## Licence" in write_card(run).read_text("utf-8")


@pytest.mark.parametrize(
    ("file", "key"), [("run", "status"), ("data", "target"), ("verdict", "chosen")]
)
def test_odd_values_inside_are_never_fatal(judged: Path, tmp_path: Path, file, key) -> None:
    run = tmp_path / "run"
    shutil.copytree(judged, run)
    whole = read_json(run / f"{file}.json")
    inside = [{"classes": 7, "counts": "x", "omissions": [7], "notes": 7}, [], 7]
    for value in inside:
        write_json(run / f"{file}.json", whole | {key: value})
        assert "Compared with what?" in visible(write_report(run))
        assert "## Licence" in write_card(run).read_text("utf-8")


def test_a_verdict_without_labels_is_marked_as_such(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "free", kind="label-free", rows=120, seeds=1, accuracy=SMALL)
    text = visible(write_report(run)).replace("\u00a0", " ")
    assert "no labels opened" in text
    assert "A verdict without labels" in text
    assert "the classes are about as frequent" in text
    assert "About 140 labelled target examples" in text
    assert "No label was opened, so there is no confusion matrix" in text
    assert "missing or damaged" not in text
    assert "ClassAMI" in text
    card = write_card(run).read_text("utf-8")
    assert "evidence, not a measurement" in card


@pytest.mark.parametrize("k", [2, 60, 130])
def test_few_and_many_classes(tmp_path: Path, k: int) -> None:
    names = [f"kind {i}" for i in range(k)]
    run = fake_run(
        tmp_path / "run", classes=names, rows=k * 8, seeds=1, accuracy=SMALL, with_map=False
    )
    text = visible(write_report(run))
    assert "What is taken for what" in text
    assert ("All 60 classes" in text) == (k == 60)
    assert ("more are left out" in text) == (k == 130)
    assert "kind 1" in text


@pytest.mark.parametrize("outcome", ["helped", "hurt", "can't tell"])
def test_outcomes_have_words_and_signs(judged: Path, tmp_path: Path, outcome: str) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(judged, run)
    verdict = read_json(run / "verdict.json")
    difference = {
        "helped": {"mean": 0.05, "low": 0.02, "high": 0.08, "p": 0.001},
        "hurt": {"mean": -0.05, "low": -0.08, "high": -0.02, "p": 0.001},
        "can't tell": {"mean": 0.01, "low": -0.02, "high": 0.04, "p": 0.4},
    }[outcome]
    write_json(run / "verdict.json", verdict | {"outcome": outcome, "difference": difference})
    text = write_report(run).read_text("utf-8")
    sign = {"helped": "▲", "hurt": "▼", "can't tell": "≈"}[outcome]
    assert f'<span aria-hidden="true">{sign}</span>' in text
    assert ("does not cross" in text) == (outcome != "can't tell")


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        ("failed", "the disk is full", "This run failed."),
        ("interrupted", "ended by SIGTERM", "This run was interrupted."),
    ],
)
def test_a_run_that_was_stopped_says_why(tmp_path: Path, status, error, said) -> None:
    write_json(tmp_path / "run.json", {"format": 1, "status": status, "error": error})
    text = visible(write_report(tmp_path))
    assert said in text
    assert error in text


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_the_page_of_a_stopped_run_is_written_by_the_command(tmp_path: Path, status: str) -> None:
    run = tmp_path / "my run"
    run.mkdir()
    create(run, "run")
    mark_stopped(run, status, "the disk is full", "fitting")
    found = CliRunner().invoke(app, ["report", str(run)])
    assert found.exit_code == 0, found.output
    assert f"landbridge resume '{run}'" in found.stderr
    text = visible(run / "report.html")
    assert f"This run {'failed' if status == 'failed' else 'was interrupted'}." in text
    assert "the disk is full" in text
    assert "missing or damaged" not in text


def test_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        write_report(tmp_path)
    with pytest.raises(RunError, match="is not a folder"):
        write_card(tmp_path / "nowhere")


def test_the_card_has_verdict_use_limits_and_licence(judged: Path) -> None:
    text = write_card(judged).read_text("utf-8")
    for heading in ("## Did the transfer help?", "## Data", "## Use it", "## Limits", "## Licence"):
        assert heading in text
    assert "landbridge.load_run(" in text
    compile(text.split("```python\n")[1].split("```")[0], "card", "exec")


@pytest.mark.parametrize(
    ("modality", "said"),
    [
        ("tabular", "A classifier of rows of tables into"),
        ("image", "A classifier of images into"),
        ("audio", "A classifier of recordings into"),
        ("text", "A classifier of texts into"),
        ("several", "A classifier of rows of several modalities into"),
    ],
)
def test_the_card_says_what_is_classified_and_what_was_kept(
    judged: Path, tmp_path: Path, modality: str, said: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(judged, run)
    data = json.loads((run / "data.json").read_text("utf-8"))
    data["target"] |= {"modality": modality, "rows": 1400, "usable": 376, "judged": 1024}
    write_json(run / "data.json", data)
    text = write_card(run).read_text("utf-8")
    assert said in text
    assert "376 usable rows of 1,400 (1,024 kept for judging), labelled" in text


def test_label_free_scores_say_where_lower_is_better(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "r", kind="label-free")
    for name in ("verdict", "choice"):
        kept = json.loads((run / f"{name}.json").read_text("utf-8"))
        figures = kept["candidates"] if name == "choice" else [kept["chosen"], *kept["baselines"]]
        for one in figures:
            one["figures"] = {"class_ami": 0.9, "entropy": 0.1}
        write_json(run / f"{name}.json", kept)
    text = visible(write_report(run))
    assert text.count("Entropy (lower is better)") == 2
    assert "class_ami" not in text
    assert "Rank sum" in text


def test_a_calibration_error_stands_beside_what_chance_gives(judged: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(judged, run)
    verdict = json.loads((run / "verdict.json").read_text("utf-8"))
    verdict["calibration"]["ece_by_chance"] = 0.031
    write_json(run / "verdict.json", verdict)
    assert "so many examples show 3.1 %" in visible(write_report(run))
    card = " ".join(write_card(run).read_text("utf-8").split())
    assert "so many examples show 3.1 % by chance" in card
