"""CPU time and memory of a whole run from recorded costs: sums that can be done by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from landbridge.runs import estimates
from landbridge.runs.estimates import Amounts, cpu_seconds, fits_seconds, peak_mb
from landbridge.selection.records import PlannedFit
from landbridge.training.plan import Phase, TermSpec
from landbridge.training.probe import LEAST_STEP, PER_PARAMETER, RowCosts, kept_bytes

FITS = [
    PlannedFit("source-only", "baseline", (0, 1), 100, 4.0),
    PlannedFit("probe", "baseline", (0, 1), 0, 0.5),
    PlannedFit("coral", "candidate", (0,), 0, 1.0),
    PlannedFit("mcc", "candidate", (0,), 100, 9.0),
]
SIZES = Amounts(
    rows=2000, input_bytes=20_000_000, parameters=1_000_000, dim=100, activations=500_000,
    at_once=64, step_bytes=0, jobs=1,
)  # fmt: skip


def test_without_labels_each_is_fitted_once_and_the_chosen_one_again():
    # both references for both seeds; each candidate once; once more one of them, 5 s on average
    assert fits_seconds(FITS, folds=0, repeats=0) == 2 * 4.5 + 10 + 5


def test_a_cross_validation_fits_each_in_every_fold():
    # 3 folds twice of 14.5 s; then references and the chosen one for two seeds
    assert fits_seconds(FITS, folds=3, repeats=2) == 6 * 14.5 + 2 * 4.5 + 2 * 5
    # no label of a fold is in the source-only fit: it is made for the seeds alone
    assert fits_seconds(FITS, folds=3, repeats=2, again=4.0) == 6 * 10.5 + 2 * 4.5 + 2 * 5


def test_a_method_that_was_named_is_fitted_for_each_seed():
    fits = [FITS[0], PlannedFit("mcc", "chosen", (0, 1), 100, 9.0)]
    assert fits_seconds(fits, folds=0, repeats=0) == 2 * 13
    assert fits_seconds([], folds=0, repeats=0) == 0


def test_cpu_time_is_the_sum_of_its_parts():
    own = estimates.FIXED_S + 2000 * estimates.PER_ROW_S + 2e7 * estimates.PER_BYTE_S
    assert cpu_seconds(SIZES, 7.0, 2.0, trained=False) == pytest.approx(own + 9)
    one = cpu_seconds(SIZES, 7.0, 2.0, trained=True)
    assert one == pytest.approx(own + 9 + estimates.FIRST_STEP_S)
    two = cpu_seconds(replace(SIZES, jobs=2), 7.0, 2.0, trained=True)
    assert two == pytest.approx(one + 2 * (estimates.WORKER_S + estimates.FIRST_STEP_S))


def test_memory_counts_every_process_and_what_a_step_keeps():
    still = peak_mb(SIZES)
    trained = peak_mb(replace(SIZES, step_bytes=100_000_000))
    assert trained > still
    more = peak_mb(replace(SIZES, step_bytes=200_000_000))
    assert more - trained == pytest.approx(100)
    both = peak_mb(replace(SIZES, step_bytes=200_000_000, jobs=2))
    assert both - more > estimates.WORKER_MB + 200
    probed = peak_mb(replace(SIZES, probe_bytes=300_000_000))
    assert probed - 316 == pytest.approx(estimates.BASE_MB + 20 + 2.4)  # inputs, features
    few = peak_mb(replace(SIZES, at_once=8))
    assert still - few == pytest.approx(56 * 0.5 * estimates.IN_PASSING)  # 500 kB a row


def test_a_phase_costs_its_steps_and_rows():
    phase = Phase("adapt", 50, 0.01, terms=(TermSpec("mcc"),), batch_size=10)
    costs = RowCosts(train=0.001, forward=0.0003, augment=0.0, parameters=1000, step=0.02)
    # ten rows of the source and ten of the target in a step
    expected = 1000 * PER_PARAMETER + 50 * (0.02 + 20 * 0.001)
    assert costs.phase(phase, source=True) == pytest.approx(expected)
    tiny = RowCosts(train=1e-9, forward=1e-9, augment=0.0)
    assert tiny.phase(phase, source=True) == pytest.approx(50 * LEAST_STEP)


def test_what_a_step_keeps_is_counted_once():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    # the input (5, 3), and what the second layer and the ReLU both need (5, 4)
    assert kept_bytes(network, torch.zeros(5, 3), "float32") == 4 * 5 * (3 + 4)
    assert network.training
