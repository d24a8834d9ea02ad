"""Methods that train against changed inputs, as a person calls them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.errors import MethodError
from landbridge.robustness.base import ATTACKS, Rows
from landbridge.robustness.subject import Subject

HOW = {"budget": "60s", "seeds": 1, "backbone": "convnet"}


def squares(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures that are told apart by something large, and more easily by a faint corner."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    x = rng.integers(60, 100, (n, 16, 16))
    x[:, 4:12, 4:12] += np.where(y, 60, 0)[:, None, None]
    x[:, :3, :3] += np.where(y, 12, 0)[:, None, None]
    return x.astype(np.uint8), np.where(y, "lit", "dark")


def withstood(run: landbridge.Run, rows: tuple[np.ndarray, np.ndarray], size: float) -> float:
    """The share of rows that are right whatever PGD does."""
    own = run.model
    domain = own.read(rows)
    given = Rows(domain.examples, own.preprocessing, np.arange(len(domain)))
    truth = np.array([own.classes.index(domain.classes[i]) for i in domain.labels])
    found = ATTACKS.get("pgd")().run(Subject("chosen", own, given, truth), given.numbers, size)
    return float(found.withstood.mean())


@pytest.mark.slow
def test_hardening_gains_what_it_is_for(tmp_path):
    sides, fresh = (squares(120, 0), squares(80, 1)), squares(60, 2)
    steps = {"steps": 60, "source_steps": 40, "threads": 1}
    found = {}
    for method in ("finetune", "finetune+trades", "fast-at"):
        options = {}
        if "trades" in method:
            options = {"options": {"trades": {"eps": 0.08, "steps": 4}}}
        elif method == "fast-at":
            options = {"eps": 0.08}
        run = landbridge.transfer(
            *sides, method=method, method_options=options, target_labels="use", training=steps,
            out=tmp_path / method, **HOW,
        )  # fmt: skip
        found[method] = withstood(run, fresh, 0.08)
    assert found["finetune+trades"] > found["finetune"] + 0.15
    assert found["fast-at"] > found["finetune"] + 0.15


def test_rows_that_are_no_signal_are_refused_before_anything_is_trained(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    table["label"] = np.where(table["a"] > 0, "up", "down")
    for method in ("trades", "finetune+pgd"):
        with pytest.raises(MethodError, match="changes images or sound a little"):
            landbridge.transfer(
                table, table.sample(frac=1, random_state=1), backbone="mlp", method=method,
                label="label", target_labels="use", budget="30s", seeds=1, out=tmp_path / method,
            )  # fmt: skip
        assert not (tmp_path / method / "fits").exists()


def test_a_head_that_moves_alone_says_that_it_cannot_be_hardened(tmp_path):
    from landbridge.methods.core.network import PlanContext
    from landbridge.methods.core.resolve import make_method
    from landbridge.runs.standing_features import idle_terms

    class Context:
        class backbone:
            on_features = False

        @staticmethod
        def plan_context():
            return PlanContext(n_classes=2, n_source=40, n_labelled=20)

    assert idle_terms(make_method("head-only+trades"), Context) == (["trades"], True)
    assert idle_terms(make_method("lp-ft+trades"), Context) == ([], True)
    assert idle_terms(make_method("lora+pgd"), Context)[0] == []
