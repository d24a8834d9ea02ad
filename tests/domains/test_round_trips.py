"""A table is the same domain from a data frame, CSV, TSV, JSONL and Parquet, or a named refusal."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from landbridge.base.errors import DataError
from landbridge.domains.read import read_domain
from properties import holds

WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "jsonl": lambda frame, path: path.write_text(json_lines(frame), "utf-8"),
    "parquet": lambda frame, path: frame.to_parquet(path, index=False),
}


def json_lines(frame):
    """Return one object a line, with null where there is nothing."""
    rows = zip(*(plain(frame[name]) for name in frame), strict=True)
    return "".join(json.dumps(dict(zip(frame, row, strict=True))) + "\n" for row in rows)


def plain(values):
    """Return values with None where there is nothing."""
    return [None if v is None or v != v else v for v in values.tolist()]


LETTERS = st.text("abcÄß猫 ,;'\"\t|#-_", min_size=1, max_size=8)
WORDS = LETTERS.map(lambda word: "w" + word.strip() + "x")
"""Words that are no numbers, with all that a file may mean something by."""
NUMBERS = st.one_of(
    st.integers(-(2**53), 2**53).map(float),
    st.floats(-1e12, 1e12, allow_subnormal=False).map(lambda x: float(f"{x:.12g}")),
    st.none(),
)


@st.composite
def frames(draw):
    """Numbers, words that repeat, and a class for each row, some of them missing."""
    n = draw(st.integers(6, 20))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    kinds = draw(st.lists(WORDS, min_size=2, max_size=4, unique=True))
    classes = draw(st.lists(WORDS, min_size=2, max_size=3, unique=True))
    return pd.DataFrame(
        {
            "size": pd.Series(column(NUMBERS), dtype=float),
            "kind": column(st.sampled_from([*kinds, None])),
            "label": column(st.sampled_from([*classes, None])),
        }
    )


def read(what):
    """Return the labels and columns of a table, or why it was refused."""
    try:
        domain = read_domain(what, label="label", target_type="multiclass")
    except DataError as refused:
        return str(refused)
    names = np.array(domain.classes, object)
    labels = [
        names[k] if known else None
        for k, known in zip(domain.labels, domain.labeled_mask, strict=True)
    ]
    columns = {name: plain(values) for name, values in domain.examples.columns.items()}
    return domain.input_rows.places.tolist(), {"label": labels} | columns


@holds(few=10, many=200, frame=frames())
def test_every_file_gives_what_the_data_frame_does(frame):
    expected = read(frame)
    with tempfile.TemporaryDirectory() as folder:
        for ending, write in WRITERS.items():
            path = Path(folder, f"table.{ending}")
            write(frame, path)
            found = read(path)
            if isinstance(expected, str):
                assert isinstance(found, str), (ending, found)
                assert path.name in found or "table" in found
                continue
            assert found == expected, ending
    if not isinstance(expected, str):
        places, columns = expected
        for name, values in columns.items():
            assert values == plain(frame[name].iloc[places]), name
