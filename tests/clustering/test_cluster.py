"""Groups of rows from end to end: sealed labels, folders, new rows, what is refused."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import adjusted_mutual_info_score
from test_groupings import planted
from typer.testing import CliRunner

import landbridge
from landbridge.base.errors import ConfigError, DataError, RunError
from landbridge.clustering import fit, inputs
from landbridge.clustering.clusters import load_clusters
from landbridge.clustering.find import numbers
from landbridge.clustering.outcome import outcome
from landbridge.clustering.stability import Agreement
from landbridge.domains.read import read_domain
from landbridge.metrics.intervals import Interval
from landbridge.verdict.partition import LabelAgreement, PartitionScore

NAMES = np.array(["ant", "bee", "cat"], object)


def rows(n=150, seed=0):
    x, labels = planted(n=n, k=3, d=5, apart=8, seed=seed)
    return x.astype(np.float32), NAMES[labels]


def pictures(n=60, seed=0):
    """Bars at three heights: pixels tell them apart, and so does a net that looks at them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    x = rng.integers(0, 90, (n, 12, 12), dtype=np.uint8)
    for image, label in zip(x, labels, strict=True):
        image[4 * label : 4 * label + 3] += 150
    return x, NAMES[labels]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    x, y = rows()
    return landbridge.cluster((x, y), out=tmp_path_factory.mktemp("found") / "groups")


def nested():
    """Two groups of four groups each: both numbers come back."""
    rng = np.random.default_rng(0)
    label = np.arange(320) % 8
    centre = 14 * np.eye(2, 10)[label // 4] + 9 * np.eye(10)[2 + label]
    x = (centre + rng.normal(size=(320, 10))).astype(np.float32)
    return x, np.array(list("abcdefgh"), object)[label]


@pytest.fixture(scope="module")
def scales(tmp_path_factory):
    return landbridge.cluster(nested(), out=tmp_path_factory.mktemp("scales") / "groups")


def test_what_was_planted_is_found_counted_and_judged(found):
    facts = found.facts
    assert facts["number"]["groups"] == 3
    assert not facts["number"]["given"]
    assert facts["backbone"] == "identity"
    assert facts["reference"] is None  # the columns are what groups are made of already
    assert facts["verdict"]["outcome"] == "groups found"
    judged = facts["verdict"]["judged"]
    assert judged["n"] == 150
    assert judged["ami"]["value"] > 0.95
    assert [group["rows"] for group in facts["groups"]] == sorted(
        np.bincount(found.assigned), reverse=True
    )
    assert all(group["comes_back"] > 0.9 for group in facts["groups"])


def test_a_value_that_is_missing_costs_no_row_its_answer(found):
    x, _ = rows(12, seed=3)
    whole = found.predict(x)
    x[4, 1] = np.nan
    said = found.predict(x)
    assert len(said) == 12
    assert [row["group"] for i, row in enumerate(said) if i != 4] == [
        row["group"] for i, row in enumerate(whole) if i != 4
    ]
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(5)])
    assert [row["group"] for row in found.predict(frame)] == [row["group"] for row in said]
    mappings = [
        {name: value for name, value in row.items() if value == value}
        for row in frame.to_dict("records")
    ]
    assert [row["group"] for row in found.predict(mappings)] == [row["group"] for row in said]


def test_the_folder_says_the_same_as_the_call(found):
    opened = landbridge.load(found.path)
    x, y = rows()
    said = opened.predict((x, y))
    kept = pq.read_table(found.path / "predictions.parquet").to_pylist()
    assert [row["group"] for row in said] == [row["group"] for row in kept]
    np.testing.assert_allclose(
        [row["certainty"] for row in said], [row["certainty"] for row in kept], atol=1e-5
    )
    assert [row["group"] for row in kept] == [f"group {i + 1}" for i in found.assigned]
    new, labels = rows(60, seed=9)
    figures = opened.evaluate((new, labels))
    assert figures["n"] == 60
    assert figures["groups"]["ami"]["value"] > 0.9
    page = (found.path / "report.html").read_text("utf-8")
    drawn = re.findall(r'<polyline points="([^"]*)"', page)
    assert sum(len(points.split()) for points in drawn) == 150
    assert "Groups found" in page
    for leftover in ("None", "nan", "{{", "http://", "https://"):
        assert leftover not in page.replace("http://www.w3.org", "")


def test_a_changed_folder_is_refused(found, tmp_path):
    import shutil

    folder = shutil.copytree(found.path, tmp_path / "copy")
    content = bytearray((folder / "groups.safetensors").read_bytes())
    content[-3] ^= 1
    (folder / "groups.safetensors").write_bytes(content)
    with pytest.raises(RunError, match=r"groups\.safetensors is damaged"):
        landbridge.load(folder)
    with pytest.raises(RunError, match=r"clusters\.json"):
        load_clusters(tmp_path)


