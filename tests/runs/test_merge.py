"""Runs of one θ₀ merged: closed forms on their tensors, and folders that answer."""

from __future__ import annotations

import html
import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import landbridge
from landbridge.artifacts.state import mark_complete
from landbridge.base.errors import ConfigError, RunError
from landbridge.base.files import read_json, write_json
from landbridge.cli.app import app
from landbridge.runs.merge import METHODS
from landbridge.training.checkpoint import load_tensors

TRAINING = {"steps": 10, "source_steps": 8, "batch_size": 8, "precision": "float32", "threads": 1}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three fine-tunings of one net: two of the same classes in other orders, one of others."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}
    for name, classes, seed in (
        ("a", ("ant", "bee", "cat"), 1),
        ("b", ("ant", "bee", "cat"), 2),
        ("other", ("dog", "emu", "fox"), 3),
    ):
        rng = np.random.default_rng(seed)
        y = np.arange(60) % 3
        x = (4 * np.eye(3, 6)[y] + rng.normal(size=(60, 6)) + seed).astype(np.float32)
        target = landbridge.read_domain(
            (x, np.array(classes, dtype=object)[y]), split=["train", "test"] * 30, name=name
        )
        made[name] = landbridge.transfer(
            None,
            target,
            method="finetune",
            backbone="mlp",
            seeds=1,
            training=TRAINING,
            out=folder / name,
            budget="1h",
        ).path
        # Tables fit their scaling to their rows; here all shall have the first one's.
        write_json(folder / name / "preprocessor.json", read_json(folder / "a/preprocessor.json"))
        (folder / name / "report.html").unlink()
        mark_complete(folder / name)
    return made


def tensors(path):
    return load_tensors(path / "model.safetensors")[0]


def start_of(path):
    from landbridge.backbones.base import BackboneIdentity
    from landbridge.backbones.open import reopen
    from landbridge.domains.modalities.base import load_preprocessing

    identity = BackboneIdentity.from_dict(read_json(path / "backbone.json"))
    opened = reopen(identity, load_preprocessing(read_json(path / "preprocessor.json")))
    return {f"backbone.{k}": v for k, v in opened.module.state_dict().items()}


def numbers(state):
    return {k: v for k, v in state.items() if v.is_floating_point() and k.startswith("backbone.")}


def test_adding_is_theta_a_plus_theta_b_less_theta_0(runs, tmp_path):
    merged = landbridge.merge([runs["a"], runs["b"]], method="add", out=tmp_path / "ab")
    a, b, start, found = (tensors(runs["a"]), tensors(runs["b"]), start_of(runs["a"]), None)
    found = tensors(merged.path)
    moved = 0
    for name, value in numbers(found).items():
        assert torch.allclose(value, a[name] + b[name] - start[name], atol=1e-6), name
        moved += int(not torch.equal(a[name], start[name]))
    assert moved > 3
    assert torch.equal(found["head.weight"], a["head.weight"])
    assert any(
        "heads have no θ₀" in note for note in read_json(merged.path / "merge.json")["notes"]
    )


def test_taking_away_undoes_adding(runs, tmp_path):
    both = landbridge.merge([runs["a"], runs["b"]], method="add", out=tmp_path / "ab")
    back = landbridge.merge([both, runs["b"]], method="negate", out=tmp_path / "a")
    a, found = tensors(runs["a"]), tensors(back.path)
    for name, value in numbers(found).items():
        assert torch.allclose(value, a[name], atol=1e-5), name


def test_taking_a_run_away_from_its_start_twice_gives_it_back(runs, tmp_path):
    once = landbridge.merge([runs["a"]], method="negate", out=tmp_path / "less")
    a, start, found = tensors(runs["a"]), start_of(runs["a"]), tensors(once.path)
    for name, value in numbers(found).items():
        assert torch.allclose(value, 2 * start[name] - a[name], atol=1e-6), name
    twice = tensors(landbridge.merge([once], method="negate", out=tmp_path / "again").path)
    assert all(torch.allclose(v, a[k], atol=1e-6) for k, v in numbers(twice).items())


