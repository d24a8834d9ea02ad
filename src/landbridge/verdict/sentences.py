"""The verdict in a sentence that someone who has never trained a model understands."""

from __future__ import annotations

from ..base.formatting import about, counted, percent
from ..targets.base import TargetType
from .records import Verdict

WHAT = {
    "scratch": "training from scratch",
    "source-only": "using the source model as it is",
    "probe": "a simple classifier on frozen features",
    "distil": "the student of another model",
    "pretrain": "pretraining on rows without labels",
    "boosted-trees": "boosted trees on the table's columns",
    "forest": "a forest of trees on the table's columns",
}

SUBJECT = {"source-only": "using the source model unchanged"}


def say(method: str, kind: TargetType) -> str:
    """Return plain words for a method; what answers with numbers is no classifier."""
    return kind.method_words.get(method) or WHAT.get(method, method)


def subject(method: str, kind: TargetType) -> str:
    """Return the same before a verb: "as it is is right" is no English."""
    return SUBJECT.get(method) or say(method, kind)


def held_out_sentence(verdict: Verdict) -> str:
    """Return the sentence of a judged verdict."""
    own = _held_out_sentence(verdict)
    return _join(
        own, groups_sentence(verdict.judged_rows, verdict.judged_groups), seen_sentence(verdict)
    )


def seen_sentence(verdict: Verdict) -> str:
    """Say that rows to judge were learned from as well, and what became of them."""
    seen = verdict.seen
    if seen is None or not seen.found or seen.kept == "all":
        return ""
    were = "was" if seen.found == 1 else "were"
    if seen.kept:
        return (
            f"Of the {counted(seen.of, 'judged row')} {seen.found:,} {were} learned from as well "
            "and kept, as asked: the figures are too good."
        )
    which = "it was" if seen.found == 1 else "they were"
    return (
        f"{counted(seen.found, 'more labelled row')} {were} left out of the judged ones, as "
        f"{which} learned from as well."
    )


def _held_out_sentence(verdict: Verdict) -> str:
    chosen, gap, kind = verdict.chosen, verdict.difference, verdict.target_type
    words, say_value, seen = kind.phrases, kind.metric.format, verdict.seen
    does = f"{subject(chosen.method, kind)} {words.does.format(say_value(chosen.score.value))}"
    spread = seeds_sentence(verdict)
    basis = f"judged on {counted(verdict.judged_rows, 'example')}"
    if not spread:  # else the figure is of one seed, and the next sentence says what all give
        basis += f", {counted(len(verdict.seeds), 'seed')}"
    if seen is not None and seen.kept == "all":
        return (
            f"Can't tell whether the transfer helped: {does}, but {seen.found:,} of "
            f"{counted(seen.of, 'judged row')} were learned from as well, so that says nothing "
            "of new data. Give labels of rows that are not learned from."
        )
    reference = verdict.baseline(verdict.reference)
    if gap is None or reference is None:
        if chosen.method == verdict.reference:
            alone = alone_sentence(verdict)
            if alone:
                return _join(f"{_capital(does)} ({basis}).", alone, spread)
            return _join(f"No transfer was kept, as none looked better: {does} ({basis}).", spread)
        if (teacher := verdict.baseline("teacher")) is not None:
            own = words.other.format(say_value(teacher.score.value))
            return _join(f"{_capital(does)} ({basis}), its teacher {own}.", spread)
        nothing = "there is nothing to compare it with"
        return _join(f"{_capital(does)} ({basis}); {nothing}.", spread)
    if verdict.outcome == "can't tell":
        other = words.other.format(say_value(reference.score.value))
        text = (
            f"Can't tell whether the transfer helped: {does}, "
            f"{subject(reference.method, kind)} {other}; the difference may be chance."
        )
        if gap.value == 0 and gap.low == -gap.high:
            text = f"Can't tell whether the transfer helped: {does}, {words.same} "
            text += f"{say(reference.method, kind)}."
        why = choice_sentence(verdict)
        return _join(text, spread, why, settle_sentence(verdict), confidence_sentence(verdict))
    text = (
        f"Transfer {verdict.outcome}: {does}, {kind.metric.size(gap.value)} "
        f"{words.more if gap.value > 0 else words.less} than {say(reference.method, kind)}."
    )
    why = choice_sentence(verdict) if verdict.outcome == "hurt" else ""
    return _join(text, spread, why, confidence_sentence(verdict))


