"""Names, files and folders; "auto"; and the way back from a saved run."""

from __future__ import annotations

import pytest

from landbridge.backbones import BACKBONES, BackboneIdentity, choose, open_backbone, reopen
from landbridge.backbones.mobilenet_v2 import FILE
from landbridge.base.errors import BackboneError, RunError
from landbridge.base.events import Events
from landbridge.domains.modalities.base import InputSpec

PHOTO = InputSpec("image", 300, 400, 3)


def test_auto(table, digits, hinted, heard, monkeypatch):
    assert open_backbone("auto", hinted(table), [table]).identity.name == "mlp"
    opened = open_backbone("auto", hinted(digits), [digits], events=Events(None, heard))
    assert opened.identity.name == "convnet"
    assert heard.events[0]["event"] == "choice"
    assert "8x8 px" in heard.events[0]["message"]


def test_auto_for_photographs(weights_root, monkeypatch):
    monkeypatch.setenv("LANDBRIDGE_DATA", str(weights_root))
    assert choose(PHOTO)[0] == "mobilenet_v2"
    monkeypatch.delenv("LANDBRIDGE_DATA")
    lite = BACKBONES.get("efficientnet_lite0")
    monkeypatch.setattr(lite, "available", lambda self: (True, "here"))
    assert choose(PHOTO)[0] == "efficientnet_lite0"
    monkeypatch.setattr(lite, "available", lambda self: (False, "not installed"))
    name, reason = choose(PHOTO)
    assert name == "convnet"
    assert "LANDBRIDGE_DATA is not set" in reason
    assert "not installed" in reason


def test_mobilenet_by_path(weights_root, monkeypatch):
    monkeypatch.delenv("LANDBRIDGE_DATA", raising=False)
    path = weights_root / "weights" / FILE
    by_colon = open_backbone(f"mobilenet_v2:{path}", PHOTO)
    by_path = open_backbone(path, PHOTO)
    assert by_colon.identity == by_path.identity
    assert by_colon.identity.options == {"path": str(path)}
    with pytest.raises(BackboneError, match="LANDBRIDGE_DATA is not set") as error:
        open_backbone("mobilenet_v2", PHOTO)
    assert "efficientnet_lite0" in error.value.hint
    assert "hf/" in error.value.hint
    with pytest.raises(BackboneError, match=r"nowhere\.safetensors is missing"):
        open_backbone("mobilenet_v2:/nowhere.safetensors", PHOTO)


def test_damaged_weights(tmp_path, weights_root):
    from safetensors.torch import load_file, save_file

    whole = weights_root / "weights" / FILE
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole.read_bytes()[:5000])
    with pytest.raises(BackboneError, match="cannot be read as weights"):
        open_backbone(f"mobilenet_v2:{cut}", PHOTO)
    tensors = load_file(whole)
    tensors.pop("features.3.conv.2.weight")
    short = tmp_path / "short.safetensors"
    save_file(tensors, short)
    with pytest.raises(BackboneError, match=r"1 missing \(features\.3\.conv\.2\.weight\)"):
        open_backbone(short, PHOTO)
    other = tmp_path / "other.safetensors"
    save_file({"a": tensors["features.0.0.weight"]}, other)
    with pytest.raises(BackboneError, match="expected torchvision's MobileNetV2"):
        open_backbone(other, PHOTO)


def test_pickles_are_not_loaded(tmp_path):
    import torch

    from landbridge.backbones.weights import read_tensors

    class Trap:
        def __reduce__(self):
            return (print, ("unpickled",))

    path = tmp_path / "trap.pth"
    torch.save({"a": Trap()}, path)
    with pytest.raises(BackboneError, match="cannot be read as weights"):
        read_tensors(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("convnett", "did you mean 'convnet'"),
        ("microsoft/resnet-18", "did you mean 'hf/microsoft/resnet-18'"),
        ("convnet:x", "takes no file"),
        ("hf/", "neither"),
    ],
)
def test_unknown_names(name, message, digits, hinted):
    with pytest.raises(BackboneError, match=message):
        open_backbone(name, hinted(digits), [digits])


def test_folders(tmp_path, resnet_folder, digits, hinted):
    assert open_backbone(resnet_folder, hinted(digits)).identity.provider == "hf"
    with pytest.raises(BackboneError, match=r"has no config\.json"):
        open_backbone(tmp_path, hinted(digits))
    (tmp_path / "backbone.json").write_text("{}")
    with pytest.raises(BackboneError, match="landbridge run"):
        open_backbone(tmp_path, hinted(digits))


def test_wrong_modality(table, hinted):
    with pytest.raises(BackboneError, match="takes images, the data hold a table") as error:
        open_backbone("convnet", hinted(table), [table])
    assert "mlp" in error.value.hint


def test_reopen_checks_the_hash(convnet):
    values = convnet.identity.to_dict()
    values["hash"] = "0" * 32
    with pytest.raises(BackboneError) as error:
        reopen(values, convnet.preprocessing)
    assert convnet.identity.hash in str(error.value)
    assert "0" * 32 in str(error.value)
    reopen(values, convnet.preprocessing, weights=False)
    with pytest.raises(RunError, match=r"backbone\.json has the fields"):
        BackboneIdentity.from_dict({"name": "convnet"})
    values["provider"] = "gone"
    with pytest.raises(BackboneError, match="'gone', which is not installed"):
        reopen(values, convnet.preprocessing)


def test_reopen_where_the_weights_lie_elsewhere(weights_root, tmp_path, monkeypatch, heard):
    import shutil

    moved = tmp_path / "moved.safetensors"
    shutil.copy(weights_root / "weights" / FILE, moved)
    opened = open_backbone(f"mobilenet_v2:{moved}", PHOTO)
    moved.unlink()
    monkeypatch.delenv("LANDBRIDGE_DATA", raising=False)
    with pytest.raises(BackboneError, match=r"moved\.safetensors is missing"):
        reopen(opened.identity, opened.preprocessing)
    monkeypatch.setenv("LANDBRIDGE_DATA", str(weights_root))
    back = reopen(opened.identity, opened.preprocessing, events=Events(None, heard))
    assert back.identity.hash == opened.identity.hash
    assert heard.kinds() == ["note"]


def test_a_relative_folder_is_kept_as_a_path(resnet_folder, monkeypatch, digits, hinted):
    monkeypatch.chdir(resnet_folder.parent)
    opened = open_backbone(resnet_folder.name, hinted(digits))
    assert opened.identity.options["source"] == str(resnet_folder.resolve())
    monkeypatch.chdir("/")
    reopen(opened.identity, opened.preprocessing)
