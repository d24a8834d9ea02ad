"""The stream as a whole: its guard, its state, and what it must never touch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from landbridge.base.errors import ConfigError, DataError, RunError
from landbridge.domains.domain import Domain
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.table import TableExamples
from landbridge.streaming import ADAPTERS, Stream, open_stream
from landbridge.streaming.guard import MARGIN, WINDOW, Evidence, Guard
from landbridge.targets.codec import TargetCodec
from landbridge.targets.registry import get_target_type

METHODS = ("adabn", "eata", "sar")


def opened(kit, method="sar", network=None, **how):
    return Stream(network or kit.network, kit.preprocessing, kit.classes, method=method, **how)


def in_batches(stream, rows, batch):
    parts = [stream.predict_stored(rows[i : i + batch]) for i in range(0, len(rows), batch)]
    return np.concatenate(parts)


def sure(labels, certainty, k=4):
    """Return answers that give `certainty` to the label and share the rest."""
    p = np.full((len(labels), k), (1 - certainty) / (k - 1))
    p[np.arange(len(labels)), labels] = certainty
    return p


@pytest.mark.parametrize("method", list(ADAPTERS))
@pytest.mark.parametrize("batch", [1, 7, 64])
def test_one_answer_a_row_in_the_order_of_the_rows(kit, method, batch):
    rows = kit.rows(70)[0]
    stream = opened(kit, method)
    found = in_batches(stream, rows, batch)
    assert found.shape == (70, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)
    source = opened(kit, "none").predict_stored(rows)
    # The source model answers until the guard has seen enough, and here that is always.
    np.testing.assert_allclose(found, source, atol=1e-5)
    assert stream.report().rows == 70
    assert stream.report().batches == math.ceil(70 / batch)


def test_raw_examples_arrays_and_domains_are_read_and_their_labels_are_not(kit):
    stored, y = kit.rows(12)
    pixels = stored[:, 0]
    examples = ImageExamples(pixels=pixels)
    names = [kit.classes[i] for i in y]
    wrong = names[::-1]
    found = [
        opened(kit, "eata", guard=False).predict(what)
        for what in (
            examples,
            pixels,
            Domain.build(examples, names, name="right"),
            Domain.build(examples, wrong, name="wrong"),
        )
    ]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)
    one = opened(kit, "sar").predict(ImageExamples(pixels=pixels[:1]))
    assert one.shape == (1, 3)
    assert opened(kit).predict(pixels[:0]).shape == (0, 3)


def test_another_modality_is_refused(kit):
    with pytest.raises(DataError, match="holds a table"):
        opened(kit).predict(TableExamples({"a": np.zeros(3)}))


def test_an_unknown_method_or_option_is_named(kit):
    with pytest.raises(ConfigError, match="sar"):
        opened(kit, "sarr")
    with pytest.raises(ConfigError, match="learning_rate"):
        opened(kit, "sar", options={"rates": 1})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("guard", [True, False])
def test_the_given_network_stays_as_it_is(kit, method, guard):
    before = {k: v.clone() for k, v in kit.network.state_dict().items()}
    modes = [m.training for m in kit.network.modules()]
    needs = [p.requires_grad for p in kit.network.parameters()]
    in_batches(opened(kit, method, guard=guard), kit.rows(96)[0], 32)
    assert all(torch.equal(v, before[k]) for k, v in kit.network.state_dict().items())
    assert modes == [m.training for m in kit.network.modules()]
    assert needs == [p.requires_grad for p in kit.network.parameters()]


@pytest.mark.parametrize("method", METHODS)
def test_reset_is_the_source_model_bit_for_bit(kit, method):
    rows = kit.rows(160)[0]
    options = {} if method == "adabn" else {"learning_rate": 0.05, "reliable": 2.0}
    fresh, used = (opened(kit, method, options=options, guard=False) for _ in range(2))
    moved = in_batches(used, 255 - rows, 32)
    assert not np.array_equal(moved, in_batches(opened(kit, "none"), 255 - rows, 32))
    used.reset()
    np.testing.assert_array_equal(in_batches(used, rows, 32), in_batches(fresh, rows, 32))


@pytest.mark.parametrize("method", list(ADAPTERS))
@pytest.mark.parametrize("guard", [True, False])
def test_a_saved_stream_goes_on_to_the_same_answers_bit_for_bit(kit, tmp_path, method, guard):
    rows = kit.rows(400)[0]
    options = {"learning_rate": 0.05, "reliable": 2.0} if method in ("eata", "sar") else {}
    whole = opened(kit, method, options=options, guard=guard)
    in_batches(whole, rows[:200], 40)
    whole.save(tmp_path / "state.safetensors")
    expected = in_batches(whole, rows[200:], 40)
    other = opened(kit, method, options=options, guard=guard)
    other.load(tmp_path / "state.safetensors")
    np.testing.assert_array_equal(in_batches(other, rows[200:], 40), expected)
    assert other.report() == whole.report()


def test_a_state_of_another_stream_is_refused(kit, tmp_path):
    opened(kit, "sar").save(tmp_path / "state.safetensors")
    with pytest.raises(RunError, match="method"):
        opened(kit, "eata").load(tmp_path / "state.safetensors")
    with pytest.raises(RunError, match="options"):
        opened(kit, "sar", options={"learning_rate": 0.5}).load(tmp_path / "state.safetensors")
    with pytest.raises(RunError, match="model"):
        opened(kit, "sar", kit.plain("layer")).load(tmp_path / "state.safetensors")
    with pytest.raises(RunError, match="missing"):
        opened(kit, "sar").load(tmp_path / "nothing")


def test_evidence_is_that_of_the_formulas():
    p = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])
    mean = [0.3, 0.525, 0.175]
    diversity = -sum(v * math.log(v) for v in mean)
    entropy = -sum(v * math.log(v) for row in p for v in row) / 2
    found = Evidence.of(p)
    assert found.diversity == pytest.approx(diversity)
    assert found.information == pytest.approx(diversity - entropy)


def test_the_guard_lets_a_better_model_answer_after_enough_rows():
    labels = np.arange(4 * WINDOW) % 4
    guard, source, adapted = Guard(), sure(labels, 0.5), sure(labels, 0.9)
    early = guard.decide(source[: WINDOW - 8], adapted[: WINDOW - 8])
    assert early.fallbacks == WINDOW - 8
    np.testing.assert_array_equal(early.answers, source[: WINDOW - 8])
    first = guard.decide(source[:8], adapted[:8])
    assert first.fallbacks == 8  # the window is full, and it has held for 8 rows only
    later = guard.decide(source[:WINDOW], adapted[:WINDOW])
    assert later.fallbacks == 0
    np.testing.assert_array_equal(later.answers, adapted[:WINDOW])


@pytest.mark.parametrize(
    ("labels", "certainty"),
    [
        (np.zeros(WINDOW, int), 0.97),  # collapsed into one class
        (np.arange(WINDOW) % 2, 0.97),  # half the classes
        (np.arange(WINDOW) % 4, 0.4),  # all of them, and not sure of any
    ],
)
def test_the_guard_falls_back_and_then_starts_the_model_again(labels, certainty):
    guard, source = Guard(), sure(np.arange(WINDOW) % 4, 0.5)
    decisions = [guard.decide(source, sure(labels, certainty)) for _ in range(4)]
    assert [d.fallbacks for d in decisions] == [WINDOW] * 4
    assert [d.reset for d in decisions] == [False, False, False, True]


def test_an_answer_that_is_not_finite_is_never_given(kit):
    stream = opened(kit, "sar")
    with torch.no_grad():
        next(iter(stream.adapter.moving.values())).fill_(float("nan"))
    rows = kit.rows(9)[0]
    found = stream.predict_stored(rows)
    np.testing.assert_allclose(found, opened(kit, "none").predict_stored(rows), atol=1e-6)
    assert stream.report().resets == 1
    stream.predict_stored(rows)
    assert stream.report().resets == 1  # it has started again


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("batch", [1, 16, 200])
def test_a_stream_of_one_class_stays_within_the_margin(kit, method, batch):
    x, y = kit.rows(900, seed=5)
    rows = x[y == 1][:250]
    source = opened(kit, "none").predict_stored(rows).argmax(1)
    found = in_batches(opened(kit, method), rows, batch).argmax(1)
    assert (found == 1).mean() >= (source == 1).mean() - MARGIN / 100


def test_a_stream_follows_a_shift_that_the_source_model_cannot(kit):
    x, y = kit.rows(1200, seed=6)
    dark = (x // 4 + 120).astype(np.uint8)  # a quarter of the contrast, and grey
    source = opened(kit, "none").predict_stored(dark).argmax(1) == y
    stream = opened(kit, "adabn")
    found = in_batches(stream, dark, 50).argmax(1) == y
    assert found[600:].mean() > source[600:].mean() + 0.1
    assert stream.report().fallbacks < 600


def test_a_model_or_a_run_opens_a_stream(kit):
    class Model:
        network, preprocessing, classes = kit.network, kit.preprocessing, kit.classes
        read = staticmethod(lambda what: Domain.build(ImageExamples(pixels=what), name="x"))

    class Run:
        model = Model()

    pixels = kit.rows(5)[0][:, 0]
    for what in (Model(), Run()):
        assert open_stream(what, "adabn").predict(pixels).shape == (5, 3)


@pytest.mark.parametrize("answers", ["regression", "multilabel"])
def test_a_model_without_class_probabilities_opens_none(kit, answers):
    class Model:
        network, preprocessing, classes = kit.network, kit.preprocessing, kit.classes
        reading = TargetCodec(answers, ("a", "b"))

    with pytest.raises(
        ConfigError, match=f"answers with {get_target_type(answers).summary}.*class probabilities"
    ):
        open_stream(Model(), "adabn")


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_the_margin_holds_over_corruptions_orders_and_batches(kit, method):
    from landbridge.domains.modalities.corruptions import (
        CORRUPTIONS,
        corruption_stream,
        rising_and_falling,
    )

    x, y = kit.rows(660, seed=9)
    worst = {}
    for kind in CORRUPTIONS:
        for name, order in (("shuffled", np.arange(660)), ("by class", np.argsort(y))):
            images = corruption_stream(x[order, 0], kind, rising_and_falling(660), 3)[:, None]
            source = opened(kit, "none").predict_stored(images).argmax(1) == y[order]
            for batch in (1, 16, 64, 200) if kind == "contrast" else (16, 64, 200):
                found = in_batches(opened(kit, method), images, batch).argmax(1) == y[order]
                worst[kind, name, batch] = 100 * (found.mean() - source.mean())
    assert min(worst.values()) >= -MARGIN, worst
