"""Where choices about code are kept, and finding code without importing any of it."""

from __future__ import annotations

import importlib
import os
import py_compile
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from landbridge.base import trust
from landbridge.base.code import find_code, installed
from landbridge.base.errors import BackboneError, LandbridgeWarning, StorageError, TrustError
from landbridge.base.places import config_folder
from landbridge.base.trust import TRUST, Code, choices, grant, require, revoke, store, trusted


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(TRUST, raising=False)


def _code(name: str = "make", **files: str) -> Code:
    return Code(f"local//a/nets.py:{name}", "/a", files or {"nets.py": "1"})


def test_a_choice_is_for_name_place_and_every_file():
    grant(_code())
    require(_code())
    for other in (
        _code("other"),
        Code("local//a/nets.py:make", "/b", {"nets.py": "1"}),
        Code("local//a/nets.py:make", "/a", {"nets.py": "2"}),
        Code("local//a/nets.py:make", "/a", {"nets.py": "1", "torch.py": "1"}),
        Code("local//a/nets.py:make", "/a", {}),
    ):
        assert not trusted(other)
        with pytest.raises(TrustError, match="nobody has agreed"):
            require(other)
    grant(Code("local//a/nets.py:make", "/a", {"nets.py": "2"}))  # the latest one holds
    assert not trusted(_code())
    assert [choice.code.files for choice in choices()] == [{"nets.py": "2"}]
    assert [code.files for code in revoke(lambda code: True)] == [{"nets.py": "2"}]
    assert choices() == []


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
def test_choices_are_private_and_those_of_others_are_none():
    grant(_code())
    assert store().stat().st_mode & 0o777 == 0o600
    assert store().parent.stat().st_mode & 0o777 == 0o700
    store().chmod(0o666)
    with pytest.raises(TrustError, match="can be written by others"):
        require(_code())


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 2, "trusted": []}', "\x00", '{"format":1}']
)
def test_a_damaged_file_of_choices_is_said(text):
    store().parent.mkdir(parents=True)
    store().write_text(text)
    store().chmod(0o600)
    with pytest.raises(TrustError, match=r"trust\.json is damaged"):
        require(_code())


def test_the_folder_of_choices_is_never_below_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    for given in ("", ".", "config"):
        monkeypatch.setenv("XDG_CONFIG_HOME", given)
        assert config_folder() == Path("/home/somebody/.config/landbridge")
    monkeypatch.setenv("HOME", ".")
    with pytest.raises(StorageError, match="no home folder"):
        config_folder()
    assert choices() == []
    monkeypatch.setenv(TRUST, "")
    with pytest.warns(LandbridgeWarning, match="this process alone: there is no home"):
        grant(_code())
    require(_code())


def test_a_choice_that_cannot_be_kept_holds_for_the_process(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    monkeypatch.setenv(TRUST, "")
    with pytest.warns(LandbridgeWarning, match="holds for this process alone"):
        grant(_code())
    require(_code())
    assert os.environ[TRUST] == _code().digest  # so worker processes know it as well


def test_the_variable_takes_digests_and_nothing_else(monkeypatch):
    for given in ("1", "true", _code().digest[:20], "*"):
        monkeypatch.setenv(TRUST, given)
        with pytest.raises(TrustError):
            require(_code())
    monkeypatch.setenv(TRUST, f"{_code('other').digest}, {_code().digest}")
    require(_code())


def test_choices_made_at_once_are_all_kept():
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: grant(_code(f"make{i}")), range(16)))
    assert len(choices()) == 16


def test_who_is_asked_decides_once():
    asked = []
    trust.ask_by(lambda code, why: bool(asked.append((code, why))) or len(asked) > 1)
    try:
        with pytest.raises(TrustError):
            require(_code())
        require(_code())
        require(_code())
    finally:
        trust.ask_by(None)
    assert len(asked) == 2