def groups_sentence(rows: int, groups: int) -> str:
    """Say that intervals go by groups of rows that may be alike."""
    if not groups:
        return ""
    return (
        f"The {counted(rows, 'row')} are of {counted(groups, 'group')}, and intervals go by groups."
    )


def alone_sentence(verdict: Verdict) -> str:
    """Say that nothing was compared with the reference, which was kept; "" where something was."""
    choice = verdict.choice
    if choice is None or choice.compared > 1:
        return ""
    if choice.kind == "given":
        return "It was named, so no other way was tried."
    return "No other way was tried, so nothing tells whether a transfer would help."


def choice_sentence(verdict: Verdict) -> str:
    """Say what spoke for the method when it was chosen, on rows that the verdict does not see."""
    choice, kind = verdict.choice, verdict.target_type
    if choice is None or choice.kind != "cross-validation":
        return ""
    if choice.value is None or choice.reference_value is None:
        return ""
    rows, say_value = counted(choice.rows, "other labelled example"), kind.metric.format
    return (
        f"It was chosen by cross-validation on {rows}: "
        f"{say_value(choice.value)}{_metric(verdict)} against "
        f"{say_value(choice.reference_value)} of {say(str(verdict.reference), kind)}."
    )


def seeds_sentence(verdict: Verdict) -> str:
    """Say how the method does over all seeds, beside the stored model's own figure."""
    spread, say_value = verdict.chosen.over_seeds, verdict.target_type.metric.format
    if spread is None or spread.high - spread.low < 1e-12:
        return ""
    text = (
        f"That is the stored model; over {counted(len(verdict.seeds), 'seed')} the mean is "
        f"{say_value(spread.value)} ({say_value(spread.low)} to {say_value(spread.high)})"
    )
    over_seeds = verdict.difference_over_seeds
    if over_seeds is not None and verdict.outcome == "helped" and over_seeds.low <= 0:
        text += ", so another seed might not have helped"
    if over_seeds is not None and verdict.outcome == "hurt" and over_seeds.high >= 0:
        text += ", so another seed might not have hurt"
    return text + "."


def settle_sentence(verdict: Verdict) -> str:
    """Say what would settle a verdict that cannot be told: which rows, how many labels."""
    settle = verdict.settle
    if settle is None:
        needed = verdict.labels_to_settle  # of a run of an older version
        return (
            f"About {about(needed)} labelled examples, drawn at random, would settle it."
            if needed
            else ""
        )
    parts = []
    left, differ, possible = settle.rows_left, settle.differ, settle.possible
    low, high = about(settle.low), about(settle.high)
    span = low if low == high else f"{low} to {high}"
    if differ is not None and left:
        among = "row without a label" if settle.among == "rows without a label" else "target row"
        here = counted(left, among, among.replace("row", "rows", 1))
        if differ == 0 and left == 1:
            parts.append(f"The two answer the {here} alike, so a label for it settles nothing.")
        elif differ == 0:
            parts.append(f"The two answer all {here} alike, so labels for those settle nothing.")
        elif differ == 1:
            parts.append(f"The two differ on 1 of {here}: look at that one first.")
        else:
            first = "those say most" if possible is False else "label those first"
            parts.append(f"The two differ on {differ:,} of {here}: {first}.")
    more, one = "more " if settle.in_addition else "", span == "1"
    text = f"About {span} {more}labelled {'example' if one else 'examples'}, drawn at random, "
    text += "would settle it"
    if settle.in_addition:
        text += f" (in addition to the {settle.judged:,} judged)"
    if left is not None and possible is False:
        text += (
            f"; that is more than the {left:,} here, so it cannot be settled with these data"
            if left
            else "; none are left here, so it cannot be settled with these data"
        )
    elif left is not None and possible is None:
        text += f"; there are {left:,} here, so it may not be possible with these"
    return " ".join([*parts, text + "."])


