"""Networks that take sound, against NumPy in float64, transformers, and what they are for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import needs
from landbridge.backbones import open_backbone
from landbridge.backbones.log_mel import LogMel
from landbridge.backbones.logmelnet import LogMelNet
from landbridge.backbones.open import choose, own_network
from landbridge.backbones.weights import seeded
from landbridge.base.errors import BackboneError
from landbridge.domains.examples import InputSpec
from landbridge.domains.modalities.mel import from_mel, mel_filters, to_mel
from landbridge.domains.modalities.sound import NOTHING


def test_mel_scales_and_back():
    hertz = np.array([0.0, 200, 1000, 3000, 7500])
    for scale in ("htk", "slaney", "kaldi"):
        np.testing.assert_allclose(from_mel(to_mel(hertz, scale), scale), hertz, atol=1e-6)
    assert to_mel(700.0) == pytest.approx(2595 * np.log10(2), rel=1e-3)
    assert to_mel(1000.0, "slaney") == pytest.approx(15)
    assert to_mel(6400.0, "slaney") == pytest.approx(42)


def test_filters_of_librosa_have_area_one_and_others_height_one():
    fine = mel_filters(8, 20001, 16000, 100, 7000, "slaney", in_mel=False, norm=True)
    np.testing.assert_allclose(fine.sum(0) * 8000 / 20000, 1, rtol=1e-3)
    assert mel_filters(8, 20001, 16000, 100, 7000).max(0) == pytest.approx(np.ones(8), abs=1e-2)


def test_log_mel_by_hand():
    rng = np.random.default_rng(0)
    wave = rng.normal(size=1000)
    front = LogMel(8000, 200, 80, 256, 10, 50, 4000, floor=1e-6)
    found, counts = front(torch.from_numpy(wave).float()[None])
    assert counts.tolist() == [11]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(200) / 200)
    corners = np.linspace(2595 * np.log10(1 + 50 / 700), 2595 * np.log10(1 + 4000 / 700), 12)
    place = 2595 * np.log10(1 + np.linspace(0, 4000, 129) / 700)
    for frame in (0, 10):
        part = np.fft.rfft(wave[80 * frame :][:200] * window, 256)
        for band in range(10):
            a, b, c = corners[band : band + 3]
            tent = np.clip(np.minimum((place - a) / (b - a), (c - place) / (c - b)), 0, None)
            tent[0] = 0
            want = np.log((np.abs(part) ** 2 * tent).sum() + 1e-6)
            assert found[0, frame, band].item() == pytest.approx(want, abs=2e-3)


@pytest.mark.parametrize("name", ["logmelnet", "wav2vec2"])
def test_what_stands_beyond_the_end_changes_nothing(name, sounds, wave_folder):
    written = str(wave_folder) if name == "wav2vec2" else name
    made = open_backbone(written, type(sounds).hint([sounds]), [sounds], offline=True)
    stored = torch.from_numpy(np.array(made.preprocessing.prepare(sounds)))
    whole = made.preprocessing.encode(stored)
    more = torch.cat([whole, torch.full((len(whole), 400), float("nan"))], 1)
    with torch.inference_mode():
        module = made.module.eval()
        together = module(whole)
        torch.testing.assert_close(together, module(more), rtol=1e-4, atol=1e-4)
        alone = torch.cat([module(made.preprocessing.encode(row[None])) for row in stored])
        torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)
    assert (stored == NOTHING).any()


def test_wav2vec2_is_that_of_transformers(wave_folder, sounds):
    from transformers import AutoModel, Wav2Vec2FeatureExtractor

    made = open_backbone(str(wave_folder), type(sounds).hint([sounds]), [sounds], offline=True)
    wave = made.preprocessing.encode(
        torch.from_numpy(np.array(made.preprocessing.prepare(sounds))[:1])
    )
    extractor = Wav2Vec2FeatureExtractor(do_normalize=True)
    given = extractor(wave[0].numpy(), sampling_rate=16000, return_tensors="pt")
    with torch.inference_mode():
        theirs = AutoModel.from_pretrained(wave_folder).eval()(given["input_values"])
        ours = made.module.eval()(wave)
    torch.testing.assert_close(ours, theirs.last_hidden_state.mean(1), rtol=1e-4, atol=1e-4)


def test_ast_takes_what_its_feature_extractor_gives(tmp_path):
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    from landbridge.backbones.sound_body import FilterBankBackbone

    with seeded("ast"):
        model = ASTModel(
            ASTConfig(
                hidden_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=16,
                max_length=64,
            )
        ).eval()
    front = {"rate": 16000, "bands": 128, "frames": 64, "mean": -4.2677393, "std": 4.5689974}
    body = FilterBankBackbone(model, front).eval()
    rng = np.random.default_rng(0)
    wave = (0.1 * rng.normal(size=8000)).astype(np.float32)
    extractor = ASTFeatureExtractor(max_length=64)
    given = extractor(wave, sampling_rate=16000, return_tensors="pt")["input_values"]
    mel, counts = body.front(torch.from_numpy(wave)[None])
    ours = (mel[0] + 4.2677393) / (2 * 4.5689974)
    np.testing.assert_allclose(ours[: counts[0]], given[0, : counts[0]], atol=2e-3)
    with torch.inference_mode():
        torch.testing.assert_close(
            body(torch.from_numpy(wave)[None]), model(given).pooler_output, rtol=1e-3, atol=1e-3
        )


@pytest.mark.parametrize("masked", [False, True])
def test_a_mask_is_given_where_the_extractor_gives_one(masked, wave_folder, sounds, tmp_path):
    """WavLM's base models were trained with a mask, though their norms are of groups."""
    import json
    import shutil

    folder = shutil.copytree(wave_folder, tmp_path / "wave")
    said = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(
        json.dumps(said | {"return_attention_mask": masked})
    )
    made = open_backbone(str(folder), type(sounds).hint([sounds]), [sounds], offline=True)
    assert made.identity.options["masked"] is masked


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("sampling_rate", value) for value in ("fast", 0, 10**12, True, None)),
        *(("feature_size", value) for value in (2, "one")),
    ],
)
def test_what_an_extractor_cannot_mean_is_refused_by_name(
    key, value, wave_folder, sounds, tmp_path
):
    import json
    import shutil

    folder = shutil.copytree(wave_folder, tmp_path / "wave")
    (folder / "preprocessor_config.json").write_text(json.dumps({key: value}))
    with pytest.raises(BackboneError, match=rf"preprocessor_config\.json: {key} is {value!r}"):
        open_backbone(str(folder), type(sounds).hint([sounds]), [sounds], offline=True)


