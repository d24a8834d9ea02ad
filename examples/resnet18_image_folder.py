"""ResNet-18 on a folder of images: python examples/resnet18_image_folder.py [FOLDER] [--small]

"hf/microsoft/resnet-18" brings ImageNet's weights from the hub, and says so first; random ones are
taken where that cannot be reached. Without FOLDER: ants and bees from LANDBRIDGE_DATA, or drawn
shapes; --small takes those and random weights.
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import landbridge
from landbridge.base.errors import HubError

SMALL = "--small" in sys.argv
ROOT = Path(os.environ.get("LANDBRIDGE_DATA", "nowhere")) / "hymenoptera"


def drawn_shapes(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    for i in range(80):
        image = Image.fromarray(rng.integers(0, 90, (64, 64, 3), dtype=np.uint8))
        x, y, size = *rng.integers(4, 24, 2), int(rng.integers(18, 34))
        draw, shape = ImageDraw.Draw(image), ("disc", "square")[i % 2]
        pen = draw.ellipse if shape == "disc" else draw.rectangle
        pen((x, y, x + size, y + size), fill=tuple(rng.integers(120, 255, 3).tolist()))
        (folder / shape).mkdir(parents=True, exist_ok=True)
        image.save(folder / shape / f"{i}.png")
    return folder


def untrained_resnet18(folder: Path) -> str:
    from transformers import ResNetConfig, ResNetModel

    shape = {"hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2], "layer_type": "basic"}
    ResNetModel(ResNetConfig(**shape)).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text('{"size": {"height": 64, "width": 64}}')
    return str(folder)


if __name__ == "__main__":
    work = Path(tempfile.mkdtemp())
    given = [word for word in sys.argv[1:] if not word.startswith("--")]
    own = ROOT.is_dir() and not SMALL
    images = given[0] if given else ROOT if own else drawn_shapes(work / "in")
    what = {"target": images, "method": "lp-ft"}
    quick = {"seeds": 1, "training": {"steps": 6}, "max_rows": 48}
    try:
        backbone = untrained_resnet18(work / "resnet18") if SMALL else "hf/microsoft/resnet-18"
        more = quick if SMALL else {}
        run = landbridge.transfer(**what, **more, backbone=backbone, out=work / "run")
    except HubError as error:
        print(f"random weights and few steps, as {error.message}")
        backbone = untrained_resnet18(work / "resnet18")
        run = landbridge.transfer(**what, **quick, backbone=backbone, out=work / "offline")
    print(run.verdict["sentence"], f"\nreport: {run.report()}")
