"""What holds for every test: choices of the person who runs them are neither read nor changed."""

from __future__ import annotations

import pytest

import needs


def pytest_configure() -> None:
    """Refuse a need that no test has: it would require nothing."""
    if lost := needs.unknown(needs.REQUIRED):
        known = ", ".join([*needs.MARKERS, *needs.EXTRAS])
        raise pytest.UsageError(
            f"{needs.VARIABLE} names {', '.join(lost)}; expected some of {known}, or a package "
            "in one of these extras"
        )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for what a test's markers name before any fixture does."""
    for name, look in needs.MARKERS.items():
        if item.get_closest_marker(name):
            look()


@pytest.fixture(autouse=True, scope="session")
def _own_choices(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.delenv("LANDBRIDGE_TRUST_CODE", raising=False)
        yield
