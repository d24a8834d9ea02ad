"""How near our feature extraction comes to the bare network: examples a second.

    LANDBRIDGE_DATA=... python benchmarks/extraction.py [--rows 96] [--repeats 3]

MobileNetV2 at 224 pixels and MiniLM at 128 tokens (every text as long, so that padding plays no
part), float32 and bfloat16. "Bare" is transformers' or our module called in a loop on inputs that
are tensors already, under inference mode, with the batch that is best of several. Ours is what a
run does: from stored integers to features in memory, encoding included. They take turns; wall
time, one thread, median of the repeats.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import harness
from landbridge.backbones.base import LoadedBackbone
from landbridge.backbones.extraction import extract, forward_batch
from landbridge.backbones.open import open_backbone
from landbridge.domains.examples import InputSpec
from landbridge.domains.modalities.ids import NOTHING
from landbridge.domains.modalities.texts import TextExamples

BATCHES = (2, 4, 8, 16, 32)
AIM = 0.9


def photographs(rows: int) -> tuple[LoadedBackbone, np.ndarray]:
    """Return MobileNetV2 and stored images."""
    opened = open_backbone("mobilenet_v2", InputSpec("image", 224, 224, 3))
    shape = (rows, *opened.preprocessing.shape)
    return opened, np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)


def sentences(rows: int) -> tuple[LoadedBackbone, np.ndarray]:
    """Return MiniLM and stored texts of 128 tokens."""
    texts = TextExamples(["a long review of a very good book with many words " * 20] * rows)
    hint = TextExamples.hint([texts])
    opened = open_backbone("minilm", hint, [texts], options={"length": 128})
    stored = opened.preprocessing.prepare(texts)
    assert (stored != NOTHING).all()
    return opened, stored


def bare(
    opened: LoadedBackbone, stored: np.ndarray, batch: int, precision: str
) -> Callable[[], None]:
    """Return the loop over ready tensors; of texts transformers' own model is called."""
    inputs = opened.preprocessing.encode(torch.from_numpy(stored))
    module: Any = opened.module
    if inputs.ndim == 4:
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        call = module
    else:
        ones = torch.ones_like(inputs)

        def call(x: torch.Tensor) -> torch.Tensor:
            found = module.model(input_ids=x, attention_mask=ones[: len(x)])
            return found.last_hidden_state.mean(1)

    def loop() -> None:
        on = precision == "bfloat16"
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=on):
            for start in range(0, len(inputs), batch):
                call(inputs[start : start + batch]).float()

    module.eval()
    return loop


def ours(opened: LoadedBackbone, stored: np.ndarray, precision: str) -> Callable[[], None]:
    """Return what a run does."""
    batch = forward_batch(opened.module, opened.preprocessing)

    def loop() -> None:
        for _ in extract(opened, stored, batch=batch, precision=precision):  # type: ignore[arg-type]
            pass

    return loop


def seconds(loop: Callable[[], None]) -> float:
    """Return the wall time of one pass."""
    clock = time.perf_counter()
    loop()
    return time.perf_counter() - clock


def main() -> None:
    """Measure and write ``results/extraction.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name, make in (("MobileNetV2, 224 px", photographs), ("MiniLM, 128 tokens", sentences)):
        opened, stored = make(asked.rows)
        for precision in ("float32", "bfloat16"):
            loops = {batch: bare(opened, stored, batch, precision) for batch in BATCHES}
            best = min(loops, key=lambda batch: seconds(loops[batch]))  # and warms up
            mine = ours(opened, stored, precision)
            seconds(mine)
            pairs = [(seconds(loops[best]), seconds(mine)) for _ in range(asked.repeats)]
            rows.append(
                {
                    "what": name,
                    "precision": precision,
                    "bare": asked.rows / statistics.median(a for a, _ in pairs),
                    "ours": asked.rows / statistics.median(b for _, b in pairs),
                    "share": statistics.median(a / b for a, b in pairs),
                    "shares": [round(a / b, 3) for a, b in pairs],
                    "bare_batch": best,
                }
            )
            print(rows[-1], flush=True)
    harness.write_result(
        "extraction",
        {
            "name": "extraction",
            "kind": "extraction",
            "title": "Features of frozen backbones: examples a second beside the bare network",
            "threads": 1,
            "aim": AIM,
            "rows": rows,
            **harness.ran_on(("torch", "transformers")),
        },
    )


if __name__ == "__main__":
    main()
