"""One space for several modalities: alignment, recall, search, classes by name."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

import landbridge
from landbridge.base.errors import ConfigError, DataError, RunError
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.texts import TextExamples
from landbridge.embeddings.held_out import contents_of
from landbridge.embeddings.options import AlignOptions
from landbridge.embeddings.recall import Recall, by_chance, hits, recalls
from landbridge.embeddings.zero_shot import answered
from landbridge.objectives.align import alignment

SHAPES = {"square": "a square", "bar": "a long bar", "ring": "an open ring", "cross": "one cross"}


def picture(kind, rng):
    x = rng.normal(20, 10, (16, 16))
    i, j = rng.integers(0, 4, 2)
    part = x[i : i + 12, j : j + 12]
    if kind == "square":
        part[2:9, 2:9] = 230
    elif kind == "bar":
        part[5:7, :] = 230
    elif kind == "ring":
        part[1:10, 1:10], part[3:8, 3:8] = 230, 20
    else:
        part[5:7, :] = part[:, 5:7] = 230
    return np.clip(x, 0, 255).astype(np.uint8)


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    kinds = rng.choice(list(SHAPES), n)
    images = np.stack([picture(kind, rng) for kind in kinds])
    return {"image": images, "text": [SHAPES[kind] for kind in kinds]}, kinds


OPTIONS = {"encoders": {"image": "convnet", "text": "textnet"}, "space": 16, "width": 32}


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("space") / "shapes"
    parts, _ = rows(300)
    made = landbridge.align(
        parts,
        out=folder,
        backbone_options=OPTIONS,
        options=AlignOptions(epochs=60, batch_size=64),
    )
    return made, folder


def test_alignment_is_the_formula():
    g = torch.Generator().manual_seed(0)
    a, b = (torch.randn(4, 3, generator=g, dtype=torch.float64) for _ in "ab")
    scores = 2.5 * a @ b.T
    there = [-math.log(float(scores[i].softmax(0)[i])) for i in range(4)]
    back = [-math.log(float(scores[:, i].softmax(0)[i])) for i in range(4)]
    expected = (np.mean(there) + np.mean(back)) / 2
    assert float(alignment(a, b, 2.5)) == pytest.approx(expected, rel=1e-12)
    same = torch.eye(4, dtype=torch.bool)
    assert float(alignment(a, b, 2.5, same)) == pytest.approx(expected, rel=1e-12)
    same[0, 1] = same[1, 0] = True  # the first two are one and the same
    shared = (
        [-float(scores[i].log_softmax(0)[same[i]].mean()) for i in range(4)],
        [-float(scores[:, i].log_softmax(0)[same[:, i]].mean()) for i in range(4)],
    )
    expected = (np.mean(shared[0]) + np.mean(shared[1])) / 2
    assert float(alignment(a, b, 2.5, same)) == pytest.approx(expected, rel=1e-12)
    assert torch.autograd.gradcheck(
        lambda x, y: alignment(x, y, 2.5, same), (a.requires_grad_(), b.requires_grad_())
    )


def test_recall_and_chance_by_counting():
    scores = np.array([[0.1, 0.9, 0.5], [0.3, 0.2, 0.1]])
    belongs = np.array([[False, False, True], [True, True, False]])
    assert hits(scores, belongs, 1).tolist() == [False, True]
    assert hits(scores, belongs, 2).tolist() == [True, True]
    for depth in (1, 2):
        draws = list(itertools.permutations(range(3), depth))
        counted = [np.mean([row[list(d)].any() for d in draws]) for row in belongs]
        assert by_chance(belongs, depth) == pytest.approx(counted)
    x = np.eye(20)
    found = recalls(x, x, np.eye(20, dtype=bool), ("a", "b"))
    assert [item.found.value for item in found] == [1.0] * 6
    assert found[0].chance == pytest.approx(1 / 20)
    x[10:] = x[10:][::-1]
    alone, alike = (
        recalls(x, np.eye(20), np.eye(20, dtype=bool), ("a", "b"), groups)[0]
        for groups in (None, np.arange(20) // 5)
    )
    assert (alone.judged_groups, alike.judged_groups) == (0, 4)
    assert Recall.from_json(alike.to_json()).judged_groups == 4
    for name in ("found", "gain"):
        wide, narrow = getattr(alike, name), getattr(alone, name)
        assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)


def test_what_belongs_together_is_found(space):
    made, _ = space
    first = made.facts["recall"][0]
    assert (first["query"], first["answer"], first["depth"]) == ("image", "text", 1)
    assert first["low"] > first["chance"] + 0.3
    assert made.facts["pairs"] == 240
    assert made.facts["held_out"] == 60


def test_search_both_ways(space):
    made, _ = space
    parts, kinds = rows(60, seed=1)
    images = ImageExamples(pixels=parts["image"])
    found = made.search("an open ring", among=images, top=5)
    assert [row["modality"] for row in found] == ["image"] * 5
    assert [row["similarity"] for row in found] == sorted(
        (row["similarity"] for row in found), reverse=True
    )
    assert sum(kinds[row["row"]] == "ring" for row in found) >= 4
    texts = TextExamples(list(SHAPES.values()))
    own = made.embed(images)["image"] @ made.embed(texts)["text"].T
    assert (np.array(list(SHAPES))[own.argmax(1)] == kinds).mean() > 0.8
    assert made.search("one cross", among=list(SHAPES.values()), top=1)[0]["shows"] == "one cross"


def test_classes_by_name_and_what_labels_say_of_them(space):
    made, _ = space
    parts, kinds = rows(80, seed=2)
    value = answered(made, (parts["image"], kinds), list(SHAPES), template="a {}")
    assert value["accuracy"]["n"] == 80
    assert value["accuracy"]["mean"] > value["commonest"] + 0.2
    said = np.array([row["predicted"] for row in value["predictions"]])
    assert (said == kinds).mean() == pytest.approx(value["accuracy"]["mean"])
    some = answered(made, (parts["image"], kinds), ["ring", "bar"])
    assert some["left_out"] == int(((kinds == "square") | (kinds == "cross")).sum())
    assert set(some["strange"]) == {"square", "cross"}
    with pytest.raises(DataError, match="two classes"):
        made.zero_shot(ImageExamples(pixels=parts["image"]), ["ring"])


def test_it_opens_again_and_gives_the_same(space, tmp_path):
    made, folder = space
    again = landbridge.load_space(folder)
    images = ImageExamples(pixels=rows(10, seed=3)[0]["image"])
    assert np.array_equal(made.embed(images)["image"], again.embed(images)["image"])
    assert not (folder / "checkpoint.safetensors").exists()
    with pytest.raises(RunError, match=r"no space\.json"):
        landbridge.load_space(tmp_path)
    with pytest.raises(RunError, match="is there already"):
        landbridge.align(rows(40)[0], out=folder)


def test_other_pairs_are_scored_and_the_report_shows_questions(space, tmp_path):
    made, folder = space
    opened = landbridge.load(folder)
    parts, _ = rows(60, seed=4)
    found = opened.evaluate(parts)
    assert found["n"] == 60
    first = found["recall"][0]
    assert (first["query"], first["answer"], first["depth"]) == ("image", "text", 1)
    assert first["low"] > first["chance"] + 0.3
    with pytest.raises(DataError, match="images alone"):
        opened.evaluate(parts["image"])
    with pytest.raises(ConfigError, match="zero-shot"):
        opened.predict(parts)
    text = (folder / "report.html").read_text("utf-8")
    assert "image asks, text answers" in text
    assert text.count("<article") >= 8
    assert opened.report(tmp_path / "r.html").read_text("utf-8") == text
    with pytest.raises(RunError, match="not kept in a folder"):
        type(made)(made.network, made.preprocessing, made.facts).report()


def test_what_is_missing_is_said():
    parts, _ = rows(30)
    with pytest.raises(DataError, match="alone, and aligning takes two"):
        landbridge.align(parts["image"])
    parts["text"] = [None if i > 10 else text for i, text in enumerate(parts["text"])]
    with pytest.raises(DataError, match="11 of 30 rows have two modalities"):
        landbridge.align(parts)


def test_contents_tell_rows_with_the_same_part():
    from landbridge.domains.read import read_domain

    texts = ["a", None, "b", "a"]
    found = read_domain({"text": texts, "tabular": np.arange(8.0).reshape(4, 2)}).examples
    ids = contents_of(found, ("text", "tabular"))
    assert ids[0, 0] == ids[3, 0]
    assert len({*ids[:3, 0].tolist()}) == 3
    assert len({*ids[:, 1].tolist()}) == 4


def test_labels_are_not_read():
    parts, kinds = rows(60)
    small = AlignOptions(epochs=1, batch_size=32)
    first = landbridge.align(
        (parts, kinds), backbone_options=OPTIONS, options=small
    ).network.state_dict()
    other = landbridge.align(
        (parts, kinds[::-1]), backbone_options=OPTIONS, options=small
    ).network.state_dict()
    assert all(torch.equal(first[name], other[name]) for name in first)
