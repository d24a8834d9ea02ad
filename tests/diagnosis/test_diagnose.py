"""Known shifts of real rows: the right one is named, and the right family is spoken for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from known_shifts import fewer_of, halves, selected

from landbridge.base.errors import ConfigError, DataError
from landbridge.diagnosis import DIAGNOSES, diagnose
from landbridge.diagnosis.pair import MOST_ROWS, DomainPair

ORDER = [
    "domain-classifier",
    "mmd",
    "sliced-wasserstein",
    "overlap",
    "moments",
    "label-shift",
    "columns",
    "conditional",
]


def families(found):
    return [item.family for item in found.advice.speaks_for]


def warned(found):
    return {item.family for item in found.advice.warns_against}


@pytest.mark.parametrize("seed", range(2))
def test_no_shift_speaks_for_nothing(digits, seed):
    xs, ys, xt, _ = halves(*digits, seed=seed)
    found = diagnose(xs, ys, xt, seed=seed)
    assert families(found) == ["none"]
    assert not found.label_shift
    assert "Nothing here speaks for adaptation" in found.advice.sentence


@pytest.mark.parametrize("name", ["digits", "cancer"])
def test_label_shift_is_named_and_alignment_warned_against(request, name):
    xs, ys, xt, yt = halves(*request.getfixturevalue(name), seed=1)
    gone = [0] if name == "cancer" else [3, 4, 5, 6, 7, 8, 9]
    xt, yt = fewer_of(xt, yt, gone, 0.12)
    found = diagnose(xs, ys, xt)
    assert families(found) == ["label-shift"]
    assert warned(found) == {"alignment", "diversity"}
    assert found.label_shift
    figures = found.findings["label-shift"].figures
    classes = np.unique(ys)
    prior, truth = (np.array([(y == c).mean() for c in classes]) for y in (ys, yt))
    assert figures["low"] <= np.abs(prior - truth).sum() / 2 <= figures["high"]
    assert figures["explained"] > 0.6


def test_classes_that_are_absent_are_named(digits):
    xs, ys, xt, yt = halves(*digits, seed=2)
    found = diagnose(xs, ys, *fewer_of(xt, yt, [2, 5, 8], 0.0)[:1])
    assert set(found.findings["label-shift"].classes) == {"2", "5", "8"}
    assert "ardly or not seen in the target: 2, 5, 8" in found.findings["label-shift"].sentence


@pytest.mark.parametrize("name", ["digits", "cancer"])
def test_selection_speaks_for_reweighting(request, name):
    xs, ys, xt, _ = selected(*request.getfixturevalue(name))
    found = diagnose(xs, ys, xt)
    assert families(found)[0] == "reweighting"
    assert not found.label_shift
    assert found.findings["overlap"].figures["explained"] > 0.5


@pytest.mark.parametrize("change", ["mean", "scale", "rotation"])
def test_features_that_were_changed_speak_for_mapping(digits, change):
    xs, ys, xt, _ = halves(*digits, seed=1)
    rng, d = np.random.default_rng(0), xs.shape[1]
    if change == "mean":
        xt = xt + xt.std(0) * rng.normal(size=d) * 0.5
    elif change == "scale":
        xt = xt * np.exp(0.4 * rng.normal(size=d))
    else:
        turn = np.linalg.qr(np.eye(d) + 0.5 / np.sqrt(d) * rng.normal(size=(d, d)))[0]
        xt = (xt - xt.mean(0)) @ turn + xt.mean(0)
    found = diagnose(xs, ys, xt)
    assert families(found)[0] == "mapping"
    assert not found.label_shift
    assert found.findings["moments"].figures["explained_by_map"] > 0.5


def test_noise_is_seen_as_scale_where_a_linear_classifier_is_blind(digits):
    xs, ys, xt, _ = halves(*digits, seed=1)
    xt = xt + xt.std(0) * np.random.default_rng(0).normal(size=xt.shape) * 0.7
    found = diagnose(xs, ys, xt).findings
    assert found["domain-classifier"].severity in ("none", "slight")
    assert found["mmd"].figures["p"] <= 0.01
    moments = found["moments"].figures
    assert moments["scale"] > moments["mean"]


def test_class_shares_are_not_claimed_where_features_moved(digits):
    # The estimate is far off here, and says so.
    xs, ys, xt, _ = halves(*digits, seed=1)
    d = xs.shape[1]
    turn = np.linalg.qr(
        np.eye(d) + 1.5 / np.sqrt(d) * np.random.default_rng(0).normal(size=(d, d))
    )[0]
    found = diagnose(xs, ys, (xt - xt.mean(0)) @ turn + xt.mean(0) + 1)
    finding = found.findings["label-shift"]
    assert finding.figures["distance"] > 0.1
    assert finding.severity == "unclear"
    assert "cannot be told" in finding.sentence
    assert any("shares may differ, too" in remark for remark in found.advice.remarks)
    assert not found.label_shift


def test_a_few_labels_show_that_the_rule_has_changed(digits):
    xs, ys, xt, yt = halves(*digits, seed=1)
    few = np.arange(len(yt)) < 60
    same = diagnose(xs, ys, xt, yt, target_labeled=few)
    assert same.findings["conditional"].severity == "none"
    assert families(same) == ["none"]
    other = diagnose(xs, ys, xt, (yt + 1) % 10, target_labeled=few)
    assert other.findings["conditional"].severity == "strong"
    assert families(other)[0] == "few-labels"


def test_labels_that_may_not_be_used_change_nothing(digits):
    xs, ys, xt, yt = halves(*digits, seed=1)
    few = np.arange(len(yt)) < 60
    xs, ys, xt, yt, few = xs[:250], ys[:250], xt[:200], yt[:200], few[:200]
    lied = np.where(few, yt, (yt + 3) % 10)
    first, second = (diagnose(xs, ys, xt, y, target_labeled=few).to_dict() for y in (yt, lied))
    first.pop("seconds"), second.pop("seconds")
    assert first == second


def test_all_target_labels_are_counted(digits):
    xs, ys, xt, yt = halves(*digits, seed=1)
    xt, yt = fewer_of(xt, yt, [0, 1, 2], 0.1)
    found = diagnose(xs, ys, xt, yt)
    figures = found.findings["label-shift"].figures
    truth = sum(abs((ys == c).mean() - (yt == c).mean()) for c in range(10)) / 2
    assert figures["counted"] == 1
    assert figures["distance"] == pytest.approx(truth)


def test_columns_are_named_by_the_size_of_their_change():
    rng = np.random.default_rng(0)
    n, m = 300, 200
    source = {
        "same": rng.normal(size=n),
        "slightly": rng.normal(size=n),
        "much": rng.normal(size=n),
        "colour": np.array(list("rgb"), object)[rng.integers(3, size=n)],
        "gone": rng.normal(size=n),
        "constant": np.ones(n),
    }
    gone = rng.normal(size=m)
    gone[: m - 20] = np.nan
    target = {
        "same": rng.normal(size=m),
        "slightly": rng.normal(size=m) + 0.5,
        "much": rng.normal(size=m) * 1000,
        "colour": np.array(list("rgb"), object)[rng.choice(3, m, p=[0.7, 0.2, 0.1])],
        "gone": gone,
        "constant": np.ones(m),
    }
    features = [np.stack([t["same"], t["slightly"]], axis=1) for t in (source, target)]
    found = diagnose(features[0], None, features[1], source_columns=source, target_columns=target)
    finding = found.findings["columns"]
    assert finding.columns == ("gone", "much", "colour", "slightly")
    assert finding.sentence.startswith("4 of 6 columns changed: gone (missing 0 % → 90 %)")
    assert found.advice.remarks == ("Column gone is mostly missing on one side only: try without.",)
    assert [name for name, _ in found.skipped] == ["label-shift", "conditional"]


HARD = {
    "ns is not nt": lambda x, y: (x[:300], y[:300], x[300:340]),
    "more features than rows": lambda x, y: (
        np.tile(x[:20], (1, 3)),
        y[:20],
        np.tile(x[20:35], (1, 3)),
    ),
    "constant columns": lambda x, y: (np.zeros((30, 4)), y[:30], np.zeros((20, 4))),
    "scale": lambda x, y: (x[:200] * 1000, y[:200], x[200:300] * 1000),
    "float32": lambda x, y: (x[:200].astype(np.float32), y[:200], x[200:300].astype(np.float32)),
    "words": lambda x, y: (x[:200], np.array([f"class {c}" for c in y[:200]]), x[200:300]),
    "two target rows": lambda x, y: (x[:200], y[:200], x[200:202]),
    "one feature": lambda x, y: (x[:100, 20:21], y[:100], x[100:180, 20:21]),
    "one label": lambda x, y: (x[:100], [0] * 100, x[100:180]),
    "integers": lambda x, y: (x[:100].astype(int), y[:100], x[100:200].astype(int)),
}


@pytest.mark.parametrize("case", HARD)
def test_hard_data_are_looked_at_without_a_warning(digits, case, recwarn):
    xs, ys, xt = HARD[case](*digits)
    before = xs.copy()
    found = diagnose(xs, ys, xt)
    np.testing.assert_array_equal(xs, before)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
    text = json.dumps(found.to_dict())
    assert found.advice.speaks_for
    assert "mmd" in text


def test_scale_of_columns_does_not_matter(digits):
    xs, ys, xt, _ = halves(*digits, seed=1)
    xs, ys, xt = xs[:250], ys[:250], xt[:200] + 1
    factors = 10.0 ** np.random.default_rng(0).integers(-3, 4, size=xs.shape[1])
    first, second = diagnose(xs, ys, xt), diagnose(xs * factors, ys, xt * factors)
    assert families(first) == families(second)
    for name in ("domain-classifier", "mmd"):
        for key, value in first.findings[name].figures.items():
            assert second.findings[name].figures[key] == pytest.approx(value, rel=1e-4, abs=1e-6)


def test_the_same_seed_gives_the_same_and_checks_can_be_chosen(digits):
    xs, ys, xt, _ = halves(*digits)
    xs, ys, xt = xs[:250], ys[:250], xt[:200]
    whole = diagnose(xs, ys, xt, seed=4)
    assert list(whole.findings) == [n for n in ORDER if n in whole.findings]
    part = diagnose(xs, ys, xt, seed=4, checks=["mmd"])
    assert part.findings["mmd"] == whole.findings["mmd"]  # whatever else ran
    with pytest.raises(ConfigError, match="mmd"):
        diagnose(xs, ys, xt, checks=["mdm"])


def test_every_check_says_what_it_is():
    for name, check in DIAGNOSES.items():
        assert check.name == name
        assert check.title
        assert check.summary
        assert any(part.strip(",;.").isdigit() for part in check.paper.split())
    assert sorted(ORDER) == sorted(DIAGNOSES)


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        (np.zeros((3, 2)), np.zeros((3, 4)), "2 features and the target 4"),
        (np.zeros((1, 2)), np.zeros((3, 2)), "the source has 1 row"),
        (np.zeros((3, 2)), np.array([[0, 1], [np.nan, 0], [1, 1]]), "target.*row 1"),
        (np.zeros((3, 0)), np.zeros((3, 0)), "no features"),
        (np.array([["a"], ["b"]]), np.zeros((3, 1)), "array of numbers"),
    ],
)
def test_what_cannot_be_compared_is_said(source, target, said):
    with pytest.raises(DataError, match=said):
        diagnose(source, None, target)


def test_many_rows_are_drawn_from_and_this_is_said():
    x = np.random.default_rng(0).normal(size=(MOST_ROWS + 500, 3))
    found = diagnose(x, None, x[:50] + 1)
    assert found.notes == (f"{MOST_ROWS:,} of the source's {len(x):,} rows were drawn",)


def test_wide_rows_keep_their_distances():
    rng = np.random.default_rng(0)
    pair = DomainPair.build(rng.normal(size=(10, 200)), None, rng.normal(size=(8, 200)))
    xs, xt = pair.scaled
    assert xs.shape[1] <= 18
    ours, theirs = pair.source[pair.rows[0]], pair.target[pair.rows[1]]
    middle = (ours.mean(0) + theirs.mean(0)) / 2
    spread = np.sqrt((((ours - middle) ** 2).mean(0) + ((theirs - middle) ** 2).mean(0)) / 2)
    want = np.linalg.norm((ours[3] - theirs[2]) / spread)
    assert np.linalg.norm(xs[3] - xt[2]) == pytest.approx(want)
