"""Trees on the source answer for a target without labels, are stored, and can be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.config import make_config
from landbridge.base.events import Events
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import seal
from landbridge.runs.fit import FitSpec, run_fit
from landbridge.runs.load import read_task
from landbridge.runs.prepare import prepare

TRAINING = {"steps": 30, "source_steps": 30, "threads": 1}
METHODS = ("boosted-trees", "forest", "weighted-trees", "self-trained-trees")


def table(n, seed, numbers=False):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 4)) + 0.3 * seed, columns=list("abcd"))
    steps = (frame["a"].abs() < 0.7) | (frame["b"] > 1)
    frame["y"] = 5.0 * steps + 0.1 * frame["c"] if numbers else np.where(steps, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """What fits of a pair need; the target's labels judge."""
    config = make_config({"seed": 0, "training": TRAINING})
    source, target = (read_domain(table(n, i), label="y") for n, i in ((400, 0), (150, 1)))
    task = read_task(config, source, seal(target, "judge"), Events())
    return prepare(task, config, tmp_path_factory.mktemp("fits"), Events())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with one of them."""
    out = tmp_path_factory.mktemp("trees") / "run"
    return landbridge.transfer(
        *(table(400, 0), table(150, 1)),
        label="y",
        target_labels="judge",
        method="forest",
        seeds=1,
        out=out,
        training=TRAINING,
    )


def test_forest_is_chosen_stored_and_predicts(run):
    assert run.verdict["chosen"]["method"] == "forest"
    assert run.verdict["chosen"]["mean"] > 0.9
    said = landbridge.load_run(run.path).model.predict(table(150, 1).drop(columns="y"))
    right = (said == table(150, 1)["y"]).mean()
    assert right == pytest.approx(run.verdict["chosen"]["mean"], abs=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_each_answers_for_held_out_source_rows(context, name):
    fit = run_fit(context, FitSpec(name, 0), Events())
    held = context.data.validation
    assert held.sum() >= 30
    own = fit.output("validation")
    assert own.shape == (held.sum(), 2)
    right = own.argmax(1) == context.data.source.labels[held]
    assert right.mean() > 0.85
    whole = run_fit(context, FitSpec("probe", 0), Events()).output("validation")
    assert (whole.argmax(1) == context.data.source.labels[held]).mean() < right.mean()


@pytest.mark.parametrize("name", ["forest", "weighted-trees"])
def test_numbers_without_target_labels(tmp_path, name):
    run = landbridge.transfer(
        *(table(400, 0, True), table(150, 1, True)),
        label="y",
        target_labels="judge",
        target_type="regression",
        seeds=1,
        method=name,
        out=tmp_path / "run",
        training=TRAINING,
    )
    assert run.verdict["chosen"]["mean"] < 1


def test_auto_takes_the_forest_where_it_is_clearly_better_on_source_rows(tmp_path):
    run = landbridge.transfer(
        *(table(400, 0), table(150, 1)),
        label="y",
        target_labels="judge",
        backbone="identity",
        seeds=1,
        out=tmp_path / "run",
        training=TRAINING,
    )
    assert {"probe", "forest"} <= {fit["method"] for fit in run.plan["fits"]}
    assert run.choice["method"] == run.choice["reference"] == "forest"
    assert "source rows kept apart forest" in run.choice["reference_reason"]
    assert run.verdict["chosen"]["what"] == "a random forest on the source's labelled rows"
    (probe,) = (row for row in run.verdict["baselines"] if row["method"] == "probe")
    assert run.verdict["chosen"]["mean"] > probe["mean"] + 0.1


def test_the_probe_stays_where_trees_are_no_better(tmp_path):
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame(rng.normal(size=(200, 4)) + i, columns=list("abcd")) for i in (0, 0.3)]
    sides = [f.assign(y=np.where(f["a"] + f["b"] > 0, "yes", "no")) for f in frames]
    run = landbridge.transfer(
        *sides,
        label="y",
        target_labels="judge",
        backbone="identity",
        seeds=1,
        out=tmp_path / "run",
        training=TRAINING,
    )
    assert run.choice["reference"] == "probe"


def test_numbers_are_answered_by_what_is_best_on_the_source(tmp_path):
    run = landbridge.transfer(
        *(table(400, 0, True), table(150, 1, True)),
        label="y",
        target_labels="judge",
        target_type="regression",
        backbone="identity",
        seeds=1,
        out=tmp_path / "run",
        training=TRAINING,
    )
    assert run.choice["kind"] == "default"
    assert run.choice["method"] == run.choice["reference"] == "forest"


def test_boosted_trees_on_the_source_are_a_transfer(tmp_path):
    run = landbridge.transfer(
        *(table(400, 0), table(150, 1)),
        label="y",
        target_labels="judge",
        method="boosted-trees",
        backbone="identity",
        seeds=1,
        out=tmp_path / "run",
        training=TRAINING,
    )
    assert run.verdict["reference"] != "boosted-trees"
    assert run.verdict["difference"]
    assert "the source's" in run.verdict["chosen"]["what"]
    assert "target's labels alone" not in run.verdict["sentence"]
