"""Records from JSON: the wrong value is named with its key, the right one is left as it is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from landbridge.base.errors import DataError, RunError
from landbridge.base.files import read_json
from landbridge.base.libraries import library_errors
from landbridge.base.typed import amount, checked, count, number, read_checked, wrong_field

SHAPE = {
    "name": str,
    "rows": count,
    "mean": (number, None),
    "share": amount,
    "gap?": ({"low": float, "high": float}, None),
    "groups": [{"name": str, "told": [str]}],
    "counts": {str: count},
    "pairs": [[str, object]],
    "flag": bool,
}
RIGHT = {
    "name": "a",
    "rows": 3,
    "mean": None,
    "share": 0.5,
    "gap": {"low": -1, "high": float("nan")},
    "groups": [{"name": "g", "told": ["x"], "more": 1}],
    "counts": {"a": 1},
    "pairs": [["a", None]],
    "flag": False,
    "of a newer version": [],
}


def test_the_right_value_is_returned_as_it_is():
    assert checked(RIGHT, SHAPE, "f") is RIGHT


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("name", 3, "name is 3, expected text"),
        ("name", None, "name is null"),
        ("rows", -1, "rows is -1"),
        ("rows", 1.0, "rows is 1.0"),
        ("rows", True, "rows is True"),
        ("rows", 10**30, "rows is 1"),
        ("mean", "x", "expected a finite number or null"),
        ("mean", float("inf"), "mean is inf"),
        ("share", -0.1, "share is -0.1"),
        ("gap", {"low": 1}, "gap.high is missing"),
        ("gap", [1], "gap is a list (1), expected keys and values or null"),
        ("groups", {}, "groups is keys and values (0), expected a list"),
        ("groups", [{"name": "g", "told": [1]}], "groups[0].told[0] is 1, expected text"),
        ("counts", {"a": "1"}, "counts.a is '1'"),
        ("pairs", [["a"]], "pairs[0] is a list of 1, expected 2"),
        ("flag", 0, "flag is 0, expected true or false"),
    ],
)
def test_a_wrong_one_is_named_by_its_key(key, value, said):
    with pytest.raises(RunError) as caught:
        checked(RIGHT | {key: value}, SHAPE, "facts.json")
    assert said in caught.value.message
    assert caught.value.message.startswith("facts.json")


@pytest.mark.parametrize("key", [key for key in SHAPE if not key.endswith("?")])
def test_a_missing_key_is_named(key):
    with pytest.raises(DataError, match=f"{key} is missing"):
        checked({k: v for k, v in RIGHT.items() if k != key}, SHAPE, "f", error=DataError)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff{}", b"[" * 100_000, b"9" * 5000, b"[1]", b"null", b'"x"', b"NaN"],
    ids=lambda raw: raw[:6],
)
def test_a_file_that_is_no_record(tmp_path, raw):
    file = tmp_path / "facts.json"
    file.write_bytes(raw)
    with pytest.raises(RunError, match=r"facts\.json"):
        read_checked(file, SHAPE)
    with pytest.raises(RunError):
        read_json(tmp_path)


@dataclass(frozen=True)
class Inner:
    width: int = 3


@dataclass(frozen=True)
class Outer:
    name: str = "a"
    rate: float = 1.0
    parts: tuple[Inner, ...] = (Inner(),)
    limits: tuple[float, float] | None = None


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Outer(), ""),
        (Outer(limits=(0, 1.5)), ""),
        (Outer(name=3), "name is 3"),
        (Outer(rate=float("nan")), "rate is nan"),
        (Outer(rate="1"), "rate is '1'"),
        (Outer(limits=(0.0,)), "limits is (0.0,)"),
        (Outer(parts=(Inner(), Inner(-5))), "parts[1].width is -5"),
        (Outer(parts=(Inner("3"),)), "parts[0].width is '3'"),
        (Outer(parts=(Inner(2**40),)), "parts[0].width is 1099511627776"),
    ],
)
def test_fields_of_a_dataclass(made, said):
    found = wrong_field(made)
    assert found.startswith(said) if said else found == ""


def test_what_a_library_says_is_put_after_the_file():
    for raised in (ValueError("no"), KeyError("no"), Exception("no")):
        with pytest.raises(RunError, match=r"the file f: .*no"):  # noqa: SIM117
            with library_errors(RunError, "the file f", hint="restore it"):
                raise raised
    for raised in (AssertionError("ours"), MemoryError(), DataError("rows")):
        with pytest.raises(type(raised)), library_errors(RunError, "f", hint=""):
            raise raised
