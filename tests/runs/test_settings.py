"""Every setting runs to its end, and what it leaves behind adds up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import landbridge
import needs
from landbridge.base.errors import DataError, MethodError
from landbridge.domains.read import read_domain
from landbridge.metrics.estimates import paired_interval

TRAINING = {"steps": 5, "source_steps": 5, "batch_size": 16, "threads": 1, "precision": "float32"}


def transfer(source, target, out: Path, **how) -> landbridge.Run:
    how = {"seeds": 2, "training": TRAINING, "budget": "10m"} | how
    return landbridge.transfer(source, target, out=out, **how)


def add_up(run: landbridge.Run, target) -> None:
    """Every figure of the verdict follows from predictions.parquet; every file is there."""
    import pyarrow.parquet as pq

    verdict, choice = run.verdict, run.choice
    assert choice["reason"]
    assert verdict["sentence"].strip()
    assert "None" not in verdict["sentence"] + choice["reason"]
    for name in ("report.html", "README.md", "labels.json", "map.json", "cost.json", "log.jsonl"):
        assert (run.path / name).stat().st_size > 0
    rows = pq.read_table(run.path / "predictions.parquet").to_pandas()
    chosen = rows[rows.role == "chosen"]
    assert set(chosen.method) == {choice["method"]}
    if verdict["kind"] == "label-free":
        assert rows.true.isna().all()
        assert verdict["chosen"]["mean"] is None
        assert verdict["outcome"] == "can't tell"
        reference = rows[(rows.method == verdict["reference"]) & (rows.seed == rows.seed.min())]
        if len(reference):
            own = chosen[chosen.seed == chosen.seed.min()]
            differ = (own.predicted.to_numpy() != reference.predicted.to_numpy()).mean()
            assert verdict["disagreement"] == pytest.approx(differ)
    else:
        figures_add_up(verdict, rows)
    if verdict["kind"] != "cross-validated":
        round_trip(run, chosen[chosen.seed == verdict["seeds"][0]], target)


def figures_add_up(verdict, rows) -> None:
    assert (rows.correct == (rows.predicted == rows.true)).all()
    hits = {
        method: np.stack(
            [part.sort_values("row").correct.to_numpy(bool) for _, part in of.groupby("seed")]
        )
        for method, of in rows.groupby("method")
    }
    chosen = verdict["chosen"]
    assert verdict["judged_rows"] == hits[chosen["method"]].shape[1]
    assert sorted(set(rows.seed)) == verdict["seeds"]
    for figure in (chosen, *verdict["baselines"]):
        own = hits[figure["method"]]
        stored = figure is chosen and verdict["kind"] == "judged"
        assert figure["mean"] == pytest.approx(own[0].mean() if stored else own.mean())
        assert figure["per_seed"] == pytest.approx(own.mean(1).tolist())
        assert figure["low"] <= figure["mean"] <= figure["high"]
    for figure in verdict["baselines"]:
        first = (
            hits[chosen["method"]][:1] if verdict["kind"] == "judged" else hits[chosen["method"]]
        )
        gap = paired_interval(first, hits[figure["method"]])
        said = figure["difference"]
        assert said["mean"] == pytest.approx(gap.value)
        assert (said["low"], said["high"]) == pytest.approx((gap.low, gap.high))


def round_trip(run: landbridge.Run, chosen, target) -> None:
    """The saved model gives the answers that were judged."""
    answers = landbridge.load_run(run.path).predict(target)
    for row, name, predicted, probability in zip(
        chosen.row, chosen.name, chosen.predicted, chosen.probability, strict=True
    ):
        assert answers[row]["name"].rpartition(" ")[2] == name.rpartition(" ")[2]
        found = list(answers[row]["probability"].values())
        np.testing.assert_allclose(found, probability, atol=1e-6)
        assert answers[row]["predicted"] == predicted


# A labelled source -----------------------------------------------------------------------------


def test_unlabelled_target(tmp_path, blobs):
    target = blobs(60, shift=1, seed=1)
    run = transfer(blobs(60), target, tmp_path / "run", target_labels="judge")
    assert run.choice["kind"] == "label-free"
    assert run.verdict["kind"] == "judged"
    assert run.verdict["reference"] == run.choice["reference"]
    assert run.choice["reference"] in {"probe", "source-only"}
    assert "source rows kept apart" in run.choice["reference_reason"]
    add_up(run, target[0])


def test_unlabelled_images(tmp_path):
    """Small images of two shapes of strokes, the target's inverted."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = rng.integers(0, 60, (40, 8, 8)).astype(np.uint8)
    x[y == 0, 3] += 180
    x[y == 1, :, 3] += 180
    target = 255 - x
    run = transfer((x, y), (target, y), tmp_path / "run", target_labels="judge", candidates=["mcc"])
    assert run.data["target"]["modality"] == "image"
    assert {row["method"] for row in run.choice["candidates"]} == {"mcc", run.choice["reference"]}
    add_up(run, target)