# Finding ---------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A package whose every file would leave a mark when it is imported."""
    root = tmp_path / "project"
    for name in ("pack/__init__.py", "pack/sub/__init__.py", "pack/sub/nets.py", "space/deep/n.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"open({str(tmp_path / 'marker')!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(str(root))
    importlib.invalidate_caches()
    yield root
    assert not (tmp_path / "marker").exists()
    assert not {"pack", "pack.sub", "pack.sub.nets", "space", "space.deep"} & set(sys.modules)


@pytest.mark.parametrize("module", ["pack", "pack.sub", "pack.sub.nets", "space.deep.n"])
def test_modules_are_found_without_importing_their_packages(module, project):
    found = find_code(f"{module}:make")
    assert found.file.is_relative_to(project)
    assert found.code.root == str(project)
    assert sorted(found.code.files) == [
        f"{path.relative_to(project)}" for path in sorted(project.rglob("*.py"))
        if path.is_relative_to(project / module.partition(".")[0])
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spec", ["pack.no:make", "pack.sub.nets.more:make", "space:make", "no_such:make", ".:make",
             "pack..sub:make", "sys:exit", "__main__:make", "pack/sub:make", "nul\0.py:make",
             "~nobody-of-this-name/x.py:make", "nets.py:", ":make"],
)  # fmt: skip
def test_what_is_not_there_is_said(spec, project):
    with pytest.raises(BackboneError):
        find_code(spec)


def test_an_installed_package_counts_as_a_whole():
    found = find_code("yaml.loader:SafeLoader")
    assert installed(found.file)
    assert {"__init__.py", "loader.py", "constructor.py"} <= set(found.code.files)
    assert find_code("antigravity:geohash").code.files.keys() == {"antigravity.py"}
    assert "antigravity" not in sys.modules


def test_what_counts_is_what_can_be_imported(tmp_path):
    root = tmp_path / "own"
    for name in (
        "__init__.py",
        "nets.py",
        "helper.py",
        "pack/__init__.py",
        "pack/a.py",
        "names/b.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    for name in (".hidden/x.py", "env/x.py", "no-name/x.py", "__pycache__/x.py", "a.b.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / "env" / "pyvenv.cfg").touch()
    (root / "pack" / "again").symlink_to(root / "pack", target_is_directory=True)
    (root / "data.json").write_text("{}")
    (root / "nets.py").write_text("import importlib")  # by names that nobody can foresee
    files = sorted(find_code(f"{root / 'nets.py'}:make").code.files)
    assert files[0] == "__init__.py"
    assert files[1:] == ["helper.py", "names/b.py", "nets.py", "pack/__init__.py", "pack/a.py"]
    (root / "torch.py").write_text("")  # a new file could be imported instead of another
    py_compile.compile(str(root / "helper.py"), str(root / "sourceless.pyc"))
    assert set(find_code(f"{root / 'nets.py'}:make").code.files) - set(files) == {"torch.py"}


@pytest.mark.parametrize(
    ("text", "reaches"),
    [
        ("import json", []),
        ("import helper", ["helper.py", "second.py"]),
        ("from pack import a", ["pack/__init__.py", "pack/a.py"]),
        ("import pack.a as b", ["pack/__init__.py", "pack/a.py"]),
        ("def f():\n    from second import x", ["second.py"]),
        ("model.train(); model.eval()", []),
        *[(text, None) for text in ("__import__('a')", "exec(x)", "import runpy", "eval('1')")],
        ("from importlib import import_module as i", None),
        ("import broken", ["broken.py"]),
    ],
)
def test_neighbours_count_where_the_code_can_import_them(text, reaches, tmp_path):
    beside = {
        "helper.py": "import second",
        "second.py": "",
        "pack/__init__.py": "",
        "pack/a.py": "from . import b",
        "train.py": "import helper",
        "broken.py": "def (",
    }
    for name, content in beside.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "nets.py").write_text(text)
    found = find_code(f"{tmp_path / 'nets.py'}:make")
    assert sorted(found.code.files) == sorted(
        [*(beside if reaches is None else reaches), "nets.py"]
    )
    assert {source.path.name for source in found.sources.values()} <= {
        Path(name).name for name in found.code.files
    }
