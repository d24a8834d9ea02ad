"""`landbridge.stress` on runs: figures, what is refused, what is kept, that seals stay shut."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import landbridge
from landbridge.base.errors import ConfigError, DataError
from landbridge.base.events import Events
from landbridge.cli.app import app
from landbridge.robustness import stress as module
from landbridge.robustness.base import ATTACKS
from landbridge.robustness.plan import spread_rows


def rows(seed: int, n: int = 80, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    table = pd.DataFrame({"a": rng.normal(size=n) + 2 * y, "b": rng.normal(size=n) - y})
    table["sex"] = np.where(rng.random(n) < 0.3 + 0.4 * y, "f", "m")
    return table.assign(a=table["a"] + shift, label=np.where(y, "yes", "no"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stress")
    for name, seed, shift in (("source", 0, 0.0), ("target", 1, 0.5), ("new", 2, 0.5)):
        rows(seed, shift=shift).to_csv(folder / f"{name}.csv", index=False)
    return landbridge.transfer(
        str(folder / "source.csv"),
        str(folder / "target.csv"),
        label="label",
        method="coral",
        seeds=1,
        out=folder / "run",
        training={"threads": 1},
    )


@pytest.fixture(scope="module")
def new(run):
    return run.path.parent / "new.csv"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "stress"


def test_it_says_what_a_run_withstands_beside_its_reference(run, new, tmp_path, cache):
    found = landbridge.stress(run, new, out=tmp_path / "page.html")
    value = found.to_json()
    json.dumps(value)
    assert found.rows == found.of == 80
    names = {one.name for one in found.tests}
    assert {"within-range", "category-flip", "missing-values", "drift"} <= names
    accuracy = run.evaluate(new)["accuracy"]
    assert found.clean.chosen.value == pytest.approx(accuracy)
    assert found.clean.reference.value == pytest.approx(run.evaluate(new)["accuracy"], abs=0.3)
    assert found.attacked.chosen.value <= min(
        one.score.chosen.value for one in found.of_kind("attack")
    )
    for one in found.of_kind("attack"):
        kept = [level.score.chosen.value for level in one.levels]
        assert kept[0] <= accuracy
        assert kept == sorted(kept, reverse=True), "of a linear model a larger change finds more"
        gap = one.score.difference
        assert gap.value == pytest.approx(one.score.chosen.value - one.score.reference.value)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert found.headline.split(";")[0] in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert {one.name for one in found.classes} == {"yes", "no"}
    assert not list(cache.glob("*")), "what is whole needs nothing kept"


def test_the_same_call_gives_the_same_and_another_seed_draws_otherwise(run, new):
    a, b, c = (
        landbridge.stress(run, new, corruptions="noise", attacks="none", seed=seed)
        for seed in (0, 0, 3)
    )
    strip = {"cpu_s": 0}
    assert a.to_json() | strip == b.to_json() | strip
    assert a.tests != c.tests


def test_fixed_columns_count(run, new):
    with pytest.raises(ConfigError, match="hold nothing that it may change"):
        landbridge.stress(run, new, attacks="within-range", corruptions="none", fixed=["a", "b"])
    whole, part = (
        landbridge.stress(run, new, attacks="within-range", corruptions="none", fixed=fixed)
        for fixed in (None, "a")
    )
    assert part.attacked.chosen.value > whole.attacked.chosen.value


def test_what_is_interrupted_goes_on_where_it_was(run, new, monkeypatch, cache):
    asked = {"attacks": "within-range,category-flip", "corruptions": "noise"}
    whole = landbridge.stress(run, new, **asked)
    kind = ATTACKS.get("within-range")
    calls = []

    def counted(self, subject, own, size, run=kind.run):
        calls.append(size)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(self, subject, own, size)

    monkeypatch.setattr(kind, "run", counted)
    said = []

    class Listener:
        def event(self, event):
            said.append(event.get("message", ""))

        def progress(self, what, total):
            return Events().progress(what, total)

    with pytest.raises(KeyboardInterrupt):
        landbridge.stress(run, new, **asked, events=Events(None, Listener()))
    assert any("is kept" in text for text in said)
    assert list(cache.glob("*.json"))
    before = len(calls)
    again = landbridge.stress(run, new, **asked)
    sizes = 5 * 2
    assert len(calls) - before <= sizes - 2 + 1, "two of ten were there; one more is for examples"
    strip = {"cpu_s": 0}
    assert again.to_json() | strip == whole.to_json() | strip


def test_a_small_budget_tests_fewer_rows_of_each_class(run, new, monkeypatch):
    monkeypatch.setattr(module, "plan_stress", lambda *a, **k: PLAN)
    from landbridge.robustness.plan import StressPlan

    PLAN = StressPlan((0, 3, 5, 8), 1.0, "4 of 80 rows were tested")
    found = landbridge.stress(run, new, attacks="none", corruptions="noise")
    assert (found.rows, found.of) == (4, 80)
    assert "4 of 80 rows were tested" in found.notes
    strata = np.repeat([0, 1], [90, 10])
    assert np.bincount(strata[spread_rows(strata, 20, 0)]).tolist() == [18, 2]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"attacks": "pgd"}, "is on images and recordings"),
        ({"attacks": "pdg"}, "unknown attack 'pdg'"),
        ({"corruptions": "blur"}, "changes images"),
        ({"attacks": "within-range", "epsilon": 0}, "expected above 0"),
        ({"attacks": "within-range", "epsilon": 1000.0}, "at most 10"),
        ({"attacks": "within-range", "epsilon": float("nan")}, "expected above 0"),
        ({"epsilon": 0.5}, "means something else"),
        ({"fixed": "aa"}, "column 'aa'"),
        ({"attacks": "none", "corruptions": "none"}, "neither attacks nor corruptions"),
        ({"budget": "soon"}, "is not a time"),
        ({"out": "page.pdf"}, "one HTML file"),
        ({"attacks": "none", "epsilon": 0.1}, "no attack to use it"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_has_no_effect_is_refused(run, new, asked, said):
    with pytest.raises(ConfigError, match=said):
        landbridge.stress(run, new, **asked)


def test_data_without_labels_or_of_another_modality_are_refused(run, new, tmp_path):
    bare = tmp_path / "bare.csv"
    rows(5).drop(columns="label").to_csv(bare, index=False)
    with pytest.raises(DataError, match="no labels"):
        landbridge.stress(run, bare)
    with pytest.raises(DataError):
        landbridge.stress(run, (np.zeros((4, 8, 8), np.uint8), ["yes", "no", "yes", "no"]))


def test_rows_that_were_learned_from_are_left_out(run, new):
    both = pd.concat([pd.read_csv(new), rows(0).head(30)])
    path = new.parent / "both.csv"
    both.to_csv(path, index=False)
    found = landbridge.stress(run, path, attacks="none", corruptions="noise")
    assert found.of == run.evaluate(path)["n"] < len(both)
    assert any("learned from" in note for note in found.notes)


def test_sealed_labels_are_opened_nowhere(run, new, monkeypatch):
    from landbridge.domains.sealed import SealedLabels

    def refuse(self, *args, **more):
        raise AssertionError("opened")

    monkeypatch.setattr(SealedLabels, "open", refuse)
    landbridge.stress(run, new, attacks="none", corruptions="drift")


def test_the_command_prints_one_object_and_errors_with_what_to_do(run, new):
    runner = CliRunner()
    done = runner.invoke(
        app, ["stress", str(run.path), str(new), "--corruptions", "drift", "--json", "--quiet"]
    )
    value = json.loads(done.stdout)
    assert done.exit_code == 0
    assert value["clean"]["chosen"]["value"] > 0.5
    assert {one["name"] for one in value["tests"]} == {"within-range", "category-flip", "drift"}
    wrong = runner.invoke(app, ["stress", str(run.path), str(new), "--attacks", "fgsm", "--json"])
    assert wrong.exit_code == 2
    error = json.loads(wrong.stdout)["error"]
    assert "within-range" in error["do"]


def test_attacks_that_the_budget_has_no_room_for_are_left_out_dearest_first():
    from subjects import subject

    from landbridge.robustness.plan import Sizes, plan_stress

    own = subject("image")
    fits = {n: (ATTACKS.get(n)(), Sizes(0.1, (0.1,))) for n in ("pgd", "apgd-ce", "square")}
    strata = np.zeros(len(own))
    short = plan_stress([own], fits, {}, 1e-9, strata, 0)
    assert short.dropped == ("square", "apgd-ce")
    assert "more than the budget" in short.note
    assert plan_stress([own], fits, {}, 1e-9, strata, 0, named=True).dropped == ()
    assert plan_stress([own], fits, {}, 1e9, strata, 0).dropped == ()
