"""A file of a finished folder that was changed is refused by name, whatever opens the folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from tiny_commands import table
from typer.testing import CliRunner

import landbridge
from landbridge.artifacts.kinds import KINDS, RUNS
from landbridge.artifacts.state import RUN_STATE, STATE, create, mark_complete
from landbridge.base.errors import RunError
from landbridge.cli.app import app

OLD = Path(__file__).parent / "old"
HERE = sorted(path.name for path in OLD.iterdir() if path.is_dir())
VERBS = {
    "run": ("predict", "eval", "report", "stream"),
    "merge": ("predict", "eval", "report", "stream"),
    "clusters": ("predict", "eval", "report"),
    "multitask": ("predict", "eval", "report"),
    "tuned": ("predict", "eval", "report"),
    "federated": ("predict", "eval", "report"),
    "space": ("eval", "report", "search"),
}


@pytest.fixture(scope="module", params=HERE)
def sealed(request, tmp_path_factory):
    """A finished folder of each kind, and the names of the files that its seal holds."""
    kind = request.param
    folder = tmp_path_factory.mktemp(kind) / "made"
    shutil.copytree(OLD / kind, folder)
    if kind not in RUNS and not (folder / STATE).exists():
        create(folder, kind)
        mark_complete(folder)
    state = json.loads((folder / (RUN_STATE if kind in RUNS else STATE)).read_text())
    return kind, folder, list(state["files"])


def change(file: Path) -> bytes:
    """Change one bit in the middle, and return what was there."""
    kept = file.read_bytes()
    at = len(kept) // 2
    file.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
    return kept


def test_every_kind_is_looked_at():
    assert set(VERBS) == set(KINDS)
    assert set(HERE) >= {"run", "merge", "clusters", "multitask", "tuned"}


def test_any_file_of_the_seal(sealed):
    _, folder, files = sealed
    assert len(files) >= 3
    for name in files:
        kept = change(folder / name)
        with pytest.raises(RunError, match="is damaged") as found:
            landbridge.load(folder)
        assert str(folder / name) in str(found.value)
        (folder / name).unlink()
        with pytest.raises(RunError, match="is missing"):
            landbridge.load(folder)
        (folder / name).write_bytes(kept)
    assert landbridge.load(folder) is not None


def test_the_seal_itself(sealed):
    """Who changes a file and its hash has to change the seal, and that is no secret of ours: but
    a hash that is changed alone, or taken out, is noticed."""
    kind, folder, files = sealed
    file = folder / (RUN_STATE if kind in RUNS else STATE)
    kept = file.read_text()
    state = json.loads(kept)
    for other in (
        state | {"files": {name: state["files"][name] for name in files[1:]}},
        state | {"files": state["files"] | {files[0]: "0" * 32}},
        state | {"status": "complete", "finished": "2001-01-01"},
    ):
        file.write_text(json.dumps(other))
        with pytest.raises(RunError, match="is damaged"):
            landbridge.load(folder)
    file.write_text(kept)


def test_by_every_command(sealed, tmp_path):
    kind, folder, files = sealed
    data = tmp_path / "data.csv"
    pd.DataFrame(table(6)).to_csv(data, index=False)
    name = next(name for name in files if name.endswith(("model.safetensors", "space.json")))
    kept = change(folder / name)
    for verb in VERBS[kind]:
        more = {"report": (), "search": ("up", "--among", str(data))}.get(verb, (str(data),))
        said = CliRunner().invoke(app, [verb, str(folder), *more])
        assert said.exit_code == RunError.exit_code, (verb, said.output)
        assert name.rpartition("/")[2] in said.output.replace("\n", "")
    (folder / name).write_bytes(kept)
