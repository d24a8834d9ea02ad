"""Modules of the user's own, and what of them is run when a run is opened again."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from landbridge.backbones import open_backbone, reopen
from landbridge.backbones.own_code import TRUST, held, hold
from landbridge.backbones.wrapped import WrappedModule
from landbridge.base.errors import BackboneError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path / "cache"))
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
    with pytest.raises(BackboneError, match="not as it was"):
        reopen(opened.identity.to_dict(), opened.preprocessing)
    assert not mark.exists()
    monkeypatch.setenv(TRUST, "1")
    reopen(opened.identity.to_dict(), opened.preprocessing)
    assert mark.exists()


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
