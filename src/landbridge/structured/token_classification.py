"""A label for each token: names, places, parts of speech."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import BackboneError, DataError
from ..base.halves import whole_text
from ..base.inside import Place
from ..base.written_lists import written_list
from ..metrics.spans import OUTSIDE, f1, span_counts
from .base import (
    NOTHING,
    TASKS,
    Example,
    Inputs,
    Metric,
    Row,
    Shown,
    StructuredTask,
    device_of,
    padded,
)

if TYPE_CHECKING:
    from .answer_parts import AnswerPart


@TASKS.register("token-classification")
class TokenClassification(StructuredTask):
    """Tags of words, judged by exact spans (conlleval's F1): IOB2, IOBES, BILOU or plain.

    A row has the words and as many tags; of a word's pieces the first one is labelled and asked.
    """

    summary = "tags of words, such as names and places; F1 of exact spans"
    inputs = ("tokens", "words", "text")
    outputs = ("ner_tags", "tags", "labels", "pos_tags")
    architecture = "AutoModelForTokenClassification"
    takes = ("length",)
    tokenizer: Any = None

    def given(self, row: Row, column: str, name: str, folder: Place) -> list[str]:
        words = _listed(row[column], column, name)
        if not words:
            raise DataError(f"{name} has no words", hint="leave the row out, or give it words")
        return words

    def truth(self, row: Row, column: str, name: str, folder: Place) -> list[str]:
        tags = _listed(row[column], column, name)
        words = self.given(
            row, self._column(list(row), self.options.input, self.inputs), name, folder
        )
        if len(tags) != len(words):
            raise DataError(
                f"{name} has {len(words)} words and {len(tags)} tags", hint="give each word a tag"
            )
        return tags

    def learn_labels(self, examples: Sequence[Example]) -> None:
        """The tags that are there, "O" first, and each "I-" beside its "B-"."""
        found = {tag for example in examples for tag in example.truth or ()}
        found |= {f"I-{tag[2:]}" for tag in found if tag.startswith("B-")}
        self.labels = sorted(found, key=lambda tag: (tag != OUTSIDE, tag[2:], tag))
        if len(self.labels) < 2:
            raise DataError(
                f"the rows to learn from have the tags {self.labels}", hint="give at least two"
            )

    def open(self, folder: Path) -> None:
        """Open the tokeniser, which has to know which word a piece is of."""
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, add_prefix_space=True
        )
        if not getattr(self.tokenizer, "is_fast", False):
            raise BackboneError(
                f"the tokeniser of {folder} does not tell which word a piece is of",
                hint="give a model with tokenizer.json",
            )
        if self.tokenizer.pad_token is None:
            words = set(self.tokenizer.get_vocab())
            self.tokenizer.pad_token = "[PAD]" if "[PAD]" in words else self.tokenizer.eos_token

    def save(self, folder: Path) -> None:
        self.tokenizer.save_pretrained(folder)

    def _pieces(self, words: Sequence[str]) -> tuple[Inputs, list[int | None]]:
        found = self.tokenizer(
            list(words), is_split_into_words=True, truncation=True, max_length=self.options.length
        )
        return dict(found), found.word_ids()

    def encode(self, example: Example) -> Inputs:
        found, of_word = self._pieces(example.given)
        place = {tag: i for i, tag in enumerate(self.labels)}
        labels, before = [], None
        for word in of_word:
            first = word is not None and word != before
            labels.append(place.get(example.truth[word], NOTHING) if first else NOTHING)
            before = word
        return {**found, "labels": labels}

    def collate(self, rows: Sequence[Inputs]) -> Inputs:
        rest = [{k: v for k, v in row.items() if k != "labels"} for row in rows]
        batch = dict(self.tokenizer.pad(rest, return_tensors="pt"))
        width = batch["input_ids"].shape[1]
        if "labels" in rows[0]:
            batch["labels"] = padded([row["labels"] for row in rows], width)
        return batch

    def predict(self, model: Any, examples: Sequence[Example]) -> list[list[str]]:
        pieces = [self._pieces(example.given) for example in examples]
        batch = self.collate([found for found, _ in pieces])
        logits = model(**{k: v.to(device_of(model)) for k, v in batch.items()}).logits
        said = logits.argmax(-1).tolist()
        predictions = []
        for example, (_, of_word), row in zip(examples, pieces, said, strict=True):
            tags = [OUTSIDE] * len(example.given)  # words beyond the last piece have no answer
            for i in reversed(range(len(of_word))):
                word = of_word[i]
                if word is not None:
                    tags[word] = self.labels[row[i]]
            predictions.append(tags)
        return predictions

    def answer_parts(self, model: Any, example: Example, prediction: list[str]) -> list[AnswerPart]:
        """Return the words that are tagged, or should be."""
        import torch

        from .answer_parts import AnswerPart, PiecesView, against_others

        found, pieces = self._pieces(example.given)
        of_word = np.array([-1 if word is None else word for word in pieces])
        reached = int(of_word.max()) + 1
        special = self.tokenizer
        tokens = (special.mask_token_id, special.unk_token_id, special.pad_token_id)
        blank = next((token for token in tokens if token is not None), 0)
        view = PiecesView(found["input_ids"], of_word, example.given[:reached], blank)
        with torch.inference_mode():
            logits = model(view.ids[None]).logits[0].float()
        chances = logits.softmax(-1).numpy()
        parts = []
        for word, tag in enumerate(prediction[:reached]):
            true = "" if example.truth is None else example.truth[word]
            if tag == OUTSIDE and true in ("", OUTSIDE):
                continue
            piece, place = int(np.flatnonzero(of_word == word)[0]), self.labels.index(tag)
            where = np.eye(len(of_word))[piece]
            weights = against_others(tuple(logits.shape), 1, place, where)
            chance = float(chances[piece, place])
            parts.append(AnswerPart(f"{example.given[word]!r}", tag, true, chance, view, weights))
        return parts

    def shown(self, example: Example, prediction: list[str]) -> Shown:
        """Return the words, and which of them are tagged as what."""
        lines = [("given", " ".join(example.given))]
        for what, tags in (("true", example.truth), ("said", prediction)):
            marked = [
                f"{w} ({t})" for w, t in zip(example.given, tags, strict=True) if t != OUTSIDE
            ]
            lines.append((what, ", ".join(marked) or "nothing"))
        return {"lines": lines, "right": list(example.truth) == list(prediction)}

    def metrics(self) -> list[Metric]:
        return [Metric("F1", span_counts, f1), Metric("token accuracy", _right, _share)]


def _listed(value: Any, column: str, name: str) -> list[str]:
    """Return words or tags: a list, a list that was written down, or words between blanks."""
    value = written_list(value, column, name)
    if isinstance(value, str):
        return whole_text(value).split()
    if value is None or not hasattr(value, "__len__"):
        return []
    lacking = [i for i, item in enumerate(value, 1) if item is None]
    if lacking:
        raise DataError(
            f"{name}: item {lacking[0]} of {column!r} is missing", hint="give each word its tag"
        )
    return [whole_text(str(item)) for item in value]


def _right(predicted: Sequence[str], truth: Sequence[str]) -> Any:
    return np.array([sum(a == b for a, b in zip(predicted, truth, strict=True)), len(truth)])


def _share(counts: Any) -> float:
    return float(counts[0] / max(1, counts[1]))
