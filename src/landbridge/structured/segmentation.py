"""A class for each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import DataError
from ..base.formatting import percent
from ..base.inside import Place
from ..base.typed import JsonObject
from ..metrics.regions import IGNORED, mean_iou, overlap_counts
from .base import TASKS, Example, Inputs, Metric, Row, Shown, device_of
from .images import ImageTask, class_colours, image_of, opened_mask

if TYPE_CHECKING:
    from .answer_parts import AnswerPart


@TASKS.register("segmentation")
class Segmentation(ImageTask):
    """Masks are images whose pixels are class numbers (grey or palette); 255 counts for nothing.

    Judged by mean intersection over union at the masks' own size.
    """

    summary = "a class for each pixel (SegFormer and the like); mean IoU"
    outputs = ("mask", "label", "annotation", "segmentation")
    architecture = "AutoModelForSemanticSegmentation"
    takes = ("size",)

    def truth(self, row: Row, column: str, name: str, folder: Place) -> np.ndarray:
        image = opened_mask(image_of(row[column], name, folder), f"the mask of {name}")
        if image.mode not in ("L", "P", "1", "I", "I;16"):
            raise DataError(
                f"the mask of {name} is {image.mode}, expected one number a pixel",
                hint="save masks as grey or palette PNG, each pixel the number of its class",
            )
        found = np.asarray(image).astype(np.int64)
        if found.max(initial=0) > IGNORED:
            raise DataError(
                f"the mask of {name} holds {found.max()}, the largest class can be {IGNORED - 1}",
                hint="number the classes from 0",
            )
        return found

    def learn_labels(self, examples: Sequence[Example]) -> None:
        """As many classes as the largest number says."""
        most = 0
        for example in examples:
            if example.truth is not None:
                own = example.truth[example.truth != IGNORED]
                most = max(most, int(own.max(initial=0)))
        self.labels = [f"class {i}" for i in range(most + 1)]
        if most < 1:
            raise DataError("the masks hold one class", hint="give masks with at least two")

    def config(self, folder: Path) -> Any:
        config = super().config(folder)
        config.semantic_loss_ignore_index = IGNORED
        return config

    def encode(self, example: Example) -> Inputs:
        from PIL import Image

        image = self.opened(example)
        mask = Image.fromarray(example.truth.astype(np.uint8)).resize(self.size[::-1], 0)
        labels = np.asarray(mask).astype(np.int64)
        labels[(labels >= len(self.labels)) & (labels != IGNORED)] = IGNORED
        return {"pixel_values": self.pixels(image), "labels": labels}

    def collate(self, rows: Sequence[Inputs]) -> Inputs:
        import torch

        return {key: torch.from_numpy(np.stack([row[key] for row in rows])) for key in rows[0]}

    def predict(self, model: Any, examples: Sequence[Example]) -> list[np.ndarray]:
        from torch.nn import functional as F

        images = [self.opened(example) for example in examples]
        batch = self.collate([{"pixel_values": self.pixels(image)} for image in images])
        logits = model(**{k: v.to(device_of(model)) for k, v in batch.items()}).logits
        predictions = []
        for row, image in zip(logits, images, strict=True):
            size = (image.height, image.width)
            full = F.interpolate(row[None].float(), size, mode="bilinear", align_corners=False)
            predictions.append(full[0].argmax(0).cpu().numpy())
        return predictions

    def answer_parts(
        self, model: Any, example: Example, prediction: np.ndarray
    ) -> list[AnswerPart]:
        """Return the classes that are said, the largest region last: what is small is the news."""
        import torch

        from .answer_parts import AnswerPart, SceneView, against_others

        image = self.opened(example)
        pixels = self.pixels(image)
        with torch.inference_mode():
            logits = model(torch.from_numpy(pixels)[None]).logits[0].float()
        said, chances = logits.argmax(0).numpy(), logits.softmax(0).numpy()
        small = np.asarray(image.resize((self.size[1], self.size[0]), 2))
        parts = []
        for place in np.argsort(np.bincount(said.ravel(), minlength=len(self.labels))).tolist():
            region = said == place
            if not region.any() or len(self.labels) <= place:
                continue
            weights = against_others(tuple(logits.shape), 0, place, region / region.sum())
            view = SceneView(pixels, small, _outlined(small, region))
            own, what = self.labels[place], f"region of {percent(region.mean(), 0)} of the image"
            true = "" if example.truth is None else self._true(prediction == place, example.truth)
            chance = float(chances[place][region].mean())
            parts.append(AnswerPart(what, own, true, chance, view, weights))
        return parts

    def _true(self, region: np.ndarray, truth: np.ndarray) -> str:
        """Return the class that most of a region's pixels are of."""
        if region.shape != truth.shape or not (own := truth[region & (truth != IGNORED)]).size:
            return ""
        place = int(np.bincount(own).argmax())
        return self.labels[place] if place < len(self.labels) else "another class"

    def shown(self, example: Example, prediction: np.ndarray) -> Shown:
        """Return the image, its mask and the answer, a colour for each class."""
        image = np.asarray(self.opened(example))
        colours = class_colours(len(self.labels))
        masks = [np.minimum(m, len(self.labels)) for m in (example.truth, prediction)]
        wrong = (prediction != example.truth) & (example.truth != IGNORED)
        return {
            "pictures": [
                (image, "image"),
                *zip((colours[mask] for mask in masks), ("true", "said"), strict=True),
            ],
            "lines": [("wrong", f"{percent(wrong.mean())} of the pixels")],
        }

    def metrics(self) -> list[Metric]:
        n = len(self.labels)

        def counts(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
            if predicted.shape != truth.shape:
                raise DataError(
                    f"a mask has {truth.shape} pixels and its image {predicted.shape}",
                    hint="give masks of the images' own size",
                )
            wanted = np.where(truth < n, truth, IGNORED)
            return overlap_counts(predicted, wanted, n)

        return [Metric("mIoU", counts, mean_iou)]

    def plain(self, prediction: np.ndarray) -> JsonObject:
        """Return the share of each class: masks themselves are written as images."""
        shares = np.bincount(prediction.ravel(), minlength=len(self.labels)) / prediction.size
        return {name: round(float(x), 4) for name, x in zip(self.labels, shares, strict=False)}


def _outlined(picture: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return a picture with the edge of a region, which may be coarser, drawn in white."""
    height, width = picture.shape[:2]
    down = np.arange(height) * region.shape[0] // height
    across = np.arange(width) * region.shape[1] // width
    inside = region[down][:, across]
    edge = np.zeros_like(inside)
    edge[1:] |= inside[1:] != inside[:-1]
    edge[:, 1:] |= inside[:, 1:] != inside[:, :-1]
    found = picture.copy()
    found[edge] = 255
    return found
