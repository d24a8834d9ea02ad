#!/usr/bin/env bash
# pycocotools 2.0.11: two true boxes that a detection overlaps alike, listed in one order and in the other.
# Guess: the order in the file changes nothing, or the first of the two is taken.
# Seen: the last is taken, so average precision at 0.5 is 1 in one order and about 0.5 in the other.
source "$(dirname "$0")/_venv.sh"
packages pycocotools==2.0.11 numpy==2.1.3
python -W ignore - <<'P'
import contextlib, io
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
LEFT, RIGHT = [30, 10, 20, 20], [34, 10, 20, 20]
SAID = [([32, 10, 20, 20], 0.9), ([24, 10, 20, 20], 0.8)]  # between the two; near the left one alone
def precision(*boxes):
    truth = COCO()
    truth.dataset = {"images": [{"id": 1, "width": 100, "height": 100}], "categories": [{"id": 1, "name": "cell"}],
        "annotations": [{"id": i, "image_id": 1, "category_id": 1, "bbox": box, "area": 400, "iscrowd": 0}
                        for i, box in enumerate(boxes, 1)]}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        found = truth.loadRes([{"image_id": 1, "category_id": 1, "bbox": b, "score": s} for b, s in SAID])
        judge = COCOeval(truth, found, "bbox"); judge.evaluate(); judge.accumulate(); judge.summarize()
    return float(judge.stats[1])
one, other = precision(LEFT, RIGHT), precision(RIGHT, LEFT)
print(f"average precision at 0.5: {one:.3f} with the left box first, {other:.3f} with the right one first")
assert one > 0.99 and other < 0.6
P
