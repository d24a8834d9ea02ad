"""Folders of sentence-transformers, against that library: everything beside the model is read."""

from __future__ import annotations

import itertools
import json
import shutil

import pytest
import torch
from safetensors.torch import save_file

from landbridge.backbones import open_backbone, reopen
from landbridge.backbones.weights import seeded
from landbridge.base.errors import BackboneError, ConfigError
from landbridge.domains.modalities.texts import TextExamples

TEXTS = TextExamples(
    ["the cat", "a mat and some very small mice looked at the cat on a mat", "so", "mice sat on"]
)
POOLINGS = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
OLD_KEYS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
WIDTH = {"word_embedding_dimension": 16}
OLD, NEW = "sentence_transformers.models", "sentence_transformers.sentence_transformer.modules"


@pytest.fixture(scope="module")
def networks(bert_folder, tmp_path_factory):
    """A BERT, an MPNet and a decoder, with padding on either side."""
    from transformers import AutoConfig, AutoModel

    words = len(json.loads((bert_folder / "tokenizer.json").read_text())["model"]["vocab"])
    small = {"vocab_size": words, "hidden_size": 16, "num_hidden_layers": 2}
    small |= {"num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 32}
    found = {}
    for name in ("bert", "mpnet", "qwen2"):
        folder = tmp_path_factory.mktemp(name)
        more = {"num_key_value_heads": 1} if name == "qwen2" else {}
        with seeded(name):
            AutoModel.from_config(AutoConfig.for_model(name, **small, **more)).save_pretrained(
                folder
            )
        shutil.copy(bert_folder / "tokenizer.json", folder)
        side = "left" if name == "qwen2" else "right"
        said = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]"}
        said |= {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
        said |= {"padding_side": side, "model_max_length": 32}
        (folder / "tokenizer_config.json").write_text(json.dumps(said))
        found[name] = folder
    return found


@pytest.fixture
def made(networks, tmp_path):
    """Write a folder as sentence-transformers does, from what its files say."""
    count = itertools.count()

    def write(network, pooling, *layers, bert=None, more=None, names=OLD):
        folder = shutil.copytree(networks[network], tmp_path / f"{network}-{next(count)}")
        kinds = [("Transformer", "", None), ("Pooling", "1_Pooling", WIDTH | pooling)]
        kinds += [(kind, f"{i}_{kind}", config) for i, (kind, config) in enumerate(layers, 2)]
        modules = []
        for i, (kind, path, config) in enumerate(kinds):
            modules.append({"idx": i, "name": str(i), "path": path, "type": f"{names}.{kind}"})
            if config is None:
                continue
            (folder / path).mkdir()
            (folder / path / "config.json").write_text(json.dumps(config))
            if kind == "Dense":
                save_dense(folder / path, config)
            elif kind == "LayerNorm":
                wide = config["dimension"]
                tensors = {"norm.weight": torch.linspace(1, 2, wide), "norm.bias": torch.ones(wide)}
                save_file(tensors, folder / path / "model.safetensors")
        (folder / "modules.json").write_text(json.dumps(modules))
        for name, values in (("sentence_bert", bert), ("config_sentence_transformers", more)):
            if values is not None:
                file = f"{name}_config.json" if name == "sentence_bert" else f"{name}.json"
                (folder / file).write_text(json.dumps(values))
        return folder

    return write


def save_dense(folder, config, binary=False):
    with seeded("dense"):
        inner = torch.nn.Linear(
            config["in_features"], config["out_features"], config.get("bias", True)
        )
        beside = torch.nn.Linear(config["in_features"], config["out_features"], bias=False)
    state = {f"linear.{k}": v.detach() for k, v in inner.state_dict().items()}
    if config.get("use_residual") and config["in_features"] != config["out_features"]:
        state["residual.weight"] = beside.weight.detach().clone()
    save_file({k: v.contiguous() for k, v in state.items()}, folder / "model.safetensors")


def dense(inputs, width, activation="torch.nn.modules.activation.Tanh", **more):
    config = {"in_features": inputs, "out_features": width, "activation_function": activation}
    return "Dense", config | more


def opened(folder, examples=TEXTS, **options):
    return open_backbone(
        folder, TextExamples.hint([examples]), [examples], options=options, offline=True
    )


def features(made, examples=TEXTS):
    x = made.preprocessing.encode(torch.from_numpy(made.preprocessing.prepare(examples)))
    with torch.inference_mode():
        return made.module.eval()(x)


def theirs(folder, examples=TEXTS):
    """What sentence-transformers give."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), local_files_only=True, device="cpu")
    return model.encode(list(examples.texts), convert_to_tensor=True).clone()


def same(folder, examples=TEXTS):
    made = opened(folder, examples)
    torch.testing.assert_close(
        features(made, examples), theirs(folder, examples), rtol=1e-5, atol=1e-5
    )
    return made


@pytest.mark.parametrize("network", ["bert", "mpnet", "qwen2"])
def test_poolings(made, network):
    """By old and by new names; the library's network is loaded once, and its pooling exchanged."""
    from sentence_transformers import SentenceTransformer

    library = None
    for pooling in POOLINGS:
        folder = made(network, {OLD_KEYS[pooling]: True})
        library = library or SentenceTransformer(str(folder), local_files_only=True, device="cpu")
        library[1] = type(library[1]).load(str(folder), subfolder="1_Pooling")
        expected = library.encode(list(TEXTS.texts), convert_to_tensor=True).clone()
        by_old = opened(folder)
        torch.testing.assert_close(features(by_old), expected, rtol=1e-5, atol=1e-5)
        (folder / "1_Pooling" / "config.json").write_text(
            json.dumps({"embedding_dimension": 16, "pooling_mode": pooling, "include_prompt": True})
        )
        assert opened(folder).identity == by_old.identity
        assert by_old.identity.options["pooling"] == ("first" if pooling == "cls" else pooling)


BEHIND = {
    "nothing": (),
    "normalised": (("Normalize", None),),
    "dense": (dense(16, 5),),
    "without bias or activation": (
        dense(16, 20, "torch.nn.modules.linear.Identity", bias=False),
        ("Normalize", {"module_input_name": "sentence_embedding"}),
    ),
    "all": (
        dense(16, 16, "torch.nn.modules.activation.GELU", use_residual=True),
        ("LayerNorm", {"dimension": 16}),
        ("Dropout", {"dropout": 0.3}),
        dense(16, 6, "torch.nn.modules.activation.ReLU", use_residual=True),
        ("Normalize", None),
    ),
}


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("pooling", ["max", "lasttoken"])
def test_layers_behind(made, behind, pooling):
    folder = made("bert", {"embedding_dimension": 16, "pooling_mode": pooling}, *BEHIND[behind])
    found = same(folder)
    identity, kept = found.identity.to_dict(), json.loads(json.dumps(found.identity.to_dict()))
    assert kept == identity
    torch.testing.assert_close(features(reopen(kept, found.preprocessing)), features(found))
    shutil.rmtree(folder)  # a run that holds its tensors needs no folder
    bare = reopen(kept, found.preprocessing, weights=False)
    bare.module.load_state_dict(found.module.state_dict())
    torch.testing.assert_close(features(bare), features(found))


def test_several_poolings_and_everything_else(made):
    folder = made(
        "bert",
        {OLD_KEYS["max"]: True, OLD_KEYS["mean"]: True, OLD_KEYS["cls"]: True},
        dense(48, 6),
        ("Normalize", None),
        names=NEW,
        bert={"max_seq_length": 7, "do_lower_case": True},
        more={
            "prompts": {"query": "the small "},
            "default_prompt_name": "query",
            "truncate_dim": 4,
        },
    )
    found = same(folder, TextExamples([*TEXTS.texts, "THE Cat"]))
    assert found.identity.options["pooling"] == ["first", "max", "mean"]
    assert (found.preprocessing.length, found.module.dim) == (7, 4)
    again = opened(folder, **found.identity.options)
    assert again.identity == found.identity
    assert again.preprocessing == found.preprocessing


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_prompt_that_pooling_leaves_out(made, pooling):
    folder = made(
        "bert",
        {"pooling_mode": pooling, "include_prompt": False},
        more={"prompts": {"x": "the cat sat: "}, "default_prompt_name": "x"},
    )
    assert same(folder).identity.options["skip"] == 5  # [CLS] the cat sat [UNK]


def test_cut_on_the_left(made):
    folder = made("bert", {"pooling_mode": "mean"}, bert={"max_seq_length": 6})
    said = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(said | {"truncation_side": "left"}))
    assert same(folder).preprocessing.cut == "tail"


