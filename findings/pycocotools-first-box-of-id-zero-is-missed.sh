#!/usr/bin/env bash
# pycocotools 2.0.11: two boxes and two detections that are the same boxes; annotation ids from 0 or from 1.
# Guess: average precision 1 both times.
# Seen: 0.25 with ids from 0: the id marks a match, and 0 means none, so this box is never found.
source "$(dirname "$0")/_venv.sh"
packages pycocotools==2.0.11 numpy==2.1.3
python -W ignore - <<'P'
import contextlib, io
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
def precision(first):
    boxes = [[10 + 30 * i, 10, 20, 20] for i in range(2)]
    truth = COCO()
    truth.dataset = {"images": [{"id": 1, "width": 100, "height": 100}], "categories": [{"id": 1, "name": "cell"}],
        "annotations": [{"id": first + i, "image_id": 1, "category_id": 1, "bbox": box, "area": 400, "iscrowd": 0}
                        for i, box in enumerate(boxes)]}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        found = truth.loadRes([{"image_id": 1, "category_id": 1, "bbox": box, "score": 0.9} for box in boxes])
        judge = COCOeval(truth, found, "bbox"); judge.evaluate(); judge.accumulate(); judge.summarize()
    return float(judge.stats[0])
zero, one = precision(0), precision(1)
print(f"average precision of perfect boxes: {zero:.3f} with ids from 0, {one:.3f} with ids from 1")
assert zero < 0.3 and one > 0.99
P
