"""What the doctor looks at: each check is one function and returns what it found."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

Level = Literal["ok", "note", "warn", "bad"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    level: Level
    found: str
    do: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    """For programs."""


def run_checks(threads: int | None = None) -> list[Check]:
    """Run every check; the ones that need torch only where it can be imported."""
    checks = [_python(), *_packages()]
    torch_check, torch = _torch(threads)
    checks.append(torch_check)
    if torch is not None:
        checks += [_processor(torch), _accelerator(torch), _cache()]
    checks += [_memory(), _data(), *_torchvision(), *_extras()]
    if torch is not None:
        checks.append(_speed(torch))
    return checks


def _python() -> Check:
    version = platform.python_version()
    found = f"{version}, {platform.system()} {platform.machine()}"
    return Check("python", "ok", found, values={"version": version})


def _requirements() -> tuple[list[Any], dict[str, list[Any]]]:
    """Return what the core needs and what each extra needs, as the package declares it."""
    from packaging.requirements import Requirement

    core: list[Any] = []
    names = metadata.metadata("landbridge").get_all("Provides-Extra") or ()
    extras: dict[str, list[Any]] = {name: [] for name in names}
    for text in metadata.requires("landbridge") or ():
        need = Requirement(text)
        for name in extras:
            if not _holds(need, "") and _holds(need, name):
                extras[name].append(need)
        if _holds(need, ""):
            core.append(need)
    return core, extras


def _holds(need: Any, extra: str) -> bool:
    """Say whether a requirement applies here when `extra` is asked for."""
    return need.marker is None or need.marker.evaluate({"extra": extra})


def _missing(needs: list[Any]) -> list[str]:
    """Return the needs that are not met, with the version found where it is another."""
    missing = []
    for need in needs:
        try:
            version = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            missing.append(need.name)
            continue
        if not need.specifier.contains(version, prereleases=True):
            missing.append(f"{need.name}{need.specifier} (found {version})")
    return missing


def _packages() -> Iterator[Check]:
    try:
        version = metadata.version("landbridge")
        core, _ = _requirements()
    except metadata.PackageNotFoundError:
        yield Check(
            "landbridge",
            "warn",
            "runs from its source, without being installed: what it needs cannot be checked",
            "pip install -e .",
        )
        return
    missing = _missing(core)
    if missing:
        found = f"{version}; missing or of another version: {', '.join(missing)}"
        yield Check("landbridge", "bad", found, 'pip install "torch>=2.6,<2.14" landbridge')
    else:
        found = f"{version}, all {len(core)} packages that it needs"
        yield Check("landbridge", "ok", found, values={"version": version})


def _torch(threads: int | None) -> tuple[Check, Any]:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a shared library is missing
        do = 'pip install "torch>=2.6,<2.14"'
        return Check("torch", "bad", f"cannot be imported: {error}", do), None
    if threads is not None:
        torch.set_num_threads(threads)
    version, used = str(torch.__version__), torch.get_num_threads()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    values = {"version": version, "threads": used, "cores": cores}
    found = f"{version}, {used} of {cores} threads"
    if used > (cores or used):
        return Check("torch", "warn", found, f"set OMP_NUM_THREADS={cores}", values), torch
    return Check("torch", "ok", found, values=values), torch


def _processor(torch: Any) -> Check:
    capability = torch.backends.cpu.get_cpu_capability()
    flags: set[str] = set()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text("utf-8", errors="replace").splitlines()
        flags = {flag for line in lines if line.startswith("flags") for flag in line.split()}
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else platform.processor()
    else:
        model = platform.processor()
    wanted = {"AVX2": "avx2", "AVX-512": "avx512f", "bfloat16": "avx512_bf16", "AMX": "amx_bf16"}
    has = {name: flag in flags for name, flag in wanted.items()} if flags else {}
    found = f"{model or 'unknown'}; torch uses {capability}"
    if has:
        found += "; " + ", ".join(f"{name} {'yes' if yes else 'no'}" for name, yes in has.items())
    return Check("processor", "ok", found, values={"capability": capability, "has": has})


def _accelerator(torch: Any) -> Check:
    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        return Check("accelerator", "ok", ", ".join(names), values={"devices": names})
    if torch.backends.mps.is_available():
        return Check("accelerator", "ok", "Apple GPU (mps)", values={"devices": ["mps"]})
    return Check("accelerator", "note", "none; none is needed", values={"devices": []})


def _memory() -> Check:
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available / 2**30, memory.total / 2**30
    found = f"{free:.1f} of {total:.1f} GiB free"
    values = {"free_gib": round(free, 2), "total_gib": round(total, 2)}
    if free < 1:
        return Check("memory", "warn", found, "close other programs: 1 GiB is the least", values)
    return Check("memory", "ok", found, values=values)


def _cache() -> Check:
    from ..base.places import cache_folder

    path = cache_folder()
    size = sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else 0
    there = next(p for p in [path, *path.parents] if p.exists())
    free = shutil.disk_usage(there).free / 2**30
    found = f"{path}: {size / 2**20:.1f} MiB used, {free:.1f} GiB free on its disk"
    values = {"path": str(path), "used_mib": round(size / 2**20, 1), "free_gib": round(free, 2)}
    if not os.access(there, os.W_OK):
        return Check(
            "cache",
            "bad",
            f"{found}; not writable",
            "set LANDBRIDGE_CACHE to another folder",
            values,
        )
    if free < 0.5:
        return Check("cache", "warn", found, "free some space", values)
    return Check("cache", "ok", found, values=values)


def _data() -> Check:
    value = os.environ.get("LANDBRIDGE_DATA")
    name = "LANDBRIDGE_DATA"
    if not value:
        return Check(name, "note", "not set; only some tests and benchmarks need it")
    if not Path(value).is_dir():
        return Check(name, "warn", f"{value} is not a folder", "correct or unset it")
    return Check(name, "ok", value, values={"path": value})


def _torchvision() -> Iterator[Check]:
    """Yield a warning where an installed torchvision does not load: it then breaks others."""
    if importlib.util.find_spec("torchvision") is None:
        return
    version = metadata.version("torchvision")
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        yield Check(
            "torchvision",
            "bad",
            f"{version} does not match torch: {first}; transformers fails because of it",
            "pip uninstall torchvision (nothing here needs it), or install the one for this torch",
        )
    else:
        yield Check("torchvision", "ok", f"{version} loads", values={"version": version})


def _extras() -> Iterator[Check]:
    try:
        _, extras = _requirements()
    except metadata.PackageNotFoundError:
        return
    for name, needs in sorted(extras.items()):
        missing = _missing(needs)
        values = {"extra": name, "missing": missing}
        if missing:
            do = f"pip install 'landbridge[{name}]'"
            yield Check(f"extra {name}", "note", f"missing {', '.join(missing)}", do, values)
        else:
            yield Check(f"extra {name}", "ok", "here", values=values)


def _speed(torch: Any) -> Check:
    """Multiply matrices for about a second: which precision is worth using here."""
    n = 768
    speeds: dict[str, float] = {}
    for name in ("float32", "bfloat16"):
        a = torch.ones(n, n, dtype=getattr(torch, name))
        a @ a  # the first call also builds its kernel
        start, rounds = time.perf_counter(), 0
        while time.perf_counter() - start < 0.4:
            a @ a
            rounds += 1
        speeds[name] = 2 * n**3 * rounds / (time.perf_counter() - start) / 1e9
    ratio = speeds["bfloat16"] / speeds["float32"]
    found = ", ".join(f"{name} {speed:.0f}" for name, speed in speeds.items())
    advice = "bfloat16 pays" if ratio > 1.2 else "float32 is the better choice"
    values = {"gflops": {name: round(speed, 1) for name, speed in speeds.items()}}
    return Check("speed", "ok", f"{found} GFLOP/s: {advice} here", values=values)
