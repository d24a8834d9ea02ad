"""All checks on two domains, and what they speak for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.events import SILENT, Events
from ..base.typed import JsonObject
from .advice import Advice, advice, strong_label_shift
from .base import DIAGNOSES, Finding
from .pair import DomainPair


@dataclass(frozen=True)
class Diagnosis:
    """What the checks found.

    Attributes
    ----------
    findings : dict of str to Finding
        By the check's name, in the order of a table.
    skipped : tuple of (check, why)
    advice : Advice
    rows : (int, int)
        Of the source and the target.
    features : int
    notes : tuple of str
        What was done to be quick, in sentences.
    seconds : float
        Wall-clock time.
    """

    findings: dict[str, Finding]
    skipped: tuple[tuple[str, str], ...]
    advice: Advice
    rows: tuple[int, int]
    features: int
    notes: tuple[str, ...]
    seconds: float

    @property
    def label_shift(self) -> bool:
        """Whether class shares differ so much that alignment and diversity terms would harm."""
        return strong_label_shift(self.findings)

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        return {
            "rows": list(self.rows),
            "features": self.features,
            "label_shift": self.label_shift,
            "findings": {name: finding.to_dict() for name, finding in self.findings.items()},
            "skipped": [{"name": name, "why": why} for name, why in self.skipped],
            "advice": self.advice.to_dict(),
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }


def diagnose(
    source_features: np.ndarray,
    source_labels: Sequence[Any] | np.ndarray | None,
    target_features: np.ndarray,
    target_labels: Sequence[Any] | np.ndarray | None = None,
    *,
    source_labeled: np.ndarray | None = None,
    target_labeled: np.ndarray | None = None,
    source_columns: Mapping[str, np.ndarray] | None = None,
    target_columns: Mapping[str, np.ndarray] | None = None,
    checks: Sequence[str] | None = None,
    seed: int = 0,
    events: Events = SILENT,
) -> Diagnosis:
    """Look at how two domains differ, before any method is run.

    Parameters
    ----------
    source_features, target_features : array, shapes (n, d) and (m, d)
        Frozen features, or a table's encoded columns. Finite; not changed.
    source_labels, target_labels : array-like, shapes (n,) and (m,), optional
        Any values. Without them the checks that need them are skipped, and said.
    source_labeled, target_labeled : bool array, optional
        Which labels may be used; all where not given.
    source_columns, target_columns : mapping of str to ndarray, optional
        A table's raw columns: numbers with NaN, or words with None.
    checks : sequence of str, optional
        Which to run; all registered ones where not given.
    seed : int, default 0
        For the rows drawn and the permutations.
    events : Events
        Hears a bar over the checks.

    Returns
    -------
    Diagnosis

    Raises
    ------
    DataError
        See `DomainPair.build`.
    ConfigError
        Where a check is unknown.

    Notes
    -----
    At most 2,000 rows a domain are looked at (600 with more than 1,500 features), drawn with the
    seed, and the notes say so. Linear in rows below that.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 3))
    >>> found = diagnose(x[:200], None, x[200:] + 2)
    >>> found.findings["domain-classifier"].severity, found.advice.speaks_for[0].family
    ('strong', 'mapping')
    """
    start = time.perf_counter()
    pair = DomainPair.build(
        source_features,
        source_labels,
        target_features,
        target_labels,
        source_labeled=source_labeled,
        target_labeled=target_labeled,
        source_columns=source_columns,
        target_columns=target_columns,
        seed=seed,
    )
    names = list(DIAGNOSES) if checks is None else list(checks)
    found = sorted((DIAGNOSES.get(name)() for name in names), key=lambda check: check.order)
    findings: dict[str, Finding] = {}
    skipped = []
    with events.progress("looking at the domains", len(found)) as bar:
        for check in found:
            why = check.unmet(pair)
            if why:
                skipped.append((check.name, why))
            else:
                findings[check.name] = check.run(pair)
            bar.advance()
    return Diagnosis(
        findings=findings,
        skipped=tuple(skipped),
        advice=advice(findings),
        rows=(len(pair.source), len(pair.target)),
        features=pair.source.shape[1],
        notes=pair.notes,
        seconds=time.perf_counter() - start,
    )
