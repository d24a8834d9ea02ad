"""The verdict in a sentence that someone who has never trained a model understands."""

from __future__ import annotations

from typing import Any

from ..base.counting import about, counted
from ..base.formatting import percent
from ..targets.base import TargetType, target_type
from ..targets.figures import Phrases

WHAT = {
    "scratch": "training from scratch",
    "source-only": "using the source model as it is",
    "probe": "a simple classifier on frozen features",
    "distil": "the student of another model",
    "pretrain": "pretraining on rows without labels",
    "boosted-trees": "boosted trees on the target's labels alone",
}

SUBJECT = {"source-only": "using the source model unchanged"}


def phrases(verdict: dict[str, Any]) -> Phrases:
    """Return how this verdict's figures are said."""
    return _kind(verdict).phrases


def say(method: str, kind: TargetType) -> str:
    """Return plain words for a method; what answers with numbers is no classifier."""
    return kind.method_words.get(method) or WHAT.get(method, method)


def _kind(verdict: dict[str, Any]) -> TargetType:
    return target_type(verdict.get("answers", "classes"))


def subject(method: str, kind: TargetType) -> str:
    """Return the same before a verb: "as it is is right" is no English."""
    return SUBJECT.get(method) or say(method, kind)


def judged_sentence(verdict: dict[str, Any]) -> str:
    """Return the sentence of a judged verdict."""
    return _join(_judged_sentence(verdict), seen_sentence(verdict))


def seen_sentence(verdict: dict[str, Any]) -> str:
    """Say that rows to judge were learned from as well, and what became of them."""
    seen = verdict.get("seen")
    if not seen or not seen["found"] or seen["kept"] == "all":
        return ""
    found, were = seen["found"], "was" if seen["found"] == 1 else "were"
    if seen["kept"]:
        return (
            f"Of the {counted(seen['of'], 'judged row')} {found:,} {were} learned from as well and "
            "kept, as asked: the figures are too good."
        )
    which = "it was" if found == 1 else "they were"
    return (
        f"{counted(found, 'more labelled row')} {were} left out of the judged ones, as {which} "
        "learned from as well."
    )


def _judged_sentence(verdict: dict[str, Any]) -> str:
    chosen, difference, words = verdict["chosen"], verdict["difference"], phrases(verdict)
    seen = verdict.get("seen") or {}
    rows, seeds = verdict["judged_rows"], len(verdict["seeds"])
    named = subject(chosen["method"], _kind(verdict))
    does = f"{named} {words.does.format(words.value(chosen['mean']))}"
    spread = seeds_sentence(verdict)
    basis = f"judged on {counted(rows, 'example')}"
    if not spread:  # else the figure is of one seed, and the next sentence says what all give
        basis += f", {counted(seeds, 'seed')}"
    if seen.get("kept") == "all":
        return (
            f"Can't tell whether the transfer helped: {does}, but {seen['found']:,} of "
            f"{counted(seen['of'], 'judged row')} were learned from as well, so that says nothing "
            "of new data. Give labels of rows that are not learned from."
        )
    if difference is None:
        if chosen["method"] == verdict["reference"]:
            alone = alone_sentence(verdict)
            if alone:
                return _join(f"{_capital(does)} ({basis}).", alone, spread)
            return _join(f"No transfer was kept, as none looked better: {does} ({basis}).", spread)
        teacher = next((b for b in verdict["baselines"] if b["method"] == "teacher"), None)
        if teacher is not None:
            own = words.other.format(words.value(teacher["mean"]))
            return _join(f"{_capital(does)} ({basis}), its teacher {own}.", spread)
        nothing = "there is nothing to compare it with"
        return _join(f"{_capital(does)} ({basis}); {nothing}.", spread)
    reference = next(b for b in verdict["baselines"] if b["method"] == verdict["reference"])
    if verdict["outcome"] == "can't tell":
        other = words.other.format(words.value(reference["mean"]))
        text = (
            f"Can't tell whether the transfer helped: {does}, "
            f"{subject(reference['method'], _kind(verdict))} {other}; the difference may be chance."
        )
        if difference["mean"] == 0 and difference["low"] == -difference["high"]:
            text = f"Can't tell whether the transfer helped: {does}, {words.same} "
            text += f"{say(reference['method'], _kind(verdict))}."
        why = choice_sentence(verdict)
        return _join(text, spread, why, settle_sentence(verdict), confidence_sentence(verdict))
    text = (
        f"Transfer {verdict['outcome']}: {does}, {words.gap(difference['mean'])} than "
        f"{say(reference['method'], _kind(verdict))}."
    )
    why = choice_sentence(verdict) if verdict["outcome"] == "hurt" else ""
    return _join(text, spread, why, confidence_sentence(verdict))


