"""Whatever stops a run, `resume` goes on to the same result, bit for bit."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest
from run_processes import (
    ALONE,
    SMALL,
    Command,
    alive_in_group,
    assert_same,
    check_whole,
    result,
)


def resumed(folder: Path, **how) -> Command:
    return Command(["resume", folder, "--quiet"], folder.parent / f"{folder.name}.log", **how)


def finish(folder: Path, whole) -> None:
    """Resume to the end, or begin again where nothing had begun, and compare."""
    check_whole(folder)
    if (folder / "config.json").exists():
        command = resumed(folder)
    else:  # killed before it was a run: the same command may have the folder
        log = folder.parent / "again"
        command = Command(["transfer", *SMALL, *ALONE, "--out", folder], log)
    assert command.end() == 0, command.text()
    check_whole(folder)
    assert_same(whole, result(folder))
    assert not (folder / "work").exists()
    assert not [f for f in folder.iterdir() if f.name.startswith(".")]


# At random moments --------------------------------------------------------------------------


def interrupted(folder: Path, seconds: float, *, alone=True, group=True) -> Command:
    extra = ALONE if alone else ()
    command = Command(
        ["transfer", *SMALL, *extra, "--out", folder], folder.parent / f"{folder.name}.first"
    )
    command.kill_after(seconds, group=group)
    return command


@pytest.mark.parametrize("moment", [0.25, 0.5, 0.75])
def test_kill_at_a_random_moment(tmp_path, uninterrupted, moment):
    _, whole, took = uninterrupted
    moment += random.Random(f"moment {moment}").uniform(-0.2, 0.2)
    interrupted(tmp_path / "run", moment * took)
    finish(tmp_path / "run", whole)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_kill_at_twenty_random_moments_with_workers(tmp_path, uninterrupted, number):
    _, whole, took = uninterrupted
    moment = random.Random(number).uniform(0.05, 1.0)
    # Workers start anew and take their time for it.
    command = interrupted(tmp_path / "run", moment * (took + 8), alone=False, group=number % 2 == 0)
    wait_for_workers(command.pid)
    finish(tmp_path / "run", whole)


def wait_for_workers(pid: int, seconds: float = 30) -> None:
    """Assert that nothing of the group lives on."""
    end = time.monotonic() + seconds
    while alive_in_group(pid):
        assert time.monotonic() < end, f"{alive_in_group(pid)} live on without their parent"
        time.sleep(0.1)


def test_workers_end_by_themselves_when_only_the_parent_is_killed(tmp_path, uninterrupted):
    folder = tmp_path / "run"
    command = Command(["transfer", *SMALL, "--out", folder], tmp_path / "first")
    end = time.monotonic() + 60
    while not list(folder.glob("work/fits/*/checkpoint.safetensors")):
        assert time.monotonic() < end, command.text()
        assert command.process.is_alive(), command.text()
        time.sleep(0.02)
    assert len(alive_in_group(command.pid)) >= 3  # itself, two workers, perhaps a tracker
    command.signal(signal.SIGKILL, group=False)
    command.end()
    wait_for_workers(command.pid)
    # Fits in workers and fits in the process itself give the same bits.
    finish(folder, uninterrupted[1])


def test_a_killed_resume_resumes(tmp_path, uninterrupted):
    _, whole, took = uninterrupted
    folder = tmp_path / "run"
    interrupted(folder, 0.4 * took)
    for _ in range(2):
        if (folder / "config.json").exists():
            resumed(folder).kill_after(0.3 * took)
            check_whole(folder)
    finish(folder, whole)


# Around every write -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [("after", "run.json", 1), ("before", "checkpoint.safetensors", 12)],
    ids=lambda moment: "-".join(map(str, moment)),
)
def test_kill_around_a_write(tmp_path, uninterrupted, moment):
    """Two of them with the command line's frame; every one is in artifacts/test_killed_commands."""
    command = Command(
        ["transfer", *SMALL, *ALONE, "--out", tmp_path / "run"], tmp_path / "first", kill_at=moment
    )
    assert command.end() == -signal.SIGKILL, command.text()
    finish(tmp_path / "run", uninterrupted[1])


