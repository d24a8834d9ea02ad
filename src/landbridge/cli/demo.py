"""`landbridge demo`: a whole transfer on data that needs no download."""

from __future__ import annotations

from pathlib import Path

from . import options as o
from .frame import frame

DEFAULTS = {
    "data.source": "sample:font-digits",
    "data.target": "sample:digits",
    "data.target_labels": "judge",
    "method": "infomax+consistency",
    "budget": "3m",
    "seeds": 3,
    # All work is named, so that a slow or busy machine learns what any other learns.
    "training.steps": 500,
    "training.source_steps": 250,
    "training.batch": 48,
    "training.precision": "float32",
    "training.device": "cpu",
    "training.threads": 1,
}


def demo(
    out: o.Out = None,
    method: o.Method = None,
    budget: o.Budget = None,
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Printed digits to handwriting, without one label.

    From digits drawn in several fonts to the handwritten ones that come with scikit-learn.
    The handwritten labels are for the verdict alone. Needs no download.
    """
    with frame(as_json=as_json, quiet=quiet, debug=debug) as this:
        from .settings import resolve
        from .transfer import fit, free_folder, taken, unused

        named = {"method": method, "budget": budget}
        resolved = resolve(config, settings, named, DEFAULTS)
        usual = Path("runs/demo")
        folder = unused(usual) if out is None else free_folder(out, resolved)
        if out is None and taken(usual):
            this.terminal.event(
                {"event": "note", "message": f"{usual} is there already: this run is {folder}"}
            )
        fit(this, resolved, folder)
