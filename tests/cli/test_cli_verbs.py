"""What each verb prints and writes, and what it exits with."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from landbridge.base import errors

BOTH = ("transfer", "--source", "a", "--target", "b")


@pytest.mark.parametrize(
    "args",
    [
        BOTH,
        ("plan", "--target", "b"),
        ("predict", "r", "d"),
        ("predict", "r", "d", "--out", "p.csv"),
        ("eval", "r", "d"),
        ("report", "r"),
        ("resume", "r"),
        ("demo",),
        ("methods",),
        ("backbones",),
        ("config",),
        ("doctor",),
    ],
    ids=lambda args: "-".join(args).replace("--", ""),
)
def test_json_is_one_object_and_stdout_has_nothing_else(cli, pipeline, args, only_json):
    result = cli(*args, "--json")
    assert result.exit_code == 0, result.stderr
    only_json(result)


def test_stdout_holds_the_result_and_stderr_what_happened(cli, pipeline):
    result = cli(*BOTH)
    assert "10.8 points more than without transfer" in result.stdout
    assert "540 judged examples, compared pair by pair; 2 seeds" in result.stdout
    assert "88.9 %" in result.stdout
    assert "+10.8  (+8.9 to +12.8)" in result.stdout
    assert "landbridge predict runs/a-to-b DATA" in result.stdout
    assert "reading [the] data" not in result.stdout
    assert "a library prints" not in result.stdout
    assert "reading [the] data" in result.stderr
    assert "\x1b" not in result.output


@pytest.mark.filterwarnings("always::landbridge.base.errors.LandbridgeWarning")
def test_quiet_keeps_warnings_and_the_result(cli, pipeline):
    import warnings

    pipeline.happen = lambda: warnings.warn("9 is unseen", errors.LandbridgeWarning, stacklevel=1)
    result = cli(*BOTH, "-q")
    assert result.exit_code == 0, result.stderr
    assert "reading" not in result.stderr
    assert "warning: 9 is unseen" in result.stderr
    assert "88.9 %" in result.stdout


@pytest.mark.parametrize("content", ["run.json", "something"])
def test_a_folder_that_holds_something_is_never_overwritten(cli, pipeline, tmp_path, content):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / content).write_text("mine")
    result = cli(*BOTH, "--out", "r")
    assert result.exit_code == 2
    assert pipeline.config is None
    assert ("landbridge resume r" in result.stderr) is (content == "run.json")
    assert "choose another name" in result.stderr
    assert (tmp_path / "r" / content).read_text() == "mine"


def test_an_empty_folder_is_taken_and_a_default_name_is_always_new(
    cli, pipeline, tmp_path, only_json
):
    (tmp_path / "r").mkdir()
    assert cli(*BOTH, "--out", "r").exit_code == 0
    found = [only_json(cli(*BOTH, "--json"))["run"] for _ in range(2)]
    assert found == ["runs/a-to-b", "runs/a-to-b-2"]


def test_the_demo_has_its_own_defaults_and_never_runs_over_the_last(cli, pipeline, only_json):
    first = only_json(cli("demo", "--json"))
    assert first["run"] == "runs/demo"
    data = pipeline.config.data
    assert (data.source, data.target) == ("sample:font-digits", "sample:digits")
    assert data.target_labels == "judge"
    assert pipeline.config.method == "infomax+consistency"
    fixed = pipeline.config.training  # nothing is left to how fast or busy a machine is
    assert (fixed.steps, fixed.source_steps, fixed.batch_size) == (500, 250, 48)
    assert (fixed.precision, fixed.device, fixed.threads) == ("float32", "cpu", 1)
    assert (pipeline.config.seed, pipeline.config.seeds) == (0, 3)
    second = cli("demo", "--json", "--set", "data.max_rows=50", "--budget", "5s")
    assert only_json(second)["run"] == "runs/demo-2"
    assert "runs/demo is there already" in second.stderr
    assert (pipeline.config.data.max_rows, pipeline.config.budget) == (50, "5s")


ERRORS = [
    errors.ConfigError("found it", hint="do that"),
    errors.DataError("found it", hint="do that"),
    errors.MethodError("found it", hint="do that"),
    errors.BackboneError("found it", hint="do that"),
    errors.RunError("found it", hint="do that"),
    errors.TrainingError("found it", hint="do that"),
    errors.StorageError("found it", hint="do that"),
    errors.SealedError("found it", hint="do that"),
    errors.MissingExtra("sound", "audio"),
    errors.TrustError("found it", hint="do that"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_each_error_has_its_code_and_says_what_to_do(cli, pipeline, error, only_json):
    def happen() -> None:
        raise error

    pipeline.happen = happen
    result = cli(*BOTH)
    assert result.exit_code == error.exit_code
    assert result.stdout == ""
    assert f"error: {error.message}\n→ {error.hint}\n" in result.stderr
    found = only_json(cli(*BOTH, "--json"))
    assert found["error"] == {
        "type": type(error).__name__,
        "message": error.message,
        "do": error.hint,
        "exit_code": error.exit_code,
    }


def test_every_documented_code_but_success_is_tested_above():
    tested = {error.exit_code for error in ERRORS}
    assert set(errors.EXIT_CODES) == tested | {0, 1, errors.INTERRUPTED, errors.TERMINATED}


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (errors.Terminated, 143)])
def test_an_interrupt_says_how_to_go_on(cli, pipeline, only_json, error, code):
    def happen() -> None:
        raise error

    pipeline.happen = happen
    result = cli(*BOTH)
    assert result.exit_code == code
    assert "interrupted; everything finished so far is kept" in result.stderr
    assert "landbridge resume runs/a-to-b" in result.stderr
    assert only_json(cli(*BOTH, "--json"))["error"]["exit_code"] == code


def test_a_bug_is_one_line_and_its_traceback_is_kept(cli, pipeline, tmp_path):
    def happen() -> None:
        raise ZeroDivisionError("by nothing")

    pipeline.happen = happen
    result = cli(*BOTH, "--out", "r")
    assert result.exit_code == 1
    assert "ZeroDivisionError: by nothing" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in (tmp_path / "r" / "error.log").read_text()
    assert "Traceback" in cli(*BOTH, "--out", "r2", "--debug").stderr


@pytest.mark.parametrize("args", [("--bogus",), ("transfer", "--bogus"), ("fly",), ("predict",)])
def test_wrong_usage_exits_with_2_and_is_json_where_asked(cli, args, only_json):
    result = cli(*args)
    assert result.exit_code == 2
    assert "--help" in result.stderr
    assert only_json(cli(*args, "--json"))["error"]["exit_code"] == 2


def test_sides_without_names_are_told_theirs(cli):
    said = cli("transfer", "s.csv", "t.csv", "--label", "y").stderr
    assert "landbridge transfer --source s.csv --target t.csv" in said
    assert "landbridge plan --target t.csv" in cli("plan", "t.csv").stderr
    assert "landbridge check --help" in cli("check", "a", "b", "c").stderr


def test_numbers_that_are_none_are_null(cli, pipeline, only_json):
    assert only_json(cli(*BOTH, "--json"))["figures"]["accuracy"] is None


def test_plan_shows_fits_costs_and_what_is_left_out(cli, pipeline):
    result = cli("plan", "--target", "b")
    for part in ("mcc", "1m15s of a budget of 1m00s", "dann", "no time", "convnet"):
        assert part in result.stdout


def test_predictions_are_written_as_csv_parquet_and_json(cli, pipeline, tmp_path: Path):
    for name in ("p.csv", "p.parquet", "p.json"):
        result = cli("predict", "r", "d", "--out", name)
        assert result.exit_code == 0, result.stderr
        assert f"30 predictions in {name}" in result.stdout
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    first = {"name": "row 0", "predicted": "cat", "confidence": 0.9, "p(cat)": 0.9, "p(dog)": 0.1}
    assert rows[0] == {key: str(value) for key, value in first.items()}
    assert pq.read_table(tmp_path / "p.parquet").to_pylist()[0] == first
    found = json.loads((tmp_path / "p.json").read_text())["predictions"]
    assert found[0]["probability"] == {"cat": 0.9, "dog": 0.1}


def test_a_pipe_gets_all_predictions_as_csv(cli, pipeline):
    lines = cli("predict", "r", "d").stdout.splitlines()
    assert lines[0] == "name,predicted,confidence,p(cat),p(dog)"
    assert len(lines) == 31


def test_a_format_that_cannot_be_written_is_said_before_the_work(cli):
    result = cli("predict", "r", "d", "--out", "p.xls")
    assert result.exit_code == 2
    assert ".parquet" in result.stderr


def test_the_report_can_go_elsewhere(cli, pipeline, tmp_path: Path):
    result = cli("report", "r", "--out", "copy.html")
    assert result.stdout.strip() == "copy.html"
    assert (tmp_path / "copy.html").read_text() == "<html>"


def test_methods_can_be_asked_for_one_setting(cli, only_json):
    everything = only_json(cli("methods", "--json"))["methods"]
    unlabelled = only_json(cli("methods", "--setting", "labelled/unlabelled", "--json"))["methods"]
    assert {item["target"] for item in unlabelled} <= {"unlabelled", "any", "none"}
    assert 0 < len(unlabelled) < len(everything)
    shown = cli("methods").stdout
    assert all(item["name"] in shown and item["summary"] for item in everything)
    for short in ("labelled", "unlabelled"):
        found = only_json(cli("methods", "--setting", f"{short}-target", "--json"))["methods"]
        same = only_json(cli("methods", "--setting", f"any/{short}", "--json"))["methods"]
        assert found == same
        assert len(found) >= len(unlabelled)
    wrong = cli("methods", "--setting", "sideways")
    assert wrong.exit_code == 2
    assert "SOURCE/TARGET" in wrong.stderr


def test_methods_of_a_setting_tell_cost_need_and_evidence_in_a_line_each(
    cli, only_json, monkeypatch
):
    from dataclasses import replace

    from landbridge.methods.core.base import METHODS

    kind = METHODS.get("shot")
    monkeypatch.setattr(kind, "step_cost", "0.7 x")
    monkeypatch.setattr(kind, "evidence", "three points more on Mars")
    monkeypatch.setattr(kind, "needs", replace(kind.needs, warning="where it rains"))
    monkeypatch.setenv("COLUMNS", "200")
    ways = ("methods", "--setting", "labelled/unlabelled")
    (item,) = [m for m in only_json(cli(*ways, "--json"))["methods"] if m["name"] == "shot"]
    told = (item["cost"], item["evidence"], item["warning"])
    assert told == ("0.7 x", "three points more on Mars", "where it rains")
    lines = cli(*ways).stdout.splitlines()
    (line,) = [line for line in lines if line.split()[:1] == ["shot"]]
    for part in (
        "source model",
        "target rows",
        "0.7 x",
        "three points more on Mars; may hurt where",
    ):
        assert part in line


def test_unknown_rows_are_marked(cli, pipeline):
    lines = cli("predict", "r", "d", "--unknown", "0.05").stdout.splitlines()
    assert lines[0] == "name,predicted,unknown,confidence,p(cat),p(dog)"
    assert lines[1] == "row 0,cat,False,0.9,0.9,0.1"
    wrong = cli("predict", "r", "d", "--unknown", "5")
    assert wrong.exit_code == 2
    assert "between 0 and 1" in wrong.stderr


def test_backbones_say_whether_they_are_here(cli, only_json):
    found = only_json(cli("backbones", "--json"))["backbones"]
    assert any(item["available"] for item in found)
    assert all(item["where"] for item in found)


@pytest.mark.parametrize("verb", ["backbones", "methods"])
def test_lines_of_an_entry_are_lines(cli, monkeypatch, verb):
    for width in ("50", "80", "140"):
        monkeypatch.setenv("COLUMNS", width)
        assert "\\n" not in cli(verb).stdout


def test_the_doctor_measures_and_fails_only_where_something_is_broken(cli, monkeypatch, only_json):
    from landbridge.cli import checks

    found = only_json(cli("doctor", "--json"))
    speed = next(check for check in found["checks"] if check["name"] == "speed")
    assert speed["gflops"]["float32"] > 0
    monkeypatch.setattr(
        checks, "run_checks", lambda threads: [checks.Check("disk", "bad", "full", "free some")]
    )
    result = cli("doctor")
    assert result.exit_code == 1
    assert "full" in result.stdout
    assert "→ free some" in result.stdout


def test_the_list_of_verbs_cuts_no_sentence(cli):
    listed = cli("--help").stdout.split("Commands:")[1].split("Exit codes")[0]
    assert "..." not in listed
    assert "classifiers make of their frozen features." in " ".join(listed.split())
