"""Code that a folder names is run by no command before a person has agreed to it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import landbridge
from landbridge.artifacts.state import mark
from landbridge.base.errors import TrustError
from landbridge.base.trust import TRUST, ask_by
from landbridge.cli.trust import ask

NETS = """from pathlib import Path
from torch import nn
import helper

here = Path(__file__).parent
(here / "marker").write_text("ran")

def make():
    return nn.Sequential(nn.Linear(3, helper.WIDTH), nn.ReLU())

def other():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh())
"""
HELPER = """from pathlib import Path
(Path(__file__).parent / "marker").write_text("ran")
WIDTH = 4
"""
PLAIN = ("--set", "seeds=1", "--target-labels", "judge", "--method", "probe", "--budget", "30s")


def _rows(path: Path, seed: int) -> Path:
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, 60)
    frame = pd.DataFrame(draw.normal(size=(60, 3)) + 4 * labels[:, None], columns=list("abc"))
    frame.assign(label=np.array(["n", "p"])[labels]).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of somebody else's: its code was named on another machine."""
    place = tmp_path_factory.mktemp("theirs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(place / "their-config"))
        patch.setenv("LANDBRIDGE_CACHE", str(place / "cache"))
        (place / "nets.py").write_text(NETS)
        (place / "helper.py").write_text(HELPER)
        landbridge.transfer(
            str(_rows(place / "s.csv", 0)),
            str(_rows(place / "t.csv", 1)),
            backbone=f"local/{place / 'nets.py'}:make",
            method="probe",
            target_labels="judge",
            seeds=1,
            budget="30s",
            out=place / "run",
        )
    assert (place / "marker").exists()
    shutil.copytree(place / "run", place / "begun")
    (place / "begun" / "plan.json").unlink()
    mark(place / "begun", status="running", files={}, finished=None)
    return place


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """The same folders, met by somebody who has agreed to nothing."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(made / "cache"))
    monkeypatch.delenv(TRUST, raising=False)
    monkeypatch.chdir(tmp_path)
    (made / "nets.py").write_text(NETS)
    (made / "helper.py").write_text(HELPER)
    (made / "marker").unlink(missing_ok=True)
    return made


@pytest.fixture
def call() -> Callable[..., Result]:
    from landbridge.cli.app import app

    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


COMMANDS = {
    "resume": ("resume", "{}/begun"),
    "predict": ("predict", "{}/run", "{}/t.csv"),
    "eval": ("eval", "{}/run", "{}/t.csv"),
    "stream": ("stream", "{}/run", "{}/t.csv"),
    "merge": ("merge", "{}/run", "{}/run", "--out", "merged"),
    "backbone": ("transfer", "--target", "{}/t.csv", "--backbone", "run/{}/run", *PLAIN[:2]),
    "source": ("transfer", "--source", "{}/run", "--target", "{}/t.csv", *PLAIN),
    "teacher": (
        *("transfer", "--source", "{}/s.csv", "--target", "{}/t.csv", "--teacher", "{}/run"),
        *("--method", "distil", "--budget", "30s"),
    ),
    "plan": ("plan", "--target", "{}/t.csv", "--backbone", "run/{}/run"),
    "config": ("transfer", "--config", "{}/run/config.json", "--out", "again"),
    "cluster": (
        *("cluster", "{}/t.csv", "--out", "groups"),
        *("--set", "backbone=run/{}/run", "--set", "data.label=label"),
    ),
    "multitask": (
        *("multitask", "{}/t.csv", "--labels", "label,a", "--out", "tasks"),
        *("--backbone", "run/{}/run"),
    ),
    "federate": (
        *("federate", "simulate", "{}/t.csv", "--clients", "label", "--label", "a"),
        *("--backbone", "run/{}/run", "--out", "sites"),
    ),
    "shift": ("shift", "{}/s.csv", "{}/t.csv", "--set", "backbone=run/{}/run"),
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_command_runs_code_that_a_folder_names(name, here, call):
    args = [part.replace("{}", str(here)) for part in COMMANDS[name]]
    result = call(*args, "--json")
    found = json.loads(result.stdout)["error"]
    assert (result.exit_code, found["type"]) == (11, "TrustError"), found
    assert f"landbridge trust add local/{here / 'nets.py'}:make" in found["do"]
    assert not (here / "marker").exists()


def test_what_needs_no_code_asks_for_none(here, call):
    assert call("report", here / "run", "--out", "page.html").exit_code == 0
    assert call("config", "--config", here / "run" / "config.json").exit_code == 0
    assert call("trust", "add", here / "t.csv").exit_code == 5
    assert not (here / "marker").exists()


def test_rank_leaves_it_out_and_says_so(here, call):
    result = call("rank", here / "t.csv", "--backbones", f"identity,run/{here / 'run'}")
    assert "nobody has agreed" in result.output
    assert not (here / "marker").exists()


@pytest.mark.parametrize("how", ["folder", "code", "python"])
def test_what_was_agreed_to_runs_until_a_file_of_it_changes(how, here, call):
    predict = ("predict", here / "run", here / "t.csv")
    if how == "python":
        landbridge.load(here / "run", trust=True)
    else:
        what = here / "run" if how == "folder" else f"local/{here / 'nets.py'}:make"
        result = call("trust", "add", what)
        assert (result.exit_code, (here / "marker").exists()) == (0, False)
        assert all(word in result.stdout for word in ("nets.py:make", "helper.py", "digest"))
    assert call(*predict).exit_code == 0
    (here / "marker").unlink()
    (here / "helper.py").write_text(HELPER + "# other\n")
    result = call(*predict)
    assert result.exit_code == 11
    assert "changed since you agreed: helper.py" in result.stderr
    assert not (here / "marker").exists()
    (here / "helper.py").write_text(HELPER)
    assert call(*predict).exit_code == 0  # as it was


@pytest.mark.slow
def test_agreed_code_goes_on_with_an_unfinished_run(here, call, tmp_path):
    shutil.copytree(here / "begun", tmp_path / "begun")
    assert call("resume", tmp_path / "begun").exit_code == 11
    assert call("trust", "add", tmp_path / "begun").exit_code == 0
    result = call("resume", tmp_path / "begun")
    assert result.exit_code == 0, result.output


def test_another_function_of_the_same_file_is_asked_about(here, call):
    call("trust", "add", f"local/{here / 'nets.py'}:other")
    result = call("predict", here / "run", here / "t.csv")
    assert result.exit_code == 11
    assert "you agreed to another function of these files: other" in result.stderr


def test_naming_code_is_a_choice_and_holds_later(here, call, tmp_path):
    name = f"local/{here / 'nets.py'}:make"
    rows = ("--source", here / "s.csv", "--target", here / "t.csv", "--method", "probe")
    assert call("plan", *rows, "--backbone", name).exit_code == 0
    assert call("predict", here / "run", here / "t.csv").exit_code == 0
    call("trust", "remove", "--all")
    written = tmp_path / "own.yaml"  # a file of one's own is one's own word
    written.write_text(json.dumps({"backbone": name}))
    assert call("plan", *rows, "--config", written).exit_code == 0
    assert call("trust", "list").stdout.count("nets.py:make") == 1


def test_what_was_agreed_to_is_listed_and_taken_back(here, call):
    assert "no code is trusted" in call("trust", "list").stdout
    call("trust", "add", here / "run")
    found = json.loads(call("trust", "list", "--json").stdout)["trusted"]
    assert [one["what"] for one in found] == [f"local/{here / 'nets.py'}:make"]
    assert sorted(found[0]["files"]) == ["helper.py", "nets.py"]
    result = call("trust", "remove", "nothing.py:make")
    assert result.exit_code == 2
    assert "nets.py:make" in result.stderr
    for what in (found[0]["what"], found[0]["digest"][:12], here / "run"):
        call("trust", "add", here / "run")
        assert call("trust", "remove", what).exit_code == 0
        assert "no code is trusted" in call("trust", "list").stdout
    assert call("predict", here / "run", here / "t.csv").exit_code == 11
    assert call("trust", "remove").exit_code == 2
    assert call("trust", "add", here).exit_code == 6


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 11), (b"y\n", 0)])
def test_the_command_asks_on_a_real_terminal(answer, code, here):
    import pty

    given = ("-m", "landbridge", "predict", str(here / "run"), str(here / "t.csv"))
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, *given])
    said = b""
    with contextlib.suppress(OSError):  # Linux says so of a terminal whose other end is gone
        while more := os.read(terminal, 4096):
            asked = b"[y/N]" in said
            said += more
            if b"[y/N]" in said and not asked:
                os.write(terminal, answer)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == code, said.decode()
    assert said.count(b"[y/N]") == 1
    assert (here / "marker").exists() is (code == 0)


@pytest.mark.parametrize(("answer", "runs"), [("y\n", True), ("n\n", False), ("", False)])
def test_a_terminal_is_asked(answer, runs, here, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(readline=lambda: answer))
    ask_by(ask)
    try:
        if runs:
            landbridge.load(here / "run").predict(here / "t.csv")
            said = capsys.readouterr().err
            landbridge.load(here / "run").predict(here / "t.csv")
            assert capsys.readouterr().err == ""  # once
        else:
            with pytest.raises(TrustError):
                landbridge.load(here / "run").predict(here / "t.csv")
            said = capsys.readouterr().err
    finally:
        ask_by(None)
    assert all(word in said for word in ("nets.py:make", "helper.py", "digest", "[y/N]"))
    assert (here / "marker").exists() is runs
