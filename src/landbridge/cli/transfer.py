"""`landbridge transfer`: carry what is known to the target, and judge it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..base.config import RunConfig
from ..base.errors import ConfigError
from . import options as o
from .frame import Frame
from .verbs import verb


@verb("transfer", *o.TRANSFER, keys=None)
def transfer(
    this: Frame,
    out: o.Out = None,
) -> None:
    """Transfer to a target and judge whether it helped.

    The baselines are fitted under the same budget and compared on the same examples. The
    run's folder holds all of it, with a report to read offline.
    """
    need_target(this.config)
    fit(this, free_folder(out, this.config))


def fit(this: Frame, folder: Path) -> None:
    """Run the pipeline and give its result; shared with the demo."""
    this.run = folder
    from ..runs.pipeline import transfer as run_pipeline

    show_run(this, run_pipeline(this.config, out=folder, events=this.events()))


def show_run(this: Frame, run: Any) -> None:
    """Give a finished run as the result; shared with `resume`."""
    summary = run.summary()
    value = {**summary, "run": str(run.path), "verdict": run.verdict, "choice": run.choice}

    def show() -> None:
        from .tables import console, show_verdict

        found = run.path / "report.html"
        show_verdict(console(), run.path, run.verdict, found if found.exists() else None)

    this.result(value, show)


def need_target(config: RunConfig) -> None:
    """Raise where nothing says what the target is."""
    if config.data.target is None:
        raise ConfigError(
            "no target was given", hint='add --target FOLDER, a table, or "sample:NAME"'
        )


def free_folder(out: Path | None, config: RunConfig) -> Path:
    """Return where the run goes: `out`, if nothing is there yet, or a new name under runs/.

    Raises
    ------
    TakenError
        Where `out` holds something: a run is never overwritten.
    """
    if out is None:
        sides = [part for part in (config.data.source, config.data.target) if part]
        return unused(Path("runs") / "-to-".join(_short(side) for side in sides))
    from ..artifacts.free import check_free

    check_free(out, "run", again=False)
    return out


def unused(path: Path) -> Path:
    """Return `path`, or the first of path-2, path-3, ... that nothing has taken."""
    free, n = path, 1
    while taken(free):
        n += 1
        free = path.with_name(f"{path.name}-{n}")
    return free


def taken(path: Path) -> bool:
    """Say whether something is there already that a run must not overwrite."""
    from ..artifacts.free import is_free

    return not is_free(path)


def _short(data: str) -> str:
    name = data.partition(":")[2] if data.startswith("sample:") else Path(data).stem
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"
