"""What is said in a recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..base.errors import BackboneError, DataError
from ..base.inside import Place
from ..domains.modalities.recordings import AudioExamples
from ..domains.modalities.sound_files import decode, resample
from ..metrics.text_scores import TEXT_SCORES
from .base import (
    NOTHING,
    TASKS,
    Example,
    Inputs,
    Metric,
    Row,
    StructuredTask,
    device_of,
    file_of,
    padded,
)

RATE = 16000


@TASKS.register("speech-recognition")
class SpeechRecognition(StructuredTask):
    """Connectionist temporal classification: wav2vec 2.0, HuBERT and their like, letter by letter.

    A model without a vocabulary gets the letters of the rows to learn from. Judged by word errors,
    with character errors beside them.
    """

    summary = "what is said in a recording (CTC: wav2vec 2.0, HuBERT); word errors"
    inputs = ("audio", "file_name", "path", "file")
    outputs = ("text", "transcription", "sentence", "transcript")
    architecture = "AutoModelForCTC"
    takes: ClassVar[tuple[str, ...]] = ("seconds",)
    normalise = True
    _BLANK, _SPACE, _UNKNOWN = "<pad>", "|", "<unk>"

    def given(self, row: Row, column: str, name: str, folder: Place) -> Any:
        return file_of(row[column], name, folder, "recording")

    def truth(self, row: Row, column: str, name: str, folder: Place) -> str:
        value = row[column]
        if not isinstance(value, str):
            raise DataError(f"{name}: {column!r} holds {value!r}", hint="write what is said")
        return " ".join(value.lower().split())

    def raw(self, examples: Sequence[Example]) -> AudioExamples:
        """Return the recordings."""
        return AudioExamples([e.given for e in examples], [e.name for e in examples])

    def settle(self, examples: Sequence[Example]) -> None:
        """One full scale for all recordings; see `modalities.full_scale`."""
        settled, notes = self.raw(examples).settled({}, False)
        self.rule = settled.rule()
        self.notes += notes

    def wave(self, example: Example) -> np.ndarray:
        """Return a row's recording at `RATE`, no longer than is looked at."""
        heard = decode(example.given, self.rule.get("full_scale"))
        return resample(*heard, RATE)[: int(self.options.seconds * RATE)]

    def learn_labels(self, examples: Sequence[Example]) -> None:
        """The letters of the transcriptions; the blank is first."""
        letters = {letter for example in examples for letter in example.truth or ""} - {" "}
        self.labels = [self._BLANK, self._UNKNOWN, self._SPACE, *sorted(letters)]

    def open(self, folder: Path) -> None:
        """Read whether waves are normalised, and the vocabulary where there is one."""
        from ..backbones.hub import read_config

        file = folder / "preprocessor_config.json"
        facts = read_config(file) if file.is_file() else {}
        rate = facts.get("sampling_rate", RATE)
        if rate != RATE:
            raise BackboneError(
                f"{folder} wants {rate} Hz, and {RATE} are given", hint="take another"
            )
        self.normalise = bool(facts.get("do_normalize", True))
        if (folder / "vocab.json").is_file():
            vocabulary = read_config(folder / "vocab.json")
            self.labels = [k for k, _ in sorted(vocabulary.items(), key=lambda item: item[1])]

    def save(self, folder: Path) -> None:
        """Write the vocabulary and what is done to waves, in Hugging Face's layout."""
        from ..base.files import write_json

        write_json(folder / "vocab.json", {label: i for i, label in enumerate(self.labels)})
        write_json(
            folder / "preprocessor_config.json",
            {
                "feature_extractor_type": "Wav2Vec2FeatureExtractor",
                "feature_size": 1,
                "sampling_rate": RATE,
                "do_normalize": self.normalise,
                "padding_value": 0.0,
                "return_attention_mask": True,
            },
        )

    def config(self, folder: Path) -> Any:
        from transformers import AutoConfig

        blank = self.labels.index(self._BLANK) if self._BLANK in self.labels else 0
        return AutoConfig.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            vocab_size=len(self.labels),
            pad_token_id=blank,
            ctc_zero_infinity=True,
            ctc_loss_reduction="mean",
        )

    def _wave(self, example: Example) -> np.ndarray:
        wave = self.wave(example)
        if self.normalise:
            wave = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
        return np.asarray(wave, np.float32)

    def encode(self, example: Example) -> Inputs:
        upper = any(len(x) == 1 and x.isupper() for x in self.labels)
        place = {label: i for i, label in enumerate(self.labels)}
        unknown = place.get(self._UNKNOWN, NOTHING)
        text = example.truth.upper() if upper else example.truth
        letters = [place.get(self._SPACE if c == " " else c, unknown) for c in text]
        return {"input_values": self._wave(example), "labels": letters}

    def collate(self, rows: Sequence[Inputs]) -> Inputs:
        import torch

        width = max(len(row["input_values"]) for row in rows)
        values = torch.zeros(len(rows), width)
        mask = torch.zeros(len(rows), width, dtype=torch.long)
        for i, row in enumerate(rows):
            own = row["input_values"]
            values[i, : len(own)], mask[i, : len(own)] = torch.from_numpy(own), 1
        batch = {"input_values": values, "attention_mask": mask}
        if "labels" in rows[0]:
            batch["labels"] = padded([row["labels"] for row in rows])
        return batch

    def predict(self, model: Any, examples: Sequence[Example]) -> list[str]:
        """The likeliest letter of each frame, repeats and blanks taken out."""
        batch = self.collate([{"input_values": self._wave(example)} for example in examples])
        place = device_of(model)
        logits = model(**{k: v.to(place) for k, v in batch.items()}).logits
        lengths = model._get_feat_extract_output_lengths(batch["attention_mask"].sum(1)).tolist()
        blank = int(model.config.pad_token_id)
        said = []
        for row, length in zip(logits.argmax(-1).tolist(), lengths, strict=True):
            letters = [k for i, k in enumerate(row[:length]) if i == 0 or k != row[i - 1]]
            marks = "".join(self.labels[k] for k in letters if k != blank)
            text = marks.replace(self._UNKNOWN, "").replace(self._SPACE, " ")
            said.append(" ".join(text.lower().split()))
        return said

    def metrics(self) -> list[Metric]:
        return [Metric(label, *TEXT_SCORES[key]) for key, label in (("wer", "WER"), ("cer", "CER"))]