def test_scaling(runs, tmp_path):
    half = landbridge.merge([runs["a"]], method="add", weights=[0.5], out=tmp_path / "half")
    a, start, found = tensors(runs["a"]), start_of(runs["a"]), tensors(half.path)
    for name, value in numbers(found).items():
        assert torch.allclose(value, (a[name] + start[name]) / 2, atol=1e-6), name


def test_an_average_is_of_weights_and_heads(runs, tmp_path):
    merged = landbridge.merge([runs["a"], runs["b"]], weights=[3, 1], out=tmp_path / "ab")
    a, b, found = tensors(runs["a"]), tensors(runs["b"]), tensors(merged.path)
    for name, value in found.items():
        if value.is_floating_point():
            assert torch.allclose(value, 0.75 * a[name] + 0.25 * b[name], atol=1e-6), name


def test_heads_are_matched_by_class_name(runs, tmp_path):
    """The same run with its classes in another order is the same model, and so is their mean."""
    import shutil

    turned = tmp_path / "turned"
    shutil.copytree(runs["a"], turned)
    state, facts = load_tensors(turned / "model.safetensors")
    for name in ("head.weight", "head.bias"):
        state[name] = state[name][[2, 0, 1]]
    from landbridge.base.hashing import tensors_digest
    from landbridge.training.checkpoint import save_tensors

    save_tensors(turned / "model.safetensors", state, facts | {"result": tensors_digest(state)})
    write_json(turned / "labels.json", {"classes": ["cat", "ant", "bee"]})
    mark_complete(turned)
    merged = landbridge.merge([runs["a"], turned], out=tmp_path / "mean")
    x = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    expected = landbridge.load_run(runs["a"]).model
    assert merged.model.classes == expected.classes
    assert np.allclose(merged.model.predict_proba(x), expected.predict_proba(x), atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_merged_run_answers_and_says_where_it_came_from(runs, tmp_path, method):
    merged = landbridge.merge(
        [runs["a"], runs["b"]], method=method, density=0.5, out=tmp_path / "ab"
    )
    run = landbridge.load_run(tmp_path / "ab")  # hashes are checked
    x = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    found = run.model.predict_proba(x)
    assert np.array_equal(found, merged.model.predict_proba(x))
    assert found.shape == (20, 3)
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    facts = read_json(run.path / "merge.json")
    assert facts["runs"] == [str(runs["a"]), str(runs["b"])]
    readme = (run.path / "README.md").read_text()
    assert str(runs["a"]) in readme
    assert "has not been judged" in readme
    assert run.verdict["outcome"] == "can't tell"
    assert "has not been judged" in run.summary()["sentence"]
    y = np.array(["ant", "bee"] * 10, dtype=object)
    assert run.evaluate((x, y))["n"] == 20
    assert run.report(tmp_path / "report.html").exists()
    again = landbridge.merge(
        [run.path, runs["b"]], method="weighted", out=tmp_path / "more"
    )  # it can be merged on
    assert again.classes == run.classes


def test_dare_is_a_function_of_its_seed(runs, tmp_path):
    pair = [runs["a"], runs["b"]]
    made = [
        tensors(landbridge.merge(pair, method="dare", seed=s, out=tmp_path / f"{i}").path)
        for i, s in enumerate((1, 1, 2))
    ]
    assert all(torch.equal(made[0][k], made[1][k]) for k in made[0])
    assert not all(torch.equal(made[0][k], made[2][k]) for k in made[0])


def test_other_classes_leave_the_first_head(runs, tmp_path):
    merged = landbridge.merge([runs["a"], runs["other"]], out=tmp_path / "ab")
    assert torch.equal(tensors(merged.path)["head.weight"], tensors(runs["a"])["head.weight"])
    notes = read_json(merged.path / "merge.json")["notes"]
    assert any("answers with other classes" in note for note in notes)
    assert merged.classes == ("ant", "bee", "cat")


def test_statistics_are_taken_afresh_from_data(tmp_path):
    """Merged batch normalisation has the mean and variance of the rows that are given."""
    made = []
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        y = np.arange(60) % 3
        x = (rng.integers(0, 60, (60, 16, 16)) + 60 * y[:, None, None]).astype(np.uint8)
        target = landbridge.read_domain(
            (x, np.array(["a", "b", "c"], dtype=object)[y]), split=["train", "test"] * 30
        )
        how = {"method": "finetune", "backbone": "convnet", "seeds": 1, "training": TRAINING}
        made.append(landbridge.transfer(None, target, out=tmp_path / f"{seed}", **how).path)
    plain = landbridge.merge(made, out=tmp_path / "plain")
    fresh = landbridge.merge(made, data=x, out=tmp_path / "fresh")
    norm = "backbone.blocks.0.1.running_mean"
    a, b = (tensors(path)[norm] for path in made)
    assert torch.allclose(tensors(plain.path)[norm], (a + b) / 2, atol=1e-6)
    assert any("--data" in note for note in read_json(plain.path / "merge.json")["notes"])
    model = fresh.model
    stored = model.preprocessing.prepare(model.read(x).examples)
    with torch.no_grad():
        images = model.preprocessing.encode(torch.from_numpy(np.array(stored)))
        maps = model.network.backbone.blocks[0][0](images)
    assert torch.allclose(tensors(fresh.path)[norm], maps.mean((0, 2, 3)), atol=1e-4)
    assert not torch.allclose(tensors(fresh.path)[norm], tensors(plain.path)[norm], atol=1e-3)


def test_what_cannot_be_merged(runs, tmp_path):
    import shutil

    pair = [runs["a"], runs["b"]]
    with pytest.raises(ConfigError, match="one weight for each run"):
        landbridge.merge(pair, weights=[1.0], out=tmp_path / "x")
    with pytest.raises(ConfigError, match="no way to merge called 'mean'"):
        landbridge.merge(pair, method="mean", out=tmp_path / "x")
    with pytest.raises(ConfigError, match="density"):
        landbridge.merge(pair, method="ties", density=0.0, out=tmp_path / "x")
    with pytest.raises(ConfigError, match="no average"):
        landbridge.merge(pair, weights=[1.0, -1.0], out=tmp_path / "x")
    with pytest.raises(RunError, match="is there already"):
        landbridge.merge(pair, out=runs["b"])
    with pytest.raises(RunError, match="not a run folder"):
        landbridge.merge([runs["a"], tmp_path], out=tmp_path / "x")
    other = tmp_path / "other"
    shutil.copytree(runs["b"], other)
    identity = read_json(other / "backbone.json")
    write_json(other / "backbone.json", identity | {"hash": "0" * 16})
    mark_complete(other)
    with pytest.raises(RunError, match="has the θ₀"):
        landbridge.merge([runs["a"], other], out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_on_the_command_line(runs, tmp_path):
    args = ["merge", str(runs["a"]), str(runs["b"]), "--method", "ties", "--weights", "2,1"]
    result = CliRunner().invoke(app, [*args, "--out", str(tmp_path / "m"), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["method"] == "ties"
    assert landbridge.load_run(tmp_path / "m").choice["method"] == "merge (ties)"
    command = read_json(tmp_path / "m" / "run.json")["command"]
    assert command.endswith(f"--method ties --weights 2,1 --density 0.2 --out {tmp_path / 'm'}")
    wrong = CliRunner().invoke(app, [*args[:3], "--weights", "a", "--out", str(tmp_path / "n")])
    assert wrong.exit_code == 2


def test_the_page_says_what_a_merged_run_is_and_nothing_of_a_verdict(runs, tmp_path):
    out = tmp_path / "a b"
    data = tmp_path / "rows.csv"
    data.write_text("x0,x1,x2,x3,x4,x5\n" + "1,2,3,4,5,6\n" * 4)
    args = ["merge", str(runs["a"]), str(runs["b"]), "--data", str(data), "--out", str(out)]
    found = CliRunner().invoke(app, args)
    assert found.exit_code == 0, found.output
    assert str(out / "report.html") in found.stdout
    assert f"landbridge eval '{out}' DATA" in found.stdout
    page = html.unescape((out / "report.html").read_text("utf-8"))
    assert "Not judged" in page
    assert f"--data {data} --out '{out}'" in page
    for wrong in ("missing or damaged", "What follows is evidence", "It is judged on", "no labels"):
        assert wrong not in page, wrong
    for gone in ("comparison", "curves", "map", "examples", "transfer"):
        assert f'id="{gone}"' not in page
        assert f'href="#{gone}"' not in page
