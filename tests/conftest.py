"""What holds for every test: choices of the person who runs them are neither read nor changed."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_choices(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.delenv("LANDBRIDGE_TRUST_CODE", raising=False)
        yield
