#!/usr/bin/env bash
# datasets 5.2.0: from_list and from_generator keep the columns of the first row only, and so does map.
# Guess: a row without a label has None there, the others keep theirs, as with JSON lines.
# Seen: where the first row is an unlabelled one the column of labels is gone, without a word. (from_list's
# documentation says so, the others' do not.)
source "$(dirname "$0")/_venv.sh"
packages datasets==5.2.0
python -W ignore - 2>/dev/null <<'P'
import json
from datasets import Dataset
rows = [{"text": "a"}, {"text": "b", "label": 1}, {"text": "c", "label": 0}]
def each():
    yield from rows
def labels(row):
    return {} if row["text"] == "a" else {"label": 1}
open("rows.jsonl", "w").write("\n".join(map(json.dumps, rows)))
columns = {"from_list": Dataset.from_list(rows), "from_generator": Dataset.from_generator(each),
           "map": Dataset.from_dict({"text": list("abc")}).map(labels), "from_json": Dataset.from_json("rows.jsonl")}
columns = {name: sorted(data.column_names) for name, data in columns.items()}
print(columns)
assert columns == {"from_list": ["text"], "from_generator": ["text"], "map": ["text"], "from_json": ["label", "text"]}
P
