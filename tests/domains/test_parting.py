"""Several domains in one set of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from landbridge.base.errors import ConfigError, DataError
from landbridge.domains.parting import part
from landbridge.domains.read import read_domain


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.normal(size=40),
            "dose": rng.normal(size=40),
            "ill": ["yes", "no"] * 20,
            "site": np.repeat(["north", "south", "east", "west"], 10),
        }
    )


def test_a_column_names_domains_and_is_no_feature(frame):
    domain = read_domain(frame, label="ill", domain="site")
    assert list(domain.examples.columns) == ["age", "dose"]
    source, target = part(domain, ["east"])
    assert (len(source), len(target)) == (30, 10)
    assert set(source.groups) == {"north", "south", "west"}
    assert target.name == "east"
    np.testing.assert_array_equal(target.examples.columns["age"], frame["age"][20:30])
    two, _ = part(domain, ["east"], ["north", "south"])
    assert two.name == "north+south"
    assert len(two) == 20


def test_a_column_of_domains_is_not_taken_for_the_label(frame):
    named = frame.rename(columns={"ill": "finding"})
    assert read_domain(named, domain="site").label_column != "site"


def test_held_out_rows_of_the_target_stay_so(frame):
    split = ["train"] * 25 + ["test"] * 15
    source, target = part(
        read_domain(frame.assign(split=split), label="ill", domain="site"), ["east"], ["west"]
    )
    assert target.held_out.tolist() == [False] * 5 + [True] * 5
    assert not source.held_out.any()


def test_what_is_wrong(frame):
    domain = read_domain(frame, label="ill", domain="site")
    with pytest.raises(ConfigError, match="did you mean 'north'"):
        part(domain, ["nort"])
    with pytest.raises(ConfigError, match="source and target"):
        part(domain, ["east"], ["east", "west"])
    with pytest.raises(DataError, match="--domain"):
        part(read_domain(frame, label="ill"), ["east"])


def test_file_names_say_label_and_domain(tmp_path):
    from PIL import Image

    for label in "ab":
        for person in ("ann", "bob"):
            for take in range(2):
                pixels = np.full((16, 16), 20 * take, np.uint8)
                Image.fromarray(pixels).save(tmp_path / f"{label}_{person}_{take}.png")
    domain = read_domain(tmp_path, pattern="{label}_{person}_{take}", domain="person")
    assert domain.classes == ("a", "b")
    assert set(domain.groups) == {"ann", "bob"}
    with pytest.raises(ConfigError, match=r"no part of the file names; those are \['label'"):
        read_domain(tmp_path, pattern="{label}_{person}_{take}", domain="town")
    with pytest.raises(DataError, match="8 of 8 file names do not fit"):
        read_domain(tmp_path, pattern="{label}-{person}")
    (tmp_path / "a_ann_0.png").rename(tmp_path / "a_ann_jr_0.png")
    with pytest.raises(DataError, match=r"1 of 8 .*a_ann_jr_0\.png"):
        read_domain(tmp_path, pattern="{label}_{person}_{take}")
    with pytest.raises(ConfigError, match="each part once"):
        read_domain(tmp_path, pattern="{label}_{label}")


def test_folders_are_domains(tmp_path):
    from PIL import Image

    for site in ("north", "south"):
        (tmp_path / site).mkdir()
        for label in "ab":
            for i in range(2):
                name = tmp_path / site / f"{label}{i}.png"
                Image.fromarray(np.zeros((16, 16), np.uint8)).save(name)
    domain = read_domain(tmp_path, domain="folder")
    assert domain.groups == ("north",) * 4 + ("south",) * 4
