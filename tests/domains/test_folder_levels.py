"""Two levels of folders: domains above classes, or classes above whatever."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from landbridge.base.config import make_config
from landbridge.base.errors import DataError
from landbridge.base.events import Events
from landbridge.domains.parting import part
from landbridge.domains.read import read_domain
from landbridge.runs.load import read_task


def folders(root, above, below, n=2):
    """Write n small images into each folder of the second level."""
    from PIL import Image

    for upper, lower in itertools.product(above, below):
        (root / upper / lower).mkdir(parents=True)
        for i in range(n):
            pixels = np.full((8, 8), 10 * i, np.uint8)
            Image.fromarray(pixels).save(root / upper / lower / f"{i}.png")
    return root


def labels_of(domain):
    return [domain.classes[i] for i in domain.labels]


def test_upper_folders_are_domains_where_that_is_said(tmp_path):
    root = folders(tmp_path / "pictures", ("art", "photo", "sketch"), ("cat", "dog"))
    domain = read_domain(root, domain="folder")
    assert domain.classes == ("cat", "dog")
    assert domain.groups == ("art",) * 4 + ("photo",) * 4 + ("sketch",) * 4
    assert labels_of(domain) == ["cat", "cat", "dog", "dog"] * 3
    source, target = part(domain, ["sketch"])
    assert source.classes == target.classes == ("cat", "dog")
    assert set(source.groups) == {"art", "photo"}


def test_nobody_asked_upper_folders_are_classes_and_a_note_says_so(tmp_path):
    domain = read_domain(folders(tmp_path / "pictures", ("art", "photo"), ("cat", "dog")))
    assert domain.classes == ("art", "photo")
    assert any("--domain folder" in note and "'cat', 'dog'" in note for note in domain.notes)


def test_lower_folders_are_domains_where_that_is_said(tmp_path):
    root = folders(tmp_path / "pictures", ("cat", "dog"), ("art", "photo"))
    domain = read_domain(root, domain="subfolder")
    assert domain.classes == ("cat", "dog")
    assert domain.groups == ("art", "art", "photo", "photo") * 2
    assert not any("two levels" in note for note in domain.notes)


@pytest.mark.parametrize(
    "below",
    [
        {"cat": ("siamese", "persian"), "dog": ("poodle", "beagle")},
        {"cat": ("siamese", "other"), "dog": ("other", "poodle", "beagle")},
        {"cat": ("train", "test"), "dog": ("train", "test")},
    ],
    ids=["of their own", "one in common", "splits"],
)
def test_nested_class_folders_stay_classes(below, tmp_path):
    for name, lower in below.items():
        folders(tmp_path / "animals", (name,), lower)
    domain = read_domain(tmp_path / "animals")
    assert domain.classes == ("cat", "dog")
    assert domain.subfolders == ()
    assert not any("two levels" in note for note in domain.notes)


def test_files_beside_lower_folders_lie_in_the_upper_class(tmp_path):
    from PIL import Image

    root = folders(tmp_path / "animals", ("cat", "dog"), ("indoors", "outdoors"))
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(root / "cat" / "more.png")
    domain = read_domain(root, domain="folder")
    assert domain.classes == ("cat", "dog")
    assert "cat" in domain.groups
    assert labels_of(domain).count("cat") == 5


def test_broken_files_do_not_shift_the_levels(tmp_path):
    root = folders(tmp_path / "pictures", ("art", "photo"), ("cat", "dog"))
    (root / "art" / "cat" / "0.png").write_bytes(b"no image")
    domain = read_domain(root, domain="folder")
    assert labels_of(domain) == ["cat", "dog", "dog", "cat", "cat", "dog", "dog"]
    assert domain.groups == ("art",) * 3 + ("photo",) * 4


def task(tmp_path, target_labels="use", **data):
    config = make_config({"data": data | {"target_labels": target_labels}})
    heard = []

    class Listener:
        def event(self, event):
            heard.append(event.get("message", ""))

        def progress(self, what, total):
            return Events().progress(what, total)

    return read_task(config, events=Events(None, Listener())), heard


@pytest.mark.parametrize("target_labels", ["use", "judge"])
@pytest.mark.parametrize("flat", [False, True], ids=["both in levels", "target in classes"])
def test_domains_taken_for_classes_are_an_error(target_labels, flat, tmp_path):
    source = folders(tmp_path / "ours", ("art", "photo"), ("cat", "dog"))
    target = folders(tmp_path / "theirs", ("sketch",), ("cat", "dog"))
    sides = {"source": str(source), "target": str(target / "sketch" if flat else target)}
    with pytest.raises(DataError, match="upper folders seem to be domains") as error:
        task(tmp_path, target_labels, **sides)
    assert "--domain folder" in error.value.hint
    found, heard = task(tmp_path, "judge", **sides, domain="folder")
    assert found.classes == ("cat", "dog")
    assert found.target.test_mask.all()
    assert "2 classes: 'cat', 'dog'" in heard


def test_other_classes_with_folders_of_their_own_below_are_no_error(tmp_path):
    source = folders(tmp_path / "ours", ("cat", "dog"), ("young", "old"))
    target = folders(tmp_path / "theirs", ("bus", "car"), ("red", "blue"))
    found, _ = task(tmp_path, source=str(source), target=str(target))
    assert found.classes == ("bus", "car")