CONFIDENCE_APART = 0.1
"""From this difference of mean confidence and accuracy on, the verdict warns."""


def confidence_sentence(verdict: Verdict) -> str:
    """Warn where the model is much surer of its answers than it is right, or much less."""
    if verdict.calibration is None or not verdict.target_type.class_scores:
        return ""
    sure, right = verdict.calibration.confidence, verdict.chosen.score.value
    if not abs(sure - right) >= CONFIDENCE_APART:  # or one of them is not known
        return ""
    which = "surer than it is right" if sure > right else "less sure than it is right"
    return (
        f"Its probabilities cannot be taken at their word: it is {which} (confidence "
        f"{percent(sure)} on average, right {percent(right)})."
    )


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def label_free_sentence(verdict: Verdict, best: str | None) -> str:
    """Return the sentence of a verdict without labels to judge by.

    Parameters
    ----------
    best : str or None
        What label-free evidence puts first; None where nothing was compared.
    """
    chosen, reference, kind = verdict.chosen.method, verdict.reference, verdict.target_type
    text = "There are no labels to judge by. "
    if chosen == reference and not kind.class_scores:
        text += (
            f"Nothing tells methods apart without labels where an answer is {kind.summary}: "
            f"{say(chosen, kind)} was kept, and whether an adaptation would "
            "help is not known."
        )
    elif chosen == reference and alone_sentence(verdict):
        text += f"{_capital(say(chosen, kind))} was kept. {alone_sentence(verdict)}"
    elif chosen == reference:
        text += (
            f"No adaptation looked better than {say(reference, kind)} by label-free evidence, "
            "so that was kept."
        )
    elif best is None or reference is None:
        text += f"Nothing speaks for or against {say(chosen, kind)}, as nothing could be "
        text += "compared."
    elif best == chosen:
        text += f"Label-free evidence speaks for {chosen} over {say(reference, kind)}, but it "
        text += "can't prove it."
    else:
        text += f"Label-free evidence does not speak for {chosen}: it puts {say(best, kind)} first."
    return _join(text, settle_sentence(verdict))


def cross_validated_sentence(verdict: Verdict) -> str:
    """Return the sentence of a verdict from cross-validation on the labels at hand."""
    own = _cross_validated_sentence(verdict)
    return _join(
        own,
        groups_sentence(verdict.judged_rows, verdict.judged_groups),
        lone_sentence(verdict),
        seen_sentence(verdict),
    )


def lone_sentence(verdict: Verdict) -> str:
    """Say of rows that each are the only one of their class that they were never held out."""
    lone = verdict.lone_rows
    if not lone:
        return ""
    if lone == 1:
        return "1 more is the only one of its class, and was learned from alone."
    return f"{lone:,} more are each the only one of their class, and were learned from alone."


def _cross_validated_sentence(verdict: Verdict) -> str:
    chosen, gap, kind = verdict.chosen, verdict.difference, verdict.target_type
    value, rows = (
        kind.metric.format(chosen.score.value),
        counted(verdict.judged_rows, "labelled example"),
    )
    if gap is None:
        done = kind.phrases.does.removesuffix(" of the examples")
        right = f"{subject(chosen.method, kind)} {done.format(value)}"
        if chosen.method == verdict.reference:
            right = f"no transfer was kept, as none looked better: {right}"
        return f"In cross-validation on {rows} {right}. No labels were kept for judging."
    outcome, signed = verdict.outcome, kind.metric.signed
    verb = outcome if outcome in ("helped", "hurt") else "may or may not have helped"
    return _join(
        f"In cross-validation on {rows} transfer {verb}: "
        f"{chosen.method} {value}{_metric(verdict)}, {signed(gap.value)} "
        f"{'saved ' if verdict.lower_is_better else ''}against "
        f"{say(str(verdict.reference), kind)} ({signed(gap.low)} to "
        f"{signed(gap.high)}). The same labels chose the method, so this is on the "
        "bright side.",
        settle_sentence(verdict),
    )


def _metric(verdict: Verdict) -> str:
    """Name what the figures are, where they are no accuracies."""
    return "" if verdict.target_type.class_scores else f" ({verdict.metric})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
