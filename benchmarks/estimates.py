"""What a plan says of CPU time and memory, beside what the run took: 20 small tasks.

    LANDBRIDGE_DATA=... python benchmarks/estimates.py [NAME ...]
    python benchmarks/estimates.py --again     # the plan's figures anew, from what was recorded

Modalities, methods and sizes vary; each run is a process with a cache of its own, so that nothing
is there already. CPU time is that of the stages, workers included (`cost.json`); memory is the
proportional set size of the process and all below it, looked at from outside five times a second.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import data
from harness import RESULTS, ran_on
from landbridge.base.files import write_json
from landbridge.base.memory import tree_mb
from landbridge.runs.estimates import Amounts, cpu_seconds, peak_mb

MOBILENET = "mobilenet_v2"
TWO = {"training": {"steps": 40, "source_steps": 40}}
STEPS = {"training": {"steps": 40, "source_steps": 40, "threads": 1}}
TASKS: dict[str, tuple[str, int, dict[str, Any]]] = {
    # name: (data, rows of each side, options)
    "columns, probe, 1000": ("surf", 1000, {"method": "probe"}),
    "digits, finetune, 300": ("digits", 300, {"method": "finetune"}),
    "photographs, coral, 150": ("office", 150, {"method": "coral"}),
    "texts, probe (textnet), 300": ("texts", 300, {"method": "probe", "backbone": "textnet"}),
    "sound, probe, 60": ("sound", 60, {"method": "probe"}),
    "table, dann, 300": ("heart", 300, {"method": "dann"}),
    "digits, mcc, 300": ("digits", 300, {"method": "mcc"}),
    "texts, finetune (textnet), 500": ("texts", 500, {"method": "finetune", "backbone": "textnet"}),
    "columns, coral, 900": ("surf", 900, {"method": "coral"}),
    "table, probe, 300": ("heart", 300, {"method": "probe"}),
    "digits, coral, 2000": ("digits", 2000, {"method": "coral"}),
    "photographs, head-only, 100": ("office", 100, {"method": "head-only"}),
    "sound, coral, 100": ("sound", 100, {"method": "coral"}),
    "columns, subspace-alignment, 500": ("surf", 500, {"method": "subspace-alignment"}),
    "table, boosted-trees, 300": ("heart", 300, {"method": "boosted-trees"}),
    "digits, infomax+consistency, 300": ("digits", 300, {"method": "infomax+consistency"}),
    "columns, tca, 500": ("surf", 500, {"method": "tca"}),
    "digits, source-only, 1000, two workers": ("digits", 1000, {"method": "source-only", **TWO}),
    "digits, dann, 300, two workers": ("digits", 300, {"method": "dann", **TWO}),
    "table, coral, 300, two workers": ("heart", 300, {"method": "coral", **TWO}),
}


def sides(kind: str, rows: int) -> tuple[Any, Any, dict[str, Any]]:
    """Return source, target and options that go with the data."""
    rng = np.random.default_rng(0)

    def some(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        keep = rng.permutation(len(x))[:rows]
        return x[keep], y[keep].astype(str)

    if kind == "digits":
        return some(*data.mnist("test")), some(*data.usps("train")), {"backbone": "convnet"}
    if kind == "surf":
        from feature_tasks import surf

        found = [some(*surf(name)) for name in ("amazon", "Caltech10")]
        return *((x[:, ::8], y) for x, y in found), {"backbone": "identity"}
    if kind == "heart":
        from feature_tasks import hospital

        folder = Path(tempfile.mkdtemp())
        paths = [str(hospital(name, folder)) for name in ("cleveland", "hungarian")]
        return (*paths, {"label": "num"})
    if kind == "office":
        from landbridge.domains.read import read_domain

        weights = data.root() / "weights" / "mobilenet_v2-imagenet1k.safetensors"
        pair = []
        for name in ("dslr", "webcam"):
            one = read_domain(data.root() / "office_caltech10" / name)
            pair.append(one.select(np.sort(rng.permutation(len(one))[:rows])))
        return (*pair, {"backbone": f"{MOBILENET}:{weights}"})
    if kind == "texts":
        from text import uci

        pair = [uci(name) for name in ("amazon", "yelp")]
        return (*(some(np.array(x, object), np.asarray(y)) for x, y in pair), {})
    from sound import digits

    whole = digits()
    order = rng.permutation(len(whole))
    one, other = (np.sort(order[i * rows : (i + 1) * rows]) for i in range(2))
    return whole.select(one), whole.select(other), {"backbone": "speech_embedding"}


def child(name: str, out: str) -> None:
    """Do one run in this process, and write down what its plan was made from."""
    import landbridge
    from landbridge.runs import plan

    kind, rows, options = TASKS[name]
    source, target, more = sides(kind, rows)
    planned = plan.cpu_seconds

    def watched(amounts: Any, fits: float, features: float, *, trained: bool) -> float:
        made_from = {"fits": fits, "features": features, "trained": trained}
        write_json(Path(out).parent / "made_from.json", {"amounts": asdict(amounts), **made_from})
        return planned(amounts, fits, features, trained=trained)

    plan.cpu_seconds = watched
    landbridge.transfer(
        *(source, target), out=out, seeds=1, budget="20m", offline=True, **STEPS | more | options
    )


def run(name: str) -> dict[str, Any]:
    """Return what the plan said and what the run took."""
    place = Path(tempfile.mkdtemp())
    command = [sys.executable, __file__, "--child", name, str(place / "run")]
    environment = {**os.environ, "LANDBRIDGE_CACHE": str(place / "cache")}
    peak = 0.0
    with subprocess.Popen(command, env=environment) as process:
        while process.poll() is None:
            peak = max(peak, tree_mb(process.pid))
            time.sleep(0.2)
    if process.returncode:
        sys.exit(f"{name} ended with {process.returncode}")
    plan, cost = (json.loads((place / "run" / f"{n}.json").read_text()) for n in ("plan", "cost"))
    made_from = json.loads((place / "made_from.json").read_text())
    shutil.rmtree(place)
    found = {
        "cpu": cost["cpu_s"],
        "mb": round(peak),
        "mb_told": cost["peak_mb"],
        "probe_s": plan["probe_s"],
        "jobs": plan["jobs"],
        "stages": {stage["name"]: stage["cpu_s"] for stage in cost["stages"]},
        "made_from": made_from,
    }
    return planned(found)


def planned(found: dict[str, Any]) -> dict[str, Any]:
    """Return a task with what the plan says of it, from what it is made from."""
    parts = found["made_from"]
    amounts = Amounts(**parts["amounts"])
    cpu = cpu_seconds(amounts, parts["fits"], parts["features"], trained=parts["trained"])
    return {**found, "cpu_planned": round(cpu, 2), "mb_planned": round(peak_mb(amounts))}


def main(wanted: list[str]) -> None:
    """Run every task, or those that are named, and keep what came out."""
    path = RESULTS / "estimates.json"
    result: dict[str, Any] = {"name": "estimates", "kind": "estimates", "tasks": {}}
    if path.exists():
        result = json.loads(path.read_text("utf-8"))
    result["title"] = "What a plan says of CPU time and memory, and what the run took"
    again = wanted == ["--again"]
    for name in result["tasks"] if again else wanted or TASKS:
        if again:
            result["tasks"][name] = planned(result["tasks"][name])
        elif not wanted and name in result["tasks"]:
            continue
        else:
            result["tasks"][name] = run(name)
            result |= ran_on()
        path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        found = result["tasks"][name]
        for what in ("cpu", "mb"):
            said, was = found[f"{what}_planned"], found[what]
            print(f"{name:40s} {what:3s} {said:7.1f} {was:7.1f} {said / was:.2f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main(sys.argv[1:])