# Other ways to stop -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGINT, 130, "Ctrl-C"),
        pytest.param(signal.SIGTERM, 143, "ended by SIGTERM", marks=pytest.mark.slow),
    ],
)
def test_an_interrupt(tmp_path, uninterrupted, number, code, said):
    folder = tmp_path / "run"
    command = Command(["transfer", *SMALL, "--out", folder], tmp_path / "first")
    end = time.monotonic() + 60
    while not list(folder.glob("work/fits/*/checkpoint.safetensors")):
        assert time.monotonic() < end, command.text()
        time.sleep(0.02)
    command.signal(number)  # to the whole group, as a terminal does
    assert command.end() == code
    assert "interrupted" in command.text()
    assert f"landbridge resume {folder}" in command.text()
    assert "Traceback" not in command.text()
    state = json.loads((folder / "run.json").read_text())
    assert (state["status"], state["error"]) == ("interrupted", said)
    assert state["at"]
    wait_for_workers(command.pid)
    finish(folder, uninterrupted[1])


def test_a_dead_worker_is_an_error_that_resume_mends(tmp_path, uninterrupted):
    folder = tmp_path / "run"
    command = Command(["transfer", *SMALL, "--out", folder], tmp_path / "first")
    end = time.monotonic() + 60
    while not (at_it := list(folder.glob("work/fits/*/checkpoint.safetensors"))):
        assert time.monotonic() < end, command.text()
        time.sleep(0.02)
    import psutil

    for child in psutil.Process(command.pid).children():
        if "spawn_main" in " ".join(child.cmdline()):
            os.kill(child.pid, signal.SIGKILL)
    assert command.end() == 6, at_it
    assert "a worker process was killed (exit codes [-9" in command.text()
    state = json.loads((folder / "run.json").read_text())
    assert state["status"] == "failed"
    assert "worker" in state["error"]
    finish(folder, uninterrupted[1])
    assert json.loads((folder / "run.json").read_text())["error"] is None


def test_two_processes_never_work_on_one_run(tmp_path, uninterrupted):
    folder = tmp_path / "run"
    first = Command(["transfer", *SMALL, *ALONE, "--out", folder], tmp_path / "first")
    end = time.monotonic() + 60
    while not (folder / "plan.json").exists():
        assert time.monotonic() < end, first.text()
        time.sleep(0.02)
    first.signal(signal.SIGSTOP)  # so that it is not over before the other one looks
    second = resumed(folder)
    assert second.end() == 6
    assert "another process is working on" in second.text()
    first.signal(signal.SIGCONT)
    assert first.end() == 0, first.text()
    assert_same(uninterrupted[1], result(folder))


def test_a_finished_run_is_not_done_again(uninterrupted):
    folder, _, _ = uninterrupted
    before = {f.name: f.stat().st_mtime_ns for f in folder.iterdir()}
    command = Command(["resume", folder], folder.parent / "again")
    assert command.end() == 0
    assert "nothing to do" in command.text()
    assert before == {f.name: f.stat().st_mtime_ns for f in folder.iterdir()}


def test_a_log_cut_short_by_a_crash_stays_a_log(tmp_path):
    from landbridge.artifacts.holding import tidy
    from landbridge.base.events import Events, read_log

    Events(tmp_path / "log.jsonl").log("note", "one")
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"time": 17, "event": "no')
    tidy(tmp_path)
    Events(tmp_path / "log.jsonl").log("note", "two")
    assert [event["message"] for event in read_log(tmp_path / "log.jsonl")] == ["one", "two"]


@pytest.mark.parametrize(
    "what",
    [
        "work/fits/*/network.safetensors",
        "work/fits/*/*.npy",
        "work/fits/*/fit.json",
        "work/data/target_known.npy",
        "work/data/judged_rows.npy",
        "work/data/target_labels.npy",
    ],
)
def test_a_damaged_fit_or_mask_is_made_anew(what, tmp_path, uninterrupted):
    folder = tmp_path / "run"
    args = ["transfer", *SMALL, *ALONE, "--out", folder]
    assert Command(args, tmp_path / "log", kill_at=("after", "fit.json", 2)).end() == -9
    file = sorted(folder.glob(what))[0]
    content = bytearray(file.read_bytes())
    if file.suffix == ".json":  # still JSON, and another fit
        assert b'"steps": 8' in content
        content = content.replace(b'"steps": 8', b'"steps": 9')
    else:
        content[-3] ^= 1
    file.write_bytes(content)
    finish(folder, uninterrupted[1])
    assert "damaged" in (folder / "log.jsonl").read_text()
