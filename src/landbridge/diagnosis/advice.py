"""Which family of methods the findings speak for, by rules that can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..base.formatting import percent
from ..base.typed import JsonObject
from .evidence import (
    BELIEVED,
    EXPLAINED,
    FAR,
    FEW_ROWS,
    LABELS_FAR,
    MANY_ROWS,
    SURE,
    Evidence,
    Findings,
    evidence,
)

METHODS = {
    "none": "train on the source and use it as it is",
    "label-shift": "label-shift correction: BBSE, EM",
    "reweighting": "reweighting of source rows: KMM, KLIEP, uLSIF, discriminator",
    "mapping": "mapping: CORAL, linear Monge map, optimal transport",
    "subspace": "subspaces: subspace alignment, TCA, GFK",
    "joint": "joint methods with pseudo-labels: JDA, MEDA, joint optimal transport",
    "few-labels": "learning from target labels: joint training, staying near the source's weights",
    "alignment": "aligning whole domains: CORAL, TCA, MMD, adversarial terms",
    "diversity": "terms that want all classes equally often: InfoMax, BNM",
}
"""Each family, with methods that belong to it."""


@dataclass(frozen=True)
class Advised:
    """One family, and why.

    Attributes
    ----------
    family : str
        A key of `METHODS`.
    reason : str
        A sentence.
    """

    family: str
    reason: str

    @property
    def methods(self) -> str:
        """The family in words, with methods of it."""
        return METHODS[self.family]


@dataclass(frozen=True)
class Advice:
    """What the findings speak for.

    Attributes
    ----------
    speaks_for, warns_against : tuple of Advised
        The most fitting first.
    remarks : tuple of str
        What else to do, in sentences.
    """

    speaks_for: tuple[Advised, ...] = ()
    warns_against: tuple[Advised, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The first family, in a sentence."""
        first = self.speaks_for[0]
        if first.family == "none":
            return "Nothing here speaks for adaptation."
        return f"This speaks for {METHODS[first.family]}."

    @property
    def sentence(self) -> str:
        """The first of it with its reason."""
        return f"{self.headline} {self.speaks_for[0].reason}"

    def to_dict(self) -> JsonObject:
        """Return plain values."""

        def plain(items: tuple[Advised, ...]) -> list[dict[str, str]]:
            return [
                {"family": item.family, "methods": item.methods, "reason": item.reason}
                for item in items
            ]

        return {
            "sentence": self.sentence,
            "speaks_for": plain(self.speaks_for),
            "warns_against": plain(self.warns_against),
            "remarks": list(self.remarks),
        }


def advice(findings: Findings) -> Advice:
    """Return which families the findings speak for and warn against.

    Parameters
    ----------
    findings : mapping of str to Finding
        By the check's name; any of them may be missing.

    Returns
    -------
    Advice
        At least one family.
    """
    e = evidence(findings)
    speaks = [Advised(name, reason) for name, rule in _FOR if (reason := rule(e))]
    if not speaks:
        speaks = [
            Advised(
                "few-labels",
                "The domains differ, and neither weights on rows, nor class shares, nor a linear "
                "map explain how. A few labelled target rows show what is right there.",
            )
        ]
    warns = [Advised(name, reason) for name, rule in _AGAINST if (reason := rule(e))]
    remarks = []
    if e.lost:
        one = len(e.lost) == 1
        remarks.append(
            f"{'Column' if one else 'Columns'} {', '.join(e.lost)} {'is' if one else 'are'} "
            "mostly missing on one side only: try without."
        )
    if e.seen and not e.label_shift and e.labels_low >= LABELS_FAR:
        remarks.append(
            "The classes' shares may differ, too, and features that moved hide it: a method that "
            "aligns whole domains would then mix classes up. Some target labels would tell."
        )
    return Advice(tuple(speaks), tuple(warns), tuple(remarks))


def strong_label_shift(findings: Findings) -> bool:
    """Say whether class shares differ so much that alignment and diversity terms harm."""
    e = evidence(findings)
    return e.label_shift and e.labels >= LABELS_FAR


