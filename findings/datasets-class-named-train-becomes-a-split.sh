#!/usr/bin/env bash
# datasets 5.2.0: a folder of pictures by class, one class of which is called "train" (the vehicle).
# Guess: three classes in one split.
# Seen: the class becomes the training split, without labels; the other two classes are gone, with nothing said.
# With split folders outside, a class called "dev" lies in a split of its own as well as in the one it is in.
source "$(dirname "$0")/_venv.sh"
packages datasets==5.2.0 pillow==13.0.0
python -W ignore - <<'P'
import pathlib
from datasets import disable_progress_bars, load_dataset
from PIL import Image
disable_progress_bars()
def load(name, *classes):
    for number, way in enumerate(classes):
        folder = pathlib.Path(name, way); folder.mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (8, 8), (90 * number, 60 * i, 0)).save(folder / f"{i}.png")
    splits = load_dataset("imagefolder", data_dir=name)
    return {split: (len(rows), getattr(rows.features.get("label"), "names", None)) for split, rows in splits.items()}
vehicles = load("vehicles", "bus", "car", "train")
print("bus, car, train with 3 pictures each:", vehicles)
ranks = load("ranks", "train/car", "train/dev", "test/car", "test/dev")
print("train and test, each with car and dev, 12 pictures:", ranks)
assert vehicles == {"train": (3, None)}
assert sum(rows for rows, _ in ranks.values()) == 18 and "validation" in ranks
P
