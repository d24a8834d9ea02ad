"""Every sentence a verdict can say, of all outcomes, kinds of answer, sizes: it reads well."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from landbridge.methods.core.resolve import Methods, Setting
from landbridge.report.run.verdict import headed
from landbridge.runs.evaluate import what
from landbridge.selection import fallback, portfolio
from landbridge.selection.records import NotTried
from landbridge.targets.registry import TARGET_TYPES, get_target_type
from landbridge.verdict.records import Verdict
from landbridge.verdict.sentences import (
    WHAT,
    cross_validated_sentence,
    held_out_sentence,
    label_free_sentence,
)

METHODS = [*WHAT, "mcc"]


KINDS = ("label-free", "cross-validation")
"""How a method is chosen among several."""


def settles(n: int):
    yield None
    for left, low, differ, among in itertools.product(
        [None, 0, n], [1, 4320], [None, 0, 1, 2], ["rows without a label", "target rows"]
    ):
        yield {
            "rows_left": left,
            "low": low,
            "high": low * n,
            "differ": differ,
            "among": among,
            "judged": n if n == 1 else 0,
            "rows": [],
        }


def verdicts(answers: str):
    outcomes = {"helped": 0.3, "hurt": -0.3, "can't tell": 0.0}
    size = 250.0 if answers == "regression" else 1.0
    for method, reference, (outcome, gap), n in itertools.product(
        METHODS, [*METHODS, None], outcomes.items(), [1, 2, 4320]
    ):
        figure = {"mean": size, "low": size / 2, "high": size}
        chosen: dict[str, Any] = {"method": method, **figure, "over_seeds": figure}
        alone = reference is None or method == reference
        gaps = {"mean": gap, "low": gap - 0.1, "high": gap + 0.1}
        plain: dict[str, Any] = {
            "answers": answers,
            "metric": "mean absolute error" if answers == "regression" else "accuracy",
            "lower_is_better": answers == "regression",
            "chosen": chosen,
            "reference": reference,
            "outcome": None if alone else outcome,
            "difference": None if alone else gaps,
            "difference_over_seeds": None if alone else gaps,
            "baselines": [{"method": reference or "teacher", **figure}],
            "judged_rows": n,
            "seeds": list(range(min(n, 3))),
            "calibration": {"confidence": 0.4},
        }
        every = [None] if alone or (method, reference) != ("mcc", "source-only") else settles(n)
        for settle in every:
            yield plain | {"settle": settle, "lone_rows": n % 4}
        if (method, reference) == ("mcc", "source-only"):
            for found, kept in itertools.product((1, n), ("", "asked", "all")):
                yield plain | {
                    "seen": {"found": found, "of": n + 1, "kept": kept, "rows": []},
                    "settle": None,
                }
        some = method in ("mcc", "scratch") and reference in (method, "scratch")
        for kind in ("given", "only", "default", *KINDS) if some else ():
            choice = {"kind": kind, "compared": min(n, 3) if kind in KINDS else 0}
            if kind == "cross-validation":
                choice |= {"rows": n, "value": size / 2, "reference_value": size / 3}
            yield plain | {"choice": choice}


@pytest.mark.parametrize("answers", sorted(TARGET_TYPES))
def test_every_sentence_reads_well(answers):
    said = set()
    for verdict in map(Verdict.from_json, verdicts(answers)):
        said |= {held_out_sentence(verdict), cross_validated_sentence(verdict)}
        said |= {label_free_sentence(verdict, best) for best in (None, "mcc", "source-only")}
        if verdict.choice is not None and verdict.choice.compared == 0:
            own = held_out_sentence(verdict)
            assert "none looked better" not in own, own
            assert "named" not in own or verdict.choice.kind == "given", own
    assert len(said) > 200
    for text in said:
        assert not re.search(r"\b(\w+) \1\b", text, re.I), text
        ones = r"(?<![\d.,] )(?<![\d.,])1 (more )?(labelled )?(classes|examples|rows|seeds|labels)"
        assert not re.search(ones, text), text
        assert all(float(x) <= 100 for x in re.findall(r"([\d.]+) %", text)), text
        assert not re.search(r"None|nan|\{|  |\.\.", text), text
        assert text[0].isupper() or text.split()[0] in METHODS or "judged on" in text, text
        assert text.endswith("."), text
        assert not ("label those first" in text and "cannot be settled" in text), text
        if answers == "regression":
            assert not re.search("right on|classifier|%|accuracy|points", text), text


@pytest.mark.parametrize("answers", sorted(TARGET_TYPES))
def test_every_reason_and_every_method_in_plain_words_reads_well(answers):
    named = fallback.given("mcc").reason
    left = [NotTried("probe", "")]
    choices = [fallback.only_one(name, ["scratch"], left) for name in ("scratch", "probe")]
    choices += [
        fallback.uncompared("scratch", get_target_type(answers)),
        fallback.fallback(["scratch"], ["scratch"], get_target_type(answers)),
    ]
    said = [named, *(choice.reason for choice in choices)]
    assert "named" in named
    assert not any("you named" in text or "was named" in text for text in said[1:])
    methods = {*WHAT, *portfolio.TARGET_ALONE}
    if answers == "regression":
        methods |= {name for name in portfolio.NUMBERS_FEW if "+" not in name}
        methods |= {*portfolio.NUMBERS_FEATURES_FEW, *portfolio.NUMBERS_LABELLED}
    said += [
        what(name, Setting("labelled", target, True, False, get_target_type(answers)), Methods())
        for name in sorted(methods - {"teacher"})
        for target in ("few", "none")
    ]
    for text in said:
        assert text
        assert not re.search(r"None|nan|\{|  |\.\.|\b(\w+) \1\b", text), text
        if answers == "regression":
            assert not re.search("classif|accuracy|class ", text), text


@pytest.mark.parametrize(
    ("sentence", "first", "rest"),
    [
        (
            "Transfer helped: 98.1 % of 3.5 are right.",
            "Transfer helped: 98.1 % of 3.5 are right.",
            "",
        ),
        ("It is 1.5 vs. that. More is said.", "It is 1.5 vs. that.", "More is said."),
        (
            "There are no labels to judge by. X was kept. It was named.",
            "There are no labels to judge by. X was kept.",
            "It was named.",
        ),
        ("", "", ""),
    ],
)
def test_a_report_begins_with_one_sentence(sentence, first, rest):
    found = headed(sentence)
    assert found == (first, rest)
