"""Every kind of label keeps its promises, whoever registers it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from landbridge.targets.base import Scale
from landbridge.targets.codec import TargetCodec
from landbridge.targets.registry import TARGET_TYPES, get_target_type

N = 40


def column(name: str) -> tuple[list[object], tuple[str, ...]]:
    """Return what a column may hold, and the names that its labels have."""
    rng = np.random.default_rng(0)
    place = rng.permutation(np.arange(N) % 4)
    if not get_target_type(name).named:
        return [float(x) for x in rng.normal(5, 2, N).round(3)], ("size",)
    if get_target_type(name).multiple:
        return ["a", "b", "a;b", "a;c"][:4] * (N // 4), ("a", "b", "c")
    return [f"{i + 1} up" for i in place], ("1 up", "2 up", "3 up", "4 up")


def labels(name: str) -> tuple[list[object], np.ndarray, tuple[str, ...]]:
    raw, names = column(name)
    values, _ = get_target_type(name).parse(raw, "a table")
    return values, get_target_type(name).encode(values, names), names


def outputs_of(name: str, array: np.ndarray, names: tuple[str, ...], scale: Scale) -> np.ndarray:
    """Return outputs of a model that is right and sure."""
    kind = get_target_type(name)
    columns = kind.binary_columns(array, len(names))
    if columns is not None:
        return 20.0 * columns - 10
    if not kind.named:
        return kind.transform(array, scale)[:, None]
    return 20.0 * np.eye(len(names))[array]


@pytest.mark.parametrize("name", list(TARGET_TYPES))
def test_labels_there_and_back(name):
    kind = get_target_type(name)
    values, array, names = labels(name)
    assert kind.holds(array)
    assert array.shape == kind.shape(N, len(names))
    assert kind.decode(array, names) == values
    assert kind.encode([None, *values[:3]], names).shape[0] == 4
    known = np.arange(N) < 3
    shown = kind.shown(array, known, names)
    few = tuple(names[i] for i in shown)
    narrowed = kind.narrowed(array, known, shown)
    assert kind.decode(narrowed[known], few) == [values[i] for i in range(3)]
    hidden = kind.narrowed(array, ~known, np.arange(len(names)))
    assert len(np.unique(hidden[known])) == 1, "labels that are not known leave nothing behind"
    wider = ("zero", *names) if kind.named else ("other",)
    moved, still = kind.reindexed(array, np.ones(N, bool), names, wider)
    assert still.all()
    assert kind.decode(moved, wider) == values
    strata = kind.strata(array, np.ones(N, bool))
    assert strata.shape == (N,)


@pytest.mark.parametrize("name", list(TARGET_TYPES))
def test_right_outputs_are_read_as_the_labels_and_cost_nothing(name):
    values, array, names = labels(name)
    codec = TargetCodec.of(name, names, [array])
    kind = codec.target_type
    outputs = outputs_of(name, array, names, codec.scale)
    assert outputs.shape == (N, codec.n_outputs)
    assert len(kind.output_names(names)) == codec.n_outputs
    said = codec.predict(codec.transform(outputs))
    same = [kind.agree(a, b) or a == pytest.approx(b) for a, b in zip(said, values, strict=True)]
    assert all(same)
    stored = torch.from_numpy(np.array(codec.encode(array)))
    right = kind.loss(torch.from_numpy(outputs).float(), stored, 0.0)
    wrong = kind.loss(-torch.from_numpy(outputs).float() + 0.3, stored, 0.0)
    assert right.shape == (N,)
    assert right.max() < 1e-3 < wrong.mean()
    assert TargetCodec.from_dict(codec.to_dict()) == codec
    assert np.allclose(codec.decode(codec.encode(array)), array, atol=1e-5)


@pytest.mark.parametrize("name", list(TARGET_TYPES))
def test_a_better_answer_never_scores_less(name):
    values, array, names = labels(name)
    kind, codec = get_target_type(name), TargetCodec.of(name, names, [array])
    good = codec.transform(outputs_of(name, array, names, codec.scale))
    bad = codec.transform(-outputs_of(name, array, names, codec.scale))
    truth, strange = kind.truth(values, names)
    assert not strange
    scores = kind.metric.score(np.stack([good, bad]), truth)
    assert scores.shape == (2, N)
    assert (scores[0] >= scores[1]).all()
    assert scores[0].mean() > scores[1].mean()
    best, worst = (kind.metric.figure(float(s.mean())) for s in scores)
    assert (best < worst) == kind.metric.lower_is_better
    assert kind.metric.size(best - worst) == kind.metric.size(worst - best)
    found = kind.evaluation(values, good, names)
    assert found.get("value", found.get("accuracy")) == pytest.approx(best)


@pytest.mark.parametrize("name", [name for name in TARGET_TYPES if get_target_type(name).named])
def test_every_judged_row_counts_whatever_its_label(name):
    kind = get_target_type(name)
    values, array, names = labels(name)
    codec = TargetCodec.of(name, names, [array])
    good = codec.transform(outputs_of(name, array, names, codec.scale))
    unknown = ("9 up",) if kind.multiple else "9 up"
    given = [unknown, *values[1:]]
    truth, strange = kind.truth(given, names)
    assert strange == ["9 up"]
    scores = kind.metric.score(good, truth)
    assert scores[0] < scores[1:].min() + 1e-9
    found = kind.evaluation(given, good, names)
    assert found["unseen_classes"] == ["9 up"]
    value = found.get("value", found.get("accuracy"))
    assert value == pytest.approx(kind.metric.figure(float(scores.mean())))


@pytest.mark.parametrize("name", list(TARGET_TYPES))
def test_a_ridge_ends_in_outputs_of_this_kind(name):
    from landbridge.methods.heads.ridge import ridge_head

    kind = get_target_type(name)
    values, array, names = labels(name)
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [kind.regression_targets(array, len(names)), rng.normal(size=(N, 3))], 1
    ).astype(np.float32)
    head = ridge_head(x, array, len(names), kind=kind)
    codec = TargetCodec.of(name, names)
    outputs = head.logits(x)
    assert outputs.shape == (N, codec.n_outputs)
    truth, _ = kind.truth(values, names)
    scores = kind.metric.score(codec.transform(outputs), truth)
    shuffled = kind.metric.score(codec.transform(outputs[rng.permutation(N)]), truth)
    assert scores.mean() > shuffled.mean() + 0.1
    # A single row, and none that is left out: everything stays finite.
    assert np.isfinite(ridge_head(x[:1], array[:1], len(names), kind=kind).logits(x)).all()


def test_a_name_that_nobody_registered_is_an_error_with_the_nearest():
    from landbridge.base.errors import ConfigError

    with pytest.raises(ConfigError, match="did you mean 'ordinal'"):
        get_target_type("ordnal")
