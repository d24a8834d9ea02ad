"""The pretrained networks on real photographs: are their features worth what they should be?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import needs
from landbridge.backbones import FeatureStore, open_backbone
from landbridge.backbones.efficientnet_lite import PACKAGE
from landbridge.backbones.efficientnet_lite import find_file as lite_file
from landbridge.backbones.mobilenet_v2 import find_file as mobilenet_file
from landbridge.backbones.weights import read_tensors
from landbridge.domains.modalities.base import InputSpec
from landbridge.domains.modalities.image import ImageExamples

IMAGENET = {"ants": 310, "bees": 309}

# Right weights with wrong constants, padding or epsilon fall well below these.
CASES = [
    ("mobilenet_v2", lambda: mobilenet_file(None), "classifier.1", 0.78),
    ("efficientnet_lite0", lite_file, "_fc", 0.83),
]


def resize_and_crop(path: Path, resample: Image.Resampling) -> np.ndarray:
    with Image.open(path) as image:
        image = image.convert("RGB")
    width, height = image.size
    scale = 256 / min(width, height)
    image = image.resize((round(width * scale), round(height * scale)), resample)
    left, top = (image.size[0] - 224) // 2, (image.size[1] - 224) // 2
    return np.array(image.crop((left, top, left + 224, top + 224))).transpose(2, 0, 1)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(("name", "file", "head", "top1"), CASES, ids=[c[0] for c in CASES])
def test_hymenoptera(name, file, head, top1, data_root, tmp_path):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if name == "efficientnet_lite0":
        needs.package(PACKAGE)
    opened = open_backbone(name, InputSpec("image", 375, 500, 3))
    store = FeatureStore(tmp_path)
    features, labels = {}, {}
    for split in ("train", "val"):
        files = {c: sorted((data_root / "hymenoptera" / split / c).iterdir()) for c in IMAGENET}
        examples = ImageExamples([path for c in IMAGENET for path in files[c]])
        labels[split] = np.array([IMAGENET[c] for c in IMAGENET for _ in files[c]])
        prepared = opened.preprocessing.prepare(examples)
        features[split] = np.array(store.features(opened, prepared, examples.fingerprint()))
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    accuracy = probe.fit(features["train"], labels["train"]).score(features["val"], labels["val"])

    # ImageNet knows both classes: with its own classifier put back it must find them, in
    # pixels cut as they were for its training (resize, then a crop at whole pixels).
    resample = Image.Resampling[opened.preprocessing.interpolation.upper()]
    pixels = np.stack([resize_and_crop(path, resample) for path in examples.items])
    known = store.features(opened, pixels, "reference pixels")
    tensors = read_tensors(file())
    logits = torch.from_numpy(np.array(known)) @ tensors[f"{head}.weight"].T
    answers = (logits + tensors[f"{head}.bias"]).argmax(1).numpy()
    assert (answers == labels["val"]).mean() >= top1
    print(f"{name}: top-1 {(answers == labels['val']).mean():.3f}, probe {accuracy:.3f}")
    assert accuracy >= 0.93
