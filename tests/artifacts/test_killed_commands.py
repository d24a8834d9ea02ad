"""Killed before any change of its folder and called again, a command ends in the same folder."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading

import pytest
from tiny_commands import COMMANDS, call, content, make_data, run

import landbridge
from landbridge.artifacts.making import verified
from landbridge.base.errors import LandbridgeError, RunError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
SLOW = pytest.mark.slow
EVERY = {"demo": 5}
"""Of which kills to take only each so manieth: `demo` is a transfer of other data."""
ALIKE = re.compile(
    r"(?<=fits/)[^/]+|(?<=features-)\w+|(?<=checkpoint-)\d+|(?<=work/data/)\w+(?=\.npy)"
)
"""What tells changes apart that leave the folder at the same point of its way."""
PARTS = 2
"""How many tests share the changes of one command, so that two processes do half each."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        make_data(folder)
        yield folder


@pytest.fixture(scope="module")
def uninterrupted(data):
    """Each command's content, the changes in their order, and a copy from before each."""
    made = {}

    def of(name):
        if name not in made:
            out, copies = data / name / "out", data / name / "copies"
            assert run(name, data, out, copies=copies) == 0
            shutil.copytree(out, data / name / "whole")
            made[name] = content(out), (copies / "changes").read_text().split("\n")
        return made[name]

    yield of
    for name in made:
        shutil.rmtree(data / name)


def kills(name, changes):
    """Return before which changes to kill: the first and the last of those that are alike."""
    alike = {}
    for n, change in enumerate(changes, 1):
        alike.setdefault(ALIKE.sub("*", change), []).append(n)
    return sorted({n for own in alike.values() for n in (own[0], own[-1])})[:: EVERY.get(name, 1)]


def test_kills_are_of_every_kind_of_change():
    changes = [
        "os.rename run.json",
        *(f"os.rename work/data/{name}.npy" for name in "abc"),
        *["os.rename work/fits/mcc-s0/checkpoint.safetensors"] * 3,
        *["os.rename work/fits/mcc-s1/checkpoint.safetensors"] * 2,
        "os.remove work/fits/mcc-s1/checkpoint.safetensors",
        "os.rename run.json",
    ]
    assert kills("transfer", changes) == [1, 2, 4, 5, 9, 10, 11]


def is_complete(out):
    states = [out / name for name in ("artifact.json", "run.json") if (out / name).exists()]
    return bool(states) and json.loads(states[0].read_text())["status"] == "complete"


def check_going_on(name, data, out, whole):
    """Assert that what a kill left in `out` is refused, and is the same folder after going on."""
    if is_complete(out):  # only what it needs no more is left to take away
        landbridge.load(out)
        left = {key: value for key, value in content(out).items() if not key.startswith("work/")}
        assert left == whole
        return
    with pytest.raises(LandbridgeError):
        landbridge.load(out)
    (out / ".checkpoint.safetensors.ab12.part").write_bytes(b"half")  # killed within a write
    assert run(name, data, out) == 0
    assert content(out) == whole


@pytest.mark.parametrize(
    "name",
    ["merge", "multitask", pytest.param("federate", marks=SLOW), pytest.param("tune", marks=SLOW)],
)
def test_killed_in_the_middle(name, data, uninterrupted, tmp_path):
    """A real one; what it leaves is as the copies are."""
    whole, changes = uninterrupted(name)
    out, n = tmp_path / "out", len(changes) // 2
    assert run(name, data, out, kill_at=n) == -9
    assert len(content(out)) == len(content(data / name / "copies" / str(n)))
    check_going_on(name, data, out, whole)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_before_any_change(name, part, data, uninterrupted):
    whole, changes = uninterrupted(name)
    out = data / name / "out"  # where it was begun, as files may name it
    for n in kills(name, changes)[part::PARTS]:
        shutil.rmtree(out)
        shutil.copytree(data / name / "copies" / str(n), out)
        try:
            check_going_on(name, data, out, whole)
        except AssertionError as error:
            raise AssertionError(f"killed before {n}: {changes[n - 1]}") from error


def test_a_merge_that_was_killed_is_resumed_as_a_merge(data, uninterrupted, tmp_path):
    whole, _ = uninterrupted("merge")
    out = tmp_path / "out"
    assert run("merge", data, out, kill_at=3) == -9  # run.json, config.json are there
    landbridge.resume(out)
    assert content(out) == whole
    assert json.loads((out / "merge.json").read_text())["weights"] == [1.0, 3.0]


OTHERS = {
    "merge": ({"weights": [1, 1]}, {"method": "ties"}),
    "multitask": ({"steps": 5}, {"seed": 1}),
    "federate": ({"batch_size": 5}, {"seed": 1}),
    "cluster": ({"seed": 5}, {"groups": 3}),
    "tune": ({"scratch": False}, {"test_size": 0.5}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_was_begun_otherwise_is_not_gone_on_with(name, data, uninterrupted, tmp_path):
    uninterrupted(name)
    out = shutil.copytree(data / name / "copies" / "3", tmp_path / "out")
    for other in OTHERS[name]:
        before = content(out)
        with pytest.raises(RunError, match="was begun with other"):
            call(name, data, out, **other)
        after = content(out)
        assert before == after


@pytest.mark.parametrize("name", ["merge", "cluster", "multitask", "federate", "tune"])
def test_every_folder_is_sealed(name, data, uninterrupted):
    uninterrupted(name)
    folder = data / name / "whole"
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


def test_resume_says_how_to_go_on(data, uninterrupted):
    uninterrupted("multitask")
    with pytest.raises(RunError, match="landbridge multitask") as found:
        landbridge.resume(data / "multitask" / "copies" / "3")
    assert "landbridge.multitask(" in str(found.value)
