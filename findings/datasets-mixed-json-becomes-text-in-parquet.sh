#!/usr/bin/env bash
# datasets 5.2.0: a JSON column with numbers and one word is of a type of its own, and Parquet then holds JSON texts.
# Guess: an error about mixed types, or a column of strings.
# Seen: the feature is Json; to_parquet writes arrow.json, and another reader gets '1', '1.5' and '"x"' with its quotes.
source "$(dirname "$0")/_venv.sh"
packages datasets==5.2.0 pyarrow==26.0.1
python -W ignore - <<'P'
from pathlib import Path
import datasets, pyarrow.parquet as pq
datasets.disable_progress_bars()
Path("a.jsonl").write_text('{"a": 1}\n{"a": 1.5}\n{"a": "x"}\n')
found = datasets.load_dataset("json", data_files="a.jsonl")["train"]
found.to_parquet("a.parquet")
table = pq.read_table("a.parquet")
print(found[:], "| in Parquet:", table.to_pydict(), table.schema.field("a").type)
assert found[:] == {"a": [1, 1.5, "x"]}
assert table.to_pydict() == {"a": ["1", "1.5", '"x"']} and "json" in str(table.schema.field("a").type)
P
