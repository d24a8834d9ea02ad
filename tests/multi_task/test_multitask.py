"""Several heads on one backbone."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

import landbridge
from landbridge.base.errors import ConfigError, DataError, RunError
from landbridge.base.events import SILENT
from landbridge.multi_task.read import OneTask, as_tasks, read_tasks
from landbridge.objectives.base import StepBatch, ViewOutputs
from landbridge.objectives.tasks import Tasks, task_losses


def frame(n=240, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    kind = np.where(x[:, 0] + x[:, 1] > 0, "up", "down").astype(object)
    side = np.where(x[:, 2] > 0, "left", "right").astype(object)
    size = 50 + 10 * x[:, 0] + rng.normal(size=n)
    side[::7] = None
    columns = {f"x{i}": x[:, i] for i in range(4)}
    return pd.DataFrame({**columns, "kind": kind, "side": side, "size": size})


def test_losses_are_those_of_the_parts_and_of_labelled_rows():
    g = torch.Generator().manual_seed(0)
    outputs = torch.randn(5, 4, generator=g, dtype=torch.float64).requires_grad_()
    nan = math.nan
    labels = torch.tensor([[0, 1.5], [2, nan], [nan, -1.0], [1, 0.5], [nan, nan]])
    found = task_losses(outputs, labels.double(), (3, 1), ("multiclass", "regression"))
    p = outputs[:, :3].softmax(1)
    expected = -torch.stack([p[0, 0], p[1, 2], p[3, 1]]).log().mean()
    assert torch.allclose(found[0], expected)
    gaps = torch.stack([outputs[0, 3] - 1.5, outputs[2, 3] + 1, outputs[3, 3] - 0.5])
    assert torch.allclose(found[1], gaps.square().mean())
    none = task_losses(outputs, torch.full((5, 2), nan), (3, 1), ("multiclass", "regression"))
    assert none == [None, None]


def test_learned_weights_are_kendalls():
    config = Tasks.Config(sizes=(2, 1), kinds=("multiclass", "regression"))
    term = Tasks(3, 3, config)
    with torch.no_grad():
        term.uncertainty.copy_(torch.tensor([0.4, -0.2]))
    outputs, labels = torch.tensor([[1.0, 0.0, 2.0]]), torch.tensor([[0.0, 1.0]])
    view = ViewOutputs(torch.zeros(1, 3), outputs, labels)
    step = StepBatch(None, None, None, None, 0.0, view)
    ce, mse = -math.log(math.e / (math.e + 1)), 1.0
    expected = math.exp(-0.4) * ce + 0.2 + 0.5 * math.exp(0.2) * mse - 0.1
    assert float(term(step).detach()) == pytest.approx(expected, rel=1e-6)
    given = Tasks(
        3, 3, Tasks.Config(sizes=(2, 1), kinds=("multiclass", "regression"), weights=(2, 3))
    )
    assert float(given(step).detach()) == pytest.approx(2 * ce + 3 * mse, rel=1e-6)
    with pytest.raises(ConfigError, match="one of each"):
        Tasks(3, 3, Tasks.Config(sizes=(2, 1), kinds=("multiclass",)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    path = folder / "rows.csv"
    frame().to_csv(path, index=False)
    model = landbridge.multitask(
        path, ["kind", "side", "size"], out=folder / "run", backbone="mlp", seeds=2
    )
    return model, folder / "run", path


def test_every_task_is_learned_and_compared(made):
    model, _, _ = made
    verdict = {task["task"]: task for task in model.verdict}
    assert [task.target_type.name for task in model.tasks] == [
        "multiclass",
        "multiclass",
        "regression",
    ]
    assert verdict["kind"]["together"] > 0.85
    assert verdict["side"]["together"] > 0.85
    assert verdict["size"]["metric"] == "mean absolute error"
    assert verdict["size"]["together"] < 4
    for task in model.verdict:
        assert task["outcome"] in ("helped", "hurt", "can't tell")
        assert task["difference"]["low"] <= task["difference"]["value"]
    assert model.facts["judged"] == 72


def test_it_answers_all_tasks_and_opens_again(made):
    model, folder, path = made
    again = landbridge.load_multitask(folder)
    rows = model.predict(path)
    assert rows == again.predict(path)
    table = frame()
    assert np.mean([r["kind"] == k for r, k in zip(rows, table["kind"], strict=True)]) > 0.85
    errors = [abs(r["size"] - s) for r, s in zip(rows, table["size"], strict=True)]
    assert np.mean(errors) < 4


def test_other_data_are_scored_task_by_task(made, tmp_path):
    model, folder, _ = made
    new = frame(seed=5)
    new.loc[3, "kind"] = "never seen"
    new.to_csv(tmp_path / "new.csv", index=False)
    opened = landbridge.load(folder)
    found = opened.evaluate(tmp_path / "new.csv")
    assert found == model.evaluate(new)
    said = {row["name"].split()[-1]: row for row in opened.predict(tmp_path / "new.csv")}
    scores = {task["task"]: task for task in found["tasks"]}
    right = [row["kind"] == k for row, k in zip(said.values(), new["kind"], strict=True)]
    assert scores["kind"]["value"] == pytest.approx(np.mean(right))
    assert scores["side"]["n"] == int(new["side"].notna().sum())
    errors = [abs(row["size"] - s) for row, s in zip(said.values(), new["size"], strict=True)]
    assert scores["size"]["value"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert scores["size"]["low"] <= scores["size"]["value"] <= scores["size"]["high"]
    with pytest.raises(DataError, match="no column 'side'"):
        model.evaluate(new.drop(columns="side"))
    with pytest.raises(DataError, match="no row has a label"):
        model.evaluate(new.assign(kind=None, side=None, size=None))


def test_the_report_says_what_the_verdict_says(made, tmp_path):
    model, folder, _ = made
    text = (folder / "report.html").read_text("utf-8")
    for task in model.verdict:
        assert f"{task['task']}: {task['metric']}" in text
    assert text.count("<article") == 12
    assert "(true " in text
    path = landbridge.load(folder).report(tmp_path / "r.html")
    assert path.read_text("utf-8") == text


def test_its_network_is_a_backbone(made, tmp_path):
    _, folder, _ = made
    new = frame(seed=1)
    some = new.drop(columns=["side", "size"])
    run = landbridge.transfer(
        None,
        some,
        label="kind",
        backbone=f"run/{folder}",
        method="probe",
        budget="60s",
        seeds=1,
        out=tmp_path / "run",
        progress=False,
    )
    assert run.verdict["chosen"]["mean"] > 0.85
    assert len(run.predict(some)) == len(some)


def test_sealed_rows_and_their_labels_are_not_learned_from():
    n = 40
    learn = np.arange(n) < 30
    values = np.array(["a", "b"] * 20, object)
    values[35] = "never seen"
    numbers = np.arange(n) + 0.25
    tasks, teach, judge = as_tasks({"c": values, "x": numbers}, learn, n)
    assert tasks[0].classes == ("a", "b")
    assert tasks[1] == OneTask("x", "regression", (), numbers[:30].mean(), numbers[:30].std())
    assert np.isnan(teach[~learn]).all()
    assert np.isnan(judge[learn]).all()
    assert judge[35, 0] == -1


def test_arrays_weights_and_what_is_wrong(tmp_path):
    table = frame(80)
    x = table[[f"x{i}" for i in range(4)]].to_numpy()
    labels = {"kind": table["kind"].to_numpy(), "size": table["size"].to_numpy()}
    how = {"backbone": "mlp", "seeds": 1, "steps": 30, "alone": False}
    model = landbridge.multitask((x, labels), weights={"kind": 1, "size": 0.5}, **how)
    assert model.facts["weights"] == {"kind": 1.0, "size": 0.5}
    assert model.verdict[0]["outcome"] == "can't tell"
    with pytest.raises(ConfigError, match="one weight over 0"):
        landbridge.multitask((x, labels), weights={"kind": 1}, **how)
    with pytest.raises(ConfigError, match="'kind' is named by holdout= and by labels="):
        landbridge.multitask(table, ["kind", "size"], holdout="group:kind", **how)
    with pytest.raises(ConfigError, match="at least two"):
        landbridge.multitask(table, ["kind"], **how)
    with pytest.raises(DataError, match="no column 'colour'"):
        landbridge.multitask(table, ["kind", "colour"], **how)
    (tmp_path / "x").write_text("")
    with pytest.raises(RunError, match="is there already"):
        landbridge.multitask((x, labels), out=tmp_path, **how)


@pytest.mark.parametrize("carrier", ["csv", "parquet", "frame"])
def test_labels_are_as_the_file_has_them(tmp_path, carrier):
    n, names = 12, ["NA", "no"]
    large = [2**60 + 1 + i % 2 for i in range(n)]
    table = pd.DataFrame({"x": np.linspace(0, 1, n), "big": large, "code": ["01", "1"] * 6})
    table["größe"] = names * 6
    data = tmp_path / f"rows.{carrier}"
    if carrier == "csv":
        data.write_bytes(table.to_csv(index=False).encode("cp1250"))
    elif carrier == "parquet":
        table.to_parquet(data)
    else:
        data = table
    how = {"encoding": "cp1250"} if carrier == "csv" else {}
    domain, found = read_tasks(data, ["big", "code", "größe"], how, SILENT)
    assert list(domain.examples.columns) == ["x"]
    assert {int(v) for v in found["big"]} == {2**60 + 1, 2**60 + 2}
    assert found["code"].tolist() == ["01", "1"] * 6
    assert found["größe"].tolist() == names * 6
    tasks, _, _ = as_tasks(found, np.ones(n, bool), n)
    assert [task.classes for task in tasks] == [
        (str(2**60 + 1), str(2**60 + 2)), ("01", "1"), ("NA", "no"),
    ]  # fmt: skip


@pytest.mark.parametrize("damage", [False, True])
def test_fits_that_were_finished_are_not_done_again(tmp_path, monkeypatch, damage):
    from landbridge.multi_task import fits

    usual, done = fits.train, []

    def counting(*args, **how):
        if len(done) == stop:
            raise KeyboardInterrupt
        done.append(how["options"].fit)
        return usual(*args, **how)

    monkeypatch.setattr(fits, "train", counting)
    how = {"steps": 3, "seeds": 1, "backbone": "mlp"}
    labels, stop = ["kind", "size"], 99
    whole = landbridge.multitask(frame(60), labels, out=tmp_path / "whole", **how)
    assert done == ["together", "kind", "size"]
    done, stop = [], 2
    with pytest.raises(KeyboardInterrupt):
        landbridge.multitask(frame(60), labels, out=tmp_path / "run", **how)
    done, stop = [], 99
    if damage:
        file = next((tmp_path / "run" / "work").glob("*/fit.safetensors"))
        raw = bytearray(file.read_bytes())
        raw[-1] ^= 1
        file.write_bytes(bytes(raw))
    again = landbridge.multitask(frame(60), labels, out=tmp_path / "run", **how)
    assert len(done) == (2 if damage else 1)
    assert again.facts == whole.facts
    names = [path.name for path in (tmp_path / "run").iterdir()]
    assert "work" not in names
    for name in ("model.safetensors", "multitask.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
