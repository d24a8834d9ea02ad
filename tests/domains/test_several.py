"""Rows of several modalities: read, selected, packed and taken apart again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from landbridge.base.errors import DataError
from landbridge.domains.modalities.base import load_preprocessing
from landbridge.domains.modalities.hashed import HashedPreprocessing
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.multimodal import MultimodalExamples
from landbridge.domains.modalities.packed import MultimodalPreprocessing
from landbridge.domains.modalities.tabular import TableExamples, TablePreprocessing
from landbridge.domains.modalities.texts import TextExamples
from landbridge.domains.read import read_domain


@pytest.fixture
def rows() -> MultimodalExamples:
    """Six rows: all have a picture but the last, every second has a text."""
    rng = np.random.default_rng(0)
    return MultimodalExamples(
        {
            "image": ImageExamples(pixels=rng.integers(0, 256, (5, 6, 6), dtype=np.uint8)),
            "text": TextExamples(["one cat", "two small dogs", "three"]),
            "tabular": TableExamples({"a": rng.normal(size=6)}),
        },
        {
            "image": np.array([0, 1, 2, 3, 4, -1]),
            "text": np.array([-1, 0, -1, 1, -1, 2]),
            "tabular": np.arange(6),
        },
    )


@pytest.fixture
def packed(rows) -> MultimodalPreprocessing:
    return MultimodalPreprocessing(
        {
            "image": ImagePreprocessing(6, 6, 1, mean=(0.5,), std=(0.5,)),
            "text": HashedPreprocessing(buckets=64),
            "tabular": TablePreprocessing.fit([rows.parts["tabular"]]),
        }
    )


def test_selecting_rows_selects_every_part(rows):
    picked = rows.select(np.array([5, 3, 3, 0]))
    assert picked.present.tolist() == [
        [False, True, True],
        [True, True, True],
        [True, True, True],
        [True, False, True],
    ]
    own, where = picked.part("text")
    assert own.texts == ["three", "two small dogs", "two small dogs"]
    assert where.tolist() == [0, 1, 2]
    assert picked.values(0)["image"] == "missing"
    assert len(set(rows.contents())) == 6
    assert rows.contents()[3] == picked.contents()[1]
    assert rows.fingerprint() == rows.select(np.arange(6)).fingerprint()
    assert rows.fingerprint() != rows.select(np.arange(6)[::-1]).fingerprint()


def test_a_row_with_nothing_is_named():
    with pytest.raises(DataError, match="1 rows have nothing at all, the first is row 1"):
        MultimodalExamples(
            {"text": TextExamples(["a"]), "image": ImageExamples([])},
            {"text": np.array([0, -1]), "image": np.array([-1, -1])},
        )


def test_packing_keeps_each_part_byte_for_byte(rows, packed):
    stored = packed.prepare(rows)
    assert stored.dtype == np.uint8
    assert packed.has(stored).tolist() == rows.present.tolist()
    for name, part in packed.parts.items():
        own, where = rows.part(name)
        found = packed.stored_part(torch.from_numpy(stored[where]), name)
        assert np.array_equal(found.numpy(), part.prepare(own)), name
    again = load_preprocessing(json.loads(json.dumps(packed.to_dict())))
    assert again == packed
    assert again.key == packed.key


def test_encoded_rows_hold_each_part_as_it_is_encoded_alone(rows, packed):
    stored = torch.from_numpy(packed.prepare(rows))
    x = packed.encode(stored)
    assert x.dtype == torch.float32
    assert torch.equal(x[:, :3] > 0, torch.from_numpy(rows.present))
    image, text, table = packed.slots
    assert torch.equal(
        x[:, image.start : image.end].reshape(6, 1, 6, 6),
        packed.parts["image"].encode(packed.stored_part(stored, "image")),
    )
    alone = packed.parts["text"].encode(packed.stored_part(stored, "text"))
    ids = x[:, text.start : text.end].long()
    assert torch.equal(ids[:, : alone.shape[1]], alone)
    assert (ids[:, alone.shape[1] :] == -1).all()
    assert table.end == x.shape[1]


def test_parts_are_dropped_at_random_and_never_all(rows, packed):
    stored = torch.from_numpy(packed.prepare(rows)).repeat(500, 1)
    seen = packed.augment(stored, "weak", torch.Generator().manual_seed(0))[:, :3]
    own = torch.from_numpy(packed.has(stored.numpy())).float()
    assert (seen <= own).all()
    assert (seen.sum(1) > 0).all()
    three = seen[own.sum(1) == 3]
    # Of rows with three parts 0.8 ** 3 keep all; where none would be left, all stay.
    assert abs(float((three.sum(1) == 3).float().mean()) - 0.52) < 0.05
    again = packed.augment(stored, "weak", torch.Generator().manual_seed(0))[:, :3]
    assert torch.equal(seen, again)


def test_taking_parts_away_changes_presence_alone(rows, packed):
    stored = packed.prepare(rows)
    less = packed.without(stored, ("image",))
    assert not packed.has(less)[:, 0].any()
    assert np.array_equal(less[:, 8:], stored[:, 8:])
    assert packed.has(stored)[:, 0].any(), "the original was changed"


def test_a_model_of_several_takes_one_alone_and_says_what_it_lacks(rows, packed):
    alone = packed.fitting(TextExamples(["a", "b"]))
    assert packed.has(packed.prepare(alone)).tolist() == [[False, True, False]] * 2
    assert packed.fitting(rows) is rows
    assert HashedPreprocessing().fitting(rows) is None
    with pytest.raises(DataError, match="have image or text or tabular"):
        packed.prepare(MultimodalExamples({"sign": TextExamples(["a"])}))


def test_a_dict_of_parts(tmp_path):
    rows = {
        "image": np.zeros((4, 5, 5), np.uint8),
        "text": ["a", None, "b", "c"],
        "tabular": pd.DataFrame({"age": [1.0, 2.0, np.nan, 4.0], "sex": list("fmfm")}),
    }
    domain = read_domain((rows, ["x", "y", "x", None]), split=["train", "train", "test", "train"])
    assert domain.modality == "several"
    assert list(domain.examples.parts) == ["image", "text", "tabular"]
    assert domain.examples.present[:, 1].tolist() == [True, False, True, True]
    assert domain.held_out.tolist() == [False, False, True, False]
    assert domain.labelled == "few"
    with pytest.raises(DataError, match="differ in length"):
        read_domain({"text": ["a"], "tabular": np.eye(2)})
    with pytest.raises(DataError, match="row 1 has int as its text"):
        read_domain({"text": ["a", 3], "tabular": np.eye(2)})


def test_a_table_whose_columns_are_named(tmp_path, image):
    for i in range(4):
        image(tmp_path / f"{i}.png", 40 * i)
    table = tmp_path / "all.csv"
    table.write_text(
        "photo,words,age,note,label\n"
        "0.png,a small ant,3,x,ant\n"
        "1.png,,4,y,bee\n"
        ",a big bee,,z,bee\n"
        ",,,w,ant\n"
        "gone.png,a fly,5,v,ant\n"
    )
    domain = read_domain(table, image="photo", text="words", columns=["age"], label="label")
    found = domain.examples
    assert list(found.parts) == ["image", "text", "tabular"]
    assert found.present.tolist() == [
        [True, True, True],
        [True, False, True],
        [False, True, False],
        [False, True, True],
    ]
    assert [o.what for o in domain.omissions] == [
        "column beside the ones used",
        "row with none of image, text, tabular",
    ]
    assert any("does not exist" in note for note in domain.notes)
    assert [domain.classes[i] for i in domain.labels] == ["ant", "bee", "bee", "ant"]

    target = tmp_path / "target.csv"
    target.write_text("words,age,label\na bee flew,2,bee\nan ant ran,1,ant\n")
    like = read_domain(target, text="words", like=domain)
    assert list(like.examples.parts) == ["text", "tabular"]
    assert "no row has image" in like.notes


def test_media_found_by_their_values_are_used_together(tmp_path, image):
    for i in range(3):
        image(tmp_path / f"{i}.png", 40 * i)
    table = tmp_path / "all.csv"
    table.write_text(
        "file,description,width,label\n0.png,a small red ant,20,ant\n"
        "1.png,a bee on a flower,20,bee\n2.png,another bee there,20,bee\n"
    )
    both = read_domain(table)
    assert list(both.examples.parts) == ["image", "text"]
    alone = read_domain(table, image="file")  # what is named is used, and nothing else
    assert alone.modality == "image"
    assert any("columns=[...]" in note for note in alone.notes)


def test_a_single_part_is_a_domain_of_its_modality(tmp_path):
    domain = read_domain(({"text": ["it hums", None, "it sits"]}, ["bee", "ant", "fly"]))
    assert domain.modality == "text"
    assert [domain.classes[i] for i in domain.labels] == ["bee", "fly"]
    assert not any("several" in note for note in domain.notes)
    with pytest.raises(DataError, match="cannot be read as rows"):
        read_domain((object(), [1, 2]))
