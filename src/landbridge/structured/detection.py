"""Boxes round things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import numpy as np

from ..base.errors import DataError
from ..base.inside import Place
from ..metrics.regions import Boxes, matched, mean_average_precision
from .base import TASKS, Example, Inputs, Metric, Row, Shown, device_of
from .images import ImageTask, class_colours

if TYPE_CHECKING:
    from .answer_parts import AnswerPart

_CLEAR = 160
"""Pixels that the longer side of a picture with boxes has at least."""
_SAME = 0.5
"""Intersection over union from which on a box is round a thing."""


def _box(item: Any, name: str, column: str) -> tuple[float, float, float, float]:
    """Return left, top, width and height, finite."""
    try:
        left, top, width, height = (float(x) for x in item["bbox"])
    except (KeyError, TypeError, ValueError, OverflowError, IndexError) as error:
        raise DataError(
            f"{name}: {column!r} holds {str(item)[:80]}, which is no box",
            hint='write {"bbox": [left, top, width, height], "category": "cat"}, in pixels',
        ) from error
    if not np.isfinite([left, top, width, height]).all():
        raise DataError(
            f"{name}: the box {item['bbox']} is not finite", hint="give numbers of pixels"
        )
    return left, top, width, height


class Box(TypedDict):
    """One thing in an image.

    "box" is left, top, right, bottom in pixels; "score" is of answers.
    """

    box: list[float]
    label: str
    score: NotRequired[float]


@TASKS.register("detection")
class Detection(ImageTask):
    """Boxes as COCO writes them: left, top, width, height in pixels, each with a category.

    Set prediction (YOLOS, DETR and the like). Judged by COCO's mean average precision.
    """

    summary = "boxes round things (YOLOS, DETR); COCO's mAP"
    outputs = ("objects", "annotations", "boxes")
    architecture = "AutoModelForObjectDetection"
    takes = ("size", "threshold")

    def truth(self, row: Row, column: str, name: str, folder: Place) -> list[Box]:
        value = row[column]
        if isinstance(value, dict):
            kinds = value.get("category", value.get("categories", value.get("label")))
            boxes = value.get("bbox", value.get("boxes"))
            if kinds is None or boxes is None or len(kinds) != len(boxes):
                raise DataError(
                    f"{name}: {column!r} has the keys {sorted(value)}",
                    hint='write {"bbox": [[left, top, width, height], ...], "category": [...]}',
                )
            value = [{"bbox": b, "category": k} for b, k in zip(boxes, kinds, strict=True)]
        if not isinstance(value, list | tuple | np.ndarray):
            raise DataError(
                f"{name}: {column!r} is a {type(value).__name__}, expected a list of boxes",
                hint='write [{"bbox": [left, top, width, height], "category": "cat"}, ...]',
            )
        found = []
        for item in value:
            left, top, width, height = _box(item, name, column)
            if width <= 0 or height <= 0:
                raise DataError(
                    f"{name}: the box {item['bbox']} has no area",
                    hint="boxes are [left, top, width, height] in pixels",
                )
            kind = str(item.get("category", item.get("label")))
            found.append(Box(box=[left, top, left + width, top + height], label=kind))
        return found

    def learn_labels(self, examples: Sequence[Example]) -> None:
        """The categories that are there."""
        self.labels = sorted({o["label"] for example in examples for o in example.truth or ()})
        if not self.labels:
            raise DataError("no row to learn from has a box", hint="give rows with boxes")

    def encode(self, example: Example) -> Inputs:
        import torch

        image = self.opened(example)
        place = {label: i for i, label in enumerate(self.labels)}
        objects = [o for o in example.truth if o["label"] in place]
        corners = np.array([o["box"] for o in objects], np.float32).reshape(-1, 4)
        share = corners / np.array([image.width, image.height] * 2, np.float32)
        centre, size = (share[:, :2] + share[:, 2:]) / 2, share[:, 2:] - share[:, :2]
        return {
            "pixel_values": self.pixels(image),
            "labels": {
                "class_labels": torch.tensor(
                    [place[o["label"]] for o in objects], dtype=torch.long
                ),
                "boxes": torch.from_numpy(np.concatenate([centre, size], 1).clip(0, 1)),
            },
        }

    def collate(self, rows: Sequence[Inputs]) -> Inputs:
        import torch

        batch: Inputs = {
            "pixel_values": torch.from_numpy(np.stack([row["pixel_values"] for row in rows]))
        }
        if "labels" in rows[0]:
            batch["labels"] = [row["labels"] for row in rows]
        return batch

    def predict(self, model: Any, examples: Sequence[Example]) -> list[list[Box]]:
        images = [self.opened(example) for example in examples]
        batch = self.collate([{"pixel_values": self.pixels(image)} for image in images])
        out = model(pixel_values=batch["pixel_values"].to(device_of(model)))
        chances = out.logits.softmax(-1)[..., :-1].float().cpu().numpy()  # the last: nothing there
        boxes = out.pred_boxes.float().cpu().numpy()
        predictions = []
        for own, where, image in zip(chances, boxes, images, strict=True):
            scores, kinds = own.max(-1), own.argmax(-1)
            scale = np.array([image.width, image.height] * 2)
            corners = np.concatenate(
                [where[:, :2] - where[:, 2:] / 2, where[:, :2] + where[:, 2:] / 2], 1
            )
            corners = corners.clip(0, 1) * scale
            order = [i for i in np.argsort(-scores) if scores[i] >= self.options.threshold]
            predictions.append(
                [
                    Box(
                        box=[round(float(x), 2) for x in corners[i]],
                        label=self.labels[int(kinds[i])],
                        score=round(float(scores[i]), 5),
                    )
                    for i in order
                ]
            )
        return predictions

    def answer_parts(self, model: Any, example: Example, prediction: list[Box]) -> list[AnswerPart]:
        """Return the boxes that are said, the surest first."""
        import torch

        from .answer_parts import AnswerPart, SceneView, against_others

        image = self.opened(example)
        pixels = self.pixels(image)
        with torch.inference_mode():
            logits = model(torch.from_numpy(pixels)[None]).logits[0].float()
        chances = logits.softmax(-1).numpy()
        surest = np.argsort(-chances[:, :-1].max(1), kind="stable")
        small = image.resize((self.size[1], self.size[0]), 2)
        parts = []
        for query, box in zip(surest, prediction, strict=False):  # both by how sure they are
            place = int(chances[query, :-1].argmax())
            where = np.eye(len(logits))[query]
            weights = against_others(tuple(logits.shape), 1, place, where)
            scale = np.array([small.width / image.width, small.height / image.height] * 2)
            own = Box(box=(np.array(box["box"]) * scale).tolist(), label=box["label"])
            shown = _drawn(small, [own], self.labels, times=1)
            view = SceneView(pixels, np.asarray(small), shown)
            what = "box at " + ", ".join(f"{x:.0f}" for x in box["box"])
            true = _true(box, example.truth)
            chance = float(chances[query, place])
            parts.append(AnswerPart(what, box["label"], true, chance, view, weights))
        return parts

    def shown(self, example: Example, prediction: list[Box]) -> Shown:
        """Return the image with its boxes, and with as many of the surest that are said."""
        most = max(1, len(example.truth))
        image = self.opened(example)
        sides = (example.truth, prediction[:most])
        return {
            "pictures": [
                (_drawn(image, own, self.labels), what)
                for own, what in zip(sides, ("true", "said, the surest"), strict=True)
            ],
            "lines": [
                (what, _counted(own)) for what, own in zip(("true", "said"), sides, strict=True)
            ],
        }

    def metrics(self) -> list[Metric]:
        labels = self.labels

        def counts(predicted: list[Box], truth: list[Box]) -> Any:
            said, there = _boxes(predicted, labels), _boxes(truth, labels)
            return [matched(said, there, kind) for kind in range(len(labels))]

        return [Metric("mAP", counts, mean_average_precision, non_additive=True)]


def _true(box: Box, truth: Sequence[Box] | None) -> str:
    """Return what is where a box is: "nothing", or "" where it is not known."""
    if truth is None:
        return ""
    best = max(truth, key=lambda one: _overlap(box["box"], one["box"]), default=None)
    if best is None or _overlap(box["box"], best["box"]) < _SAME:
        return "nothing"
    return best["label"]


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the intersection of two boxes over their union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(0.0, width) * max(0.0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return both / (areas - both) if areas > both else 0.0


def _drawn(
    image: Any, objects: Sequence[Box], labels: Sequence[str], times: int | None = None
) -> np.ndarray:
    """Return an image with boxes on it, enlarged where it is small."""
    from PIL import ImageDraw

    times = times or max(1, -(-_CLEAR // max(image.size)))
    own = image.resize((image.width * times, image.height * times), 0)
    pen, colours = ImageDraw.Draw(own), class_colours(len(labels) + 1)[1:]
    for o in objects:
        kind = labels.index(o["label"]) if o["label"] in labels else -1
        left, top, right, bottom = (times * x for x in o["box"])
        corners = [left, top, max(left, right), max(top, bottom)]
        pen.rectangle(corners, outline=tuple(colours[kind].tolist()), width=2)
    return np.asarray(own)


def _counted(objects: Sequence[Box]) -> str:
    counts = Counter(o["label"] for o in objects)
    return ", ".join(f"{n} {label}" for label, n in sorted(counts.items())) or "nothing"


def _boxes(objects: Sequence[Box], labels: Sequence[str]) -> Boxes:
    labeled = [o for o in objects if o["label"] in labels]
    return Boxes(
        np.array([o["box"] for o in labeled], float).reshape(-1, 4),
        np.array([labels.index(o["label"]) for o in labeled], int),
        np.array([o.get("score", 1.0) for o in labeled], float),
    )
