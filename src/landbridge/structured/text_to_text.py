"""A text out of a text: translation, summaries, answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..base.errors import DataError
from ..base.halves import whole_text
from ..base.inside import Place
from ..metrics.text_scores import TEXT_SCORES
from .base import TASKS, Example, Inputs, Metric, Row, Shown, StructuredTask, device_of, padded


@TASKS.register("text-to-text")
class TextToText(StructuredTask):
    """An encoder-decoder (T5, BART, Marian, mT5) writes the answer; beams are not used.

    Judged by chrF, with BLEU and ROUGE-L beside it: BLEU is 0 where texts have no four words.
    """

    summary = "a text from a text: translating, summarising; chrF, BLEU, ROUGE-L"
    inputs = ("source", "input", "document", "article", "text", "question")
    outputs = ("target", "output", "summary", "translation", "highlights", "answer")
    architecture = "AutoModelForSeq2SeqLM"
    takes = ("length", "new_tokens", "prefix")
    tokenizer: Any = None

    def given(self, row: Row, column: str, name: str, folder: Place) -> str:
        return _text(row[column], name, column)

    def truth(self, row: Row, column: str, name: str, folder: Place) -> str:
        return _text(row[column], name, column)

    def open(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )

    def save(self, folder: Path) -> None:
        self.tokenizer.save_pretrained(folder)

    def encode(self, example: Example) -> Inputs:
        found = self.tokenizer(
            self.options.prefix + example.given, truncation=True, max_length=self.options.length
        )
        wanted = self.tokenizer(
            text_target=example.truth, truncation=True, max_length=self.options.new_tokens
        )
        return {
            "input_ids": found["input_ids"],
            "attention_mask": found["attention_mask"],
            "labels": wanted["input_ids"],
        }

    def collate(self, rows: Sequence[Inputs]) -> Inputs:
        rest = [{k: v for k, v in row.items() if k != "labels"} for row in rows]
        batch = dict(self.tokenizer.pad(rest, return_tensors="pt"))
        if "labels" in rows[0]:
            batch["labels"] = padded([row["labels"] for row in rows])
        return batch

    def predict(self, model: Any, examples: Sequence[Example]) -> list[str]:
        rows = [
            dict(
                self.tokenizer(
                    self.options.prefix + example.given,
                    truncation=True,
                    max_length=self.options.length,
                )
            )
            for example in examples
        ]
        keep = ("input_ids", "attention_mask")
        batch = self.collate([{k: row[k] for k in keep} for row in rows])
        tokens = model.generate(
            **{k: v.to(device_of(model)) for k, v in batch.items()},
            max_new_tokens=self.options.new_tokens,
            do_sample=False,
            num_beams=1,
        )
        said: list[str] = self.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [text.strip() for text in said]

    def shown(self, example: Example, prediction: str) -> Shown:
        """Return what goes in as well."""
        found = super().shown(example, prediction)
        return {**found, "lines": [("given", example.given), *found["lines"]]}

    def metrics(self) -> list[Metric]:
        return [
            Metric(label, *TEXT_SCORES[key])
            for key, label in (("chrf", "chrF"), ("bleu", "BLEU"), ("rouge-l", "ROUGE-L"))
        ]


def _text(value: Any, name: str, column: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError(
            f"{name}: column {column!r} holds {value!r}, expected a text", hint="leave the row out"
        )
    return whole_text(value)
