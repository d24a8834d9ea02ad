"""Modules of the user's own, and what of them is run when a run is opened again."""

from __future__ import annotations

import importlib.util
import json
import os
import py_compile
import shutil
import sys

import pytest
import torch
from torch import nn

from landbridge.backbones import open_backbone, reopen
from landbridge.backbones.base import BACKBONES
from landbridge.backbones.custom_code import held, hold
from landbridge.backbones.named import codes_in
from landbridge.backbones.wrapped import WrappedModule
from landbridge.base.code import find_code
from landbridge.base.errors import BackboneError, TrustError
from landbridge.base.files import as_json
from landbridge.base.trust import TRUST, revoke


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(TRUST, raising=False)


def test_a_module_is_kept_with_its_weights(table, hinted):
    net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 4))
    name = hold(net)
    opened = open_backbone(name, hinted(table), [table])
    x = torch.randn(3, 5)
    assert torch.equal(opened.module(x), net(x))
    assert opened.identity.pretrained
    again = reopen(opened.identity.to_dict(), opened.preprocessing)
    assert torch.equal(again.module(x), net(x))
    fresh = open_backbone(name, hinted(table), [table], options={"pretrained": False})
    assert not fresh.identity.pretrained


def test_a_changed_pickle_is_not_opened(tmp_path):
    key = hold(nn.Linear(2, 2)).partition(":")[2]
    path = tmp_path / "cache" / "modules" / f"{key}.pickle"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BackboneError, match="was changed"):
        held(key)
    with pytest.raises(BackboneError, match="not in the cache"):
        held("0123456789abcdef")
    with pytest.raises(BackboneError, match="not in the cache"):
        held("../../etc/passwd")


def test_code_that_came_with_a_run_is_not_run(tmp_path, table, hinted, monkeypatch):
    path = tmp_path / "nets.py"
    path.write_text("from torch import nn\n\n\ndef make():\n    return nn.Linear(5, 3)\n")
    opened = open_backbone(f"local/{path}:make", hinted(table), [table])
    assert opened.identity.options["spec"] == f"{path.resolve()}:make"
    reopen(opened.identity.to_dict(), opened.preprocessing)  # named here: trusted
    mark = tmp_path / "ran"
    path.write_text(path.read_text() + f"\n\nopen({str(mark)!r}, 'w').close()\n")
    with pytest.raises(TrustError, match=r"changed since you agreed: nets\.py"):
        reopen(opened.identity.to_dict(), opened.preprocessing)
    monkeypatch.setenv(TRUST, "1")  # says nothing of this code
    with pytest.raises(TrustError, match="takes digests of code"):
        reopen(opened.identity.to_dict(), opened.preprocessing)
    assert not mark.exists()
    monkeypatch.setenv(TRUST, find_code(f"{path}:make").code.digest)
    reopen(opened.identity.to_dict(), opened.preprocessing)
    assert mark.exists()


def test_a_module_that_nobody_here_handed_over_is_not_unpickled():
    key = hold(nn.Linear(2, 2)).partition(":")[2]
    held(key)
    revoke(lambda code: True)
    with pytest.raises(TrustError, match="nobody has agreed"):
        held(key)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nets.py", "names no function"),
        ("nowhere.py:make", "is not there"),
        ("no_such_package_at_all:make", "no Python module"),
        ("{file}:other", "no function 'other'"),
        ("{file}:number", "gave int"),
        ("{file}:narrow", r"shape \(2, 5\)"),
        ("{file}:single", "expected one vector"),
    ],
)
def test_what_is_wrong_is_said(spec, says, tmp_path, table, hinted):
    path = tmp_path / "nets.py"
    path.write_text(
        "from torch import nn\n"
        "def number(): return 7\n"
        "def narrow(): return nn.Linear(4, 2)\n"
        "def single(): return nn.Sequential(nn.Linear(5, 1), nn.Flatten(0))\n"
    )
    with pytest.raises(BackboneError, match=says):
        open_backbone(f"local/{spec.format(file=path)}", hinted(table), [table])


def test_the_old_head_is_taken_off():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3))
            self.fc = nn.Linear(6, 10)

        def forward(self, x):
            return self.fc(self.body(x).mean((2, 3)))

    made = WrappedModule(Net(), (3, 8, 8), cut="fc")
    assert made.dim == 6
    assert [name for name, _ in made.stages()] == ["body.0", "body.2"]
    with pytest.raises(BackboneError, match=r"no part 'head'"):
        WrappedModule(Net(), (3, 8, 8), cut="head")


