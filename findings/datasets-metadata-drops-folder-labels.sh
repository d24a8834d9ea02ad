#!/usr/bin/env bash
# datasets 5.2.0: a metadata.csv beside class folders takes the labels away.
# Guess: imagefolder adds the column "weight" to the label that the folders say.
# Seen: without metadata.csv there is a ClassLabel, with one there is none, and nothing is said.
source "$(dirname "$0")/_venv.sh"
packages datasets==5.2.0 pillow==12.0.0
python -W ignore - <<'P'
from pathlib import Path
import datasets
from PIL import Image
datasets.disable_progress_bars()
for name in ("cat", "dog"):
    Path("pets", name).mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(Path("pets", name, "0.png"))
without = datasets.load_dataset("imagefolder", data_dir="pets")["train"].features
Path("pets/metadata.csv").write_text("file_name,weight\ncat/0.png,4\ndog/0.png,9\n")
with_it = datasets.load_dataset("imagefolder", data_dir="pets")["train"].features
print("without:", list(without), "with:", list(with_it))
assert "label" in without and "label" not in with_it
P
