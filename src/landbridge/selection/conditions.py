"""When a candidate may stand without target labels: what the data have to show for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..methods.core.resolve import Methods, split_variant
from .clusters import Clusters

LEAST_ROWS = 50
"""Target rows under which no score without labels tells candidates apart."""
LEAST_PER_CLASS = 5


@dataclass(frozen=True)
class Evidence:
    """What is known of the data before any candidate is fitted.

    Attributes
    ----------
    rows, classes : int
        Target rows that may be looked at, and classes.
    clusters : Clusters
        Whether the source's classes form clusters.
    label_shift : str
        How class shares differ, in a sentence; "" where nothing says so.
    same_shares : bool
        Whether the user knows that class shares are the same on both sides.
    sources : int
        How many domains the source is made of.
    """

    rows: int
    classes: int
    clusters: Clusters
    label_shift: str = ""
    same_shares: bool = False
    sources: int = 1


def _few(seen: Evidence) -> str:
    """Say that there are too few rows to believe anything, "" where there are enough."""
    least = max(LEAST_ROWS, LEAST_PER_CLASS * seen.classes)
    if seen.rows >= least:
        return ""
    return (
        f"{seen.rows:,} target rows without labels are too few to tell whether it would help: "
        f"{least:,} are needed for {seen.classes:,} classes"
    )


def _no_clusters(clusters: Clusters) -> str:
    return "" if clusters.found else f"classes form no clusters: {clusters.reason}"


def _clusters(seen: Evidence) -> str:
    return _no_clusters(seen.clusters)


def _shares_kept(seen: Evidence) -> str:
    """Discriminant EM: right where shares are the same, and nothing but knowledge tells that."""
    if seen.clusters.found:
        return "classes form clusters, where `consensus` has it among its members"
    if seen.same_shares:
        return ""
    return (
        "nothing in rows without labels tells moved features from other class shares; if you know "
        "that shares are the same, say --class-shares same"
    )


def _shares_moved(seen: Evidence) -> str:
    """Label shift: the answers can be corrected where nothing else explains what differs."""
    if seen.same_shares:
        return "class shares are the same, as you say"
    if seen.clusters.found:
        return "classes form clusters, which are followed whatever their shares"
    if not seen.label_shift:
        return "nothing says that class shares differ"
    return ""


def _several(seen: Evidence) -> str:
    """Weights of sources: where there are several, and nothing stronger is to be had."""
    if seen.sources < 2:
        return "there is one source"
    if seen.clusters.found:
        return "classes form clusters, where `consensus` gains more"
    return ""


@dataclass(frozen=True)
class Condition:
    """On what a candidate stands.

    Attributes
    ----------
    why_not : callable (Evidence) -> str
        Why it is left out, "" where it is not.
    when : str
        The same before the data were looked at, for a plan.
    """

    why_not: Callable[[Evidence], str]
    when: str = "where classes form clusters"


_GROUPS = Condition(_clusters)
"""What moves groups onto groups harms where classes are no groups."""
CONDITIONS: Mapping[str, Condition] = {
    **dict.fromkeys(("consensus", "meda", "easytl", "exact-ot", "jda"), _GROUPS),
    "discriminant-em": Condition(
        _shares_kept, "where they form none, and you say --class-shares same"
    ),
    "label-shift-em": Condition(
        _shares_moved, "where they form none, and class shares must have changed"
    ),
    "source-weights": Condition(_several, "where they form none, and there are several sources"),
}


def condition_of(name: str) -> Condition | None:
    """Return on what a method stands, whatever options are behind its name."""
    return CONDITIONS.get(split_variant(name)[0])


def asks_for_clusters(names: Sequence[str]) -> bool:
    """Say whether clusters have to be looked for."""
    return any(condition_of(name) for name in names)


def without_clusters(names: Sequence[str], clusters: Clusters) -> dict[str, str]:
    """Return which candidates are left out because classes form no clusters, and why."""
    why = _no_clusters(clusters)
    return {name: why for name in names if condition_of(name) is _GROUPS} if why else {}


def left_out(
    names: Sequence[str], references: Sequence[str], seen: Evidence, methods: Methods, named: bool
) -> dict[str, str]:
    """Return which candidates are not fitted, and why.

    Parameters
    ----------
    names, references : sequence of str
    seen : Evidence
    methods : Methods
    named : bool
        Whether the user has named the candidates: then only what could not be right is left out.
    """
    out: dict[str, str] = {}
    for name in names:
        if name in references:
            continue
        condition = condition_of(name)
        why = "" if named else _few(seen)
        if not why and condition is not None and (not named or condition is _GROUPS):
            why = condition.why_not(seen)
        if (
            not why
            and not named
            and seen.label_shift
            and methods[name].needs.assumes_no_label_shift
        ):
            why = f"it goes wrong where class shares differ. {seen.label_shift}"
        if why:
            out[name] = why
    return out
