"""Arrays in memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import needs
from landbridge.base.errors import DataError
from landbridge.domains import ImageExamples, TableExamples, read_domain

X = np.random.default_rng(0).normal(size=(6, 3))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "b", "a", "b", "a"], ("a", "b")),
        ([10, 2, 10, 2, 10, 2], ("2", "10")),
        (np.array([1.0, 0, 1, 0, np.nan, 0]), ("0", "1")),
        ([-1, 1, -1, 1, None, 1], ("-1", "1")),
        (torch.tensor([0, 1, 0, 1, 0, 1]), ("0", "1")),
        (np.array([True, False] * 3), ("False", "True")),
    ],
)
def test_labels_of_any_kind(labels, classes) -> None:
    domain = read_domain((X, labels))
    assert domain.classes == classes
    assert domain.modality == "tabular"
    assert read_domain(X, labels=labels).counts() == domain.counts()


def test_callers_labels_are_not_changed() -> None:
    y = np.array([1.0, 0, 1, 0, np.nan, 0])
    before = y.copy()
    read_domain((X, y))
    assert np.array_equal(y, before, equal_nan=True)


def test_mask_says_which_labels_count() -> None:
    mask = np.array([True, True, False, False, True, True])
    domain = read_domain((X, [0, 1, 0, 1, 0, 1]), labelled=mask)
    assert domain.labeled_mask.tolist() == mask.tolist()
    with pytest.raises(DataError, match="one True or False a row"):
        read_domain((X, [0, 1, 0, 1, 0, 1]), labelled=[1, 0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_names_row_and_column(value: float) -> None:
    x = X.copy()
    x[4, 1] = value
    with pytest.raises(DataError, match="row 4, column x1"):
        read_domain(x)
    if np.isnan(value):
        domain = read_domain(x, allow_missing=True)
        assert isinstance(domain.examples, TableExamples)
        assert np.isnan(domain.examples.columns["x1"][4])
    else:
        with pytest.raises(DataError, match="row 4, column x1"):
            read_domain(x, allow_missing=True)


@pytest.mark.parametrize(
    ("make", "shape", "said"),
    [
        (lambda r: r.random((4, 5, 6)), (4, 5, 6), "0..1"),
        (lambda r: r.integers(0, 256, (4, 5, 6, 3)), (4, 5, 6, 3), "0..255"),
        (lambda r: r.integers(0, 17, (4, 5, 6)), (4, 5, 6), "stretched from 0..16"),
        (lambda r: r.random((4, 3, 5, 6)), (4, 5, 6, 3), "0..1"),
        (lambda r: r.random((4, 5, 6, 1)), (4, 5, 6), "0..1"),
        (lambda r: torch.rand(4, 3, 5, 3), (4, 5, 3, 3), "(n, c, h, w)"),
        (lambda r: r.random((4, 5, 6, 4)), (4, 5, 6, 3), "on white"),
    ],
)
def test_images(make, shape, said: str) -> None:
    domain = read_domain(make(np.random.default_rng(0)))
    assert isinstance(domain.examples, ImageExamples)
    assert domain.examples.pixels is not None
    assert domain.examples.pixels.shape == shape
    assert domain.examples.pixels.dtype == np.uint8
    assert any(said in note for note in domain.notes), domain.notes


def test_bad_images() -> None:
    x = np.zeros((3, 5, 6))
    x[1, 2, 3] = np.nan
    with pytest.raises(DataError, match=r"row 1, position \(2, 3\)"):
        read_domain(x)
    with pytest.raises(DataError, match="no axis has 1, 3 or 4"):
        read_domain(np.zeros((3, 5, 6, 7)))
    with pytest.raises(DataError, match="shape"):
        read_domain(np.zeros(5))


def test_wrong_labels() -> None:
    with pytest.raises(DataError, match="6 rows and 5 labels"):
        read_domain((X, [0, 1, 0, 1, 0]))
    with pytest.raises(DataError, match="argmax"):
        read_domain((X, np.eye(6)))
    with pytest.raises(DataError, match="given twice"):
        read_domain((X, [0] * 6), labels=[0] * 6)
    with pytest.raises(DataError, match="no rows"):
        read_domain(np.zeros((0, 3)))


def test_minus_one_among_more_classes_is_said() -> None:
    domain = read_domain((X, [0, 1, -1, -1, 0, 1]))
    assert any("-1" in note for note in domain.notes)


def test_split_of_rows() -> None:
    domain = read_domain((X, list("ababab")), split=["train"] * 4 + ["test"] * 2)
    assert domain.held_out.tolist() == [False] * 4 + [True] * 2


def test_data_frame() -> None:
    pd = needs.package("pandas")
    frame = pd.DataFrame(
        {
            "a": [1.5, None, 3.0, 4.0],
            "n": pd.array([1, None, 3, 4], dtype="Int64"),
            "kind": pd.Categorical(["x", "y", None, "x"]),
            "text": pd.Series(["p", "q", None, "p"], dtype="string"),
            "when": pd.to_datetime(["2020-01-01"] * 4),
            "span": pd.to_timedelta([1, 2, 3, 4], unit="D"),
            "class": ["u", "v", "u", None],
        }
    )
    domain = read_domain(frame)
    assert domain.classes == ("u", "v")
    assert domain.labeled_mask.tolist() == [True, True, True, False]
    assert isinstance(domain.examples, TableExamples)
    assert domain.examples.numeric == ["a", "n", "when", "when (month)", "when (weekday)", "span"]
    assert domain.examples.categorical == ["kind", "text"]
    given = read_domain((frame.drop(columns="class"), pd.Series(["u", "v", "u", "v"])))
    assert given.labelled == "all"
    # In memory a label column is found by its name only.
    assert read_domain(frame.drop(columns="class")).labelled == "none"


def test_arrow_sparse_lists_and_words() -> None:
    import pyarrow as pa
    from scipy import sparse

    assert read_domain(pa.table({"a": [1.0, 2.0], "label": ["x", "y"]})).classes == ("x", "y")
    assert len(read_domain(sparse.csr_matrix(X)).examples.columns) == 3  # type: ignore[attr-defined]
    assert len(read_domain([[1.0, 2.0], [3.0, 4.0]])) == 2
    words = read_domain(np.array([["a", 1], ["b", 2]], dtype=object))
    assert isinstance(words.examples, TableExamples)
    assert words.examples.categorical == ["x0"]
    with pytest.raises(DataError, match="differ in length"):
        read_domain([[1.0], [1.0, 2.0]])


def test_list_of_image_files(class_folder) -> None:
    files = sorted(class_folder.rglob("*.jpg"))
    domain = read_domain((files, ["a", "b", "a", "b", "a"]))
    assert domain.modality == "image"
    assert domain.classes == ("a", "b")
