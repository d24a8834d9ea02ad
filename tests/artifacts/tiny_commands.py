"""Every command that makes a folder, on tiny data, also in processes that kill themselves."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

OLD = Path(__file__).parent / "old"
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        *("torch", "sklearn.cluster", "pyarrow.parquet", "pandas", "psutil"),
        *("transformers.trainer", "transformers.models.bert.modeling_bert"),
        *("landbridge.cli.app", "landbridge.runs.pipeline", "landbridge.runs.merge"),
        *("landbridge.clustering.fit", "landbridge.multi_task.fit", "landbridge.embeddings.fit"),
        "landbridge.federated.fit",
        *("landbridge.structured.fit", "landbridge.report.run.build", "landbridge.finished"),
        "imported_once",
    ]
)


# Data ---------------------------------------------------------------------------------------


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


def sentences(*first: str) -> list[dict[str, Any]]:
    """Return rows of tokens with tags; `first` are the first token and its tag."""
    word, tag = first or ("ada", "B-PER")
    return [
        {"tokens": [word, "in", place], "tags": [tag, "O", "B-LOC"]}
        for place in ("rome", "oslo", "lima", "bern") * 5
    ]


def make_tables(folder: Path) -> None:
    """Write two sides."""
    import pandas as pd

    for seed in (0, 1):
        rows = pd.DataFrame(table(seed=seed)).drop(columns="size")
        rows.to_csv(folder / f"t{seed}.csv", index=False)


def make_data(folder: Path) -> None:
    """Write what the commands read: two sides, and two runs of one θ₀."""
    make_tables(folder)
    for name, method in (("a", "source-only"), ("b", "deep-coral")):
        call("transfer", folder, folder / name, method=method)


# Commands -----------------------------------------------------------------------------------


def _transfer(data: Path, out: Path, sides: Any = None, **more: Any) -> Any:
    import landbridge

    how: dict[str, Any] = {"label": "kind", "target_labels": "judge", "method": "deep-coral"}
    steps = {"steps": 4, "source_steps": 4, "threads": 1, "checkpoint_seconds": 0}
    how |= {"seeds": 1, "budget": "1m", "training": steps} | more
    return landbridge.transfer(*(sides or (data / "t0.csv", data / "t1.csv")), out=out, **how)


def _demo(data: Path, out: Path) -> None:
    from typer.testing import CliRunner

    from landbridge.cli.app import app

    steps = {"steps": 3, "source_steps": 3, "batch_size": 16, "checkpoint_seconds": 0}
    few = {"seeds": 1, "data.max_rows": 60, **{f"training.{k}": v for k, v in steps.items()}}
    words = [word for key, value in few.items() for word in ("--set", f"{key}={value}")]
    found = CliRunner().invoke(app, ["demo", "--out", str(out), "--quiet", *words])
    assert found.exit_code == 0, found.output


def _merge(data: Path, out: Path, **more: Any) -> Any:
    import landbridge

    return landbridge.merge([data / "a", data / "b"], out=out, **({"weights": [1, 3]} | more))


def _cluster(data: Path, out: Path, rows: Any = None, **more: Any) -> Any:
    import landbridge

    x = np.array([table()[f"x{i}"] for i in range(3)], np.float32).T
    return landbridge.cluster(x if rows is None else rows, out=out, **({"groups": 2} | more))


def _cluster_pictures(data: Path, out: Path, **more: Any) -> Any:
    return _cluster(data, out, pictures(), **({"epochs": 24, "backbone": "convnet"} | more))


def _multitask(data: Path, out: Path, rows: Any = None, **more: Any) -> Any:
    import pandas as pd

    import landbridge

    rows = pd.DataFrame(table()) if rows is None else rows
    return landbridge.multitask(
        rows, ["kind", "size"], out=out, **({"steps": 4, "seeds": 1} | more)
    )


def _federate(data: Path, out: Path, rows: Any = None, **more: Any) -> Any:
    import pandas as pd

    import landbridge

    rows = pd.DataFrame(table()).drop(columns="size") if rows is None else rows
    sites = ["north", "south"] * (len(rows) // 2)
    options = landbridge.FederatedOptions(strategy="fedavg", rounds=3, folds=2)
    how: dict[str, Any] = {"label": "kind", "seeds": 1, "options": options} | more
    return landbridge.federate(rows, sites, out=out, **how)


def _align(data: Path, out: Path, texts: Any = None, rows: Any = None, **more: Any) -> Any:
    import landbridge
    from landbridge.embeddings.options import AlignOptions

    texts = texts or [f"a {'square' if i < 16 else 'field'} {i % 3}" for i in range(32)]
    encoders = {"image": "convnet", "text": "textnet"}
    how: dict[str, Any] = {"backbone_options": {"encoders": encoders, "space": 8, "width": 8}}
    how |= {"options": AlignOptions(epochs=3, batch_size=16)} | more
    rows = {"image": pictures(), "text": texts} if rows is None else rows
    return landbridge.align(rows, out=out, **how)


def _tune(data: Path, out: Path, rows: Any = None, steps: int = 30, **more: Any) -> Any:
    import landbridge
    from landbridge.structured.options import FitOptions

    how: dict[str, Any] = {"model": str(OLD / "tuned" / "model")}
    how |= {"fit": FitOptions(steps=steps, device="cpu")} | more
    return landbridge.tune("token-classification", rows or sentences(), out=out, **how)


COMMANDS: dict[str, Callable[..., Any]] = {
    "transfer": _transfer,
    "demo": _demo,
    "merge": _merge,
    "cluster": _cluster,
    "cluster pictures": _cluster_pictures,
    "multitask": _multitask,
    "federate": _federate,
    "align": _align,
    "tune": _tune,
}
"""Each takes the folder of `make_data`, where to keep what it makes, and other options."""


def call(name: str, data: Path, out: Path, /, **more: Any) -> Any:
    """Do one command; `more` takes the place of its options."""
    return COMMANDS[name](data, out, **more)


def go_on(name: str, data: Path, out: Path) -> Any:
    """Do it, or go on with it, as its folder says."""
    import landbridge

    if name in ("transfer", "demo") and (out / "config.json").exists():
        return landbridge.resume(out)
    return call(name, data, out)


# In processes that are killed ---------------------------------------------------------------


def run(name: str, data: Path, out: Path, *, kill_at: int = 0, copies: Path | None = None) -> int:
    """Go on with it in another process, and return the exit code.

    Parameters
    ----------
    kill_at : int
        Before the so manieth change of the folder it kills itself.
    copies : Path, optional
        Where to copy the folder before each change: what a kill leaves is what is there then.
        Beside them, in ``changes``, is a line for each.
    """
    arguments = (name, data, out, kill_at, copies, dict(os.environ))
    process = _CONTEXT.Process(target=_main, args=arguments)
    process.start()
    process.join(300)
    assert process.exitcode is not None, "still running"
    return process.exitcode


def _main(
    name: str,
    data: Path,
    out: Path,
    kill_at: int,
    copies: Path | None,
    environment: dict[str, str],
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    done: list[str] = []
    copying = False

    def hear(event: str, args: tuple[Any, ...]) -> None:
        nonlocal copying
        change = None if copying or event not in _CHANGES else _CHANGES[event](args)
        if change is None or out not in change.parents or change.name.endswith(_UNCOUNTED):
            return
        done.append(f"{event} {change.relative_to(out)}")
        if len(done) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if copies is not None:
            copying = True
            shutil.copytree(out, copies / str(len(done)))
            copying = False

    often()
    sys.addaudithook(hear)  # whoever writes: we, transformers' Trainer, shutil.rmtree
    go_on(name, data, out)
    copying = True
    if copies is not None:
        (copies / "changes").write_text("\n".join(done))


_UNCOUNTED = (".part", ".lock", "log.jsonl")
"""Files that are no one's yet, or add nothing to what is known."""


