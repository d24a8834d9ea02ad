"""What is said in a recording, written by an encoder-decoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .base import TASKS, Example, Inputs, StructuredTask, device_of, padded
from .speech import RATE, SpeechRecognition


@TASKS.register("speech-to-text")
class SpeechToText(SpeechRecognition):
    """Whisper and its like: spectrograms in, words out. Judged as `speech-recognition`.

    Texts are compared, and learned, in lower case.
    """

    summary = "what is said in a recording (Whisper); word errors"
    architecture = "AutoModelForSpeechSeq2Seq"
    takes = ("seconds", "new_tokens")
    tokenizer: Any = None
    extractor: Any = None

    def learn_labels(self, examples: Sequence[Example]) -> None:
        """None: the tokeniser has the words."""
        self.labels = []

    def open(self, folder: Path) -> None:
        """Open the tokeniser, and what makes spectrograms."""
        from transformers import AutoFeatureExtractor, AutoTokenizer

        options = {"local_files_only": True, "trust_remote_code": False}
        self.tokenizer = AutoTokenizer.from_pretrained(folder, **options)
        self.extractor = AutoFeatureExtractor.from_pretrained(folder, **options)

    def save(self, folder: Path) -> None:
        self.tokenizer.save_pretrained(folder)
        self.extractor.save_pretrained(folder)

    def config(self, folder: Path) -> Any:
        return StructuredTask.config(self, folder)

    def _spectrogram(self, example: Example) -> np.ndarray:
        wave = self.wave(example)
        found = self.extractor(wave, sampling_rate=RATE, return_tensors="np")
        return np.asarray(found["input_features"][0], np.float32)

    def encode(self, example: Example) -> Inputs:
        words = self.tokenizer(example.truth, truncation=True, max_length=self.options.new_tokens)[
            "input_ids"
        ]
        return {"input_features": self._spectrogram(example), "labels": words}

    def collate(self, rows: Sequence[Inputs]) -> Inputs:
        import torch

        batch = {
            "input_features": torch.from_numpy(np.stack([row["input_features"] for row in rows]))
        }
        if "labels" in rows[0]:
            batch["labels"] = padded([row["labels"] for row in rows])
        return batch

    def predict(self, model: Any, examples: Sequence[Example]) -> list[str]:
        batch = self.collate([{"input_features": self._spectrogram(e)} for e in examples])
        tokens = model.generate(
            batch["input_features"].to(device_of(model)),
            max_new_tokens=self.options.new_tokens,
            do_sample=False,
            num_beams=1,
        )
        said = self.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [" ".join(text.lower().split()) for text in said]
