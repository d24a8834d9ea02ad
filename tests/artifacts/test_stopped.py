"""Whatever stops a command, its folder says what it was, when and during what."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from tiny_commands import call, content, make_tables

import landbridge
from landbridge.artifacts.holding import held
from landbridge.artifacts.kinds import KINDS
from landbridge.artifacts.making import making
from landbridge.artifacts.state import check_complete, create, read_state
from landbridge.artifacts.working import working
from landbridge.base.errors import RunError, Terminated, TrainingError
from landbridge.base.events import SILENT, Events

ENDS = {
    "a bug": (ZeroDivisionError("no\nsuch thing"), "failed", "ZeroDivisionError: no such thing"),
    "an error of ours": (TrainingError("the loss is nan", hint="x"), "failed", "the loss is nan"),
    "no memory": (MemoryError(), "failed", "MemoryError"),
    "Ctrl-C": (KeyboardInterrupt(), "interrupted", "Ctrl-C"),
    "SIGTERM": (Terminated(), "interrupted", "ended by SIGTERM"),
}


def begun(out: Path, kind: str) -> Path:
    out.mkdir()
    create(out, kind)
    (out / "computed").write_text("x")
    return out


def _work(out: Path, error: BaseException) -> None:
    with held(out), working(out, Events(out / "log.jsonl")):
        SILENT.log("stage", "preparing the data")
        with SILENT.progress("an earlier bar", 1):
            pass
        with SILENT.progress("fit", 3):
            raise error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ENDS)
def test_what_stopped_it_is_in_the_state_and_in_words(tmp_path, kind, end):
    error, status, said = ENDS[end]
    out = begun(tmp_path / "out", kind)
    with pytest.raises(type(error)):
        _work(out, error)
    state = read_state(out)
    assert (state["status"], state["error"], state["at"]) == (status, said, "fit")
    assert state["stopped"] >= state["created"]
    verb = "failed" if status == "failed" else "was interrupted"
    for ask in (landbridge.load, check_complete):
        with pytest.raises(RunError) as found:
            ask(out)
        assert f"it {verb} at {state['stopped']} during 'fit': {said}" in found.value.message
        assert "landbridge" in found.value.hint
    assert (out / "log.jsonl").exists() == (status == "failed")


def _make(out: Path, error: BaseException) -> None:
    with making(out, "clusters", {"a": 1}):
        (out / "computed").write_text("x")
        raise error


@pytest.mark.parametrize("end", ENDS)
def test_what_is_gone_on_with_forgets_what_stopped_it(tmp_path, end):
    error, status, _ = ENDS[end]
    out = tmp_path / "out"
    with pytest.raises(type(error)):
        _make(out, error)
    assert read_state(out)["status"] == status
    with making(out, "clusters", {"a": 1}):
        assert (out / "computed").read_text() == "x"
        assert read_state(out)["status"] == "running"
    state = check_complete(out)
    assert [state[key] for key in ("error", "stopped", "at")] == [None, None, None]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM")
def test_sigterm_is_heard_while_work_goes_on_and_only_then(tmp_path, monkeypatch):
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        out = begun(tmp_path / "out", "space")
        with pytest.raises(SystemExit) as found, working(out):
            signal.raise_signal(signal.SIGTERM)
        assert found.value.code == 143
        assert read_state(out)["status"] == "interrupted"
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        heard: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
        with working(out):  # who has decided what it means is not overruled
            signal.raise_signal(signal.SIGTERM)
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def _hold(out: Path) -> None:
    with held(out), working(out):
        (out / "at it").touch()
        time.sleep(60)


@pytest.mark.skipif(sys.platform == "win32", reason="no locks")
@pytest.mark.parametrize("kind", ["run", "clusters"])
def test_a_process_that_vanished_is_told_by_its_lock(tmp_path, kind):
    out = begun(tmp_path / "out", kind)
    process = multiprocessing.get_context("fork").Process(target=_hold, args=(out,))
    process.start()
    while not (out / "at it").exists():
        time.sleep(0.01)
    with pytest.raises(RunError, match="a process is working on it") as found:
        landbridge.load(out)
    assert found.value.hint == "wait for it to end"
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert read_state(out)["status"] == "running"  # it could write nothing
    before = content(out)
    with pytest.raises(RunError, match="is not finished: it was interrupted") as found:
        landbridge.load(out)
    assert "landbridge" in found.value.hint
    assert content(out) == before


def test_a_bug_in_a_command_is_told_and_gone_on_from(tmp_path, monkeypatch):
    from landbridge.clustering import fit

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(fit, "write_rows", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            call("cluster", tmp_path, out)
    with pytest.raises(RunError, match="ZeroDivisionError: division by zero"):
        landbridge.load(out)
    call("cluster", tmp_path, out)
    whole = call("cluster", tmp_path, tmp_path / "whole")
    assert content(out) == content(whole.path)


def test_a_bug_in_a_transfer_is_told_and_resumed_from(tmp_path, monkeypatch):
    from landbridge.runs import pipeline

    make_tables(tmp_path)
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "evaluate", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            call("transfer", tmp_path, out)
    with pytest.raises(RunError, match="ZeroDivisionError: division by zero") as found:
        landbridge.load(out)
    assert found.value.hint == f"landbridge resume {out}"
    assert json.loads((out / "log.jsonl").read_text().splitlines()[-1])["event"] == "error"
    assert landbridge.resume(out).path == out
    assert check_complete(out)["error"] is None