def alone_sentence(verdict: dict[str, Any]) -> str:
    """Say that nothing was compared with the reference, which was kept; "" where something was."""
    choice = verdict.get("choice")
    if not choice or choice["compared"] > 1:
        return ""
    if choice["kind"] == "given":
        return "It was named, so no other way was tried."
    return "No other way was tried, so nothing tells whether a transfer would help."


def choice_sentence(verdict: dict[str, Any]) -> str:
    """Say what spoke for the method when it was chosen, on rows that the verdict does not see."""
    choice, words = verdict.get("choice"), phrases(verdict)
    if not choice or choice.get("reference_value") is None or choice["kind"] != "cross-validation":
        return ""
    rows = counted(choice["rows"], "other labelled example")
    return (
        f"It was chosen by cross-validation on {rows}: "
        f"{words.value(choice['value'])}{_metric(verdict)} against "
        f"{words.value(choice['reference_value'])} of {say(verdict['reference'], _kind(verdict))}."
    )


def seeds_sentence(verdict: dict[str, Any]) -> str:
    """Say how the method does over all seeds, beside the stored model's own figure."""
    spread, words = verdict["chosen"].get("over_seeds"), phrases(verdict)
    if not spread or spread["high"] - spread["low"] < 1e-12:
        return ""
    seeds = len(verdict["seeds"])
    text = (
        f"That is the stored model; over {counted(seeds, 'seed')} the mean is "
        f"{words.value(spread['mean'])} ({words.value(spread['low'])} to "
        f"{words.value(spread['high'])})"
    )
    whole = verdict.get("difference_over_seeds")
    if whole and verdict["outcome"] == "helped" and whole["low"] <= 0:
        text += ", so another seed might not have helped"
    if whole and verdict["outcome"] == "hurt" and whole["high"] >= 0:
        text += ", so another seed might not have hurt"
    return text + "."


def settle_sentence(verdict: dict[str, Any]) -> str:
    """Say what would settle a verdict that cannot be told: which rows, how many labels."""
    settle = verdict.get("settle")
    if not settle:
        needed = verdict.get("labels_to_settle")  # of a run of an older version
        return (
            f"About {about(needed)} labelled examples, drawn at random, would settle it."
            if needed
            else ""
        )
    parts = []
    left, more = settle["rows_left"], "more " if settle["in_addition"] else ""
    low, high = about(settle["low"]), about(settle["high"])
    span = low if low == high else f"{low} to {high}"
    one = span == "1"
    if settle["differ"] is not None and left:
        among = "row without a label" if settle["among"] == "rows without a label" else "target row"
        here = counted(left, among, among.replace("row", "rows", 1))
        if settle["differ"] == 0 and left == 1:
            parts.append(f"The two answer the {here} alike, so a label for it settles nothing.")
        elif settle["differ"] == 0:
            parts.append(f"The two answer all {here} alike, so labels for those settle nothing.")
        elif settle["differ"] == 1:
            parts.append(f"The two differ on 1 of {here}: look at that one first.")
        else:
            first = "those say most" if settle["possible"] is False else "label those first"
            parts.append(f"The two differ on {settle['differ']:,} of {here}: {first}.")
    text = f"About {span} {more}labelled {'example' if one else 'examples'}, drawn at random, "
    text += "would settle it"
    if settle["in_addition"]:
        text += f" (in addition to the {settle['judged']:,} judged)"
    if left is not None and settle["possible"] is False:
        text += (
            f"; that is more than the {left:,} here, so it cannot be settled with these data"
            if left
            else "; none are left here, so it cannot be settled with these data"
        )
    elif left is not None and settle["possible"] is None:
        text += f"; there are {left:,} here, so it may not be possible with these"
    return " ".join([*parts, text + "."])


