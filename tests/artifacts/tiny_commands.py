"""Every command on tiny data, in processes of their own that kill themselves at a given write."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["torch", "sklearn.cluster", "landbridge.runs.pipeline"])


def table(n: int = 40, seed: int = 0) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    kind = np.where(np.arange(n) % 2, "up", "down")
    x[:, 0] += np.where(kind == "up", 4, -4)
    columns = {f"x{i}": x[:, i].round(4).tolist() for i in range(3)}
    return {**columns, "kind": kind.tolist(), "size": (10 * x[:, 1]).round(3).tolist()}


def pictures(n: int = 32, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 90, (n, 16, 16)).astype(np.uint8)
    x[: n // 2, 4:12, 4:12] = 220
    return x


def make_data(folder: Path) -> None:
    """Write what the commands read: tables, sentences, a tiny tagger, two runs of one θ₀."""
    import pandas as pd

    import landbridge
    from landbridge.backbones.weights import seeded

    for seed in (0, 1):
        pd.DataFrame(table(seed=seed)).drop(columns="size").to_csv(
            folder / f"t{seed}.csv", index=False
        )
    rows = [
        {"tokens": ["ada", "in", place], "tags": ["B-PER", "O", "B-LOC"]}
        for place in ("rome", "oslo", "lima", "bern") * 5
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "ada", "in", "rome", "oslo", "lima", "bern"]
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(folder / "tagger")
    with seeded("tagger"):
        config = BertConfig(
            vocab_size=8,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
            max_position_embeddings=32,
        )
        BertModel(config).save_pretrained(folder / "tagger")
    for name in ("a", "b"):
        landbridge.transfer(
            folder / "t0.csv",
            folder / "t1.csv",
            label="kind",
            target_labels="judge",
            method="source-only" if name == "a" else "deep-coral",
            seeds=1,
            budget="1m",
            training={"steps": 4, "source_steps": 4, "threads": 1},
            out=folder / name,
        )


def call(name: str, data: Path, out: Path, **more: Any) -> Any:
    """Do one command; `more` takes the place of its options."""
    import landbridge

    if name == "cluster":
        x = np.array([table()[f"x{i}"] for i in range(3)], np.float32).T
        how = {"groups": 2} | more
        return landbridge.cluster(how.pop("rows", x), out=out, **how)
    if name == "cluster pictures":
        how = {"groups": 2, "epochs": 1, "backbone": "convnet"} | more
        return landbridge.cluster(how.pop("rows", pictures()), out=out, **how)
    if name == "align":
        from landbridge.spaces.fit import AlignOptions

        texts = [f"a {'square' if i < 16 else 'field'} {i % 3}" for i in range(32)]
        how = {
            "data": {"image": pictures(), "text": texts},
            "options": AlignOptions(epochs=1, batch=16),
            "backbone_options": {
                "encoders": {"image": "convnet", "text": "textnet"},
                "space": 8,
                "width": 8,
            },
        } | more
        return landbridge.align(how.pop("data"), out=out, **how)
    if name == "multitask":
        import pandas as pd

        how = {"steps": 4, "seeds": 1} | more
        return landbridge.multitask(
            how.pop("data", pd.DataFrame(table())), ["kind", "size"], out=out, **how
        )
    if name == "tune":
        from landbridge.tasks.training import FitOptions

        how = {"fit": FitOptions(steps=30, device="cpu")} | more
        return landbridge.tune(
            "token-classification",
            how.pop("data", str(data / "rows.jsonl")),
            model=str(data / "tagger"),
            out=out,
            **how,
        )
    assert name == "merge"
    return landbridge.merge([data / "a", data / "b"], out=out, **({"weights": [1, 3]} | more))


def run(name: str, data: Path, out: Path, kill_at: int = 0) -> int:
    """Do it in another process, killed after so many files took their place; its exit code."""
    process = _CONTEXT.Process(target=_main, args=(name, data, out, kill_at, dict(os.environ)))
    process.start()
    process.join(300)
    assert process.exitcode is not None, "still running"
    return process.exitcode


def _main(name: str, data: Path, out: Path, kill_at: int, environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    usual = Path.replace
    done: list[str] = []

    def replace(self: Path, target: Any) -> Path:
        result = usual(self, target)
        if out in Path(target).parents:
            done.append(Path(target).name)
        if kill_at and len(done) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Path.replace = replace  # type: ignore[method-assign]
    often()
    call(name, data, out)
    (out.parent / "out.writes").write_text("\n".join(done))


def often() -> None:
    """Let training leave a checkpoint after each step."""
    import torch

    from landbridge.clustering import inputs
    from landbridge.several_tasks import fits
    from landbridge.spaces import fit

    torch.set_num_threads(1)
    for module in (inputs, fit, fits):
        module.LoopOptions = _every_step(module.LoopOptions)  # type: ignore[attr-defined]


def _every_step(options: Any) -> Any:
    return lambda **how: options(**how, checkpoint_seconds=0)


def content(folder: Path) -> Mapping[str, Any]:
    """Return every byte of a folder but its own path, and the times in its state."""
    found: dict[str, Any] = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if not file.is_file():
            continue
        found[name] = file.read_bytes().replace(str(folder).encode(), b"HERE")
        if name in ("artifact.json", "run.json"):
            state = json.loads(file.read_text())
            for key in ("created", "finished", "seal", "command"):
                state.pop(key)
            found[name] = state
    return found
