"""What was computed of explanations, kept until all of them are there."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.kept import Kept
from ..base.typed import JsonObject
from ..metrics.intervals import Interval
from .records import Attribution, MethodCheck, RowCheck


@dataclass(frozen=True)
class Keeping:
    """Results about one side's rows; nothing is kept where a pass costs next to nothing.

    Attributes
    ----------
    kept : Kept or None
    side : str
        Which model and which rows.
    """

    kept: Kept | None = None
    side: str = ""

    def row(
        self, method: str, row: int, make: Callable[[], tuple[Attribution, RowCheck]]
    ) -> tuple[Attribution, RowCheck]:
        """Return what a method says of a row, and its check."""
        found = self._once(f"{method}-{row}", lambda: _row_to_json(*make()))
        return _row_from_json(found)

    def check(self, method: str, make: Callable[[], MethodCheck]) -> MethodCheck:
        """Return how a method did on the rows that methods are tried on."""
        return _check_from_json(self._once(f"check-{method}", lambda: _check(make())))

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if self.kept is None:
            return make()
        found = self.kept.get(f"{self.side}-{name}")
        if found is None:
            found = make()
            self.kept.put(f"{self.side}-{name}", found)
        return found


NOTHING = Keeping()


def _row_to_json(own: Attribution, check: RowCheck) -> JsonObject:
    return {
        "scores": own.scores.tolist(),
        "detail": None if own.detail is None else _packed(own.detail),
        "cost": own.cost,
        "check": [check.gain, check.infidelity],
    }


def _row_from_json(found: JsonObject) -> tuple[Attribution, RowCheck]:
    detail = None if found["detail"] is None else _unpacked(found["detail"])
    own = Attribution(np.array(found["scores"], np.float64), detail, float(found["cost"]))
    return own, RowCheck(*found["check"])


def _packed(detail: np.ndarray) -> JsonObject:
    """Return an array as JSON, to the bit."""
    raw = np.ascontiguousarray(detail, np.float64)
    text = base64.b64encode(zlib.compress(raw.tobytes(), 1)).decode("ascii")
    return {"shape": list(raw.shape), "float64": text}


def _unpacked(found: JsonObject) -> np.ndarray:
    raw = zlib.decompress(base64.b64decode(found["float64"]))
    return np.frombuffer(raw, np.float64).reshape(found["shape"])


def _check(own: MethodCheck) -> JsonObject:
    gain = {"value": own.gain.value, "low": own.gain.low, "high": own.gain.high}
    rest = ("method", "cost", "infidelity", "stability", "randomised", "rows")
    return {**{name: getattr(own, name) for name in rest}, "gain": gain}


def _check_from_json(found: JsonObject) -> MethodCheck:
    return MethodCheck(**{**found, "gain": Interval.from_json(found["gain"])})
