"""What is there already is never lost, whoever asks, and nothing is written through a link."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from landbridge.artifacts.free import check_free, is_free
from landbridge.artifacts.holding import held, tidy
from landbridge.artifacts.kinds import KINDS
from landbridge.artifacts.making import making
from landbridge.artifacts.state import check_complete, create, mark, mark_complete
from landbridge.base.errors import RunError, StorageError, TakenError
from landbridge.base.events import Events
from landbridge.cli.frame import keep_traceback

OLD = Path(__file__).parent / "old" / "run"
DATA = "data-that-is-not-there.csv"
VERBS = {
    "run": ("transfer", "--target", DATA),
    "clusters": ("cluster", DATA),
    "multitask": ("multitask", DATA, "--labels", "a,b"),
    "federated": ("federate", "simulate", DATA, "--clients", "site"),
    "space": ("align", DATA, "--image", "a", "--text", "b"),
    "tuned": ("tune", "text-to-text", DATA, "--model", "none"),
    "merge": ("merge", str(OLD), str(OLD)),
}


def _a_folder_of(path: Path, kind: str, complete: bool) -> Path:
    path.mkdir()
    create(path, kind, command=f"landbridge {KINDS.get(kind).verb} ...")
    (path / "kept.txt").write_text("kept")
    if complete:
        mark_complete(path)
    return path


def _content(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.mark.parametrize("complete", [True, False], ids=["finished", "unfinished"])
@pytest.mark.parametrize("there", KINDS)
def test_every_command_says_what_is_there_and_exits_alike(tmp_path, there, complete):
    from landbridge.cli.app import app

    out = _a_folder_of(tmp_path / "out", there, complete)
    before = _content(out)
    for kind, words in VERBS.items():
        if kind == there and not complete and kind != "run":
            continue  # that is gone on with
        found = CliRunner().invoke(app, [*words, "--out", str(out)])
        assert found.exit_code == TakenError.exit_code == 2, (kind, found.stderr)
        what = f"{KINDS.get(there).what}, {'finished' if complete else 'unfinished'}"
        assert f"{out} is there already: it holds {what}" in found.stderr
        assert _content(out) == before


@pytest.mark.parametrize("kind", KINDS)
def test_other_things_that_are_there_are_named(tmp_path, kind):
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, what in (
        ("file", "a file"),
        ("full", "it holds something else"),
        ("link", "a link that leads nowhere"),
    ):
        for check in (check_free, partial(check_free, again=False)):
            with pytest.raises(RunError, match=f"is there already: {what}"):
                check(tmp_path / name, kind)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".lock").touch()
    (tmp_path / "empty" / ".x.part").touch()
    assert is_free(tmp_path / "empty", kind)
    assert is_free(tmp_path / "not there", kind)


LINKS = ("log.jsonl", "error.log", ".lock", "work", "work/fits", "adapter/x", ".log.jsonl.1.part")


@pytest.mark.parametrize("name", LINKS)
def test_nothing_is_written_through_a_link(tmp_path, name):
    run, other = tmp_path / "run", tmp_path / "other"
    other.mkdir()
    (other / "kept.txt").write_text("kept\nhalf a line")
    link = run / name
    link.parent.mkdir(parents=True)
    whole = Path(name).suffix == "" and name != ".lock"
    link.symlink_to(other if whole else other / "kept.txt")
    before = _content(other)
    with pytest.raises(StorageError, match="is a link") as error, held(run):
        pass
    assert str(link) in error.value.message
    if name == "log.jsonl":
        with pytest.raises(StorageError, match="is a link"):
            tidy(run)
        with pytest.raises(StorageError, match="is a link"):
            Events(link).log("note", "x")
    if name == "error.log":
        assert keep_traceback(run) != link
    if name.endswith(".part"):
        tidy(run)
        assert not link.is_symlink()
    assert _content(other) == before


def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "log.jsonl")
    with pytest.raises(StorageError, match="is no ordinary file"):
        Events(tmp_path / "log.jsonl").log("note", "x")


def test_a_folder_that_is_gone_on_with_holds_no_link(tmp_path):
    out = _a_folder_of(tmp_path / "out", "clusters", False)
    (out / "work").symlink_to(tmp_path)
    with pytest.raises(StorageError, match="work is a link"), making(out, "clusters", {}):
        pass


@pytest.mark.parametrize("name", ["../secret.txt", "/dev/zero", "pipe", "a/../../secret.txt"])
def test_a_state_names_files_of_its_folder_alone(tmp_path, name):
    out = _a_folder_of(tmp_path / "out", "clusters", True)
    (tmp_path / "secret.txt").write_text("x")
    os.mkfifo(out / "pipe")
    mark(out, files={name: "0" * 32})
    with pytest.raises(RunError, match="which is no file in the folder") as error:
        check_complete(out)
    assert repr(name) in error.value.message


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("landbridge cluster a.csv --out 'b c'", "landbridge cluster a.csv --out 'b c'"),
        ("landbridge cluster a.csv; echo $(x) > y", "landbridge cluster 'a.csv;' echo '$(x)'"),
        ("echo x", "landbridge.cluster(..., out="),
        ("landbridge 'cluster", "landbridge.cluster(..., out="),
    ],
)
def test_a_command_that_a_folder_holds_is_words_for_a_shell(tmp_path, written, said):
    out = _a_folder_of(tmp_path / "out", "clusters", False)
    mark(out, command=written)
    with pytest.raises(RunError) as error:
        check_complete(out)
    assert said in error.value.hint
    if ";" in written:
        assert "; " not in error.value.hint
