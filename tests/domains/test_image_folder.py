"""Folders of images, whole and broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from landbridge.base.errors import ConfigError, DataError
from landbridge.domains import read_domain


def omitted(domain) -> dict[str, tuple[str, ...]]:
    return {o.what: o.rows for o in domain.omissions}


def test_class_folders(class_folder: Path) -> None:
    domain = read_domain(class_folder)
    assert domain.name == "insects"
    assert domain.classes == ("ants", "bees")
    assert domain.counts() == {"ants": 5, "bees": 4}
    assert domain.labelled == "all"
    assert not domain.omissions
    assert Path(domain.examples.names()[0]).is_file()


def test_flat_folder_is_unlabelled(tmp_path: Path, image) -> None:
    for i in range(3):
        image(tmp_path / "flat" / f"{i}.jpg")
    domain = read_domain(tmp_path / "flat")
    assert len(domain) == 3
    assert domain.labelled == "none"
    assert domain.classes == ()


@pytest.mark.parametrize("val", ["val", "valid", "Validation"])
def test_split_folders(tmp_path: Path, image, val: str) -> None:
    for split, n in (("train", 3), (val, 2), ("test", 1)):
        for kind in ("ants", "bees"):
            for i in range(n):
                image(tmp_path / "d" / split / kind / "deep" / f"{i}.jpg")
    image(tmp_path / "d" / "unlabelled" / "x.jpg")
    domain = read_domain(tmp_path / "d")
    assert domain.classes == ("ants", "bees")
    assert int(domain.validation.sum()) == 4
    assert int(domain.held_out.sum()) == 2
    assert int((~domain.labeled_mask).sum()) == 1
    assert any("splits" in note for note in domain.notes)


def test_flat_test_split_is_unlabelled(tmp_path: Path, image) -> None:
    for kind in ("ants", "bees"):
        image(tmp_path / "d" / "train" / kind / "0.jpg")
    image(tmp_path / "d" / "test" / "0.jpg")
    domain = read_domain(tmp_path / "d")
    assert domain.held_out.sum() == 1
    assert not domain.labeled_mask[domain.held_out].any()


def test_a_class_called_test(class_folder: Path, image) -> None:
    image(class_folder / "test" / "0.jpg")
    domain = read_domain(class_folder)
    assert domain.classes == ("ants", "bees", "test")
    assert any("'test'" in note for note in domain.notes)


def test_what_is_left_out_is_counted_and_named(class_folder: Path, image) -> None:
    whole = image(class_folder / "ants" / "cut.jpg", size=(200, 200), quality=95)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    whole = image(class_folder / "bees" / "cut.png", size=(60, 60))
    whole.write_bytes(whole.read_bytes()[:-200])
    (class_folder / "bees" / "text.jpg").write_text("not an image")
    (class_folder / "bees" / "empty.jpg").write_bytes(b"")
    (class_folder / "bees" / "notes.txt").write_text("hello")
    (class_folder / "bees" / ".hidden.jpg").write_text("hidden")
    (class_folder / "wasps").mkdir()
    domain = read_domain(class_folder)
    assert len(domain) == 9
    left = omitted(domain)
    assert len(left["unreadable image"]) == 4
    assert any(row.startswith("ants/cut.jpg (") for row in left["unreadable image"])
    assert left["file that is not an image"] == ("bees/notes.txt",)
    assert left["class folder without an image"] == ("wasps",)
    assert "wasps" not in domain.classes


def test_class_of_broken_images_goes(class_folder: Path) -> None:
    for path in (class_folder / "bees").iterdir():
        path.write_bytes(b"broken")
    domain = read_domain(class_folder)
    assert domain.classes == ("ants",)
    assert omitted(domain)["class without a readable image"] == ("bees",)
    assert any("one class" in note for note in domain.notes)


def test_no_image_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "ants").mkdir(parents=True)
    with pytest.raises(DataError, match="1 folders without an image"):
        read_domain(folder)
    (folder / "labels.csv").write_text("a,label\n1,x\n")
    with pytest.raises(DataError, match=r"give the path of the table: .*labels\.csv"):
        read_domain(folder)


def test_all_broken(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"broken")
    with pytest.raises(DataError, match="none of the 1 images"):
        read_domain(tmp_path)


def test_wrapped_folder(tmp_path: Path, image) -> None:
    image(tmp_path / "pets" / "images" / "cat" / "0.jpg")
    image(tmp_path / "pets" / "images" / "dog" / "0.jpg")
    domain = read_domain(tmp_path / "pets")
    assert domain.classes == ("cat", "dog")
    assert any("inner folder" in note for note in domain.notes)


def test_link_that_leads_back(class_folder: Path) -> None:
    (class_folder / "ants" / "loop").symlink_to(class_folder / "ants")
    assert len(read_domain(class_folder)) == 9


def test_options(class_folder: Path) -> None:
    assert read_domain(class_folder, labelled=False).labelled == "none"
    few = read_domain(class_folder, max_rows=4)
    assert len(few) == 4
    assert len(omitted(few)["row beyond max_rows"]) == 5
    again = read_domain(class_folder, max_rows=4)
    assert np.array_equal(few.labels, again.labels)
    with pytest.raises(ConfigError, match="label= was given"):
        read_domain(class_folder, label="species")


def test_missing_path_names_the_nearest(class_folder: Path) -> None:
    with pytest.raises(DataError, match=r"did you mean .*insects"):
        read_domain(class_folder.parent / "insect")
    with pytest.raises(DataError, match="does not exist"):
        read_domain("/nowhere/at/all")


def test_unsupported(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    with pytest.raises(DataError, match=r"kind that cannot be read \(\.bin\)"):
        read_domain(tmp_path / "model.bin")
    with pytest.raises(DataError, match="int cannot be read"):
        read_domain(3)


@pytest.mark.data
def test_hymenoptera(data_folder: Path) -> None:
    domain = read_domain(data_folder / "hymenoptera")
    assert domain.classes == ("ants", "bees")
    assert len(domain) == 396
    assert domain.validation.sum() == 153
    height, width, channels = domain.examples.shape_hint()
    assert min(height, width) > 100
    assert channels == 3
