"""A file of a few kB never takes gigabytes: what it claims is looked at before it is decoded."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse
from PIL import Image, features

from landbridge.base.errors import ConfigError, DataError
from landbridge.base.growth import MOST, most_bytes
from landbridge.domains.modalities import decoding
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.read import read_domain

PREP = ImagePreprocessing(8, 8, 3)


def png(width: int, height: int, bits: int = 8, kind: int = 2) -> bytes:
    """Return a PNG file whose header claims a size, with hardly anything in it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


def picture(form: str, size=(32, 24), **how) -> bytes:
    out = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    Image.fromarray(pixels).save(out, form, **how)
    return out.getvalue()


def patched(content: bytes, at: int, form: str, *values: int) -> bytes:
    made = bytearray(content)
    struct.pack_into(form, made, at, *values)
    return bytes(made)


CLAIMS = {
    "PNG": png(100_000, 100_000),
    "PNG of 2^31": png(2**31 - 1, 2**31 - 1),
    "PNG of no pixels": png(0, 5),
    "PNG of 16 bits": png(9_000, 9_000, 16, 0),
    "PNG with transparency": png(9_000, 9_000, 8, 6),
    "GIF": patched(picture("GIF"), 6, "<HH", 65_535, 65_535),
    "BMP": patched(picture("BMP"), 18, "<ii", 2**30, 2**30),
    "PPM": b"P6 1000000 1000000 255\n" + bytes(99),
    "empty": b"",
    "text": b"no image at all",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
}
CUT = [
    form
    for form in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "BMP")
    if form != "AVIF" or features.check("avif")
]


