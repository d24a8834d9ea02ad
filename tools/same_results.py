"""Compare the results of two checkouts: one small run of each kind and modality, byte by byte.

    python tools/same_results.py OLD NEW [--only NAME ...]

Each checkout runs in processes of its own, on one thread, with the same interpreter and packages.
What is compared: answers of every method, seed and row (``predictions.parquet``), the stored
model's tensors, and what ``predict`` says of new rows. Verdicts and reports may be worded anew.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

CASES = (
    *("table classes", "table numbers", "table several", "table few", "table source-free"),
    *("image", "text", "audio", "features", "cluster", "multitask", "align"),
)


def main() -> int:
    """Run all cases in both checkouts; 1 where any differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--only", nargs="*", default=list(CASES))
    asked = parser.parse_args()
    differ = []
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.only:
            prints = []
            for side, checkout in (("old", asked.old), ("new", asked.new)):
                # Both work in a folder of the same name: rows are called by where they lie.
                place = Path(folder) / "work"
                place.mkdir()
                prints.append(_elsewhere(checkout, name, place / name.replace(" ", "-")))
                place.rename(Path(folder) / f"{side}-{name.replace(' ', '-')}")
            apart = sorted(
                key for key in {*prints[0], *prints[1]} if prints[0].get(key) != prints[1].get(key)
            )
            print(f"{name}: {'the same' if not apart else 'DIFFERS in ' + ', '.join(apart)}")
            differ += [name] if apart else []
    return 1 if differ else 0


