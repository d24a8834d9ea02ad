"""`landbridge demo`: a whole transfer on data that needs no download."""

from __future__ import annotations

from pathlib import Path

from . import options as o
from .frame import Frame
from .verbs import verb

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
    "training.batch_size": 48,
    "training.precision": "float32",
    "training.device": "cpu",
    "training.threads": 1,
}


@verb("demo", "method", "budget", keys=None, defaults=DEFAULTS)
def demo(
    this: Frame,
    out: o.Out = None,
) -> None:
    """Printed digits to handwriting, without one label.

    From digits drawn in several fonts to the handwritten ones that come with scikit-learn.
    The handwritten labels are for the verdict alone. Needs no download.
    """
    from .transfer import fit, free_folder, taken, unused

    usual = Path("runs/demo")
    folder = unused(usual) if out is None else free_folder(out, this.config)
    if out is None and taken(usual):
        this.terminal.event(
            {"event": "note", "message": f"{usual} is there already: this run is {folder}"}
        )
    fit(this, folder)