def test_what_lies_in_a_folder_of_its_own(made):
    """As the library wrote the network before 2020: config.json is not in the folder itself."""
    folder = made("bert", {OLD_KEYS["mean"]: True}, ("Normalize", None))
    (folder / "0_Transformer").mkdir()
    for file in [file for file in folder.iterdir() if file.is_file()]:
        if file.name != "modules.json":
            file.rename(folder / "0_Transformer" / file.name)
    listed = json.loads((folder / "modules.json").read_text())
    listed[0]["path"] = "0_Transformer"
    (folder / "modules.json").write_text(json.dumps(listed))
    found = same(folder)
    assert reopen(found.identity.to_dict(), found.preprocessing).module.dim == 16


def test_gradients_reach_everything(made):
    layers = (dense(32, 8), ("LayerNorm", {"dimension": 8}), ("Normalize", None))
    module = opened(made("bert", {"pooling_mode": ["max", "lasttoken"]}, *layers)).module.train()
    x = torch.tensor([[2, 4, 5, 3], [2, 6, 3, -1]])
    (module(x) * torch.randn(2, 8, generator=torch.Generator().manual_seed(0))).sum().backward()
    assert [name for name, p in module.named_parameters() if p.grad is None] == []
    staged = [id(p) for _, mods in module.stages() for m in mods for p in m.parameters()]
    assert sorted(staged) == sorted(id(p) for p in module.parameters())
    assert module.stages()[-1][0] == "layers"


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_text_without_tokens_has_features(made, pooling):
    module = opened(made("qwen2", {"pooling_mode": pooling})).module.eval()
    with torch.inference_mode():
        found = module(torch.tensor([[-1, -1], [4, 5]]))
    assert torch.isfinite(found).all()


