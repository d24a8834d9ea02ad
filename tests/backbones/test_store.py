"""The store of frozen features: reuse, interruption, damage, keys."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from landbridge.backbones import FeatureStore, LoadedBackbone
from landbridge.base.errors import BackboneError, ConfigError
from landbridge.base.events import Events
from landbridge.base.places import cache_folder


@pytest.fixture
def prepared(convnet) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (50, *convnet.preprocessing.shape), dtype=np.uint8)


@pytest.fixture
def store(tmp_path) -> FeatureStore:
    made = FeatureStore(tmp_path / "store")
    made.flush_seconds = 0.0  # every batch is written at once
    return made


def count_rows(opened: LoadedBackbone, stop_after: int | None = None) -> list[int]:
    """Count the rows that pass through; raise as Ctrl-C does after so many."""
    seen: list[int] = []

    def hook(module, inputs, output):
        if stop_after is not None and sum(seen) >= stop_after:
            raise KeyboardInterrupt
        seen.append(len(output))

    seen_handle = opened.module.register_forward_hook(hook)
    opened.handle = seen_handle  # type: ignore[attr-defined]
    return seen


def direct(opened: LoadedBackbone, prepared: np.ndarray) -> np.ndarray:
    opened.module.eval()
    with torch.inference_mode():
        return opened.module(opened.preprocessing.encode(torch.from_numpy(prepared))).numpy()


def test_computed_once(store, convnet, prepared, heard):
    convnet.module.train()
    first = store.features(convnet, prepared, "data", batch=16)
    assert convnet.module.training, "the mode was not put back"
    assert first.dtype == np.float32
    assert not first.flags.writeable
    assert isinstance(first, np.memmap)
    seen = count_rows(convnet)
    again = store.features(convnet, prepared, "data", batch=16, events=Events(None, heard))
    assert sum(seen) == 0
    assert heard.kinds() == ["reuse"]
    assert np.array_equal(first, again)
    assert np.allclose(first, direct(convnet, prepared), atol=1e-5)


def test_interrupted(store, convnet, prepared, heard):
    count_rows(convnet, stop_after=20)
    with pytest.raises(KeyboardInterrupt):
        store.features(convnet, prepared, "data", batch=10)
    convnet.handle.remove()
    seen = count_rows(convnet)
    got = store.features(convnet, prepared, "data", batch=10, events=Events(None, heard))
    assert sum(seen) == 30, "rows that were done were computed again"
    assert heard.events[0]["rows"] == 20
    convnet.handle.remove()
    assert np.allclose(got, direct(convnet, prepared), atol=1e-5)
    assert not list(store.root.glob("*.part*"))


KILLED = """
import os, signal, sys
import numpy as np
from landbridge.backbones import BACKBONES, BackboneRequest, FeatureStore
from landbridge.domains.modalities.base import InputSpec

asked = BackboneRequest("convnet", InputSpec("image", 8, 8, 1), [], seed=3)
opened = BACKBONES.get("convnet")().open(asked)
passes = []

def hook(module, inputs, output):
    passes.append(1)
    if len(passes) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

opened.module.register_forward_hook(hook)
store = FeatureStore(sys.argv[1])
store.flush_seconds = 0.0
store.features(opened, np.load(sys.argv[2]), "data", batch=10)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed(store, convnet, prepared, tmp_path):
    np.save(tmp_path / "rows.npy", prepared)
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(store.root), str(tmp_path / "rows.npy")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert run.returncode == -signal.SIGKILL
    assert not list(store.root.glob("*.npy"))
    seen = count_rows(convnet)
    got = store.features(convnet, prepared, "data", batch=10)
    assert sum(seen) == 30, "rows that were done were computed again"
    assert np.allclose(got, direct(convnet, prepared), atol=1e-5)


def test_damaged_part_is_not_trusted(store, convnet, prepared):
    count_rows(convnet, stop_after=20)
    with pytest.raises(KeyboardInterrupt):
        store.features(convnet, prepared, "data", batch=10)
    convnet.handle.remove()
    part = next(store.root.glob("*.part"))
    data = bytearray(part.read_bytes())
    data[200] ^= 255
    part.write_bytes(data)
    seen = count_rows(convnet)
    store.features(convnet, prepared, "data", batch=10)
    assert sum(seen) == 50


@pytest.mark.parametrize("damage", ["cut", "flip", "of an earlier version"])
def test_damaged_file_is_made_again(store, convnet, prepared, heard, damage):
    whole = np.array(store.features(convnet, prepared, "data"))
    path = next(store.root.glob("*.npy"))
    data = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(data[:1000])
    elif damage == "flip":
        data[-3] ^= 255
        path.write_bytes(data)
    else:
        np.save(path, np.load(path))
    got = store.features(convnet, prepared, "data", events=Events(None, heard))
    assert heard.kinds() == ["note"]
    assert "computed again" in heard.events[0]["message"]
    assert np.array_equal(got, whole)