# What is run is what was looked at ----------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Code with neighbours of every kind that it imports."""
    root = tmp_path / "own"
    for name, text in {
        "nets.py": "import helper, pack.inner, names.deep\nfrom torch import nn\n\n\n"
        "def make():\n    import late\n    return nn.Linear(5, helper.W + pack.inner.W + late.W)\n",
        "helper.py": "W = 1\n",
        "pack/__init__.py": "from . import inner\n",
        "pack/inner.py": "W = 1\n",
        "names/deep.py": "",
        "late.py": "W = 1\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    yield root
    for name in ("helper", "pack", "pack.inner", "names", "names.deep", "late"):
        sys.modules.pop(name, None)


def _width(root, table, hinted, name="nets.py:make"):
    return open_backbone(f"local/{root}/{name}", hinted(table), [table]).module.dim


def test_neighbours_are_imported_and_each_one_counts(folder, table, hinted):
    opened = open_backbone(f"local/{folder}/nets.py:make", hinted(table), [table])
    assert opened.module.dim == 3
    for name in ("nets.py", "helper.py", "pack/__init__.py", "pack/inner.py", "names/deep.py"):
        text = (folder / name).read_text()
        (folder / name).write_text(f"{text}\n# other\n")
        with pytest.raises(TrustError, match=f"changed since you agreed: {name}"):
            reopen(opened.identity.to_dict(), opened.preprocessing)
        (folder / name).write_text(text)
    (folder / "torch.py").write_text("")
    with pytest.raises(TrustError, match=r"changed since you agreed: torch\.py"):
        reopen(opened.identity.to_dict(), opened.preprocessing)
    (folder / "torch.py").unlink()
    (folder / "late.py").unlink()
    with pytest.raises(TrustError, match=r"gone since: late\.py"):
        reopen(opened.identity.to_dict(), opened.preprocessing)


def test_changed_neighbours_that_are_agreed_to_anew_are_run_anew(folder, table, hinted):
    assert _width(folder, table, hinted) == 3
    (folder / "helper.py").write_text("W = 5\n")
    assert _width(folder, table, hinted) == 7


def test_code_of_another_folder_gets_its_own_neighbours(folder, table, hinted, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "helper.py").write_text("W = 7\n")
    assert [_width(root, table, hinted) for root in (folder, other, folder)] == [3, 9, 3]


def test_compiled_files_beside_the_code_are_not_run(folder, table, hinted, tmp_path):
    mark = tmp_path / "ran"
    source, compiled = folder / "helper.py", importlib.util.cache_from_source(folder / "helper.py")
    text = source.read_text()
    padding = "#" * 200
    source.write_text(f"open({str(mark)!r}, 'w').close()\nW = 1\n{padding}"[:200])
    py_compile.compile(str(source), compiled, doraise=True)
    facts = source.stat()
    source.write_text(text + "#" * (facts.st_size - len(text)))
    os.utime(source, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # Python would take the other one
    shutil.copy(compiled, folder / "ghost.pyc")
    (folder / "nets.py").write_text((folder / "nets.py").read_text() + "\nimport ghost\n")
    with pytest.raises(BackboneError, match="No module named 'ghost'"):
        _width(folder, table, hinted)
    assert not mark.exists()


def test_a_package_is_not_imported_before_it_is_agreed_to(folder, table, hinted, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    (folder / "pack" / "nets.py").write_text(
        "from torch import nn\nfrom .inner import W\ndef make(): return nn.Linear(5, W + 1)\n"
    )
    opened = open_backbone("local/pack.nets:make", hinted(table), [table])
    assert opened.module.dim == 2
    for name in ("pack", "pack.inner", "pack.nets"):
        sys.modules.pop(name, None)
    revoke(lambda code: True)
    with pytest.raises(TrustError, match=r"local/pack\.nets:make"):
        reopen(opened.identity.to_dict(), opened.preprocessing)
    assert "pack" not in sys.modules


@pytest.mark.parametrize(
    "text", ["import no_such_module", "raise KeyError('trees')", "def make(: pass", "1 / 0"]
)
def test_code_that_fails_is_no_bug_of_ours(text, tmp_path, table, hinted):
    (tmp_path / "nets.py").write_text(text)
    with pytest.raises(BackboneError, match=r"the code of local/.*nets\.py:make raised"):
        _width(tmp_path, table, hinted)


def test_a_keras_file_that_a_folder_names_is_not_opened(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"x")
    options = {"path": str(tmp_path / "model.keras"), "layer": "dense", "mean": None, "std": None}
    with pytest.raises(TrustError, match=r"model\.keras \(digest \w+\) is code"):
        BACKBONES.get("keras")().restore(options)


def test_all_the_code_that_a_folder_names_is_found(folder, table, hinted, tmp_path):
    opened = open_backbone(f"local/{folder}/nets.py:make", hinted(table), [table])
    values = {"provider": "fusion", "options": {"parts": {"a": {"identity": opened.identity}}}}
    values = as_json(values)
    (folder / "backbone.json").write_text(json.dumps(values))
    expected = [f"local/{folder}/nets.py:make"]
    assert [code.what for code in codes_in(folder)] == expected
    for name, said in {  # of what a folder names: a model beside its own, its teacher, ...
        "reference/backbone.json": values,
        "preprocessor.json": {"parts": {"a": {"encoder": as_json(opened.identity)}}},
        "config.json": {"teacher": str(folder)},
        "config.json ": {"backbone": f"run/{folder}", "data": {"source": None}},
        "config.json  ": {"data": {"source": str(folder)}},
        "config.json   ": {
            "backbone": "local/x.py:f",
            "backbone_options": {"spec": expected[0][6:]},
        },
        "run.json": {"asked": {"runs": [str(folder), 7]}},
    }.items():
        other = tmp_path / "other"
        (other / name.strip()).parent.mkdir(parents=True)
        (other / name.strip()).write_text(json.dumps(said))
        assert [code.what for code in codes_in(other)] == expected, name
        shutil.rmtree(other)
    assert codes_in(tmp_path) == []