CONFIDENCE_APART = 0.1
"""From this difference of mean confidence and accuracy on, the verdict warns."""


def confidence_sentence(verdict: dict[str, Any]) -> str:
    """Warn where the model is much surer of its answers than it is right, or much less."""
    found = verdict.get("calibration") or {}
    sure, right = found.get("confidence"), verdict["chosen"].get("mean")
    if not _kind(verdict).class_scores or sure is None or right is None:
        return ""
    if abs(sure - right) < CONFIDENCE_APART:
        return ""
    which = "surer than it is right" if sure > right else "less sure than it is right"
    return (
        f"Its probabilities cannot be taken at their word: it is {which} (confidence "
        f"{percent(sure)} on average, right {percent(right)})."
    )


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def label_free_sentence(verdict: dict[str, Any], best: str | None) -> str:
    """Return the sentence of a verdict without labels to judge by.

    Parameters
    ----------
    best : str or None
        What label-free evidence puts first; None where nothing was compared.
    """
    chosen, reference = verdict["chosen"]["method"], verdict["reference"]
    text = "There are no labels to judge by. "
    kind = _kind(verdict)
    if chosen == reference and not kind.class_scores:
        text += (
            f"Nothing tells methods apart without labels where answers are {kind.name}: "
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


def cross_validated_sentence(verdict: dict[str, Any]) -> str:
    """Return the sentence of a verdict from cross-validation on the labels at hand."""
    return _join(_cross_validated_sentence(verdict), lone_sentence(verdict), seen_sentence(verdict))


def lone_sentence(verdict: dict[str, Any]) -> str:
    """Say of rows that each are the only one of their class that they were never held out."""
    lone = verdict.get("lone_rows")
    if not lone:
        return ""
    if lone == 1:
        return "1 more is the only one of its class, and was learned from alone."
    return f"{lone:,} more are each the only one of their class, and were learned from alone."


def _cross_validated_sentence(verdict: dict[str, Any]) -> str:
    chosen, difference, words = verdict["chosen"], verdict["difference"], phrases(verdict)
    value = words.value(chosen["mean"])
    if difference is None:
        done = words.does.removesuffix(" of the examples")
        right = f"{subject(chosen['method'], _kind(verdict))} {done.format(value)}"
        if chosen["method"] == verdict["reference"]:
            right = f"no transfer was kept, as none looked better: {right}"
        rows = counted(verdict["judged_rows"], "labelled example")
        return f"In cross-validation on {rows} {right}. No labels were kept for judging."
    verb = {"helped": "helped", "hurt": "hurt"}.get(
        verdict["outcome"], "may or may not have helped"
    )
    return _join(
        f"In cross-validation on {counted(verdict['judged_rows'], 'labelled example')} transfer "
        f"{verb}: "
        f"{chosen['method']} {value}{_metric(verdict)}, {words.signed(difference['mean'])} "
        f"{'saved ' if verdict.get('lower_is_better') else ''}against "
        f"{say(verdict['reference'], _kind(verdict))} ({words.signed(difference['low'])} to "
        f"{words.signed(difference['high'])}). The same labels chose the method, so this is on the "
        "bright side.",
        settle_sentence(verdict),
    )


def _metric(verdict: dict[str, Any]) -> str:
    """Name what the figures are, where they are no accuracies."""
    if _kind(verdict).class_scores:
        return ""
    return f" ({verdict['metric']})"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