def test_what_is_named_is_taken_and_nothing_beside_it(made):
    folder = made("bert", {"pooling_mode": "max"}, dense(16, 5), bert={"max_seq_length": 6})
    found = opened(folder, pooling="mean,lasttoken", length=12)
    assert (found.module.dim, found.preprocessing.length) == (32, 12)
    assert opened(folder, length=12).preprocessing.length == 12
    assert opened(folder, prompt="the ").identity.options["prompt"] == "the "
    with pytest.raises(ConfigError, match=r"pooling is 'median'\n  -> give one or more of"):
        opened(folder, pooling="median")


def test_runs_of_before_answer_as_before(made):
    """Their options know of nothing behind the pooling, and the folder's list is not read."""
    folder = made("bert", {"pooling_mode": "mean"}, dense(16, 5), ("Normalize", None))
    before = opened(folder, pooling="mean")
    options = before.identity.options
    for key in ("layers", "prompt", "skip", "lower"):
        options.pop(key)
    again = reopen(before.identity.to_dict(), before.preprocessing)
    torch.testing.assert_close(features(again), features(before), rtol=0, atol=0)
    resumed = opened(folder, **options)
    torch.testing.assert_close(features(resumed), features(before), rtol=0, atol=0)
    assert resumed.preprocessing == before.preprocessing
    assert "prompt" not in before.preprocessing.to_dict()


REFUSED = [
    ("1_Pooling/config.json", {"pooling_mode": "median"}, "has the pooling_mode 'median'"),
    ("1_Pooling/config.json", {"pooling_mode_odd": True}, "has pooling_mode_odd"),
    ("2_Dense/config.json", {"in_features": 9, "out_features": 2}, "2_Dense takes 9 numbers, and"),
    ("2_Dense/config.json", {"in_features": 16}, "out_features is None"),
    ("2_Dense/config.json", {"in_features": 16, "out_features": 10**9}, "from 1 to 100,000"),
    (
        "2_Dense/config.json",
        {"in_features": 16, "out_features": 5, "activation_function": "os.system"},
        "has the activation_function 'os.system'",
    ),
    (
        "2_Dense/config.json",
        {"in_features": 16, "out_features": 5, "module_input_name": "token_embeddings"},
        "has module_input_name = 'token_embeddings'",
    ),
    ("sentence_bert_config.json", {"max_seq_length": "long"}, "max_seq_length is 'long'"),
    (
        "sentence_bert_config.json",
        {"transformer_task": "fill-mask"},
        "has the transformer_task 'fill-mask'",
    ),
    (
        "config_sentence_transformers.json",
        {"default_prompt_name": "q", "prompts": {}},
        "the default_prompt_name 'q' is none of the prompts",
    ),
    ("modules.json", [], "expected a list of modules"),
    ("modules.json", [{"type": "x"}], "module 0 is"),
    (
        "modules.json",
        [{"type": f"{OLD}.Transformer", "path": ""}, {"type": f"{OLD}.WordWeights", "path": "1"}],
        "'sentence_transformers.models.WordWeights' behind the transformer",
    ),
    ("modules.json", [{"type": f"{OLD}.BoW", "path": ""}], "begins with .*BoW"),
    ("modules.json", [{"type": "own.Net", "path": ""}], "needs code of its own"),
    ("modules.json", [{"type": f"{OLD}.Transformer", "path": "../x"}], "outside of the folder"),
    (
        "modules.json",
        [
            {"type": f"{OLD}.Transformer", "path": ""},
            {"type": f"{OLD}.Pooling", "path": "1_Pooling"},
            {"type": f"{OLD}.CNN", "path": "3_CNN"},
        ],
        "'sentence_transformers.models.CNN' behind the pooling",
    ),
]


@pytest.mark.parametrize(("file", "values", "message"), REFUSED)
def test_what_is_not_known_is_refused_by_name(made, file, values, message):
    folder = made("bert", {"pooling_mode": "max"}, dense(16, 5))
    (folder / file).write_text(json.dumps(values))
    with pytest.raises(BackboneError, match=message) as caught:
        opened(folder)
    assert file.rpartition("/")[0] in str(caught.value)
    if "lies at" not in str(caught.value):
        assert opened(folder, pooling="mean").module.dim == 16


def test_weights_that_are_missing_are_named(made):
    folder = made("bert", {"pooling_mode": "max"}, dense(16, 5))
    (folder / "2_Dense" / "model.safetensors").unlink()
    with pytest.raises(BackboneError, match=r"2_Dense.model\.safetensors is missing"):
        opened(folder)
    shutil.rmtree(folder / "1_Pooling")
    with pytest.raises(BackboneError, match=r"1_Pooling.config\.json is missing"):
        opened(folder)
