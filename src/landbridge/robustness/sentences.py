"""What a stress test found, in words."""

from __future__ import annotations

from dataclasses import replace

from ..base.formatting import as_points, counted, percent, plain, quantity, three_figures
from .records import Certificate, Level, Paired, StressResult

_OUTCOMES = {
    "helped": "made it more robust",
    "hurt": "made it less robust",
    "can't tell": "made no difference that can be told",
}


def tell(result: StressResult) -> StressResult:
    """Return the result with its headline and its sentence."""
    return replace(result, headline=_headline(result), sentence=_sentence(result))


def _headline(result: StressResult) -> str:
    if result.attacked is not None and result.attacked.outcome is not None:
        said = _OUTCOMES[result.attacked.outcome]
        if result.corrupted is not None and result.corrupted.outcome == result.attacked.outcome:
            return f"Against attacks and corruptions the transfer {said}."
        text = f"Against attacks the transfer {said}"
        if result.corrupted is not None and result.corrupted.outcome is not None:
            text += f"; against corruptions it {_OUTCOMES[result.corrupted.outcome]}"
        return f"{text}."
    if result.corrupted is not None and result.corrupted.outcome is not None:
        return f"Against corruptions the transfer {_OUTCOMES[result.corrupted.outcome]}."
    return f"{_figure(result, result.clean.chosen.value)} without any change{_after(result)}."


def _after(result: StressResult) -> str:
    parts = []
    if result.attacked is not None:
        parts.append(f"{_figure(result, result.attacked.chosen.value)} under attack")
    if result.corrupted is not None:
        parts.append(f"{_figure(result, result.corrupted.chosen.value)} after corruptions")
    if result.certificate is not None and not parts:
        middle = _middle(result.certificate)
        share = _figure(result, middle.score.chosen.value)
        parts.append(f"{share} certified within {middle.strength:g} when smoothed")
    return "".join(f", {part}" for part in parts)


def _middle(certificate: Certificate) -> Level:
    """Return the radius that sentences are about: as long as the noise is wide."""
    return certificate.levels[len(certificate.levels) // 2]


def _certified(result: StressResult) -> str:
    own = result.certificate
    if own is None:
        return ""
    first, middle = own.levels[0].score, _middle(own)
    text = (
        f" Smoothed by noise of {own.sigma:g}, {result.method} is right in "
        f"{_figure(result, first.chosen.value)} and certified right in "
        f"{_figure(result, middle.score.chosen.value)} against every "
        f"change of up to {middle.strength:g} in L2"
    )
    if first.reference is not None and middle.score.reference is not None:
        text += (
            f", the reference in {_figure(result, first.reference.value)} and "
            f"{_figure(result, middle.score.reference.value)}"
        )
    return f"{text}."


def _figure(result: StressResult, value: float) -> str:
    return plain(percent(value) if result.percent else quantity(value))


def _side(result: StressResult, side: str) -> str:
    def of(paired: Paired | None) -> str | None:
        own = None if paired is None else getattr(paired, side)
        return None if own is None else _figure(result, own.value)

    what = "right" if result.percent else result.metric
    text = f"{of(result.clean)} {what} without any change"
    if (attacked := of(result.attacked)) is not None:
        attacks = len(result.of_kind("attack"))
        worst = f"the worst of {attacks} attacks" if attacks > 1 else "the attack"
        text += f", {attacked} under {worst}"
    if (corrupted := of(result.corrupted)) is not None:
        count = len(result.of_kind("corruption"))
        mean = f"on average over {count} corruptions" if count > 1 else "after the corruption"
        text += f", {corrupted} {mean}"
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _gap(result: StressResult, paired: Paired | None, what: str) -> str:
    if paired is None or paired.difference is None:
        return ""
    gap = paired.difference
    say = (lambda v: as_points(v, "")) if result.percent else (lambda v: three_figures(v, "+"))
    unit = " points" if result.percent else ""
    return f"{what} {say(gap.value)}{unit} ({say(gap.low)} to {say(gap.high)})"


def _sentence(result: StressResult) -> str:
    own = f"{result.method}: {_side(result, 'chosen')}"
    text = f"Of {counted(result.rows, 'row')}, {own}."
    if result.reference:
        text += f" {_capital(result.reference)}: {_side(result, 'reference')}."
        gaps = [
            gap
            for gap in (
                _gap(result, result.attacked, "under attack"),
                _gap(result, result.corrupted, "after corruptions"),
            )
            if gap
        ]
        if gaps:
            text += f" Difference {', '.join(gaps)}."
    else:
        text += " The run keeps no model to compare with."
    for check in result.checks:
        if check.reliable is False:
            who = result.method if check.model == "chosen" else result.reference
            text += (
                f" Gradient attacks on {who} are not to be believed: {'; '.join(check.reasons)}."
            )
    return text + _certified(result)
