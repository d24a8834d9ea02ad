"""What is said of groups: whether they are there, and whether θ₀ helped to find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.typed import JsonObject
from ..metrics.intervals import Interval
from ..verdict.comparison import outcome_of
from ..verdict.partition import LabelAgreement
from .stability import Agreement


@dataclass(frozen=True)
class ClusterVerdict:
    """Whether there are groups, and whether θ₀ helped to find them.

    Attributes
    ----------
    outcome : {"groups found", "can't tell", "helped", "hurt"}
    sentence : str
    agreement : LabelAgreement or None
        What the sealed labels say.
    """

    outcome: str
    sentence: str
    agreement: LabelAgreement | None = None

    def to_json(self) -> JsonObject:
        """Return it as ``clusters.json`` holds it."""
        agreement = None if self.agreement is None else self.agreement.to_json()
        return {"outcome": self.outcome, "sentence": self.sentence, "judged": agreement}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> ClusterVerdict:
        """Return what `to_json` gave."""
        agreement = None if found["judged"] is None else LabelAgreement.from_json(found["judged"])
        return cls(found["outcome"], found["sentence"], agreement)


def outcome(
    stable: Agreement,
    backbone: str,
    beside: str | None,
    agreement: LabelAgreement | None,
    elsewhere: Sequence[tuple[int, Interval]] = (),
) -> ClusterVerdict:
    """Return the verdict on groups.

    With labels and a reference the outcome is that of the difference in adjusted mutual
    information: "helped", "hurt" or "can't tell". Where it is the opposite at another plateau of
    numbers of groups, it is "can't tell". Else it is "groups found", where halves of the data agree
    clearly more than halves of a cloud without groups, or "can't tell".

    Parameters
    ----------
    stable : Agreement
    backbone : str
    beside : str or None
        Of what alone as many groups were made, for the labels to compare.
    agreement : LabelAgreement or None
    elsewhere : sequence of (int, Interval)
        Other numbers of groups that stand out, and the difference with so many.
    """
    plain = "groups found" if stable.clear else "can't tell"
    there = (
        f"Halves of the data agree on {stable.groups} groups by {stable.stability:.2f} (1 is "
        f"exactly the same; data without groups give {stable.by_chance:.2f})"
    )
    if agreement is None:
        sentence = f"{there}. No label was there to compare them with."
        if not stable.clear:
            sentence = f"{there}: it cannot be told that there are groups at all."
        return ClusterVerdict(plain, sentence)
    agree = f"groups and labels agree by {agreement.score.ami.value:z.2f} (1 is the same, 0 chance)"
    gap, other = agreement.difference, agreement.reference
    if gap is None or other is None or beside is None:
        return ClusterVerdict(plain, f"{there}, and {agree}.", agreement)
    said = outcome_of(gap)
    alone = f"as many groups of {beside} alone by {other.ami.value:z.2f}"
    more = {
        "helped": "what it knows helped",
        "hurt": "it hurt",
        "can't tell": "it cannot be told whether it helped",
    }[said]
    opposite = {"helped": "hurt", "hurt": "helped"}.get(said)
    against = [str(k) for k, theirs in elsewhere if outcome_of(theirs) == opposite]
    sentence = f"With {backbone} {agree}; {alone}: {more}"
    if against:
        here = (
            f"{sentence} with {stable.groups} groups, and {opposite} with {' and '.join(against)}"
        )
        return ClusterVerdict(
            "can't tell", f"{here}: it depends on how finely one looks.", agreement
        )
    return ClusterVerdict(said, f"{sentence}.", agreement)
