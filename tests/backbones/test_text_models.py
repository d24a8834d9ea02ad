"""Networks that take texts, against transformers and against arithmetic by hand."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

import needs
from landbridge.backbones import open_backbone
from landbridge.backbones.minilm import PACKAGE, find_folder
from landbridge.backbones.open import choose, own_network
from landbridge.backbones.textnet import TextNet, packed
from landbridge.base.errors import BackboneError
from landbridge.domains.modalities.ids import NOTHING
from landbridge.domains.modalities.texts import TextExamples

ENGLISH = TextExamples(
    ["a short one", "a much longer text with many more words than the other", "so"]
)


def features(opened, examples):
    x = opened.preprocessing.encode(torch.from_numpy(opened.preprocessing.prepare(examples)))
    with torch.inference_mode():
        return opened.module.eval()(x)


def opened(name, examples, **options):
    return open_backbone(
        name, TextExamples.hint([examples]), [examples], options=options, offline=True
    )


def folder_of(name):
    if name != "minilm":
        return name
    needs.package(PACKAGE)
    return str(find_folder())


@pytest.mark.parametrize("pooling", ["mean", "first", "pooler"])
def test_features_are_those_of_transformers(bert_folder, texts, pooling):
    from transformers import AutoModel, AutoTokenizer

    ours = features(opened(str(bert_folder), texts, pooling=pooling), texts)
    tokens = AutoTokenizer.from_pretrained(bert_folder)
    tokens.pad_token = "[PAD]"
    given = tokens(texts.texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        out = AutoModel.from_pretrained(bert_folder).eval()(**given)
    there = given["attention_mask"].unsqueeze(-1).float()
    theirs = {
        "mean": (out.last_hidden_state * there).sum(1) / there.sum(1),
        "first": out.last_hidden_state[:, 0],
        "pooler": out.pooler_output,
    }[pooling]
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_minilm_gives_what_sentence_transformers_give_before_scaling():
    from transformers import AutoModel, AutoTokenizer

    folder = folder_of("minilm")
    ours = features(opened("minilm", ENGLISH), ENGLISH)
    given = AutoTokenizer.from_pretrained(folder)(ENGLISH.texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        last = AutoModel.from_pretrained(folder).eval()(**given).last_hidden_state
    there = given["attention_mask"].unsqueeze(-1).float()
    torch.testing.assert_close(ours, (last * there).sum(1) / there.sum(1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["bert", "textnet"])
def test_what_stands_beyond_the_end_changes_nothing(bert_folder, texts, name):
    made = opened(str(bert_folder) if name == "bert" else name, texts)
    stored = torch.from_numpy(made.preprocessing.prepare(texts)).long()
    more = torch.cat([stored, torch.full((len(stored), 5), NOTHING)], 1)
    with torch.inference_mode():
        module = made.module.eval()
        torch.testing.assert_close(module(stored), module(more[:, :30]), rtol=1e-5, atol=1e-6)


def test_textnet_by_hand():
    rarity = np.array([1.0, 2.0, 3.0, 1.0])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = TextNet(4, 6, rarity=packed(rarity)).eval()
    x = torch.tensor([[2, 1, NOTHING]])
    table = net.embedding.weight.detach().double()
    mean = (3 * table[2] + 2 * table[1]) / 13**0.5
    h = (mean - mean.mean()) / (mean.var(unbiased=False) + 1e-5).sqrt()
    layer = net.layer.weight.double() @ h + net.layer.bias.double()
    torch.testing.assert_close(net(x)[0].double(), h + layer.clamp(min=0), rtol=1e-5, atol=1e-5)


def test_pooling_of_a_folder(bert_folder, tmp_path, texts):
    assert opened(str(bert_folder), texts).identity.options["pooling"] == "pooler"
    folder = shutil.copytree(bert_folder, tmp_path / "bert")
    (folder / "1_Pooling").mkdir()
    said = folder / "1_Pooling" / "config.json"
    said.write_text(json.dumps({"pooling_mode_cls_token": True}))
    assert opened(str(folder), texts).identity.options["pooling"] == "first"
    said.write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    assert opened(str(folder), texts).identity.options["pooling"] == "mean"


def test_lengths(bert_folder, texts):
    assert opened(str(bert_folder), texts, length=12).preprocessing.length == 12
    with pytest.raises(BackboneError, match="takes at most 32 tokens"):
        opened(str(bert_folder), texts, length=64)


def test_what_auto_takes():
    chinese = TextExamples.hint([TextExamples(["很好吃"])])
    assert choose(chinese)[0] == "textnet"
    folder_of("minilm")
    assert choose(TextExamples.hint([ENGLISH]))[0] == "minilm"
    assert own_network(chinese) == "textnet"


def test_images_are_refused_by_a_text_model(bert_folder, digits, hinted):
    with pytest.raises(BackboneError, match=r"takes input_ids, expected pixel_values \(images\)"):
        open_backbone(str(bert_folder), hinted(digits), [digits], offline=True)


def test_half_a_character_is_replaced_and_counted(bert_folder):
    from landbridge.base.events import Events

    heard = []

    class Heard(Events):
        def log(self, kind, text="", **values):
            heard.append((text, values))

    cut, whole = TextExamples(["good \ud83d day", "so"]), TextExamples(["good \ufffd day", "so"])
    made = opened(str(bert_folder), whole)
    stored = made.preprocessing.prepare(cut, events=Heard())
    np.testing.assert_array_equal(stored, made.preprocessing.prepare(whole))
    assert [values for text, values in heard if "half of a character" in text] == [{"rows": 1}]
    assert opened(str(bert_folder), cut).preprocessing.length == made.preprocessing.length
