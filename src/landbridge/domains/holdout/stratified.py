"""By chance, a share of each class or of each part of the range."""

from __future__ import annotations

import numpy as np

from .base import SPLIT_RULES, Split, SplitRows, SplitRule, drawn


@SPLIT_RULES.register("stratified")
class Stratified(SplitRule):
    """Rows are drawn from each stratum by itself: of a class at least 2 and never all."""

    summary = "rows by chance, of each class or part of the range its share"
    by_column = False

    def split(self, rows: SplitRows, fraction: float, rng: np.random.Generator) -> Split:
        """Draw from each stratum in turn."""
        test = np.zeros(len(rows.labeled), bool)
        strata = np.zeros(len(test), np.int64) if rows.strata is None else rows.strata
        n_rare = 0
        for value in np.unique(strata[rows.labeled]):
            own = np.flatnonzero(rows.labeled & (strata == value))
            if not rows.classes:
                test[drawn(own, fraction, rng)] = True
            elif len(own) < 3:  # two to judge and one to learn from
                rng.permutation(own)
                n_rare += 1
            else:
                test[drawn(own, fraction, rng)[: len(own) - 1]] = True
        notes = (
            (f"{n_rare} classes have fewer than 3 labels: none of theirs is judged",)
            if n_rare
            else ()
        )
        how = "drawn from each class" if rows.classes else f"drawn {rows.stratified_by}".rstrip()
        return Split(test, how, notes=notes)
