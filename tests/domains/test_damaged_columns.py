"""Values that another library hands over and that are damaged are refused by name."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landbridge.base.errors import DataError
from landbridge.domains.read import read_domain


def strings(values: bytes, ends: list[int]) -> pa.Array:
    """Return an array of strings as a damaged file would give it, without a check."""
    buffers = [None, pa.py_buffer(np.array(ends, "<i4").tobytes()), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.string(), len(ends) - 1, buffers)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (strings(b"a\xffc", [0, 1, 2, 3]), r"column 'word' holds b'\\xff' in row 2.*no UTF-8"),
        (strings(b"abc", [0, 2, 1, 3]), "column 'word' is damaged"),
        (
            pa.DictionaryArray.from_arrays(pa.array([0, 9, 1]), ["a", "b"], safe=False),
            "column 'word' is damaged",
        ),
    ],
    ids=["no UTF-8", "ends", "indices"],
)
def test_a_column_that_is_not_what_its_type_says_is_named(column, message):
    table = pa.table({"word": column, "x": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match=message):
        read_domain(table)


class InFile:
    """Stands for values that lie in a file, as a dataset of h5py does."""

    shape, dtype = (), np.dtype(float)

    def __init__(self, shape: tuple[int, ...], error: Exception | None = None) -> None:
        self.shape, self.error = shape, error
        self.ndim = len(shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        if self.error is not None:
            raise self.error
        return np.arange(np.prod(self.shape), dtype=float).reshape(self.shape)

    __module__ = "h5py._hl.dataset"


def test_values_in_a_file_are_read_and_named_where_they_cannot_be():
    assert len(read_domain((InFile((6, 3)), InFile((6,))))) == 6
    with pytest.raises(DataError, match=r"h5py's InFile cannot be read: bad object header"):
        read_domain(InFile((6, 3), OSError("bad object header")))
    with pytest.raises(DataError, match=r"h5py's InFile cannot be read: no such chunk"):
        read_domain((np.zeros((6, 3)), InFile((6,), RuntimeError("no such chunk"))))
    with pytest.raises(DataError, match=r"h5py's InFile of shape \(10{12},\) is too large"):
        read_domain(InFile((10**12,)))


def test_a_column_whose_name_is_no_utf8_is_named(tmp_path):
    from pyarrow import ipc

    sink = pa.BufferOutputStream()
    table = pa.table({"abcdef": [1.0, 2.0], "x": [1.0, 2.0]})
    with ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    raw = sink.getvalue().to_pybytes().replace(b"abcdef", b"abc\xff\xfef")
    with pytest.raises(DataError, match=r"whose name is no UTF-8: b'abc\\xff\\xfef'"):
        read_domain(ipc.open_stream(raw).read_all())
    pq.write_table(table, tmp_path / "t.parquet", store_schema=False)
    raw = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(raw.replace(b"abcdef", b"abc\xff\xfef"))
    with pytest.raises(DataError, match=r"t\.parquet"):
        read_domain(tmp_path / "t.parquet")


def test_rows_without_values_are_refused_before_they_are_counted_out():
    with pytest.raises(DataError, match="has shape"):
        read_domain(np.zeros((2**40, 0)))
