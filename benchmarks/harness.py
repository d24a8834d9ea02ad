"""Measure functions against each other, so that the ratio can be trusted.

Every measurement is a fresh process with one thread: nothing is warm from the one before, the
thread settings hold, and the peak memory belongs to it alone. CPU time is quoted, not wall time,
because machines are shared; the functions take turns, because machines drift.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
THREADS = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM")
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch")

Work = Callable[[], dict[str, Any]]
"""What is timed; returns figures to keep (a score, what was chosen)."""


def measure(
    name: str,
    functions: dict[str, Callable[..., Work]],
    repeats: int = 3,
    *,
    title: str = "",
    packages: tuple[str, ...] = PACKAGES,
) -> dict[str, Any]:
    """Measure `functions` in turn and write ``results/<name>.json``.

    Parameters
    ----------
    name : str
        Of the file, and of the measurement.
    functions : dict of str to callable
        Each is a module-level function, or a `functools.partial` of one with plain keywords.
        Called in a fresh process it prepares (imports, data: not timed) and returns the work.
        The last one is what the others are compared with.
    repeats : int
        Measurements of each; their median counts.
    title : str
        For the table.
    packages : tuple of str
        Whose versions to record.

    Returns
    -------
    dict
        What was written: ``rows`` with the median CPU seconds, all of them, the peak memory in
        MiB (of the process, and on top of what was there before the work began), the figures;
        ``ratio`` of each row's CPU time to the last one's; versions and the CPU's model.
    """
    seen: dict[str, list[dict[str, Any]]] = {label: [] for label in functions}
    for turn in range(repeats):
        for label, function in functions.items():
            one = _in_fresh_process(function)
            seen[label].append(one)
            print(f"{name} {turn + 1}/{repeats} {label}: {one['cpu_s']:.3f} CPU-s", flush=True)
    medians = {label: statistics.median(o["cpu_s"] for o in seen[label]) for label in seen}
    reference = medians[list(functions)[-1]]
    result = {
        "name": name,
        "title": title or name,
        "threads": 1,
        **ran_on(packages),
        "rows": [
            {
                "label": label,
                "cpu_s": round(medians[label], 4),
                "all_cpu_s": [round(o["cpu_s"], 4) for o in ones],
                "wall_s": round(statistics.median(o["wall_s"] for o in ones), 4),
                "peak_mib": round(max(o["peak_mib"] for o in ones), 1),
                "work_mib": round(max(o["work_mib"] for o in ones), 1),
                "ratio": round(medians[label] / reference, 2),
                "figures": ones[-1]["figures"],
            }
            for label, ones in seen.items()
        ],
    }
    write_result(name, result)
    return result


def ran_on(packages: tuple[str, ...] = PACKAGES) -> dict[str, Any]:
    """Return the processor, versions and the date, for a result."""
    return {
        "cpu": cpu_model(),
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in packages},
        },
        "date": datetime.now(UTC).date().isoformat(),
    }


def write_result(name: str, result: dict[str, Any]) -> None:
    """Write ``results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, "utf-8")


def read_result(name: str) -> dict[str, Any]:
    """Return what ``results/<name>.json`` holds, empty where it is not there."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def _in_fresh_process(function: Callable[..., Work]) -> dict[str, Any]:
    keywords: dict[str, Any] = {}
    if isinstance(function, functools.partial):
        if function.args:
            raise ValueError("a partial may carry keywords only")
        function, keywords = function.func, function.keywords
    file = sys.modules[function.__module__].__file__
    task = json.dumps([file, function.__qualname__, keywords])
    environment = os.environ | {f"{prefix}_NUM_THREADS": "1" for prefix in THREADS}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), task],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory_mib(field: str) -> float:
    """Return VmRSS (now) or VmHWM (peak); where there is no /proc, the peak for either."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def _child(task: str) -> None:
    file, function, keywords = json.loads(task)
    sys.path.insert(0, str(Path(file).parent))
    spec = importlib.util.spec_from_file_location("measured", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    import torch

    torch.set_num_threads(1)
    work = getattr(module, function)(**keywords)
    clear = Path("/proc/self/clear_refs")
    if os.access(clear, os.W_OK):
        clear.write_text("5")  # forget the peak that the preparation had
    before = _memory_mib("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    figures = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = _memory_mib("VmHWM")
    print(
        json.dumps(
            {
                "cpu_s": cpu,
                "wall_s": wall,
                "peak_mib": peak,
                "work_mib": max(0.0, peak - before),
                "figures": figures,
            }
        )
    )


if __name__ == "__main__":
    _child(sys.argv[1])
