"""`landbridge.stress`: corruptions and attacks on a run's model, and on its reference."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..base.config import parse_budget
from ..base.errors import ConfigError, DataError, Terminated
from ..base.events import SILENT, Events, Progress
from ..domains.domain import Domain
from ..domains.examples import data_of
from ..runs.judged import JudgedRows, judged_rows
from ..runs.model import Model
from ..runs.new_data import given_labels
from ..runs.run import Run, load_run
from ..verdict.comparison import ByRows
from ..verdict.records import Verdict
from ..verdict.sentences import say
from .base import SEVERITIES, Attack, Attacked, Corruption, Rows
from .choose import check_fixed, check_names, chosen_attacks, chosen_corruptions, names_of
from .examples import shown_attacks, shown_corruptions
from .gradient_check import gradient_check
from .kept import Kept
from .plan import Sizes, plan_stress
from .records import SIDES, GradientCheck, Level, Paired, StressResult, Tested
from .scores import Scores, class_scores
from .sentences import tell
from .subject import Subject

_CHOSEN, _REFERENCE = SIDES


def stress(
    run: Run | Path | str,
    data: Any,
    *,
    attacks: str | Sequence[str] | None = None,
    corruptions: str | Sequence[str] | None = None,
    epsilon: float | None = None,
    fixed: str | Sequence[str] | None = None,
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
    check_names(asked, wanted)
    page = _page_path(out)
    run = run if isinstance(run, Run) else load_run(run)
    judged = judged_rows(
        run, data, label=label, keep_duplicates=keep_duplicates, outside=outside, events=events
    )
    begun = time.process_time()
    sides = _sides(run, judged, seed, columns)
    chosen = sides[_CHOSEN]
    check_fixed(columns, chosen)
    fits, skipped = chosen_attacks(asked, chosen, epsilon)
    harms = chosen_corruptions(wanted, chosen)
    if not fits and not harms:
        raise DataError(
            f"there is no attack and no corruption for {data_of(chosen.rows.examples.modality)} as "
            "this run's model takes them",
            hint="give data of another kind, or a run on another backbone",
        )
    kept = Kept(
        *(str(run.path.resolve()), run.verdict, chosen.rows.examples.fingerprint()),
        *(chosen.truth, list(fits), list(harms), epsilon, list(columns), budget, seed),
        *(sorted(sides), keep_duplicates),
    )
    plan = kept.get("plan")
    if plan is None:
        made = plan_stress(
            list(sides.values()), fits, harms, seconds, chosen.truth, seed, bool(asked)
        )
        plan = {"rows": list(made.rows), "note": made.note, "dropped": list(made.dropped)}
        kept.put("plan", plan)
    rows = np.array(plan["rows"])
    for name in plan["dropped"]:
        del fits[name]
        skipped[name] = "the budget has no room for it"
    tested = {side: _narrowed(subject, rows) for side, subject in sides.items()}
    groups = None if judged.groups is None else judged.groups[rows]
    work = _Work(tested, fits, harms, kept, seed)
    try:
        work.do(events)
    except (KeyboardInterrupt, Terminated):
        events.log("note", "what was computed is kept: the same command goes on from there")
        raise
    result = _result(run, judged, work, Scores(_by(tested, groups), _compared(judged)), skipped)
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


@dataclass
class _Work:
    """What is computed, piece by piece; each piece is kept as soon as it is there."""

    sides: Mapping[str, Subject]
    attacks: Mapping[str, tuple[Attack, Sizes]]
    corruptions: Mapping[str, Corruption]
    kept: Kept
    seed: int
    clean: dict[str, np.ndarray] = field(default_factory=dict)
    """Scores of rows by side."""
    found: dict[tuple[str, str, float], Attacked] = field(default_factory=dict)
    """By side, attack and size."""
    harmed: dict[tuple[str, str, int], np.ndarray] = field(default_factory=dict)
    """Scores of rows by side, corruption and severity."""
    right: dict[str, np.ndarray] = field(default_factory=dict)
    """Rows that can be attacked: answered rightly."""

    def sizes(self, name: str) -> tuple[float, ...]:
        """Return the sizes at which an attack is run."""
        attack, sizes = self.attacks[name]
        return sizes.values if attack.curve else (sizes.at,)

    def attackers(self, side: str) -> list[str]:
        """Return the attacks that a model can be given."""
        own = self.sides[side]
        return [
            name
            for name, (attack, _) in self.attacks.items()
            if not (attack.gradients and own.no_gradients)
        ]

    def do(self, events: Events) -> None:
        """Compute whatever is not there."""
        pieces: list[tuple[int, Callable[[], None]]] = []
        for side, subject in self.sides.items():
            self.clean[side] = self._scores(side, "clean", lambda own=subject: own.rows.stored)  # type: ignore[misc]
            own = subject.model.reading.target_type
            labeled = subject.truth >= 0 if own.class_scores else np.zeros(len(subject), bool)
            self.right[side] = (self.clean[side] > 0) & labeled
        for name in self.corruptions:
            for severity in SEVERITIES:
                pieces.append((len(self.sides), self._corruption(name, severity)))
        for side, subject in self.sides.items():
            for name in self.attackers(side):
                cost = round(self.attacks[name][0].cost(subject))
                for size in self.sizes(name):
                    pieces.append((max(1, cost), self._attack(side, name, size)))
        with events.progress("stress", sum(cost for cost, _ in pieces)) as bar:
            for cost, piece in pieces:
                piece()
                self._advance(bar, cost)

    @staticmethod
    def _advance(bar: Progress, cost: int) -> None:
        bar.advance(cost)

    def _scores(self, side: str, name: str, stored: Callable[[], np.ndarray]) -> np.ndarray:
        key = f"{side}-{name}"
        if (found := self.kept.get(key)) is not None:
            return np.array(found, np.float64)
        subject = self.sides[side]
        metric = subject.model.reading.target_type.metric
        values = subject.values(stored())
        scores = np.asarray(metric.score(values[None], subject.truth)[0], np.float64)
        self.kept.put(key, scores.tolist())
        return scores

    def _corruption(self, name: str, severity: int) -> Callable[[], None]:
        def piece() -> None:
            for side, subject in self.sides.items():
                self.harmed[side, name, severity] = self._scores(
                    side,
                    f"{name}-{severity}",
                    lambda own=subject: self.corruptions[name].corrupted(own.rows, severity),  # type: ignore[misc]
                )

        return piece

    def _attack(self, side: str, name: str, size: float) -> Callable[[], None]:
        def piece() -> None:
            key = f"{side}-{name}-{size!r}"
            subject, right = self.sides[side], self.right[side]
            rows = np.flatnonzero(right)
            if (before := self.kept.get(key)) is not None:
                loss = np.array(before, np.float64)
            elif len(rows):
                loss = self.attacks[name][0].run(subject, rows, size).loss
                self.kept.put(key, loss.tolist())
            else:
                loss = np.zeros(0)
            whole = np.full(len(right), np.inf)
            whole[rows] = loss
            self.found[side, name, size] = Attacked(whole < 0, whole, ())

        return piece


def _result(
    run: Run, judged: JudgedRows, work: _Work, scores: Scores, skipped: dict[str, str]
) -> StressResult:
    chosen = work.sides[_CHOSEN]
    reading = chosen.model.reading
    kind, verdict = reading.target_type, Verdict.from_json(run.verdict)
    harmed = _mean_harm(work)
    worst, common = _worst(work)
    notes = [judged.note] if judged.note else []
    if judged.seen is not None and judged.seen.sentence():
        notes.append(judged.seen.sentence())
    if common and any(set(work.attackers(side)) != set(common) for side in work.sides):
        notes.append(
            "one of the two models has no gradients: what stays right under every attack is "
            f"about {', '.join(common)} alone"
        )
    return StressResult(
        run=str(run.path),
        data=judged.domain.name,
        method=say(run.choice["method"], kind),
        reference=say(verdict.reference or "", kind) if _REFERENCE in work.sides else "",
        metric=kind.metric.name,
        percent=kind.metric.percent,
        lower_is_better=kind.metric.lower_is_better,
        rows=len(chosen),
        of=len(judged.rows),
        clean=scores.paired(work.clean),
        attacked=None if worst is None else scores.paired(worst),
        corrupted=None if harmed is None else scores.paired(harmed),
        tests=(*_attack_tests(work, scores), *_corruption_tests(work, scores)),
        checks=_checks(work),
        classes=class_scores(
            kind,
            chosen.truth,
            reading.classes,
            work.clean[_CHOSEN],
            None if worst is None else worst[_CHOSEN],
            None if harmed is None else harmed[_CHOSEN],
        ),
        shown=(
            *shown_attacks(chosen, work.attacks, _fallen(work)),
            *shown_corruptions(chosen, work.corruptions),
        ),
        skipped=dict(skipped),
        notes=tuple(notes),
    )


def _held(work: _Work, side: str, name: str, size: float) -> np.ndarray:
    return np.asarray(work.right[side] & work.found[side, name, size].withstood)


def _worst(work: _Work) -> tuple[dict[str, np.ndarray] | None, list[str]]:
    """Return what stays right under every attack that all models can be given, and which."""
    common = [
        name for name in work.attacks if all(name in work.attackers(side) for side in work.sides)
    ]
    if not common:
        return None, []
    found = {}
    for side in work.sides:
        held = [_held(work, side, name, work.attacks[name][1].at) for name in common]
        found[side] = np.logical_and.reduce(held).astype(np.float64)
    return found, common


def _mean_harm(work: _Work) -> dict[str, np.ndarray] | None:
    if not work.corruptions:
        return None
    return {
        side: np.mean(
            [work.harmed[side, name, level] for name in work.corruptions for level in SEVERITIES],
            axis=0,
        )
        for side in work.sides
    }


def _attack_tests(work: _Work, scores: Scores) -> list[Tested]:
    found = []
    for name, (attack, sizes) in work.attacks.items():
        sides = [side for side in work.sides if name in work.attackers(side)]

        def at(size: float, name: str = name, sides: list[str] = sides) -> Paired:
            return scores.paired({side: _held(work, side, name, size) for side in sides})

        levels = tuple(Level(size, attack.said(size), at(size)) for size in work.sizes(name))
        own = (name, "attack", attack.summary, attack.counted, levels, at(sizes.at))
        found.append(Tested(*own, attack.said(sizes.at), attack.gradients))
    return found


def _corruption_tests(work: _Work, scores: Scores) -> list[Tested]:
    found = []
    for name, corruption in work.corruptions.items():
        each = {
            level: {side: work.harmed[side, name, level] for side in work.sides}
            for level in SEVERITIES
        }
        levels = tuple(
            Level(corruption.strength(level), f"severity {level}", scores.paired(each[level]))
            for level in SEVERITIES
        )
        mean = {
            side: np.mean([each[level][side] for level in SEVERITIES], axis=0)
            for side in work.sides
        }
        own = (name, "corruption", corruption.summary, corruption.unit)
        found.append(Tested(*own, levels, scores.paired(mean)))
    return found


def _checks(work: _Work) -> tuple[GradientCheck, ...]:
    found = []
    for side in work.sides:
        names = work.attackers(side)
        at = {name: work.found[side, name, work.attacks[name][1].at] for name in names}
        curves = {
            name: [work.found[side, name, size] for size in work.sizes(name)] for name in names
        }
        found.append(gradient_check(side, work.right[side], at, curves))
    return tuple(check for check in found if check is not None)


def _fallen(work: _Work) -> dict[str, np.ndarray]:
    """Return the rows of the run's model that each attack made wrong."""
    found = {}
    for name in work.attackers(_CHOSEN):
        one = work.found[_CHOSEN, name, work.attacks[name][1].at]
        found[name] = np.flatnonzero(work.right[_CHOSEN] & ~one.withstood)
    return found
