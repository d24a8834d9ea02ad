#!/usr/bin/env bash
# datasets 5.2.0: cast to a ClassLabel with the same names in another order keeps the numbers.
# Guess: a cat stays a cat. concatenate_datasets refuses two orders, "can't be aligned", so a cast looks like the cure.
# Seen: the cast is silent, and every cat is a dog afterwards; align_labels_with_mapping keeps the names.
source "$(dirname "$0")/_venv.sh"
packages datasets==5.2.0
python -W ignore - 2>/dev/null <<'P'
from datasets import ClassLabel, Dataset, Features, concatenate_datasets

def made(names, rows):
    return Dataset.from_dict({"label": [names.index(row) for row in rows]}, features=Features({"label": ClassLabel(names=names)}))

def names(data):
    return [data.features["label"].int2str(number) for number in data["label"]]

source, target = made(["cat", "dog"], ["cat", "cat", "dog"]), made(["dog", "cat"], ["dog"])
try:
    concatenate_datasets([source, target])
    refused = False
except ValueError:
    refused = True
cast = names(concatenate_datasets([source.cast(target.features), target]))
aligned = names(source.align_labels_with_mapping({"dog": 0, "cat": 1}, "label"))
print("cat, cat, dog and a dog: refused at first:", refused, "| after cast:", cast, "| source aligned:", aligned)
assert refused and cast == ["dog", "dog", "cat", "dog"] and aligned == ["cat", "cat", "dog"]
P