def test_keys(store, convnet, prepared):
    keys = {
        store.key(convnet, 50, "data"),
        store.key(convnet, 50, "other"),
        store.key(convnet, 50, "data", "bfloat16"),
        store.key(
            replace(convnet, preprocessing=replace(convnet.preprocessing, mean=(0.1,))), 50, "data"
        ),
        store.key(replace(convnet, identity=replace(convnet.identity, hash="x")), 50, "data"),
    }
    assert len(keys) == 5
    assert store.key(convnet, 50, "data", "float32") == store.key(convnet, 50, "data", "auto")


def test_bfloat16_is_near(store, convnet, prepared):
    exact = store.features(convnet, prepared, "data")
    rough = store.features(convnet, prepared, "data", precision="bfloat16")
    assert rough.dtype == np.float32
    assert 0 < np.abs(exact - rough).max() < 0.1 * np.abs(exact).max()
    with pytest.raises(ConfigError, match="float16"):
        store.features(convnet, prepared, "data", precision="float16")


def test_trained_weights_are_refused(store, convnet, prepared):
    with torch.no_grad():
        convnet.module.top[0].weight.mul_(2)
    with pytest.raises(BackboneError, match=convnet.identity.hash):
        store.features(convnet, prepared, "data")


def test_not_finite_is_refused(store, table, hinted):
    from landbridge.backbones import open_backbone

    opened = open_backbone("identity", hinted(table), [table])
    rows = np.full((4, 5), np.nan, np.float32)
    with pytest.raises(BackboneError, match="not finite for some of the rows 0 to 3"):
        store.features(opened, rows, "data")


def test_empty_and_memory_mapped(store, convnet, prepared, tmp_path):
    assert store.features(convnet, prepared[:0], "none").shape == (0, convnet.module.dim)
    np.save(tmp_path / "rows.npy", prepared)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert store.features(convnet, mapped, "data").shape == (50, convnet.module.dim)


def test_cap_and_clear(store, convnet, prepared):
    for i in range(3):
        store.features(convnet, prepared, f"data {i}")
    assert store.size() > 3 * 50 * convnet.module.dim * 4
    one = 50 * convnet.module.dim * 4
    capped = FeatureStore(store.root, cap=2 * one + 10_000)
    capped.features(convnet, prepared, "data 3")
    assert capped.size() <= capped.cap
    assert {len(np.load(p)) for p in store.root.glob("*.npy")} == {50}
    assert store.clear() > 0
    assert store.size() == 0


def test_root(monkeypatch, tmp_path):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    assert FeatureStore().root == tmp_path / "features"
    monkeypatch.delenv("LANDBRIDGE_CACHE")
    assert cache_folder().name == "landbridge"


def test_rows_of_several_sets_are_computed_once(store, convnet, prepared, heard):
    seen = count_rows(convnet)
    parts = [prepared[:20], prepared[20:35], prepared[35:]]
    for i, part in enumerate(parts):
        store.features(convnet, part, f"part {i}", batch=16)
    assert sum(seen) == 50
    mixed = np.concatenate([parts[2], prepared[::-1], prepared[:1] ^ 1, parts[0]])
    found = store.features(convnet, mixed, "mixed", batch=16)
    assert sum(seen) == 51, "the row that no set has had"
    convnet.handle.remove()
    np.testing.assert_allclose(found, direct(convnet, mixed), atol=1e-5)


def test_rows_of_another_backbone_or_precision_are_computed(store, convnet, prepared):
    store.features(convnet, prepared, "data", batch=16)
    seen = count_rows(convnet)
    store.features(convnet, prepared[:10], "some", batch=16, precision="bfloat16")
    assert sum(seen) == 10
    other = replace(convnet, identity=replace(convnet.identity, provider="another"))
    store.features(other, prepared[:10], "some", batch=16)
    assert sum(seen) == 20


def test_rows_of_a_damaged_file_are_computed(store, convnet, prepared):
    store.features(convnet, prepared, "data", batch=16)
    (path,) = store.root.glob("features-*.npy")
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(bytes(content))
    seen = count_rows(convnet)
    found = store.features(convnet, prepared[:10], "some", batch=16)
    assert sum(seen) == 10
    convnet.handle.remove()
    np.testing.assert_allclose(found, direct(convnet, prepared[:10]), atol=1e-5)


def test_what_is_trimmed_is_not_looked_for(store, convnet, prepared):
    store.features(convnet, prepared, "data", batch=16)
    store.trim(0)
    assert store.size() == 0
