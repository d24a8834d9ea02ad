"""How near texts are to what was wanted: BLEU, chrF, ROUGE-L, word and character errors.

Each is a ratio of counts that are summed over texts, so that a corpus can be resampled.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff\uac00-\ud7af"
_CJK_SIGNS = "\u3000-\u303f\uff00-\uffef"
"""Full stops, brackets and full-width forms: tokens in a text, but no words."""


def words_13a(text: str) -> list[str]:
    """Return tokens as mteval-v13a splits them; Chinese, Japanese, Korean sign by sign.

    Examples
    --------
    >>> words_13a("It cost 3.50, didn't it?")
    ['It', 'cost', '3.50', ',', "didn't", 'it', '?']
    """
    text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, mark in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
        text = text.replace(entity, mark)
    text = re.sub(f"([{_CJK}{_CJK_SIGNS}])", r" \1 ", f" {text} ")
    text = re.sub(r"([{-~\[-` -&(-+:-@/])", r" \1 ", text)
    text = re.sub(r"([^0-9])([.,])", r"\1 \2 ", text)
    text = re.sub(r"([.,])([^0-9])", r" \1 \2", text)
    text = re.sub(r"([0-9])(-)", r"\1 \2 ", text)
    return text.split()


def bleu_counts(predicted: str, truth: str) -> np.ndarray:
    """Return matches and totals of n-grams (n to 4) and both lengths, int (10,)."""
    said, there = words_13a(predicted), words_13a(truth)
    row = []
    for n in range(1, 5):
        a, b = _grams(said, n), _grams(there, n)
        row += [sum((a & b).values()), max(0, len(said) - n + 1)]
    return np.array([*row, len(said), len(there)])


def bleu(counts: np.ndarray) -> float:
    """Return BLEU of summed counts, 0 to 1 (Papineni et al., 2002, ACL).

    Where no n-gram of some length matches, its precision is halved each time (NIST's smoothing,
    the default of sacreBLEU; Post, 2018, WMT).
    """
    *grams, said, there = counts.tolist()
    if not said or not grams[0]:
        return 0.0
    logs, halved = [], 1.0
    for right, total in zip(grams[::2], grams[1::2], strict=True):
        if not total:
            break
        if not right:
            halved *= 2
            logs.append(math.log(1 / (halved * total)))
        else:
            logs.append(math.log(right / total))
    brevity = min(0.0, 1 - there / said)
    # Texts that are too short for n-grams of four have none: sacreBLEU gives them 0.
    return math.exp(brevity + sum(logs) / 4) if len(logs) == 4 else 0.0


def chrf_counts(predicted: str, truth: str) -> np.ndarray:
    """Return matches, predicted and true n-grams of characters (n to 6), int (18,)."""
    said, there = "".join(predicted.split()), "".join(truth.split())
    row = []
    for n in range(1, 7):
        a, b = _grams(said, n), _grams(there, n)
        # As sacreBLEU: what is longer than all of the truth counts for nothing.
        row += [sum((a & b).values()), sum(a.values()) if b else 0, sum(b.values())]
    return np.array(row)


def chrf(counts: np.ndarray, beta: float = 2.0) -> float:
    """Return chrF of summed counts, 0 to 1 (Popović, 2015, WMT); recall counts β times."""
    precisions, recalls = [], []
    for right, said, there in counts.reshape(6, 3).tolist():
        if said and there:
            precisions.append(right / said)
            recalls.append(right / there)
    if not precisions:
        return 0.0
    p, r = float(np.mean(precisions)), float(np.mean(recalls))
    return 0.0 if p + r == 0 else (1 + beta**2) * p * r / (beta**2 * p + r)


def rouge_l(predicted: str, truth: str) -> np.ndarray:
    """Return ROUGE-L of one text, float (2,): its F1 and 1, so that a mean is a ratio of sums.

    The longest common subsequence of words in lower case (Lin, 2004).
    """
    said, there = (
        re.findall(r"\w", text.lower()) if _is_cjk(text) else re.findall(r"[a-z0-9]+", text.lower())
        for text in (predicted, truth)
    )
    common = _longest(said, there)
    total = len(said) + len(there)
    return np.array([2 * common / total if total else 1.0, 1.0])


def word_errors(predicted: str, truth: str) -> np.ndarray:
    """Return how many words have to be changed, put in or taken out, and the true words, (2,)."""
    said, there = predicted.split(), truth.split()
    return np.array([distance(said, there), len(there)])


def character_errors(predicted: str, truth: str) -> np.ndarray:
    """Return the same of characters."""
    return np.array([distance(predicted, truth), len(truth)])


def ratio(counts: np.ndarray) -> float:
    """Return the first of two sums over the second.

    Examples
    --------
    >>> ratio(np.array([1, 4]))
    0.25
    """
    return float(counts[0] / counts[1]) if counts[1] else float(counts[0] > 0)


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the edit distance (Levenshtein).

    Examples
    --------
    >>> distance("kitten", "sitting")
    3
    """
    row = np.arange(len(b) + 1)
    other = np.array(list(b), dtype=object)
    for i, one in enumerate(a, 1):
        new = np.empty_like(row)
        new[0] = i
        cost = np.minimum(row[:-1] + (other != one), row[1:] + 1)
        # Each place may also be reached from its left neighbour: a running minimum.
        new[1:] = np.minimum.accumulate(np.concatenate([[i], cost - np.arange(1, len(b) + 1)]))[
            1:
        ] + np.arange(1, len(b) + 1)
        row = new
    return int(row[-1])


def _grams(items: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(items[i : i + n]) for i in range(len(items) - n + 1))


def _longest(a: Sequence[str], b: Sequence[str]) -> int:
    row = [0] * (len(b) + 1)
    for one in a:
        new = [0]
        for j, other in enumerate(b):
            new.append(row[j] + 1 if one == other else max(row[j + 1], new[j]))
        row = new
    return row[-1]


def _is_cjk(text: str) -> bool:
    return bool(re.search(f"[{_CJK}]", text))


Counts = Callable[[str, str], np.ndarray]
Score = Callable[[np.ndarray], float]
TEXT_SCORES: dict[str, tuple[Counts, Score, bool]] = {
    "bleu": (bleu_counts, bleu, True),
    "chrf": (chrf_counts, chrf, True),
    "rouge-l": (rouge_l, ratio, True),
    "wer": (word_errors, ratio, False),
    "cer": (character_errors, ratio, False),
}
"""By name: counts of one text, the score of their sum, and whether more is better."""