def test_few_target_labels(tmp_path, blobs):
    x, y = blobs(60, shift=1, seed=1)
    y[30:] = None
    run = transfer(blobs(60), (x, y), tmp_path / "run", candidates=["mcc", "joint"])
    assert run.choice["kind"] == "cross-validation"
    assert run.verdict["kind"] == "judged"
    assert run.verdict["judged_rows"] == 9
    assert "scratch" in {b["method"] for b in run.verdict["baselines"]} | {run.choice["method"]}
    add_up(run, x)


def test_too_few_target_labels_to_keep_some(tmp_path, blobs):
    x, y = blobs(60, shift=1, seed=1)
    y[9:] = None
    run = transfer(blobs(60), (x, y), tmp_path / "run", candidates=["mcc"])
    assert run.verdict["kind"] == "cross-validated"
    assert run.verdict["assumption"]
    assert run.verdict["judged_rows"] == 9
    add_up(run, x)


def test_one_label_a_class(tmp_path, blobs):
    x, y = blobs(60, shift=1, seed=1)
    y[3:] = None
    run = transfer(blobs(60), (x, y), tmp_path / "run")
    assert run.choice["kind"] == "default"
    assert "no two classes have two target labels" in run.choice["reason"]
    assert run.verdict["kind"] == "label-free"
    add_up(run, x)


def test_no_target_label_at_all(tmp_path, blobs):
    x, _ = blobs(60, shift=1, seed=1)
    run = transfer(blobs(60), x, tmp_path / "run", candidates=["mcc", "coral"])
    assert run.verdict["kind"] == "label-free"
    assert run.verdict["assumption"].startswith("Label-free scores reward")
    assert run.verdict["sentence"].startswith("There are no labels to judge by.")
    same = run.choice["method"] == run.verdict["reference"]
    assert same or run.verdict["labels_to_settle"] is None or run.verdict["labels_to_settle"] > 1
    add_up(run, x)


def test_a_method_that_was_given_without_any_target_label(tmp_path, blobs):
    x, _ = blobs(60, shift=1, seed=1)
    run = transfer(blobs(60), x, tmp_path / "run", method="coral")
    assert run.choice["kind"] == "given"
    assert "infomax" in run.verdict["chosen"]["figures"]
    assert "speaks for coral" in run.verdict["sentence"].replace("not speak", "speaks")
    add_up(run, x)


@pytest.mark.parametrize(
    "method", ["finetune", "head-only", "lp-ft", "structure", "probe", "scratch"]
)
def test_disjoint_classes(tmp_path, blobs, method):
    source = blobs(45, classes=("ant", "bee", "cat"))
    target = blobs(48, shift=1, seed=1, classes=("dog", "eel"))
    run = transfer(source, target, tmp_path / "run", method=method, seeds=1)
    assert run.data["match"]["kind"] == "disjoint"
    assert run.model.classes == ("dog", "eel")
    allowed = {"scratch", "boosted-trees"} | ({"probe"} if method != "probe" else set())
    assert run.verdict["reference"] == run.choice["reference"]
    assert run.verdict["reference"] in ({"scratch"} if method == "scratch" else allowed)
    assert "source-only" not in {b["method"] for b in run.verdict["baselines"]}
    add_up(run, target[0])


def test_disjoint_classes_without_target_labels_to_learn_from_are_not_matched(tmp_path, blobs):
    with pytest.raises(MethodError, match="share"):
        transfer(
            blobs(45),
            blobs(48, classes=("dog", "eel")),
            tmp_path / "run",
            method="mcc",
        )
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "failed"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("abc", "ab", id="partial"),
        pytest.param("ab", "abc", id="open"),
        pytest.param("abc", "bcd", id="both"),
    ],
)
def test_classes_that_overlap(tmp_path, blobs, ours, theirs):
    target = blobs(60, shift=1, seed=1, classes=tuple(theirs))
    run = transfer(
        blobs(60, classes=tuple(ours)), target, tmp_path / "run", candidates=["joint"], seeds=1
    )
    assert run.model.classes == tuple(theirs)
    add_up(run, target[0])


