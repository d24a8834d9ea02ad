"""Office-Caltech10 photographs, amazon -> webcam, no target label, MobileNetV2 on ImageNet.

The frozen probe, CORAL and auto in one table.
"""

from __future__ import annotations

import data
import runs


def main() -> None:
    """Run each and keep it under results/."""
    folder = data.root() / "office_caltech10"
    results = {}
    for method in ("probe", "coral", "auto"):
        results[method] = runs.run(
            folder / "amazon",
            folder / "webcam",
            backbone="mobilenet_v2",
            method=method,
            target_labels="judge",
            budget="10m",
            seeds=3,
        )
        print(method, results[method]["sentence"], results[method]["choice"])
    runs.save(
        "office_amazon_webcam",
        "Office-Caltech10 photographs, amazon → webcam, MobileNetV2, no target label",
        results,
    )


if __name__ == "__main__":
    main()
