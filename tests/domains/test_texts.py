"""Texts: what is read, and what becomes of them as numbers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from landbridge.base.errors import DataError
from landbridge.base.events import Events
from landbridge.domains.modalities.base import load_preprocessing
from landbridge.domains.modalities.hashed import HashedPreprocessing, grams
from landbridge.domains.modalities.ids import NOTHING
from landbridge.domains.modalities.texts import TextExamples
from landbridge.domains.modalities.tokens import TokenPreprocessing
from landbridge.domains.read import read_domain

REVIEWS = [f"this {kind} film was number {i} of many films" for i in range(8) for kind in "ab"]


def tokens(length: int, cut: str = "head") -> TokenPreprocessing:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {w: i for i, w in enumerate(["[UNK]", "[CLS]", "[SEP]", *"abcdefgh"])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return TokenPreprocessing(made.to_str(), length, cut)


# --- reading


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_a_table_of_texts(tmp_path, ending):
    import pandas as pd

    frame = pd.DataFrame({"review": REVIEWS, "label": ["good", "bad"] * 8})
    path = tmp_path / f"reviews.{ending}"
    {
        "csv": lambda: frame.to_csv(path, index=False),
        "tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        "jsonl": lambda: frame.to_json(path, orient="records", lines=True),
        "json": lambda: frame.to_json(path, orient="records"),
        "parquet": lambda: frame.to_parquet(path),
    }[ending]()
    domain = read_domain(path)
    assert domain.modality == "text"
    assert domain.examples.texts == REVIEWS
    assert domain.examples.column == "review"
    assert domain.classes == ("bad", "good")
    assert any("text column: 'review'" in note for note in domain.notes)


def test_lines_with_and_without_labels(tmp_path):
    labelled = tmp_path / "labelled.txt"
    labelled.write_text(
        'Ein „Satz“, mit Komma\t1\nein "anderer" Satz mit Worten\t0\n' * 12, "utf-8"
    )
    domain = read_domain(labelled, text="x0", label="x1")
    assert domain.examples.texts[:2] == ["Ein „Satz“, mit Komma", 'ein "anderer" Satz mit Worten']
    assert domain.classes == ("0", "1")
    plain = tmp_path / "plain.txt"
    plain.write_text("\n".join(REVIEWS) + "\n\n", "utf-8")
    found = read_domain(plain)
    assert found.examples.texts == REVIEWS
    assert found.labelled == "none"
    assert [o.what for o in found.omissions] == ["row without a text"]


def test_a_folder_of_texts(tmp_path):
    for split in ("train", "test"):
        for label in ("neg", "pos"):
            folder = tmp_path / "imdb" / split / label
            folder.mkdir(parents=True)
            for i in range(3):
                (folder / f"{i}.txt").write_text(f"{split} {label} {i}", "utf-8")
    (tmp_path / "imdb" / "train" / "neg" / "9.txt").write_bytes(b"\xff\xfe broken \xff")
    (tmp_path / "imdb" / "train" / "neg" / "8.txt").write_text("  ")
    domain = read_domain(tmp_path / "imdb")
    assert domain.modality == "text"
    assert len(domain) == 12
    assert domain.classes == ("neg", "pos")
    assert int(domain.held_out.sum()) == 6
    (left,) = domain.omissions
    assert left.what == "unreadable text"
    assert "empty" in left.rows[0]
    assert "not UTF-8" in left.rows[1]


def test_named_columns_and_joined_ones(tmp_path):
    path = tmp_path / "news.csv"
    rows = [f"title {i},the body of the story {i},{i % 2}" for i in range(20)]
    path.write_text("\n".join(["title,body,label", *rows]), "utf-8")
    assert read_domain(path, text="body").examples.texts[3] == "the body of the story 3"
    both = read_domain(path, text="title,body").examples
    assert both.texts[3] == "title 3\nthe body of the story 3"
    assert both.column == "title,body"
    with pytest.raises(DataError, match=r"(?s)no column 'bodi' \(text=\).*did you mean 'body'"):
        read_domain(path, text="bodi")


def test_a_table_with_a_remark_stays_a_table():
    import pandas as pd

    frame = pd.DataFrame(
        {
            "age": np.arange(30.0) ** 2 % 17,
            "remark": [f"patient {i} was seen in the morning by a nurse" for i in range(30)],
            "label": ["a", "b"] * 15,
        }
    )
    domain = read_domain(frame)
    assert domain.modality == "tabular"
    assert list(domain.examples.columns) == ["age"]


def test_a_list_of_texts():
    domain = read_domain((REVIEWS, ["good", "bad"] * 8))
    assert domain.modality == "text"
    assert domain.examples.texts == REVIEWS


# --- numbers


def test_tokens_are_cut_and_that_is_said():
    said = []

    class Ear:
        def event(self, event):
            said.append(event["message"])

        def progress(self, what, total):
            raise AssertionError

    texts = TextExamples(["a b", "a b c d e f g h"])
    stored = tokens(6).prepare(texts, events=Events(None, Ear()))
    assert stored.tolist() == [[1, 3, 4, 2, NOTHING, NOTHING], [1, 3, 4, 5, 6, 2]]
    assert "1 of 2 texts have more than 6 tokens: their beginning is kept" in said[0]
    ends = tokens(6, "head+tail").prepare(texts)
    assert ends[1].tolist() == [1, 3, 4, 9, 10, 2]
    assert tokens(8).encode(
        torch.from_numpy(tokens(8).prepare(texts.select(np.array([0]))))
    ).shape == (1, 4)


def test_the_length_is_that_of_the_longest():
    texts = TextExamples(["a b", "a b c d e f g h a"])
    assert TokenPreprocessing.fit(tokens(8).tokenizer, [texts], 64).length == 16
    assert TokenPreprocessing.fit(tokens(8).tokenizer, [texts], 10).length == 10


def test_a_preprocessing_is_all_that_a_run_needs():
    for made in (tokens(6, "head+tail"), HashedPreprocessing(buckets=64, length=8, column="t")):
        back = load_preprocessing(made.to_dict())
        assert back == made
        assert back.key == made.key
        texts = TextExamples(["a b", "d e f"])
        np.testing.assert_array_equal(back.prepare(texts), made.prepare(texts))


@pytest.mark.parametrize(
    "made", [tokens(12), HashedPreprocessing(length=24)], ids=["tokens", "hashed"]
)
def test_a_changed_view_loses_words_and_never_all(made):
    stored = torch.from_numpy(made.prepare(TextExamples(["a b c d e f g h"] * 400 + ["a"] * 20)))
    generator = torch.Generator().manual_seed(0)
    strong = made.augment(stored, "strong", generator)
    there = (made.encode(stored) != NOTHING).sum().item()
    assert 0.7 < (strong != NOTHING).sum().item() / there < 0.9
    assert ((strong != NOTHING).sum(1) > 0).all()
    kept = strong != NOTHING
    assert torch.equal(strong[kept], made.encode(stored)[kept])


def test_hashes_are_the_same_in_every_process():
    code = (
        "from landbridge.domains.modalities.hashed import HashedPreprocessing as H;"
        "from landbridge.domains.modalities.texts import TextExamples as T;"
        "print(H(length=8).prepare(T(['Not good, 不好吃'])).tolist())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert runs == {
        f"{HashedPreprocessing(length=8).prepare(TextExamples(['Not good, 不好吃'])).tolist()}\n"
    }


def test_grams_of_two_scripts():
    assert list(grams("Don't, 很好!")) == ["很", "好", "很好", "don't", "!", "don't !"]


def test_the_script_is_told():
    hint = TextExamples.hint([TextExamples(["很好吃", "good"])])
    assert hint.latin == pytest.approx(4 / 7)