@pytest.mark.parametrize("normalised", [False, True])
def test_filter_banks_are_normalised_as_their_extractor_says(normalised, sounds, tmp_path):

    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    with seeded("ast"):
        model = ASTModel(ASTConfig(**small, intermediate_size=16, max_length=64)).eval()
    model.save_pretrained(tmp_path)
    extractor = ASTFeatureExtractor(max_length=64, do_normalize=normalised, mean=-3.0, std=2.0)
    extractor.save_pretrained(tmp_path)
    made = open_backbone(str(tmp_path), type(sounds).hint([sounds]), [sounds], offline=True)
    wave = made.preprocessing.encode(
        torch.from_numpy(np.array(made.preprocessing.prepare(sounds))[-1:])
    )
    own = wave[0][~wave[0].isnan()].numpy()
    given = extractor(own, sampling_rate=16000, return_tensors="pt")["input_values"]
    with torch.inference_mode():
        ours, theirs = made.module.eval()(wave), model(given).pooler_output
    # The frames behind the end are padded after the banks are taken here, and before them there.
    torch.testing.assert_close(ours, theirs, rtol=2e-2, atol=2e-2)


def test_a_louder_recording_is_the_same_to_logmelnet():
    with seeded("net"):
        net = LogMelNet(8000).eval()
    wave = 0.1 * torch.randn(2, 6000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(net(wave), net(4 * wave), rtol=1e-2, atol=1e-2)


@pytest.mark.data
def test_yamnet_hears_speech_and_the_embedding_knows_words(data_root):
    import csv

    from safetensors.torch import load_file

    from landbridge.domains.modalities.recordings import AudioExamples

    files = sorted(needs.data("spoken_digits").rglob("*.wav"))
    some = AudioExamples(files[::100])
    hint = AudioExamples.hint([some])
    made = open_backbone("yamnet", hint, [some], offline=True)
    with torch.inference_mode():
        x = made.preprocessing.encode(torch.from_numpy(np.array(made.preprocessing.prepare(some))))
        features = made.module.eval()(x)
    weights = load_file(data_root / "weights" / "yamnet_audioset521_fp16.safetensors")
    head, bias = weights["classifier.weight"].float(), weights["classifier.bias"].float()
    mean = torch.sigmoid(features @ head.T + bias).mean(0)
    with (data_root / "weights" / "yamnet_class_map.csv").open() as file:
        names = [row[2] for row in csv.reader(file)][1:]
    assert names[int(mean.argmax())] == "Speech"
    assert choose(hint)[0] == "speech_embedding"


def test_what_auto_takes_without_weights(monkeypatch):
    monkeypatch.delenv("LANDBRIDGE_DATA", raising=False)
    hint = InputSpec("audio", rate=8000, seconds=0.5)
    name, reason = choose(hint)
    assert name == "logmelnet"
    assert "no pretrained network" in reason
    assert own_network(hint) == "logmelnet"
