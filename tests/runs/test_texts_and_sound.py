"""Whole small runs on texts and on sound."""

from __future__ import annotations

import wave

import numpy as np
import pytest

import landbridge
from landbridge.runs.pipeline import command

SMALL = {"seeds": 1, "offline": True, "training": {"steps": 20, "source_steps": 60, "threads": 1}}


def opinions(kind: str, n: int = 60):
    """Return sentences about a kind of thing, half of them glad."""
    rng = np.random.default_rng(len(kind))
    words = {"glad": ["great", "lovely", "superb"], "sad": ["awful", "boring", "dreadful"]}
    labels = np.array(["glad", "sad"] * (n // 2))
    texts = [
        f"the {kind} number {i} was {rng.choice(words[y])} to me" for i, y in enumerate(labels)
    ]
    return texts, labels


@pytest.mark.parametrize("method", ["infomax+consistency", "coral"])
def test_texts_without_target_labels(tmp_path, method):
    texts, labels = opinions("film")
    run = landbridge.transfer(
        opinions("book"),
        (texts, labels),
        backbone="textnet",
        method=method,
        target_labels="judge",
        out=tmp_path / "run",
        **SMALL,
    )
    assert run.data["target"]["modality"] == "text"
    assert run.verdict["chosen"]["mean"] > 0.8
    again = landbridge.load_run(run.path)  # the folder alone is enough
    said = again.model.predict(["the play was superb to me", "the play was dreadful to me"])
    assert said.tolist() == ["glad", "sad"]
    assert (again.model.predict(texts) == labels).mean() == pytest.approx(
        run.verdict["chosen"]["mean"]
    )


def test_a_table_of_texts_is_predicted_by_its_column(tmp_path):
    import pandas as pd

    tables = {}
    for kind in ("book", "film"):
        texts, labels = opinions(kind)
        tables[kind] = tmp_path / f"{kind}.csv"
        frame = pd.DataFrame({"stars": range(len(texts)), "words": texts, "mood": labels})
        frame.to_csv(tables[kind], index=False)
    run = landbridge.transfer(
        *tables.values(),
        text="words",
        label="mood",
        backbone="textnet",
        method="source-only",
        target_labels="judge",
        out=tmp_path / "run",
        **SMALL,
    )
    rows = landbridge.load_run(run.path).predict(tables["film"])
    assert len(rows) == 60
    assert {row["predicted"] for row in rows} <= {"glad", "sad"}
    assert "--text words" in command(run.config)


def test_sound_by_file_names(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "tones"
    folder.mkdir()
    for voice, base in (("ann", 1.0), ("bob", 1.3), ("cy", 1.6)):
        for i in range(24):
            label, hertz = (("low", 300), ("high", 1200))[i % 2]
            seconds = np.arange(2400 + int(rng.integers(0, 800))) / 8000
            tone = np.sin(2 * np.pi * hertz * base * seconds) + 0.1 * rng.normal(size=len(seconds))
            with wave.open(str(folder / f"{label}_{voice}_{i}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                file.writeframes(np.int16(8000 * tone).tobytes())
    run = landbridge.transfer(
        target=folder,
        pattern="{label}_{voice}_{take}",
        domain="voice",
        target_domains=["cy"],
        target_labels="judge",
        backbone="logmelnet",
        method="mcc",
        out=tmp_path / "run",
        **SMALL,
    )
    assert run.verdict["chosen"]["mean"] > 0.8
    assert run.data["source"]["rows"] == 48
    changed = run.path / "examples.json"
    assert changed.is_file()
    assert run.report().is_file()