def test_unseen_classes_of_an_unlabelled_target_are_named(tmp_path, blobs):
    target = blobs(60, shift=1, seed=1, classes=("ant", "bee", "zebra"))
    run = transfer(
        blobs(60), target, tmp_path / "run", target_labels="judge", method="coral", seeds=1
    )
    assert run.verdict["unseen_classes"] == ["zebra"]
    assert run.verdict["judged_rows"] == 60
    add_up(run, target[0])


# No labelled source ----------------------------------------------------------------------------


def test_labelled_target_alone_with_a_network_that_knows_nothing(tmp_path, blobs):
    target = blobs(60)
    run = transfer(None, target, tmp_path / "run")
    assert run.choice["method"] == "boosted-trees"
    assert run.choice["kept_reference"]
    assert "nothing to transfer" in run.choice["reason"]
    assert run.verdict["outcome"] == "can't tell"
    assert run.verdict["sentence"].startswith("No transfer was kept")
    add_up(run, target[0])


def test_unlabelled_source_and_labelled_target(tmp_path, blobs):
    target = blobs(60)
    run = transfer(blobs(60)[0], target, tmp_path / "run", seeds=1)
    # Which of the two is ahead on 60 rows differs between processors.
    assert run.choice["method"] in {"boosted-trees", "pretrain"}
    assert "unlabelled source" in (run.path / "log.jsonl").read_text()
    add_up(run, target[0])


@pytest.mark.parametrize("source", [True, False])
def test_no_label_on_either_side(tmp_path, blobs, source):
    x, _ = blobs(60)
    with pytest.raises(DataError, match="no answers to learn") as caught:
        transfer(x if source else None, x, tmp_path / "run")
    assert "label a few target rows" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_a_method_that_cannot_run_says_which_need(tmp_path, blobs):
    with pytest.raises(MethodError, match="labelled source"):
        transfer(None, blobs(60), tmp_path / "run", method="dann")


# Kinds of data ---------------------------------------------------------------------------------


def table(path: Path, n: int, seed: int, shift: float) -> Path:
    rng = np.random.default_rng(seed)
    lines = ["size,colour,weight,species"]
    for i in range(n):
        kind = i % 2
        colour = "red" if rng.random() < (0.8 if kind else 0.2) else "blue"
        lines.append(
            f"{rng.normal(3 * kind + shift):.3f},{colour},{rng.normal():.3f},{('ant', 'bee')[kind]}"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def test_tables(tmp_path):
    source = table(tmp_path / "source.csv", 60, 0, 0.0)
    target = table(tmp_path / "target.csv", 60, 1, 1.0)
    run = transfer(
        source, target, tmp_path / "run", target_labels="judge", candidates=["coral", "mcc"]
    )
    assert run.model.classes == ("ant", "bee")
    add_up(run, target)
    scores = run.evaluate(target)
    assert scores["n"] == 60
    assert scores["accuracy"] == pytest.approx(run.verdict["chosen"]["per_seed"][0])


def test_tensors(tmp_path, blobs):
    import torch

    x, y = blobs(60)
    codes = torch.tensor([("ant", "bee", "cat").index(name) for name in y])
    target = torch.from_numpy(x + 1)
    run = transfer(
        (torch.from_numpy(x), codes),
        (target, codes),
        tmp_path / "run",
        target_labels="judge",
        method="coral",
        seeds=1,
    )
    assert run.model.classes == ("0", "1", "2")
    add_up(run, target)


@pytest.mark.data
@pytest.mark.slow
def test_pretrained_backbone_without_a_source(tmp_path):
    data = needs.data("hymenoptera").resolve()  # as runs name rows
    target = read_domain(data, max_rows=30)
    run = transfer(
        None,
        data,
        tmp_path / "run",
        max_rows=30,
        backbone="mobilenet_v2",
        candidates=["head-only"],
        seeds=1,
        budget="60m",
        training=TRAINING | {"batch_size": 4},  # of the whole network, at its own size
    )
    assert run.verdict["reference"] in {"scratch", "probe"}
    assert (run.path / "model.safetensors").stat().st_size > 0
    add_up(run, target)