def test_labels_judge_and_nothing_else():
    x, y = rows()
    shuffled = np.random.default_rng(3).permutation(y)
    plain, mixed, none = (landbridge.cluster(data, groups=3) for data in ((x, y), (x, shuffled), x))
    assert np.array_equal(plain.assigned, mixed.assigned)
    assert np.array_equal(plain.assigned, none.assigned)
    for one in (mixed, none):
        assert np.array_equal(plain.groups.weights, one.groups.weights)
    assert mixed.facts["verdict"]["judged"]["ami"]["high"] < 0.1
    assert none.facts["verdict"]["judged"] is None
    assert "No label was there" in none.facts["verdict"]["sentence"]


def test_noise_has_no_groups_that_can_be_told():
    x = np.random.default_rng(0).normal(size=(200, 5))
    assert landbridge.cluster(x).facts["verdict"]["outcome"] == "can't tell"


def test_a_test_split_is_judged_and_not_learned_from(monkeypatch):
    x, y = rows()
    split = ["train"] * 110 + ["test"] * 40
    seen, kept = [], fit.find_groups

    def spy(clustering, features, *rest, **options):
        seen.append(features)
        return kept(clustering, features, *rest, **options)

    monkeypatch.setattr(fit, "find_groups", spy)
    found = landbridge.cluster(read_domain((x, y), split=split), groups=3)
    assert len(seen[0][0]) == 110
    assert found.facts["verdict"]["judged"]["n"] == 40
    assert len(found.assigned) == 150


def test_a_source_is_grouped_along_around_its_own_mean():
    x, y = rows()
    other, _ = rows(seed=5)
    found = landbridge.cluster((x, y), other[:120] + 40, groups=3)
    shares = [group["source_share"] for group in found.facts["groups"]]
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert max(shares) < 0.5  # without its own mean all of it would be in one group
    assert found.facts["source_rows"] == 120
    assert found.facts["verdict"]["judged"]["ami"]["value"] > 0.9


@pytest.mark.slow
def test_a_net_that_knows_nothing_learns_first_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    data, how = pictures(), {"groups": 3, "epochs": 20}
    whole = landbridge.cluster(data, out=tmp_path / "whole", **how)
    assert whole.facts["pretraining_steps"] > 0
    assert whole.facts["reference"]["what"] == "pixels"
    assert whole.facts["verdict"]["judged"]["difference"] is not None

    left = [whole.facts["pretraining_steps"] // 2]

    def stop():
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    kept = inputs.LoopOptions
    with monkeypatch.context() as patch:
        patch.setattr(
            inputs, "LoopOptions", lambda **k: kept(**k, checkpoint_seconds=0, on_step=stop)
        )
        with pytest.raises(KeyboardInterrupt):
            landbridge.cluster(data, out=tmp_path / "cut", **how)
    assert (tmp_path / "cut" / "checkpoint.safetensors").is_file()
    resumed = landbridge.cluster(data, out=tmp_path / "cut", **how)
    assert not (tmp_path / "cut" / "checkpoint.safetensors").exists()
    assert np.array_equal(resumed.groups.weights, whole.groups.weights)
    assert adjusted_mutual_info_score(data[1], whole.assigned) > 0.5
    # As a backbone it goes on to whatever labels there will be.
    run = landbridge.transfer(
        None,
        data,
        backbone=f"run/{tmp_path / 'whole'}",
        method="probe",
        seeds=1,
        out=tmp_path / "run",
        training={"steps": 5, "source_steps": 5},
    )
    assert run.choice["method"] == "probe"


def test_texts_are_described_by_their_words(tmp_path):
    texts = [f"the {a} cat sat on mat {i}" for i, a in enumerate(["old", "grey"] * 15)]
    texts += [f"stocks and {a} bonds fell {i}" for i, a in enumerate(["some", "all"] * 15)]
    table = pd.DataFrame({"said": texts})
    found = landbridge.cluster(table, text="said", backbone="textnet", groups=2, epochs=5)
    told = [set(group["told"]) for group in found.facts["groups"]]
    assert found.facts["reference"]["what"] == "words"
    assert any("cat" in " ".join(words) for words in told)


@pytest.mark.parametrize("said", ["1", "5-3", "many", "0-4", "2-", 1, "-3", "2.5"])
def test_numbers_that_are_none(said):
    with pytest.raises(ConfigError, match="groups is"):
        numbers(said)


def test_what_is_refused(tmp_path):
    x, _ = rows()
    with pytest.raises(DataError, match="10 rows, expected at least 24"):
        landbridge.cluster(x[:10])
    with pytest.raises(DataError, match="2 rows differ"):
        landbridge.cluster(np.repeat(x[:2], 30, axis=0), groups=3)
    with pytest.raises(ConfigError, match="clustering 'k-mean'"):
        landbridge.cluster(x, method="k-mean")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="is there already"):
        landbridge.cluster(x, out=tmp_path / "full")
    assert (tmp_path / "full" / "notes.txt").read_text() == "mine"