def _elsewhere(checkout: Path, name: str, out: Path) -> dict[str, str]:
    environment = os.environ | {
        "PYTHONPATH": str(checkout.resolve() / "src"),
        "OMP_NUM_THREADS": "1",
        "XDG_CACHE_HOME": str(out.parent / "cache"),
    }
    done = subprocess.run(
        [sys.executable, __file__, "--case", name, str(out)],
        env=environment,
        capture_output=True,
        text=True,
        cwd=out.parent,
    )
    if done.returncode:
        raise SystemExit(f"{name} in {checkout}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    found: dict[str, str] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def case(name: str, out: Path) -> dict[str, str]:
    """Do one case in this process, and return a print of each result."""
    import landbridge

    what, _, how = name.partition(" ")
    rng = np.random.default_rng(0)
    if what == "cluster":
        x = rng.normal(size=(90, 4)).astype(np.float32) + 6 * (np.arange(90) % 3)[:, None]
        made = landbridge.cluster(x, out=out, groups=3)
        return _prints(out, made.predict(x[:10]))
    if what == "multitask":
        rows = _table(rng, 80)
        made = landbridge.multitask(rows, ["kind", "size"], out=out, steps=20, seeds=1)
        return _prints(out, made.predict(rows.drop(columns=["kind", "size"])[:10]))
    if what == "align":
        texts = [f"a {'square' if i < 24 else 'field'} {i % 3}" for i in range(48)]
        landbridge.align(
            {"image": _images(rng, 48)[0], "text": texts},
            out=out,
            options=_align_options(epochs=2, batch_size=16),
            backbone_options={
                "encoders": {"image": "convnet", "text": "textnet"},
                "space": 8,
                "width": 8,
            },
        )
        return _prints(out, None)
    source, target, fresh, options = _sides(what, how, rng, out)
    options = {"seeds": 2, "target_labels": "judge", **options}
    run = landbridge.transfer(
        source,
        target,
        budget="10m",
        out=out,
        training={"steps": 30, "source_steps": 30, "threads": 1},
        **options,
    )
    return _prints(out, run.predict(fresh))


def _align_options(**own: Any) -> Any:
    """Return the options of `align`, which earlier checkouts keep elsewhere by other names."""
    try:
        from landbridge.embeddings.options import AlignOptions
    except ModuleNotFoundError:
        AlignOptions = importlib.import_module("landbridge.spaces.options").AlignOptions
    names = {"batch_size": "batch", "learning_rate": "rate"}
    there = AlignOptions.__dataclass_fields__
    return AlignOptions(**{k if k in there else names[k]: v for k, v in own.items()})


def _sides(what: str, how: str, rng: np.random.Generator, out: Path) -> tuple[Any, ...]:
    import landbridge

    if what == "table":
        rows = [_table(rng, 120, shift) for shift in (0.0, 1.5)]
        label = {"numbers": "size", "several": "tags"}.get(how, "kind")
        other = [c for c in ("kind", "size", "tags") if c != label]
        rows = [one.drop(columns=other) for one in rows]
        fresh = rows[1].drop(columns=label)[:10]
        options: dict[str, Any] = {"label": label}
        source: Any = rows[0]
        if how == "numbers":
            options |= {"candidates": ["source-only", "coral", "probe"], "target_labels": "use"}
        elif how == "several":
            options |= {"candidates": ["finetune", "probe"], "target_labels": "use"}
        elif how == "few":
            rows[1].loc[rows[1].index >= 16, label] = None
            options |= {"candidates": ["source-only", "coral", "joint"], "target_labels": "use"}
        elif how == "source-free":
            first = out.parent / f"{out.name}-first"
            landbridge.transfer(
                target=rows[0], method="scratch", seeds=1, out=first, label=label,
                training={"steps": 30, "threads": 1}, budget="10m",
            )  # fmt: skip
            source, options = first, options | {"method": "shot"}
        else:
            options |= {"candidates": ["source-only", "coral", "dann", "boosted-trees"]}
        return source, rows[1], fresh, options
    if what == "features":
        x = rng.normal(size=(2, 120, 6)).astype(np.float32)
        y = [["a", "b", "c"][i % 3] for i in range(120)]
        x += 3 * (np.arange(120) % 3)[None, :, None] + np.array([0, 1])[:, None, None]
        return (x[0], y), (x[1], y), x[1][:10], {"backbone": "identity", "method": "coral"}
    if what == "image":
        (a, y), (b, _) = _images(rng, 96), _images(rng, 96, 60)
        return (a, y), (b, y), b[:10], {"backbone": "convnet", "method": "mcc"}
    if what == "text":
        both = [_texts(rng, 96, extra) for extra in ("", " indeed")]
        return both[0], both[1], both[1][0][:10], {"backbone": "textnet", "method": "dann"}
    import scipy.io.wavfile

    for side, pitch in (("s", 1.0), ("t", 1.1)):
        for i in range(48):
            kind = "low" if i % 2 else "high"
            folder = out.parent / f"{out.name}-{side}" / kind
            folder.mkdir(parents=True, exist_ok=True)
            t = np.arange(8000) / 8000
            wave = np.sin(2 * np.pi * (220 if i % 2 else 660) * pitch * t)
            wave += 0.1 * rng.normal(size=8000)
            scipy.io.wavfile.write(folder / f"{i}.wav", 8000, (8000 * wave).astype(np.int16))
    folders = [out.parent / f"{out.name}-{side}" for side in "st"]
    return folders[0], folders[1], folders[1], {"backbone": "logmelnet", "method": "source-only"}


def _table(rng: np.random.Generator, n: int, shift: float = 0.0) -> Any:
    import pandas as pd

    x = rng.normal(size=(n, 3))
    kind = np.array(["up", "down", "left"])[np.arange(n) % 3]
    x[:, 0] += 3 * (np.arange(n) % 3)
    size = 2 * x[:, 0] - x[:, 1] + 0.1 * rng.normal(size=n)
    tags = [
        ";".join(name for name, on in zip("abc", row, strict=True) if on) or "none" for row in x > 0
    ]
    named = {f"x{i}": (x[:, i] + shift).round(4) for i in range(3)}
    colour = np.array(["red", "green"])[rng.integers(0, 2, n)]
    return pd.DataFrame(
        {**named, "colour": colour, "kind": kind, "size": size.round(3), "tags": tags}
    )


def _images(rng: np.random.Generator, n: int, dark: int = 0) -> tuple[np.ndarray, list[str]]:
    x = rng.integers(0, 90, (n, 16, 16)).astype(np.uint8)
    x[: n // 2, 4:12, 4:12] = 220 - dark
    return x, ["square"] * (n // 2) + ["field"] * (n - n // 2)


def _texts(rng: np.random.Generator, n: int, extra: str) -> tuple[list[str], list[str]]:
    words = {"good": ["fine", "lovely", "great"], "bad": ["poor", "awful", "broken"]}
    kinds = ["good" if i % 2 else "bad" for i in range(n)]
    texts = [f"a {words[k][rng.integers(3)]} thing {rng.integers(99)}{extra}" for k in kinds]
    return texts, kinds


def _prints(out: Path, answers: Any) -> dict[str, str]:
    import pyarrow.parquet as pq
    from safetensors.numpy import load_file

    from landbridge.base.hashing import digest

    found = {"predict": digest(repr(answers))}
    for file in sorted(out.glob("*.safetensors")):
        tensors = load_file(file)
        found[file.name] = digest(*(x for name in sorted(tensors) for x in (name, tensors[name])))
    if (file := out / "predictions.parquet").is_file():
        found[file.name] = digest(repr(pq.read_table(file).to_pydict()))
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        print(json.dumps(case(sys.argv[2], Path(sys.argv[3]))))
    else:
        raise SystemExit(main())
