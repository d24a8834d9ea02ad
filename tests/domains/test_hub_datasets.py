"""Data of the hub, played by a module: what is said where it does not answer."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from landbridge.base.errors import DataError, HubError
from landbridge.domains.readers.base import ReadOptions
from landbridge.domains.readers.hub_datasets import HubDatasets


@pytest.fixture
def library(monkeypatch):
    """Stand in for ``datasets``, of which every call ends in one error."""
    import importlib.util

    import huggingface_hub.errors  # noqa: F401  # it loads the HTTP library that it uses

    def play(error):
        def fail(*args, **kwargs):
            raise error

        found = SimpleNamespace(
            DownloadConfig=lambda **_: None, load_dataset=fail, load_dataset_builder=fail
        )
        monkeypatch.setitem(sys.modules, "datasets", found)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)

    play.http = sys.modules.get("httpx2") or sys.modules["httpx"]
    return play


@pytest.mark.parametrize("kind", ["ConnectionError", "TimeoutError", "httpx", "caused"])
def test_a_hub_that_does_not_answer(library, kind):
    made = {
        "ConnectionError": ConnectionError("Couldn't reach 'x' on the Hub"),
        "TimeoutError": TimeoutError("timed out"),
        "httpx": library.http.ConnectError("[Errno 111] Connection refused"),
        "caused": ValueError("nothing there"),
    }
    if kind == "caused":
        made[kind].__cause__ = library.http.ConnectTimeout("late")
    library(made[kind])
    with pytest.raises(HubError, match="hf:someone/rows could not be downloaded") as caught:
        HubDatasets().read("hf:someone/rows", ReadOptions())
    assert caught.value.exit_code == 5
    assert "a file or folder works without a network" in caught.value.hint


def test_what_is_not_there_is_about_the_data(library):
    library(FileNotFoundError("Dataset 'someone/rows' doesn't exist on the Hub"))
    with pytest.raises(DataError, match="cannot be read from the Hugging Face hub"):
        HubDatasets().read("hf:someone/rows", ReadOptions())
