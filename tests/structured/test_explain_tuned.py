"""Why words are tagged so and things are seen there: parts of structured answers explained."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.errors import ConfigError
from landbridge.cli.app import app
from landbridge.explanation.records import Picture, Words
from landbridge.structured.answer_parts import against_others
from landbridge.structured.fit import tune
from landbridge.structured.options import FitOptions, TaskOptions


def made(task, data, model, out, steps, rate, **options):
    fit = FitOptions(steps=steps, learning_rate=rate, device="cpu")
    return tune(
        task,
        data,
        model=str(model),
        out=out,
        fit=fit,
        scratch=False,
        keep_duplicates=True,
        options=TaskOptions(**options),
    )


def test_weights_are_of_one_place_and_sum_to_nothing():
    shape = (3, 4)  # pieces, tags
    weights = against_others(shape, 1, 2, np.eye(3)[1]).reshape(shape)
    assert weights[1].tolist() == pytest.approx([-1 / 3, -1 / 3, 1, -1 / 3])
    assert not weights[[0, 2]].any()
    region = np.array([[0.0, 0.5], [0.5, 0.0]])
    weights = against_others((2, 2, 2), 0, 0, region).reshape(2, 2, 2)
    np.testing.assert_allclose(weights[0], region)
    np.testing.assert_allclose(weights[1], -region)


def test_a_tag_rests_on_its_word(tagger, sentences, tmp_path):
    tuned = made("token-classification", sentences, tagger, tmp_path / "run", 80, 3e-3)
    found = tuned.explain(sentences, rows=12, out=tmp_path / "why.html")
    assert found.check.passed
    assert len(found.rows) == 12
    assert {row.answer for row in found.rows} == {"B-PER", "B-LOC"}
    for row in found.rows:
        assert row.right
        assert isinstance(row.drawn[0], Words)
        assert repr(row.strongest(1)[0][0]) in row.name  # a name is one wherever it stands
    assert "not to be relied on" not in found.sentence()
    assert "B-PER" in (tmp_path / "why.html").read_text("utf-8")
    named = tuned.explain(sentences, rows=["rows row 2"])
    assert {row.why for row in named.rows} == {"asked for"}
    with pytest.raises(ConfigError, match="no row 'nobody'"):
        tuned.explain(sentences, rows=["nobody"])
    with pytest.raises(ConfigError, match="no regions"):
        tuned.explain(sentences, method="grad-cam")


def test_a_class_rests_on_its_region(segmenter, scenes, tmp_path):
    tuned = made("segmentation", scenes, segmenter, tmp_path / "run", 80, 5e-3, size=48)
    found = tuned.explain(scenes, rows=6, method="integrated-gradients")
    assert found.check.passed
    for row in found.rows:
        picture = row.drawn[0]
        assert isinstance(picture, Picture)
        if row.answer == "class 1":  # the bright square speaks for itself
            red = picture.image[..., 0] > 200
            assert picture.heat[red].mean() > picture.heat[~red].mean()


def test_boxes_are_explained_with_what_is_there(detector, things, tmp_path):
    tuned = made("detection", things, detector, tmp_path / "run", 60, 3e-3, threshold=0.2)
    found = tuned.explain(things, rows=4, method="occlusion")
    assert 0 < len(found.rows) <= 4
    for row in found.rows:
        assert row.name.split(": ")[-1].startswith("box at ")
        assert row.truth in ("blue", "red", "nothing")
        assert row.right == (row.answer == row.truth)


def test_an_answer_of_one_piece_is_refused_clearly(translator, pairs, tmp_path, capsys):
    tuned = made("text-to-text", pairs, translator, tmp_path / "run", 3, 1e-3, new_tokens=8)
    with pytest.raises(ConfigError, match="text-to-text is not taken apart") as error:
        tuned.explain(pairs)
    assert "token-classification" in error.value.hint
    data = tmp_path / "pairs.jsonl"
    data.write_text('{"source": "a1 a2", "target": "b1 b2"}\n')
    for words, said in (([], "not taken apart"), (["--source", str(data)], "--source is for")):
        with pytest.raises(SystemExit) as ended:
            app(["explain", str(tuned.path), str(data), *words])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
