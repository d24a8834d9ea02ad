"""The verdict in a sentence that someone who has never trained a model understands."""

from __future__ import annotations

from typing import Any

WHAT = {
    "scratch": "training from scratch",
    "source-only": "using the source model as it is",
    "probe": "a simple classifier on frozen features",
}


def percent(value: float) -> str:
    """Return a share as "94.2 %"."""
    return f"{100 * value:.1f} %"


def points(value: float) -> str:
    """Return a difference of shares as "+3.1 points"."""
    return f"{100 * value:+.1f} points"


def say(method: str) -> str:
    """Return plain words for a method."""
    return WHAT.get(method, method)


def judged_sentence(verdict: dict[str, Any]) -> str:
    """Return the sentence of a judged verdict."""
    chosen, difference = verdict["chosen"], verdict["difference"]
    rows, seeds = verdict["judged_rows"], len(verdict["seeds"])
    basis = f"judged on {rows:,} examples, {seeds} seed{'s' if seeds > 1 else ''}"
    if difference is None:
        right = f"{say(chosen['method'])} is right on {percent(chosen['mean'])} of the examples"
        if chosen["method"] == verdict["reference"]:
            return f"No transfer was kept, as none looked better: {right} ({basis})."
        return f"{_capital(right)} ({basis}); there is nothing to compare it with."
    reference = next(b for b in verdict["baselines"] if b["method"] == verdict["reference"])
    answers = f"{say(chosen['method'])} is right on {percent(chosen['mean'])}"
    if verdict["outcome"] == "can't tell":
        text = (
            f"Can't tell whether the transfer helped: {answers} of the examples, "
            f"{say(reference['method'])} on {percent(reference['mean'])}; the difference may be "
            "chance."
        )
        needed = verdict["labels_to_settle"]
        if needed:
            text += f" About {needed:,} labelled examples would settle it."
        return text
    more = "more" if difference["mean"] > 0 else "fewer"
    return (
        f"Transfer {verdict['outcome']}: {answers} of the examples, "
        f"{100 * abs(difference['mean']):.1f} points {more} than {say(reference['method'])}."
    )


def label_free_sentence(verdict: dict[str, Any], best: str | None) -> str:
    """Return the sentence of a verdict without labels to judge by.

    Parameters
    ----------
    best : str or None
        What label-free evidence puts first; None where nothing was compared.
    """
    chosen, reference = verdict["chosen"]["method"], verdict["reference"]
    text = "There are no labels to judge by. "
    if chosen == reference:
        text += (
            f"No adaptation looked better than {say(reference)} by label-free evidence, so that "
            "was kept."
        )
    elif best is None or reference is None:
        text += f"Nothing speaks for or against {say(chosen)}, as nothing could be compared."
    elif best == chosen:
        text += (
            f"Label-free evidence speaks for {chosen} over {say(reference)}, but it can't prove it."
        )
    else:
        text += f"Label-free evidence does not speak for {chosen}: it puts {say(best)} first."
    needed = verdict["labels_to_settle"]
    if needed:
        text += f" Labels for about {needed:,} examples would settle it."
    return text


def cross_validated_sentence(verdict: dict[str, Any]) -> str:
    """Return the sentence of a verdict from cross-validation on the labels at hand."""
    chosen, difference = verdict["chosen"], verdict["difference"]
    if difference is None:
        right = f"{say(chosen['method'])} is right on {percent(chosen['mean'])}"
        if chosen["method"] == verdict["reference"]:
            right = f"no transfer was kept, as none looked better: {right}"
        return (
            f"In cross-validation on {verdict['judged_rows']:,} labelled examples {right}. No "
            "labels were kept for judging."
        )
    verb = {"helped": "helped", "hurt": "hurt"}.get(
        verdict["outcome"], "may or may not have helped"
    )
    return (
        f"In cross-validation on {verdict['judged_rows']:,} labelled examples transfer {verb}: "
        f"{chosen['method']} {percent(chosen['mean'])}, {points(difference['mean'])} against "
        f"{say(verdict['reference'])} ({points(difference['low'])} to "
        f"{points(difference['high'])}). The same labels chose the method, so this is on the "
        "bright side."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
