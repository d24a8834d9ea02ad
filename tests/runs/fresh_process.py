"""Questions for an interpreter that has imported nothing of landbridge yet.

    python fresh_process.py QUESTIONS.json ANSWERS.json

Each question is asked in a process of its own, forked off one that has torch and no more: what one
of them imports cannot serve the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any


def ask(questions: list[dict[str, Any]], folder: Path) -> list[Any]:
    """Return the answers of a fresh interpreter in order; fails with what it said."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "questions.json").write_text(json.dumps(questions), "utf-8")
    command = [sys.executable, __file__, str(folder / "questions.json"), str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert found.returncode == 0, found.stderr[-6000:]
    return [
        json.loads((folder / f"answer-{i}.json").read_text("utf-8")) for i in range(len(questions))
    ]


def registry(module: str, name: str) -> list[str]:
    """Return the names in a registry whose module alone was imported; each of them is found."""
    from importlib import import_module

    known = getattr(import_module(module), name)
    assert all(known.get(one) is not None for one in known)
    return list(known)


def registered(module: str, name: str, one: str) -> bool:
    """Say whether one name is found where nothing else was asked before."""
    from importlib import import_module

    return getattr(import_module(module), name).get(one) is not None


def head(file: str, width: int) -> list[list[float]]:
    """Return what a saved head says of fixed rows."""

    from landbridge.backbones.heads import head_from_state
    from landbridge.training.checkpoint import load_tensors

    return head_from_state(load_tensors(Path(file))[0])(rows(width)).tolist()


def rows(width: int) -> Any:
    """Return rows that heads are asked about."""
    import torch

    return torch.linspace(-1, 1, 5 * width).reshape(5, width)


def fit(run: str, spec: str, seed: int, method: str) -> float:
    """Return how far a finished fit's network, opened again, is from the answers beside it."""
    import numpy as np

    from landbridge.base.events import SILENT
    from landbridge.runs.context import FitContext
    from landbridge.runs.networks import restored_network
    from landbridge.training.checkpoint import load_tensors
    from landbridge.training.inputs import run_network

    context = FitContext.load(Path(run)).for_method(method)
    folder = context.fits / spec
    network = restored_network(
        context, load_tensors(folder / "network.safetensors")[0], seed, SILENT
    )
    said = run_network(network, context.data.inputs("target"), context.backbone.preprocessing)[1]
    return float(np.abs(said - np.load(folder / "target.npy")).max())


def predicted(folder: str, data: str) -> list[Any]:
    """Return what `landbridge.load(folder)` says of the rows in a file."""
    import numpy as np
    import pandas as pd

    import landbridge

    kind = Path(data).suffix
    what: Any
    if kind == ".npz":
        arrays = np.load(data, allow_pickle=False)
        what = {k: v.tolist() if v.dtype.kind == "U" else v for k, v in arrays.items()}
        what = what.pop("x") if set(what) == {"x"} else what
    elif kind == ".json":
        what = json.loads(Path(data).read_text("utf-8"))
    else:
        what = pd.read_parquet(data)
    return json.loads(json.dumps(landbridge.load(folder).predict(what), default=str))


def _main(questions: str, folder: str) -> None:
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import sklearn  # noqa: F401
    import torch

    torch.set_num_threads(1)  # no thread may live across a fork
    asked = json.loads(Path(questions).read_text("utf-8"))
    failed = 0
    for i, question in enumerate(asked):
        assert not any(name.split(".")[0] == "landbridge" for name in sys.modules)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                answer = globals()[question.pop("what")](**question)
                (Path(folder) / f"answer-{i}.json").write_text(json.dumps(answer), "utf-8")
                code = 0
            except BaseException:  # noqa: BLE001 - whatever it was, the parent tells
                print(f"--- {question}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
            os._exit(code)
        failed += os.waitpid(child, 0)[1] != 0
    sys.exit(failed)


if __name__ == "__main__":
    _main(*sys.argv[1:])
