"""From what was computed to the result of `landbridge.stress`."""

from __future__ import annotations

import numpy as np

from ..runs.judged import JudgedRows
from ..runs.run import Run
from ..verdict.records import Verdict
from ..verdict.sentences import say
from .base import SEVERITIES
from .examples import shown_attacks, shown_corruptions
from .gradient_check import gradient_check
from .records import SIDES, Certificate, GradientCheck, Level, Paired, StressResult, Tested
from .scores import Scores, class_scores
from .smoothing import ABSTAINS, ALPHA, MULTIPLES, SELECTION
from .work import Work

_CHOSEN, _REFERENCE = SIDES


def result_of(
    run: Run, judged: JudgedRows, work: Work, scores: Scores, skipped: dict[str, str]
) -> StressResult:
    """Return everything that was computed, compared side by side."""
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
        certificate=_certificate(work, scores),
        skipped=dict(skipped),
        notes=tuple(notes),
    )


def _held(work: Work, side: str, name: str, size: float) -> np.ndarray:
    return np.asarray(work.right[side] & work.found[side, name, size].withstood)


def _worst(work: Work) -> tuple[dict[str, np.ndarray] | None, list[str]]:
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


def _mean_harm(work: Work) -> dict[str, np.ndarray] | None:
    if not work.corruptions:
        return None
    return {
        side: np.mean(
            [work.harmed[side, name, level] for name in work.corruptions for level in SEVERITIES],
            axis=0,
        )
        for side in work.sides
    }


def _attack_tests(work: Work, scores: Scores) -> list[Tested]:
    found = []
    for name, (attack, sizes) in work.attacks.items():
        sides = [side for side in work.sides if name in work.attackers(side)]

        def at(size: float, name: str = name, sides: list[str] = sides) -> Paired:
            return scores.paired({side: _held(work, side, name, size) for side in sides})

        levels = tuple(Level(size, attack.said(size), at(size)) for size in work.sizes(name))
        own = (name, "attack", attack.summary, attack.counted, levels, at(sizes.at))
        found.append(Tested(*own, attack.said(sizes.at), attack.gradients))
    return found


def _corruption_tests(work: Work, scores: Scores) -> list[Tested]:
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


def _certificate(work: Work, scores: Scores) -> Certificate | None:
    sigma = work.smoothing.smoothing
    if sigma is None:
        return None
    levels = []
    for radius in (round(multiple * sigma, 6) for multiple in MULTIPLES):
        held = {
            side: own.right(work.sides[side].truth, radius) for side, own in work.certified.items()
        }
        levels.append(Level(radius, f"radius {radius:g}", scores.paired(held)))
    abstained = {
        side: float((own.answer == ABSTAINS).mean()) for side, own in work.certified.items()
    }
    copies = work.smoothing.copies
    return Certificate(sigma, SELECTION, copies, ALPHA, tuple(levels), abstained)


def _checks(work: Work) -> tuple[GradientCheck, ...]:
    found = []
    for side in work.sides:
        names = work.attackers(side)
        at = {name: work.found[side, name, work.attacks[name][1].at] for name in names}
        curves = {
            name: [work.found[side, name, size] for size in work.sizes(name)] for name in names
        }
        found.append(gradient_check(side, work.right[side], at, curves))
    return tuple(check for check in found if check is not None)


def _fallen(work: Work) -> dict[str, np.ndarray]:
    """Return the rows of the run's model that each attack made wrong."""
    found = {}
    for name in work.attackers(_CHOSEN):
        one = work.found[_CHOSEN, name, work.attacks[name][1].at]
        found[name] = np.flatnonzero(work.right[_CHOSEN] & ~one.withstood)
    return found
