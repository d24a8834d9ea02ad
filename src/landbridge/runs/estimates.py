"""CPU time and memory of a whole run, from what rows and fits cost: arithmetic alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..selection.records import PlannedFit

FIXED_S = 2.6
"""CPU seconds of what every run does: reading, the plan, the map, the verdict, the report."""
PER_ROW_S = 1e-3
"""Of that, for each row, whatever it is."""
PER_BYTE_S = 1.2e-8
"""And for each byte of prepared inputs: decoding, hashing."""
WORKER_S = 3.5
"""CPU seconds until a worker process is ready."""
FIRST_STEP_S = 1.4
"""CPU seconds before the first step of each process: torch's optimiser imports its compiler."""
BASE_MB = 420.0
"""Of the main process, all packages loaded."""
WORKER_MB = 300.0
"""Of a worker process, beside what all of them share."""
COPIES = 12
"""How often a network lies in memory while it trains, as seen with 2 and with 22 million numbers:
weights, start, gradients, moments, average, checkpoint, what the run opened and fits hand over."""
IN_PASSING = 0.12
"""Of what a row leaves behind for the way back: what there is of it at once on a way forward."""


@dataclass(frozen=True)
class Amounts:
    """How much there is of what costs.

    Attributes
    ----------
    rows : int
        Of both sides.
    input_bytes : int
        Of the prepared inputs.
    parameters : int
        Of the network.
    dim : int
        Width of the features.
    activations : int
        Bytes that a row leaves behind in a training step.
    at_once : int
        Rows that go through the network together where it does not learn.
    step_bytes : int
        What the largest training step leaves behind in all; 0 where no network is trained whole.
    jobs : int
        Fits at once.
    probe_bytes : int
        What the probe leaves behind, where this run has to measure.
    """

    rows: int
    input_bytes: int
    parameters: int
    dim: int
    activations: int
    at_once: int
    step_bytes: int
    jobs: int
    probe_bytes: int = 0


def fits_seconds(
    fits: Sequence[PlannedFit], *, folds: int, repeats: int, again: float = 0.0
) -> float:
    """Return what all fits take together, one after the other.

    Parameters
    ----------
    fits : sequence of PlannedFit
        Seconds of each are those of one seed.
    folds, repeats : int
        Of the cross-validation; 0 where there is none.
    again : float
        Seconds of a fit that a fold need not make again, as no target label is in it.

    Examples
    --------
    >>> fits = [
    ...     PlannedFit("source-only", "baseline", (0, 1, 2), 100, 4.0),
    ...     PlannedFit("coral", "candidate", (0,), 0, 1.0),
    ... ]
    >>> fits_seconds(fits, folds=0, repeats=0)  # one of each; two more of both, coral being chosen
    15.0
    """
    seeds = max((len(fit.seeds) for fit in fits), default=0)
    comparisons = folds * repeats
    candidates = [fit.seconds for fit in fits if fit.role == "candidate"]
    fixed = sum(fit.seconds * seeds for fit in fits if fit.role != "candidate")
    baselines = max(0.0, sum(fit.seconds for fit in fits if fit.role == "baseline") - again)
    if not candidates:
        return fixed + comparisons * baselines
    # Whichever is chosen: as dear as they are on average.
    chosen = sum(candidates) / len(candidates)
    if not comparisons:
        return fixed + sum(candidates) + chosen * (seeds - 1)
    return fixed + comparisons * (sum(candidates) + baselines) + chosen * seeds


def cpu_seconds(amounts: Amounts, fits: float, features: float, *, trained: bool) -> float:
    """Return the CPU time of a run.

    Parameters
    ----------
    fits : float
        Of all fits, see `fits_seconds`.
    features : float
        Of the features that have to be computed.
    trained : bool
        Whether any network is trained.
    """
    processes = 1 + amounts.jobs if amounts.jobs > 1 else 1
    started = WORKER_S * (processes - 1) + (FIRST_STEP_S * processes if trained else 0.0)
    own = FIXED_S + PER_ROW_S * amounts.rows + PER_BYTE_S * amounts.input_bytes
    return own + started + features + fits


def peak_mb(amounts: Amounts) -> float:
    """Return the most memory that the process and its workers take together."""
    network = 4 * amounts.parameters
    features = 4 * amounts.rows * amounts.dim
    training = COPIES * network + amounts.step_bytes if amounts.step_bytes else 0
    rows = min(amounts.at_once, amounts.rows)
    busy = max(training, 3 * network + rows * amounts.activations * IN_PASSING)
    shared = amounts.input_bytes + 3 * features
    probe = 4 * network + amounts.probe_bytes if amounts.probe_bytes else 0
    if amounts.jobs == 1:
        return BASE_MB + (shared + max(busy, probe)) / 1e6
    working = amounts.jobs * (WORKER_MB * 1e6 + busy)
    return BASE_MB + (shared + max(probe, 3 * network + working)) / 1e6
