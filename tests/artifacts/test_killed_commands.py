"""Killed after any write and called again, a command ends in the same folder."""

from __future__ import annotations

import json
import sys
import threading

import pytest
from tiny_commands import call, content, make_data, run

import landbridge
from landbridge.artifacts.making import verified
from landbridge.artifacts.state import CHECKPOINT
from landbridge.base.errors import LandbridgeError, RunError

COMMANDS = ("merge", "cluster", "multitask", "tune", "align", "cluster pictures")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        make_data(folder)
        yield folder


@pytest.fixture(scope="module")
def uninterrupted(data):
    """Each command's folder, and the names of the files in the order in which they were written."""
    made = {}

    def of(name):
        if name not in made:
            out = data / name / "out"
            assert run(name, data, out) == 0
            made[name] = content(out), (out.parent / "out.writes").read_text().split("\n")
        return made[name]

    return of


def places(writes):
    """After which writes to kill: each that is no checkpoint, and two of those."""
    at = [n for n, name in enumerate(writes, 1) if name == CHECKPOINT]
    some = {at[0], at[len(at) // 2]} if at else set()
    return [n for n, name in enumerate(writes, 1) if name != CHECKPOINT or n in some]


def killed_and_called_again(name, data, out, whole, n, writes):
    assert run(name, data, out, kill_at=n) == -9
    if n == len(writes) and writes[-1] in ("artifact.json", "run.json"):
        assert content(out) == whole | {".lock": b""}  # it was complete
        return
    with pytest.raises(LandbridgeError):
        landbridge.load(out)
    (out / f".{CHECKPOINT}.ab12.part").write_bytes(b"half")  # as a kill within a write leaves
    assert run(name, data, out) == 0
    assert content(out) == whole, (n, writes[n - 1])


@pytest.mark.parametrize("name", ["merge", "multitask", "tune"])
def test_killed_in_the_middle(name, data, uninterrupted, tmp_path):
    whole, writes = uninterrupted(name)
    killed_and_called_again(name, data, tmp_path / "out", whole, 2, writes)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_after_any_write(name, data, uninterrupted, tmp_path):
    whole, writes = uninterrupted(name)
    chosen = places(writes)
    if CHECKPOINT in writes:  # these take long: after two checkpoints
        chosen = chosen[1:3]
    for n in chosen:
        (tmp_path / str(n)).mkdir()
        killed_and_called_again(name, data, tmp_path / str(n) / "out", whole, n, writes)


def test_a_merge_that_was_killed_is_resumed_as_a_merge(data, uninterrupted, tmp_path):
    whole, _ = uninterrupted("merge")
    out = tmp_path / "out"
    assert run("merge", data, out, kill_at=2) == -9  # run.json, config.json
    landbridge.resume(out)
    assert content(out) == whole
    assert json.loads((out / "merge.json").read_text())["weights"] == [1.0, 3.0]


OTHERS = {
    "merge": ({"weights": [1, 1]}, {"method": "ties"}),
    "multitask": ({"steps": 5}, {"seed": 1}),
    "cluster": ({"seed": 5}, {"groups": 3}),
    "tune": ({"scratch": False}, {"judge_fraction": 0.5}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_was_begun_otherwise_is_not_gone_on_with(name, data, tmp_path):
    out = tmp_path / "out"
    assert run(name, data, out, kill_at=2) == -9
    for other in OTHERS[name]:
        before = content(out)
        with pytest.raises(RunError, match="was begun with other"):
            call(name, data, out, **other)
        after = content(out)
        assert before == after
    assert run(name, data, out) == 0


@pytest.mark.parametrize("name", ["merge", "cluster", "multitask", "tune"])
def test_every_folder_is_sealed(name, data, uninterrupted):
    uninterrupted(name)
    folder = data / name / "out"
    landbridge.load(folder)
    with pytest.raises(RunError, match="is there already"):
        call(name, data, folder)
    state = json.loads((folder / ("run.json" if name == "merge" else "artifact.json")).read_text())
    assert state["status"] == "complete"
    for file in state["files"]:
        kept = (folder / file).read_bytes()
        (folder / file).write_bytes(kept[:-2] + bytes([kept[-2] ^ 1]) + kept[-1:])
        with pytest.raises(RunError, match="is damaged"):
            landbridge.load(folder)
        (folder / file).write_bytes(kept)
    landbridge.load(folder)


def test_two_at_once_the_second_is_refused(data, tmp_path, monkeypatch):
    """The slower one looks again once it holds the folder."""
    from landbridge.clustering import fit

    out, reads = tmp_path / "out", threading.Event()
    usual = fit.input_hint

    def slow(domains):
        if not reads.is_set():
            reads.set()
            call("cluster", data, out)  # another one begins and finishes meanwhile
        return usual(domains)

    monkeypatch.setattr(fit, "input_hint", slow)
    with pytest.raises(RunError, match="is there already: it holds groups, finished"):
        call("cluster", data, out, seed=5)
    assert verified(out, "clusters")["seed"] == 0


def test_what_computed_nothing_leaves_no_folder(data, tmp_path):
    for how in ({"method": "k-meens"}, {"backbone": "convnett"}):
        with pytest.raises(LandbridgeError):
            call("cluster", data, tmp_path / "out", **how)
        assert not (tmp_path / "out").exists()
    with pytest.raises(LandbridgeError, match="mcd"):
        landbridge.transfer(data / "t0.csv", data / "t1.csv", method="mmcd", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_resume_says_how_to_go_on(data, tmp_path):
    assert run("multitask", data, tmp_path / "out", kill_at=2) == -9
    with pytest.raises(RunError, match="landbridge multitask") as found:
        landbridge.resume(tmp_path / "out")
    assert "landbridge.multitask(" in str(found.value)