def test_numbers_are_no_labels_to_judge_by():
    x, _ = rows()
    found = landbridge.cluster((x, np.linspace(0, 1, len(x))), groups=3)
    assert found.facts["verdict"]["judged"] is None


def said(gain, error=0.01, judged=None, elsewhere=()):
    values = 0.9 + error * np.array([-1, 1])  # two splits: the standard error of their mean
    stable = Agreement(4, values, np.full(2, 0.9 - gain))
    return outcome(stable, "net", "pixels", judged, elsewhere).outcome


def judged(low, high):
    own, other = (PartitionScore(*[Interval(v)] * 3) for v in (0.8, 0.5))
    return LabelAgreement(9, ("a",), own, np.zeros((1, 1), int), other, Interval(0.3, low, high))


def test_outcomes():
    assert said(0.5) == "groups found"
    assert said(0.05) == "can't tell"
    assert said(0.3, error=0.2) == "can't tell"
    assert said(0.5, judged=judged(0.1, 0.5)) == "helped"
    assert said(0.5, judged=judged(-0.5, -0.1)) == "hurt"
    assert said(0.5, judged=judged(-0.1, 0.5)) == "can't tell"


def test_the_opposite_at_another_number_of_groups_cannot_be_told():
    clear, unclear, worse = Interval(0.3, 0.1, 0.5), Interval(0.1, -0.2, 0.4), Interval(-1, -1, -1)
    hurt = judged(-0.5, -0.1)
    assert said(0.5, judged=hurt, elsewhere=[(9, unclear), (12, worse)]) == "hurt"
    assert said(0.5, judged=hurt, elsewhere=[(9, clear)]) == "can't tell"


def test_a_backbone_is_judged_at_every_number_that_stands_out(scales):
    levels = scales.facts["number"]["plateaus"]
    assert [level["chosen"] for level in levels] == [False, True]
    said = [scales.facts["verdict"]["plateaus"][str(level["groups"])] for level in levels]
    coarse, fine = (one["ami"]["value"] for one in said)
    assert fine > 0.95 > coarse > 0.3
    assert scales.facts["verdict"]["judged"]["ami"]["value"] == fine
    assert all(one["difference"] is None for one in said)  # nothing is beside it
    page = (scales.path / "report.html").read_text("utf-8")
    assert "Numbers of groups that stand out" in page
    assert "8, chosen" in page
    assert "--groups 2" in page


def test_a_range_chooses_among_the_numbers_that_stand_out():
    x, _ = nested()
    found = landbridge.cluster(x, groups="2-4").facts
    assert found["number"]["groups"] == 2
    assert found["verdict"]["plateaus"] == {}


def test_on_the_command_line(tmp_path):
    from landbridge.cli.app import app

    x, y = rows()
    lines = ["a,b,c,d,e,kind"] + [
        ",".join([*(f"{v:.4f}" for v in row), name]) for row, name in zip(x, y, strict=True)
    ]
    table = tmp_path / "rows.csv"
    table.write_text("\n".join(lines))
    out = tmp_path / "groups"
    args = ["cluster", str(table), "--label", "kind", "--groups", "2-4", "--out", str(out)]
    result = CliRunner().invoke(app, [*args, "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["number"]["groups"] == 3
    assert [one["groups"] for one in said["number"]["tried"]] == [2, 3, 4]
    told = CliRunner().invoke(app, ["eval", str(out), str(table), "--label", "kind", "--json"])
    assert json.loads(told.stdout)["groups"]["ami"]["value"] > 0.9
    rows_said = CliRunner().invoke(app, ["predict", str(out), str(table), "--json"])
    assert rows_said.exit_code == 0, rows_said.output
    shown = CliRunner().invoke(app, ["report", str(out), "--out", str(tmp_path / "page.html")])
    assert shown.exit_code == 0, shown.output
    plain = CliRunner().invoke(app, [*args[:-1], str(tmp_path / "again")])
    assert plain.exit_code == 0, plain.output
    assert "group 3" in plain.output
    assert CliRunner().invoke(app, args).exit_code == 2
