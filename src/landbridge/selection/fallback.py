"""The choice where methods are not compared: one was named, there is one, or no labels to do it."""

from __future__ import annotations

from collections.abc import Sequence

from ..targets.base import TargetType
from .records import Choice, NotTried

NOTHING = "there is nothing to transfer: no labelled source, and the backbone is not pretrained"
DEPENDABLE = (
    *("consensus", "infomax+consistency", "mcc", "self-training", "probe", "lp-ft", "finetune"),
    "scratch",
)
"""What does well on average where nothing can be compared, the best first."""
SAFE = ("source-only", "probe", "lp-ft", "finetune", "scratch")
"""The same where classes form no clusters that the rows without labels could show."""


def given(method: str) -> Choice:
    """Return the choice that the user made."""
    return Choice(method, "given", "it was named, so no methods were compared", False)


def only_one(method: str, references: Sequence[str], not_tried: Sequence[NotTried]) -> Choice:
    """Return the choice where there is nothing to choose."""
    out = ", ".join(row.method for row in not_tried)
    reason = "it is the only method that these data and this budget allow"
    if method == "scratch":
        reason = NOTHING
    reason += f" (not tried: {out})" if out else ""
    return Choice(method, "only", reason, method in references)


def uncompared(method: str, kind: TargetType) -> Choice:
    """Return the reference: without target labels nothing compares numbers or several labels."""
    reason = (
        "there are no target labels to compare methods by, and where an answer is "
        f"{kind.summary} no score without labels tells them apart; so no adaptation was tried, "
        "and --method names one"
    )
    return Choice(method, "default", reason, True)


def fallback(
    candidates: Sequence[str],
    references: Sequence[str],
    kind: TargetType,
    learned: int = 0,
    clusters: bool = True,
) -> Choice:
    """Return the choice where no two classes have two labels: nothing can be compared.

    `learned`: how many labelled rows are learned from elsewhere as well, and tell nothing.
    `clusters`: whether the source's classes form clusters.
    """
    few = "no two classes have two target labels, which is too few to compare methods on"
    if not kind.exclusive:
        few = "the target labels are too few to compare methods on"
    if learned:
        few += f" (without the {learned:,} that are among what is learned from as well)"
    method = next((m for m in (DEPENDABLE if clusters else SAFE) if m in candidates), candidates[0])
    reason = f"{few}; this one does well on average with few labels"
    return Choice(method, "default", reason, method in references)