def _for_none(e: Evidence) -> str:
    if e.label_shift or e.moved:
        return ""
    if not e.seen:
        return "No check can tell the domains apart: a model of the source should do as well there."
    if e.small:
        return "The domains differ by less than what adapting is worth."
    return ""


def _for_few_labels(e: Evidence) -> str:
    if not e.moved:
        return ""
    return (
        "On the labelled target rows the source's rule is less right than it thinks it is: "
        "these labels know something that no unlabelled row does."
    )


def _for_label_shift(e: Evidence) -> str:
    if not e.label_shift:
        return ""
    if e.counted and e.seen and not e.by_labels >= BELIEVED:
        return (
            f"The target's own labels show other class shares (total variation {e.labels:.2f}), "
            "beside a difference in the features."
        )
    explained = (
        f", and class weights take away {percent(e.by_labels, 0)} of the A-distance"
        if e.seen
        else ""
    )
    return f"The classes' shares differ (total variation {e.labels:.2f}){explained}."


def _for_reweighting(e: Evidence) -> str:
    if not e.seen or e.small or e.only_labels or not e.overlap:
        return ""
    return (
        f"The domains overlap: weights on source rows take away {percent(e.by_weights, 0)} "
        "of MMD², and "
        f"{percent(e.rows, 0)} of the rows still count."
    )


def _for_mapping(e: Evidence) -> str:
    if not e.seen or e.small or e.only_labels or (e.overlap and e.rows >= MANY_ROWS):
        return ""
    if not e.by_map >= EXPLAINED:
        return ""
    return f"One linear map of the features takes away {percent(e.by_map, 0)} of MMD²."


def _for_subspace(e: Evidence) -> str:
    if not e.seen or e.small or e.only_labels or (e.overlap and e.rows >= MANY_ROWS):
        return ""
    if not e.wide:
        return ""
    return (
        "There are many features for so few rows: a few directions can be estimated, all of "
        "them cannot."
    )


def _for_joint(e: Evidence) -> str:
    if not e.seen or e.only_labels or (e.overlap and e.rows >= MANY_ROWS):
        return ""
    if not (e.distance >= FAR and e.accuracy >= SURE):
        return ""
    return (
        f"The domains lie far apart, and the classes are easy to tell in the source "
        f"({percent(e.accuracy, 0)} right): class by class they may be brought together."
    )


def _against_alignment(e: Evidence) -> str:
    if not (e.label_shift and e.labels >= LABELS_FAR):
        return ""
    return "It makes the whole domains alike, so with other class shares it mixes the classes up."


def _against_diversity(e: Evidence) -> str:
    if not (e.label_shift and e.labels >= LABELS_FAR):
        return ""
    return "They pull the answers towards equal class shares, which these are not."


def _against_reweighting(e: Evidence) -> str:
    if not e.seen or not e.rows < FEW_ROWS:
        return ""
    return (
        f"Only {percent(e.rows)} of the source's rows would count: the answer would rest on a few."
    )


def _against_mapping(e: Evidence) -> str:
    if not e.seen or e.only_labels or not e.by_map < 0.2:
        return ""
    return (
        f"A linear map takes away {percent(e.by_map, 0)} of MMD² only: this is no shift "
        "of that kind."
    )


Rule = Callable[[Evidence], str]

_FOR: tuple[tuple[str, Rule], ...] = (
    ("none", _for_none),
    ("few-labels", _for_few_labels),
    ("label-shift", _for_label_shift),
    ("reweighting", _for_reweighting),
    ("mapping", _for_mapping),
    ("joint", _for_joint),
    ("subspace", _for_subspace),
)
"""In the order of the answer. A rule gives its reason, or nothing."""

_AGAINST: tuple[tuple[str, Rule], ...] = (
    ("alignment", _against_alignment),
    ("diversity", _against_diversity),
    ("reweighting", _against_reweighting),
    ("mapping", _against_mapping),
)
