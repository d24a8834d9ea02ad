"""What a backbone is worth for groups: beside groups of the raw inputs, at each plateau."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..base.typed import JsonObject
from ..domains.domain import Domain
from ..domains.examples import InputSpec
from ..verdict.partition import LabelAgreement, evaluate_groups
from .base import Clustering
from .find import Found, find_groups
from .inputs import raw_inputs


@dataclass(frozen=True)
class RawGroups:
    """Groups of the raw inputs: what the backbone's are compared with."""

    facts: JsonObject
    found: Found
    clustering: Clustering
    places: np.ndarray
    seed: int

    def of(self, k: int) -> np.ndarray:
        """Return the group (n,) of each row, of so many groups."""
        if k == len(self.found.groups):
            return self.found.groups.assign(self.places)
        return self.found.at(self.clustering, k, self.seed).assign(self.places)


def without_backbone(
    clustering: Clustering, hint: InputSpec, domain: Domain, like: Found, seed: int
) -> RawGroups | None:
    """Return as many groups of the raw inputs: from nothing; None where there are no such."""
    raw = raw_inputs(hint, domain.examples, seed=seed)
    if raw is None:
        return None
    k, (what, x) = len(like.groups), raw
    found = find_groups(clustering, [x[~domain.held_out]], (k, k), seed)
    facts = {"what": what, **found.sure.facts()}
    return RawGroups(facts, found, clustering, found.compression.apply(x), seed)


def judged_elsewhere(
    clustering: Clustering,
    found: Found,
    beside: RawGroups | None,
    domain: Domain,
    places: np.ndarray,
    seed: int,
) -> dict[int, LabelAgreement]:
    """Return what sealed labels say with the other numbers of groups that stand out."""
    assert domain.sealed is not None
    rows, agreements = domain.test_mask, {}
    for level in found.plateaus:
        k = level.taken.groups
        if k != found.sure.groups:
            own = found.at(clustering, k, seed).assign(places)[rows]
            other = None if beside is None else beside.of(k)[rows]
            agreements[k] = evaluate_groups(domain.sealed, own, other, seed=seed)
    return agreements


def judged_plateaus(
    found: Found, agreement: LabelAgreement | None, elsewhere: Mapping[int, LabelAgreement]
) -> JsonObject:
    """Return what sealed labels say at each number that stands out, by the number."""
    judged: JsonObject = {}
    for level in found.plateaus:
        k = level.taken.groups
        one = agreement if k == found.sure.groups else elsewhere.get(k)
        if one is not None:
            other = None if one.reference is None else one.reference.ami.to_json()
            gap = None if one.difference is None else one.difference.to_json()
            judged[str(k)] = {
                "ami": one.score.ami.to_json(),
                "reference": other,
                "difference": gap,
            }
    return judged