def _at(path: Any, folder: int = -1) -> Path | None:
    if isinstance(path, int):
        return None
    place = Path(os.fsdecode(path))
    if folder != -1 and not place.is_absolute():
        place = Path(os.readlink(f"/proc/self/fd/{folder}")) / place  # as rmtree names files
    return place


def _opened(args: tuple[Any, ...]) -> Path | None:
    path, mode, flags = args
    writes = set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
    return _at(path) if writes else None


def _removed(args: tuple[Any, ...]) -> Path | None:
    place = _at(args[0], args[1])
    return place if place is not None and place.exists() else None


_CHANGES: dict[str, Callable[[tuple[Any, ...]], Path | None]] = {
    "open": _opened,
    "os.rename": lambda args: _at(args[1], args[3]),
    "os.remove": _removed,
}


def often() -> None:
    """Let training take few steps, and leave a checkpoint after each."""
    import torch

    from landbridge.clustering import inputs
    from landbridge.embeddings import fit
    from landbridge.multi_task import fits
    from landbridge.training.loop import train

    def few(network: Any, phases: Any, *rest: Any, options: Any, **how: Any) -> Any:
        phases = tuple(replace(phase, steps=min(phase.steps, 4)) for phase in phases)
        options = replace(options, checkpoint_seconds=0)
        return train(network, phases, *rest, options=options, **how)

    torch.set_num_threads(1)
    for module in (inputs, fit, fits):
        module.train = few  # type: ignore[attr-defined]


# What is left -------------------------------------------------------------------------------


TIMES = {
    "log.jsonl": None,
    "report.html": None,
    "cost.json": None,
    "plan.json": ("seconds", "cpu_s", "probe_s", "memory_mb"),
    "run.json": ("created", "finished", "stopped", "seal", "command"),
}
"""Files of a run that tell when it was and how long it took: which keys, None all of it."""
STATE = {"artifact.json": TIMES["run.json"]}
"""The same of any other folder, where figures of time are nowhere else."""


def content(folder: Path) -> Mapping[str, Any]:
    """Return every byte of a folder but its own path, and times."""
    times = TIMES if (folder / "run.json").exists() else STATE
    found: dict[str, Any] = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if not file.is_file() or name.endswith(_UNCOUNTED):
            continue
        if name not in times:
            found[name] = file.read_bytes().replace(str(folder).encode(), b"HERE")
        elif (keys := times[name]) is None:
            found[name] = "is there"
        else:
            found[name] = _without(json.loads(file.read_text()), keys)
    if "run.json" in found:  # hashes of what differs
        for name in TIMES:
            found["run.json"]["files"].pop(name, None)
    return found


def _without(value: Any, keys: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, keys) for key, inner in value.items() if key not in keys}
    return [_without(inner, keys) for inner in value] if isinstance(value, list) else value
