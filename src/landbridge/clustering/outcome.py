"""What is said of groups: whether they are there, and whether θ₀ helped to find them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..verdict.judge import outcome_of

SURE = 2.0
"""Standard errors over splits that groups must come back more often than chance by."""
LEAST = 0.1
"""And the least difference that is worth a word."""


def outcome(facts: Mapping[str, Any], judged: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return "outcome", "sentence" and "judged" (what the sealed labels say, or None).

    With labels and a reference the outcome is that of the difference in adjusted mutual
    information: "helped", "hurt" or "can't tell". Else it is "groups found", where halves of the
    data agree clearly more than halves of a cloud without groups, or "can't tell".
    """
    stable = facts["stability"]
    found = stable["gain"] > max(LEAST, SURE * stable["error"])
    k = facts["number"]["groups"]
    there = (
        f"Halves of the data agree on {k} groups by {stable['stability']:.2f} (1 is exactly the "
        f"same; data without groups give {stable['chance']:.2f})"
    )
    if judged is None:
        sentence = f"{there}. No label was there to compare them with."
        if not found:
            sentence = f"{there}: it cannot be told that there are groups at all."
        return {
            "outcome": "groups found" if found else "can't tell",
            "sentence": sentence,
            "judged": None,
        }
    agree = f"groups and labels agree by {judged['ami']['value']:z.2f} (1 is the same, 0 chance)"
    gap, reference = judged["difference"], facts["reference"]
    if gap is None or reference is None:
        return {
            "outcome": "groups found" if found else "can't tell",
            "sentence": f"{there}, and {agree}.",
            "judged": judged,
        }
    said = outcome_of(gap)
    other = judged["reference"]["ami"]["value"]
    what = reference["what"]
    sentence = f"With {facts['backbone']} {agree}; as many groups of {what} alone by {other:z.2f}"
    more = {
        "helped": "what it knows helped.",
        "hurt": "it hurt.",
        "can't tell": "it cannot be told whether it helped.",
    }[said]
    return {"outcome": said, "sentence": f"{sentence}: {more}", "judged": judged}
