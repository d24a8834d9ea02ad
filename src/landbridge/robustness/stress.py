"""`landbridge.stress`: corruptions and attacks on a run's model, and on its reference."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..base.config import parse_budget
from ..base.errors import ConfigError, DataError, Terminated
from ..base.events import SILENT, Events
from ..base.kept import Kept
from ..domains.domain import Domain
from ..domains.examples import data_of
from ..runs.judged import JudgedRows, judged_rows
from ..runs.model import Model
from ..runs.new_data import given_labels
from ..runs.run import Run, load_run
from ..verdict.comparison import ByRows
from ..verdict.records import Verdict
from .base import Rows
from .choose import check_fixed, check_names, chosen_attacks, chosen_corruptions, names_of
from .outcome import result_of
from .plan import plan_stress
from .records import SIDES, StressResult
from .scores import Scores
from .sentences import tell
from .smoothing import SELECTION, check_smoothing
from .smoothing_options import SmoothingOptions
from .subject import Subject
from .work import Work

_CHOSEN, _REFERENCE = SIDES


def stress(
    run: Run | Path | str,
    data: Any,
    *,
    attacks: str | Sequence[str] | None = None,
    corruptions: str | Sequence[str] | None = None,
    epsilon: float | None = None,
    fixed: str | Sequence[str] | None = None,
    smoothing: float | None = None,
    draws: int | None = None,
    budget: str = "2m",
    out: Path | str | None = None,
    label: str | None = None,
    keep_duplicates: bool = False,
    outside: bool = False,
    seed: int = 0,
    events: Events = SILENT,
) -> StressResult:
    """Say what a run's model withstands, and whether the transfer kept it.

    Parameters
    ----------
    run : Run or path
        What `landbridge.transfer` made.
    data : path, (X, y) or Domain
        Labelled data like the run's target. Rows that the run learned from are left out.
    attacks : str or list of str, optional
        Names of `landbridge.robustness.base.ATTACKS`; the usual ones that go with the data where
        not given, "all", or "none".
    corruptions : str or list of str, optional
        The same of `landbridge.robustness.base.CORRUPTIONS`; all that go with the data.
    epsilon : float, optional
        How much attacks may change, in units of the input: of images on the scale where white is
        1, of sound where full scale is 1, of numbers in tables in standard deviations, of texts
        the share of words. Each attack has a usual one.
    fixed : str or list of str, optional
        Columns of a table that no attack may change.
    smoothing : float, optional
        Certify images by randomised smoothing under noise of this standard deviation, where white
        is 1: within which L2 distance no change alters the smoothed model's answer.
    draws : int, optional
        Noisy copies by which a row is certified; 1,000.
    budget : str, default "2m"
        CPU time; it says how many rows are tested.
    out : path, optional
        Write a page: one offline ``.html`` file.
    label : str, optional
        Label column, where it is not the one of the run's target.
    keep_duplicates : bool, default False
        Test rows that the run learned from as well.
    outside : bool, default False
        Whether metadata and links in a folder of data may lead to files outside it.
    seed : int, default 0
        Of everything that is drawn.
    events : Events
        Hears what happens.

    Returns
    -------
    StressResult
        Clean and robust scores with paired intervals beside the run's reference.

    Raises
    ------
    ConfigError
        Where an attack does not go with the data or the model, or a size is none.
    DataError
        Where the data have no labels, or are of another modality.
    """
    seconds = parse_budget(budget)
    asked, wanted = names_of(attacks), names_of(corruptions)
    columns = names_of(fixed) or ()
    smooth = SmoothingOptions(smoothing, draws)
    check_names(asked, wanted, smoothed=smoothing is not None)
    page = _page_path(out)
    run = run if isinstance(run, Run) else load_run(run)
    judged = judged_rows(
        run, data, label=label, keep_duplicates=keep_duplicates, outside=outside, events=events
    )
    begun = time.process_time()
    sides = _sides(run, judged, seed, columns)
    chosen = sides[_CHOSEN]
    check_fixed(columns, chosen)
    more_passes = 0
    if smoothing is not None:
        for subject in sides.values():
            check_smoothing(subject)
        more_passes = SELECTION + smooth.copies
    fits, skipped = chosen_attacks(asked, chosen, epsilon)
    harms = chosen_corruptions(wanted, chosen)
    if not fits and not harms and smoothing is None:
        raise DataError(
            f"there is no attack and no corruption for {data_of(chosen.rows.examples.modality)} as "
            "this run's model takes them",
            hint="give data of another kind, or a run on another backbone",
        )
    kept = Kept(
        "stress",
        *(str(run.path.resolve()), run.verdict, chosen.rows.examples.fingerprint()),
        *(chosen.truth, list(fits), list(harms), epsilon, list(columns), budget, seed),
        *(sorted(sides), keep_duplicates, smoothing, draws),
    )
    plan = kept.get("plan")
    if plan is None:
        made = plan_stress(
            list(sides.values()),
            *(fits, harms, seconds, chosen.truth, seed, bool(asked), more_passes),
        )
        plan = {"rows": list(made.rows), "note": made.note, "dropped": list(made.dropped)}
        kept.put("plan", plan)
    rows = np.array(plan["rows"])
    for name in plan["dropped"]:
        del fits[name]
        skipped[name] = "the budget has no room for it"
    tested = {side: _narrowed(subject, rows) for side, subject in sides.items()}
    groups = None if judged.groups is None else judged.groups[rows]
    work = Work(tested, fits, harms, kept, seed, smooth)
    try:
        work.do(events)
    except (KeyboardInterrupt, Terminated):
        events.log("note", "what was computed is kept: the same command goes on from there")
        raise
    result = result_of(run, judged, work, Scores(_by(tested, groups), _compared(judged)), skipped)
    notes = [*([plan["note"]] if plan["note"] else []), *result.notes]
    for note in notes:
        events.log("note", note)
    result = replace(
        result, notes=tuple(notes), cpu_s=time.process_time() - begun, budget_s=seconds
    )
    result = tell(result)
    if page is not None:
        from .page import write_stress_page

        write_stress_page(result, page)
    kept.clear()
    return result


def _page_path(out: Path | str | None) -> Path | None:
    if out is None:
        return None
    path = Path(out)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--out {path}: the page is one HTML file", hint="end the name in .html")
    return path


def _sides(run: Run, judged: JudgedRows, seed: int, fixed: tuple[str, ...]) -> dict[str, Subject]:
    """Return the run's model and its reference, where it keeps one, with the rows."""
    domain, models = judged.domain.select(judged.rows), {_CHOSEN: run.model}
    if run.reference is not None and Verdict.from_json(run.verdict).reference is not None:
        models[_REFERENCE] = run.reference
    return {
        side: _subject(side, model, domain, judged.rows, seed, fixed)
        for side, model in models.items()
    }


def _subject(
    side: str, model: Model, domain: Domain, rows: np.ndarray, seed: int, fixed: tuple[str, ...]
) -> Subject:
    examples = model.preprocessing.fitting(domain.examples)
    if examples is None:
        model.prepared(domain)  # says what is wrong
    assert examples is not None
    reading = model.reading
    given = given_labels(domain, np.arange(len(domain)))
    truth, _ = reading.target_type.truth(given, reading.classes)
    own = Rows(examples, model.preprocessing, np.asarray(rows), seed)
    return Subject(side, model, own, truth, fixed)


def _narrowed(subject: Subject, rows: np.ndarray) -> Subject:
    own = subject.rows.select(rows)
    return Subject(subject.name, subject.model, own, subject.truth[rows], subject.fixed)


def _by(sides: Mapping[str, Subject], groups: np.ndarray | None) -> ByRows:
    kind = sides[_CHOSEN].model.reading.target_type
    return ByRows(kind.metric, kind.spread(sides[_CHOSEN].truth), groups)


def _compared(judged: JudgedRows) -> bool:
    return judged.seen is None or judged.seen.kept != "all"
