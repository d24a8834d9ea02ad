"""The verdict in a sentence that someone who has never trained a model understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..metrics.currency import quantity

WHAT = {
    "scratch": "training from scratch",
    "source-only": "using the source model as it is",
    "probe": "a simple classifier on frozen features",
    "distil": "the student of another model",
    "pretrain": "pretraining on rows without labels",
    "boosted-trees": "boosted trees on the target's labels alone",
}


def percent(value: float) -> str:
    """Return a share as "94.2 %"."""
    return f"{100 * value:.1f} %"


def points(value: float) -> str:
    """Return a difference of shares as "+3.1 points"."""
    return f"{100 * value:+.1f} points"


@dataclass(frozen=True)
class Phrases:
    """How a figure and a difference are said, for one kind of answer.

    Attributes
    ----------
    does : str
        What a method does, with its figure as {0}.
    other : str
        The same of the next one, shorter.
    percent : bool
    more, less : str
        Of a difference for the better and for the worse.
    """

    does: str
    other: str
    percent: bool
    more: str
    less: str

    def value(self, figure: float) -> str:
        """Return "94.2 %" or "3.21"."""
        return percent(figure) if self.percent else quantity(figure)

    def gap(self, difference: float) -> str:
        """Return "3.1 points more" or "0.42 less"."""
        size = abs(difference)
        amount = f"{100 * size:.1f} points" if self.percent else _three(size)
        return f"{amount} {self.more if difference > 0 else self.less}"

    def signed(self, difference: float) -> str:
        """Return "+3.1 points", or what is saved of an error with its sign."""
        return points(difference) if self.percent else f"{difference:+#.3g}".rstrip(".")


PHRASES = {
    "classes": Phrases("is right on {} of the examples", "on {}", True, "more", "fewer"),
    "numbers": Phrases("is off by {} on average", "by {}", False, "less", "more"),
    "several": Phrases(
        "agrees with the true labels by {} (Jaccard index)", "by {}", True, "more", "less"
    ),
}


def phrases(verdict: dict[str, Any]) -> Phrases:
    """Return how this verdict's figures are said."""
    return PHRASES[verdict.get("answers", "classes")]


def say(method: str) -> str:
    """Return plain words for a method."""
    return WHAT.get(method, method)


def judged_sentence(verdict: dict[str, Any]) -> str:
    """Return the sentence of a judged verdict."""
    chosen, difference, words = verdict["chosen"], verdict["difference"], phrases(verdict)
    rows, seeds = verdict["judged_rows"], len(verdict["seeds"])
    does = f"{say(chosen['method'])} {words.does.format(words.value(chosen['mean']))}"
    basis = f"judged on {rows:,} examples, {seeds} seed{'s' if seeds > 1 else ''}"
    if difference is None:
        if chosen["method"] == verdict["reference"]:
            return f"No transfer was kept, as none looked better: {does} ({basis})."
        teacher = next((b for b in verdict["baselines"] if b["method"] == "teacher"), None)
        if teacher is not None:
            own = words.other.format(words.value(teacher["mean"]))
            return f"{_capital(does)} ({basis}), its teacher {own}."
        return f"{_capital(does)} ({basis}); there is nothing to compare it with."
    reference = next(b for b in verdict["baselines"] if b["method"] == verdict["reference"])
    if verdict["outcome"] == "can't tell":
        text = (
            f"Can't tell whether the transfer helped: {does}, {say(reference['method'])} "
            f"{words.other.format(words.value(reference['mean']))}; the difference may be chance."
        )
        needed = verdict["labels_to_settle"]
        if needed:
            text += f" About {needed:,} labelled examples would settle it."
        return text
    return (
        f"Transfer {verdict['outcome']}: {does}, {words.gap(difference['mean'])} than "
        f"{say(reference['method'])}."
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
    kind = verdict.get("answers", "classes")
    if chosen == reference and kind != "classes":
        text += (
            f"Nothing tells methods apart without labels where answers are {kind}: "
            f"{say(chosen)} was kept, and whether an adaptation would help is not known."
        )
    elif chosen == reference:
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
    chosen, difference, words = verdict["chosen"], verdict["difference"], phrases(verdict)
    value = words.value(chosen["mean"])
    if difference is None:
        done = words.does.removesuffix(" of the examples")
        right = f"{say(chosen['method'])} {done.format(value)}"
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
        f"{chosen['method']} {value}{_metric(verdict)}, {words.signed(difference['mean'])} against "
        f"{say(verdict['reference'])} ({words.signed(difference['low'])} to "
        f"{words.signed(difference['high'])}). The same labels chose the method, so this is on the "
        "bright side."
    )


def _metric(verdict: dict[str, Any]) -> str:
    """Name what the figures are, where they are no accuracies."""
    if verdict.get("answers", "classes") == "classes":
        return ""
    saved = ", differences are what is saved of it" if verdict.get("lower_is_better") else ""
    return f" ({verdict['metric']}{saved})"


def _three(value: float) -> str:
    return f"{value:#.3g}".rstrip(".")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
