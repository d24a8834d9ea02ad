"""`landbridge explain` on rows whose truth was planted, on photographs, and beside captum.

    pip install captum && python benchmarks/explanations.py

Networks learn a mark, a word, a tone, or coefficients from a source; what each way of explaining
says of rows of a target is held against where these were planted.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import data
import landbridge
from harness import ran_on, write_result
from landbridge.base.errors import ConfigError
from landbridge.explanation.base import EXPLAINERS
from landbridge.explanation.game import Game
from landbridge.explanation.methods.grad_cam import last_map
from landbridge.explanation.records import Picture, RowExplanation

ROWS = 60
WORD = "wonderful"
FILLER = "the a of film plot actor scene time story long short music light house river stone"
RATE, TONE = 8000, 1200.0
COEFFICIENTS = {"age": 3.0, "sex": -2.0, "chol": 1.0, "noise": 0.0}


@dataclass(frozen=True)
class Planted:
    """A run that has learned what was planted, and rows to explain.

    Attributes
    ----------
    run : Run
    rows : object
        Data with labels.
    answer : str
        Of rows that have what was planted.
    found : callable (RowExplanation) -> bool
        Whether the strongest part is what was planted.
    """

    run: Any
    rows: Any
    answer: str
    found: Callable[[RowExplanation], bool]


def _run(source: Any, target: Any, folder: Path, **how: Any) -> Any:
    return landbridge.transfer(
        source=source,
        target=target,
        target_labels="judge",
        method=how.pop("method", "source-only"),
        seeds=1,
        out=folder,
        **how,
    )


def mark(folder: Path, size: int = 32) -> Planted:
    """Images of noise; those of one class have a bright square somewhere."""

    def rows(seed: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        found = rng.integers(60, 140, (n, size, size), dtype=np.uint8)
        marked, at = rng.integers(0, 2, n) == 1, rng.integers(2, size - 8, (n, 2))
        for row, there, (a, b) in zip(found, marked, at, strict=True):
            if there:
                row[a : a + 6, b : b + 6] = 240
        return found, np.where(marked, "marked", "plain"), at

    source, labels, _ = rows(1, 600)
    target, truth, at = rows(2, 300)
    run = _run((source, labels), (target, truth), folder, backbone="convnet")

    def found(row: RowExplanation) -> bool:
        picture = row.drawn[0]
        assert isinstance(picture, Picture)
        heat = picture.heat
        place = np.argwhere(heat >= 0.999 * heat.max()).mean(0) * size / len(heat)
        return bool((np.abs(place - (at[row.row] + 2.5)) <= 5).all())

    return Planted(run, (target, truth), "marked", found)


def word(folder: Path, backbone: str) -> Planted:
    """Texts of common words; those of one class have one word more."""

    def rows(seed: int, n: int) -> pd.DataFrame:
        rng, said = np.random.default_rng(seed), []
        labels = rng.integers(0, 2, n)
        for label in labels:
            own = list(rng.choice(FILLER.split(), 14))
            if label:
                own.insert(int(rng.integers(14)), WORD)
            said.append(" ".join(own))
        return pd.DataFrame({"text": said, "label": np.where(labels == 1, "good", "other")})

    target = rows(2, 300)
    run = _run(rows(1, 2000), target, folder, backbone=backbone, label="label")
    return Planted(run, target, "good", lambda row: row.strongest(1)[0][0] == WORD)


def tone(folder: Path) -> Planted:
    """Recordings of noise; those of one class have a tone of a fifth of a second."""

    def rows(seed: int, n: int) -> tuple[list[bytes], np.ndarray, np.ndarray]:
        rng, files = np.random.default_rng(seed), []
        labels, starts = rng.integers(0, 2, n), rng.integers(0, RATE - 1600, n)
        time_ = np.arange(1600) / RATE
        for label, start in zip(labels, starts, strict=True):
            own = rng.normal(0, 0.05, RATE)
            if label:
                own[start : start + 1600] += 0.4 * np.sin(2 * np.pi * TONE * time_)
            files.append(_wav(own))
        return files, np.where(labels == 1, "tone", "noise"), starts

    def stored(side: str, files: Sequence[bytes], labels: np.ndarray) -> Path:
        own = folder.with_name(f"{folder.name}-{side}")
        for i, (content, label) in enumerate(zip(files, labels, strict=True)):
            path = own / str(label) / f"{i:03d}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return own

    source = stored("source", *rows(1, 300)[:2])
    files, labels, starts = rows(2, 160)
    target = stored("target", files, labels)
    run = _run(str(source), str(target), folder, backbone="logmelnet")

    def found(row: RowExplanation) -> bool:
        span, band = row.strongest(1)[0][0].split(" s, ")
        first, last = (float(part) * RATE for part in span.split(" to "))
        low, high = (float(part) for part in band.removesuffix(" Hz").split(" to "))
        start = starts[int(Path(row.name).stem)]
        return first < start + 1600 and last > start and low - 60 <= TONE <= high + 60

    return Planted(run, str(target), "tone", found)


def _wav(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def coefficients(folder: Path) -> Planted:
    """A table whose classes are drawn from a logistic model of known coefficients."""

    def rows(seed: int, n: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        found = pd.DataFrame({name: rng.normal(size=n) for name in COEFFICIENTS if name != "sex"})
        female = rng.integers(0, 2, n)
        found["sex"] = np.where(female == 1, "f", "m")
        score = sum(
            weight * (2 * female - 1 if name == "sex" else found[name])
            for name, weight in COEFFICIENTS.items()
        )
        chance = 1 / (1 + np.exp(-2 * np.asarray(score, float)))
        found["label"] = np.where(rng.random(n) < chance, "yes", "no")
        return found

    target = rows(2, 300)
    run = _run(rows(1, 2000), target, folder, backbone="identity", label="label", method="probe")

    def found(row: RowExplanation) -> bool:
        values = target.iloc[row.row]
        sign = 1.0 if row.answer == "yes" else -1.0
        truth = {
            name: sign
            * weight
            * ((1 if values[name] == "f" else -1) if name == "sex" else values[name])
            for name, weight in COEFFICIENTS.items()
        }
        scores = dict(zip(row.units, row.scores, strict=True))
        own = np.array([[truth[name], scores[name]] for name in COEFFICIENTS])
        return bool(np.corrcoef(own.T)[0, 1] >= 0.95)

    return Planted(run, target, "", found)


KINDS: dict[str, tuple[str, Callable[[Path], Planted]]] = {
    "a mark in images": ("convnet", mark),
    "a word in texts": ("textnet", lambda folder: word(folder, "textnet")),
    "a word in tokens": ("minilm", lambda folder: word(folder, "minilm")),
    "a tone in recordings": ("logmelnet", tone),
    "coefficients of a table": ("identity", coefficients),
}


def planted() -> dict[str, Any]:
    """Return, for each kind and way, in how many rows what was planted is found."""
    result: dict[str, Any] = {}
    for name, (backbone, make) in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            made = make(Path(folder) / "run")
            ways = {}
            for method in ("auto", *EXPLAINERS):
                try:
                    ways[method] = _one(made, method)
                except ConfigError:
                    continue  # it does not fit such rows
                print(name, method, ways[method], flush=True)
            right = made.run.verdict["chosen"]["mean"]
            result[name] = {"backbone": backbone, "accuracy": right, "ways": ways}
    return result


def _one(made: Planted, method: str) -> dict[str, Any]:
    begun = time.process_time()
    explained = made.run.explain(made.rows, rows=ROWS, method=method, source="none")
    took = time.process_time() - begun
    right = [row for row in explained.rows if row.right]
    right = [row for row in right if made.answer in ("", row.answer)]
    hits = [made.found(row) for row in right]
    return {
        "taken": explained.method,
        "found": float(np.mean(hits)),
        "rows": len(hits),
        "passes": explained.check.cost,
        "gain": explained.check.gain.value,
        "relied_on": explained.check.passed,
        "cpu_s": took,
    }


def photographs(repeats: int) -> dict[str, Any]:
    """Return the CPU time of a page of 50 photographs with MobileNetV2."""
    place = data.root() / "office_caltech10"
    weights = next((data.root() / "weights").glob("mobilenet_v2*"))
    with tempfile.TemporaryDirectory() as folder:
        run = landbridge.transfer(
            str(place / "amazon"),
            str(place / "webcam"),
            backbone=f"mobilenet_v2:{weights}",
            method="probe",
            seeds=1,
            budget="2m",
            out=Path(folder) / "run",
        )
        page, every = Path(folder) / "why.html", []
        for _ in range(repeats):
            begun = time.process_time()
            found = run.explain(str(place / "webcam"), rows=50, out=page)
            every.append(time.process_time() - begun)
            print("photographs", every[-1], flush=True)
        return {
            "rows": len(found.rows),
            "all_cpu_s": every,
            "cpu_s": float(np.median(every)),
            "method": found.method,
            "passes": found.check.cost,
            "page_kb": page.stat().st_size / 1e3,
            "before": sum(row.before is not None for row in found.rows),
        }


class _Score(torch.nn.Module):
    """The score that a game explains, of inputs."""

    def __init__(self, game: Game) -> None:
        super().__init__()
        self.game = game

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.game.network(x)[1] @ self.game.weights


def beside_captum() -> dict[str, float]:
    """Return the largest difference from captum, over the largest score, by method."""
    import captum.attr as attr

    from landbridge.runs.explain import explaining_of

    with tempfile.TemporaryDirectory() as folder:
        made = mark(Path(folder) / "run")
        domain = made.run.model.read(made.rows)
        explaining = explaining_of(made.run.model, domain.select(np.arange(8)), 25, 0)
        gaps: dict[str, list[float]] = {}
        for row in range(8):
            game, _ = explaining.game(row)
            shape = (1, *game.view.labels.shape)
            x, blank = game.view.inputs(torch.ones(shape)), game.view.inputs(torch.zeros(shape))
            mask = torch.from_numpy(game.view.labels)[None, None]
            score = _Score(game)
            layer = last_map(game.network, game)
            assert layer is not None
            ablated = attr.FeatureAblation(score).attribute(x, blank, feature_mask=mask)
            theirs = {
                "integrated-gradients": attr.IntegratedGradients(score)
                .attribute(x, blank, n_steps=12, method="gausslegendre")[0]
                .sum(0),
                "occlusion": ablated[0, 0],
                "grad-cam": attr.LayerAttribution.interpolate(
                    attr.LayerGradCam(score, layer).attribute(
                        x.clone().requires_grad_(), relu_attributions=False
                    ),
                    shape[1:],
                    interpolate_mode="bilinear",
                )[0, 0],
            }
            for name, right in theirs.items():
                own = EXPLAINERS.get(name)().explain(game, 25, 0)
                ours = own.detail if own.detail is not None else own.scores[game.view.labels]
                gap = np.abs(ours - right.detach().numpy()).max() / np.abs(ours).max()
                gaps.setdefault(name, []).append(float(gap))
        return {name: max(found) for name, found in gaps.items()}


def main() -> None:
    """Measure all, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    result = {
        "name": "explanations",
        "kind": "explanations",
        "title": "Explanations of rows whose truth was planted",
        **ran_on(),
        "captum": beside_captum(),
        "planted": planted(),
        "photographs": photographs(given.repeats),
    }
    write_result("explanations", result)


if __name__ == "__main__":
    main()
