"""Times as they are written, and as columns of numbers: by the clock of where they were taken."""

from __future__ import annotations

from typing import Any

import numpy as np

_ZONE = r"\s*(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
_DATE = (
    r"^[0-9]{4}-[0-9]{2}(-[0-9]{2}([T ][0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?"
    r"\s*(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)?)?)?$"
)
_TIME = r"^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?$"
_LOOKED_AT = 50


def written_times(array: Any) -> tuple[str, Any, str] | None:
    """Return a column of strings as times: ("datetime" or "time", values, zone), or None.

    Dates are ISO 8601: 2024-01, 2024-01-31, 2024-01-31T09:30:00.5+01:00. Where a zone is written,
    the clock's time is taken as it stands, and `zone` is "as written".

    Returns
    -------
    kind : {"datetime", "time"}
    values : datetime64[ms] ndarray, or float64 ndarray of hours, shape (n,)
    zone : str
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    given = array.drop_null()
    for kind, form in (("datetime", _DATE), ("time", _TIME)):
        if not _all(pc.match_substring_regex(given.slice(0, _LOOKED_AT), form)):
            continue
        if not _all(pc.match_substring_regex(given, form)):
            continue
        try:
            if kind == "time":
                return kind, _hours(array), ""
            zoned = pc.match_substring_regex(given, r"[0-9]{2}:[0-9]{2}.*" + _ZONE)
            zone = "as written" if pc.any(zoned).as_py() else ""
            text = pc.replace_substring_regex(array, r"([T ].*?)" + _ZONE, r"\1")
            text = pc.replace_substring_regex(text, r"([.,][0-9]{1,3})[0-9]*$", r"\1")
            text = pc.replace_substring(text, ",", ".")
            text = pc.replace_substring_regex(text, r"^([0-9]{4}-[0-9]{2})$", r"\1-01")
            found = text.cast(pa.timestamp("ms"))
        except pa.ArrowInvalid:
            return None  # as 2024-13-01 is
        return kind, np.array(found.to_numpy(zero_copy_only=False), "datetime64[ms]"), zone
    return None


def clock(array: Any) -> tuple[np.ndarray, str]:
    """Return a column of dates or timestamps as datetime64[ms] by its clock, and the zone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zone = getattr(array.type, "tz", None) or ""
    if zone:
        array = pc.local_timestamp(array)
    unit = array.cast(pa.timestamp("ms"), safe=False)
    return np.array(unit.to_numpy(zero_copy_only=False), "datetime64[ms]"), zone


_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def hours(array: Any) -> np.ndarray:
    """Return an Arrow column of times of day as hours since midnight, NaN where there is none."""
    import pyarrow as pa

    return _counts(array, pa.int32() if array.type.bit_width == 32 else pa.int64(), 3600)


def days(array: Any) -> np.ndarray:
    """Return an Arrow column of durations as days, NaN where there is none."""
    import pyarrow as pa

    return _counts(array, pa.int64(), 86_400)


def _counts(array: Any, stored: Any, seconds: int) -> np.ndarray:
    """Return times in units of so many seconds."""
    import pyarrow as pa

    found = array.cast(stored).cast(pa.float64(), safe=False)
    units = seconds * _PER_SECOND[array.type.unit]
    return np.array(found.to_numpy(zero_copy_only=False)) / units


def dates(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return a column of dates as columns of numbers, NaN where there is none.

    Days since 1970 under its own name, and beside it the month (1 to 12) and the day of the week
    (0 is Monday): what recurs is not told by a number that only grows.

    Examples
    --------
    >>> found = dates("seen", np.array(["1970-01-03", "NaT"], "datetime64[ms]"))
    >>> {key: column.tolist() for key, column in found.items()}
    {'seen': [2.0, nan], 'seen (month)': [1.0, nan], 'seen (weekday)': [5.0, nan]}
    """
    when = np.asarray(values).astype("datetime64[ms]")
    gone = np.isnat(when)
    safe = np.where(gone, np.datetime64(0, "ms"), when)
    day = safe.astype("datetime64[D]").astype(np.int64)
    found = {
        name: safe.astype(np.int64) / 86_400_000,
        f"{name} (month)": safe.astype("datetime64[M]").astype(np.int64) % 12 + 1.0,
        f"{name} (weekday)": (day + 3) % 7 + 0.0,
    }
    return {key: np.where(gone, np.nan, column) for key, column in found.items()}


def _hours(array: Any) -> np.ndarray:
    def value(text: str | None) -> float:
        if text is None:
            return np.nan
        parts = [float(part) for part in text.replace(",", ".").split(":")]
        return sum(part / 60**i for i, part in enumerate(parts))

    return np.array([value(text) for text in array.to_pylist()])


def _all(found: Any) -> bool:
    import pyarrow.compute as pc

    return len(found) > 0 and bool(pc.all(found).as_py())
