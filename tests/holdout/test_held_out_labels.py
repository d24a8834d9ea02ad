"""Labels kept for judging change figures and nothing else, through whichever door rows came in."""

from __future__ import annotations

import pytest
from doors import DOORS, VERBS, Labels


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("LANDBRIDGE_CACHE", str(folder / "cache"))
        yield folder


SLOW = {"align", "align, group:site"}


@pytest.mark.parametrize(
    "door", [pytest.param(d, marks=pytest.mark.slow if d in SLOW else ()) for d in DOORS]
)
def test_held_out_labels_change_the_figures_and_nothing_else(door, data, tmp_path):
    """Exchanged among themselves, and as classes and numbers that no row to learn from has."""
    true, *others = (
        DOORS[door](Labels(how), data, tmp_path / how / "out")
        for how in ("true", "permuted", "strange")
    )
    for other in others:
        assert true.learned.keys() == other.learned.keys()
        differ = [name for name in true.learned if true.learned[name] != other.learned[name]]
        assert not differ
        assert true.figures != other.figures  # they are looked at, where they may be


def test_every_command_that_makes_a_folder_is_a_door():
    assert {door.partition(",")[0] for door in DOORS} >= VERBS