@pytest.mark.parametrize("kind", [*CLAIMS, *(f"{form}, cut" for form in CUT)])
def test_what_cannot_be_decoded_is_left_out_by_name(tmp_path, kind):
    content = CLAIMS.get(kind)
    if content is None:
        whole = picture(kind.split(",")[0])
        content = whole[: len(whole) * 2 // 3]
    (tmp_path / "good.png").write_bytes(picture("PNG"))
    (tmp_path / "bad.png").write_bytes(content)
    (left,) = read_domain(tmp_path).omissions
    assert left.what == "unreadable image"
    assert left.rows[0].startswith("bad.png (")
    assert "object at 0x" not in left.rows[0]
    with pytest.raises(DataError, match=r"bad\.png"):
        PREP.prepare(ImageExamples([tmp_path / "bad.png"]))


@pytest.mark.parametrize(
    ("form", "mode", "cost"),
    [
        *(("PNG", "RGB", 8), ("PNG", "1", 8), ("GIF", "P", 8), ("JPEG", "RGB", 8)),
        *(("PNG", "RGBA", 20), ("PNG", "LA", 20), ("WEBP", "RGB", 24)),
        *(("PNG", "I;16", 28), ("TIFF", "F", 28)),
    ],
)
def test_pixels_are_counted_after_conversion(monkeypatch, form, mode, cost):
    out = io.BytesIO()
    Image.new(mode, (40, 25)).save(out, form)
    monkeypatch.setattr(decoding, "_MOST_BYTES", 1000 * cost)
    assert decoding.flaw(out.getvalue()) is None
    monkeypatch.setattr(decoding, "_MOST_BYTES", 1000 * cost - 1)
    assert "40 x 25 pixels are more than 999" in str(decoding.flaw(out.getvalue()))


def test_an_image_that_changes_after_it_was_read_is_named(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(picture("PNG"))
    examples = ImageExamples([path])
    path.write_bytes(picture("PNG")[:60])
    for ask in (examples.shape_hint, examples.contents, lambda: examples.pictures(0)):
        with pytest.raises(DataError, match=r"a\.png"):
            ask()


# Rows --------------------------------------------------------------------------------------------


@pytest.fixture
def little(monkeypatch):
    monkeypatch.setenv(MOST, "3MB")


def constant(folder, rows: int, **columns) -> str:
    path = folder / "t.parquet"
    pq.write_table(pa.table({k: [v] * rows for k, v in columns.items()}), path, compression="zstd")
    return str(path)


@pytest.mark.parametrize("layout", ["file", "shards"])
def test_rows_of_one_value_are_counted_before_they_are_read(tmp_path, little, layout):
    path = constant(tmp_path, 400_000, a=1.5, label="x")
    with pytest.raises(DataError, match=r"t\.parquet has .* 400,000 rows of 2 columns.*") as error:
        read_domain(path if layout == "file" else tmp_path)
    assert f"{MOST}=" in error.value.hint


@pytest.mark.parametrize("as_dictionary", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_long_words_that_are_kept_once_are_counted_too(tmp_path, little, as_dictionary, nested):
    words = pa.array(["w" * 4000] * 2000)
    column = words.dictionary_encode() if as_dictionary else words
    if nested:
        column = pa.StructArray.from_arrays([column], ["text"])
    made, path = pa.table({"text": column}), tmp_path / "t.parquet"
    pq.write_table(made, path, compression="zstd", write_statistics=False)
    with pytest.raises(DataError, match="8,000,000 bytes of words"):
        read_domain(path)


def test_more_may_be_allowed_and_large_files_are_read(tmp_path, monkeypatch):
    path = constant(tmp_path, 20_000, a=1.5, label="x")
    monkeypatch.setenv(MOST, "1MB")
    with pytest.raises(DataError, match=r"takes 1\.4 MB or more, and at most 1\.0 MB"):
        read_domain(path)
    monkeypatch.setenv(MOST, "2MB")
    assert len(read_domain(path)) == 20_000
    monkeypatch.setenv(MOST, "10000")
    pq.write_table(
        pa.table({"a": np.random.default_rng(0).normal(size=5000), "label": ["x", "y"] * 2500}),
        path,
    )
    assert len(read_domain(path)) == 5000  # as large in the file as in memory


def test_the_limit_is_read_from_the_environment(monkeypatch):
    monkeypatch.delenv(MOST, raising=False)
    assert most_bytes() == 10**9
    for said, bytes_ in (("3GB", 3 * 10**9), ("2.5 mb", 2_500_000), ("12345", 12345)):
        monkeypatch.setenv(MOST, said)
        assert most_bytes() == bytes_
    for wrong in ("much", "-1", "GB", "nan", "inf"):
        monkeypatch.setenv(MOST, wrong)
        with pytest.raises(ConfigError, match=MOST):
            most_bytes()


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_packed_rows_are_counted_before_they_are_read(tmp_path, little, ending, pack):
    path = tmp_path / f"t.svm.{ending}"
    path.write_bytes(pack(b"1 1:1\n" * 90_000))
    with pytest.raises(DataError, match=r"t\.svm.* bytes of text and more"):
        read_domain(path)
    path.write_bytes(pack(b"1 1:1\n0 1:2\n" * 3))
    assert len(read_domain(path)) == 6
    path.write_bytes(pack(b"1 1:1\n" * 1000)[:-20])
    with pytest.raises(DataError, match=r"t\.svm"):
        read_domain(path)


@pytest.mark.parametrize("index", [10**7, 2**31 - 2, 2**31 + 5, 2**63])
def test_a_sparse_row_that_is_very_wide_is_refused(tmp_path, little, index):
    (tmp_path / "t.svm").write_text(f"1 1:1 {index}:1\n0 2:1\n")
    with pytest.raises(DataError, match=r"sparse|svmlight"):
        read_domain(tmp_path / "t.svm")


def test_sparse_arrays_are_measured_before_they_are_dense(little):
    with pytest.raises(DataError, match="too large to be made dense"):
        read_domain(scipy.sparse.csr_matrix((2000, 1000)))
    assert len(read_domain(scipy.sparse.eye(20, format="csr"))) == 20
