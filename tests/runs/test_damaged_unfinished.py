"""A run that goes on reads what it left: each file that is not what it wrote is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from landbridge.api import transfer
from landbridge.base.errors import RunError
from landbridge.runs import pipeline


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory) -> Path:
    """A run that was interrupted after its fits, before anything was judged."""
    folder = tmp_path_factory.mktemp("unfinished")
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = (rng.normal(size=(40, 3)) + 4 * y[:, None]).astype(np.float32)
    rows = np.column_stack([x, y])
    for name in ("s.csv", "t.csv"):
        np.savetxt(folder / name, rows, delimiter=",", header="a,b,c,label", comments="")
        rows[:, 0] += 0.1

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "evaluate", stop)
        with pytest.raises(KeyboardInterrupt):
            transfer(
                folder / "s.csv",
                folder / "t.csv",
                label="label",
                target_type="multiclass",
                target_labels="judge",
                method="probe",
                seeds=1,
                budget="20s",
                training={"steps": 2, "source_steps": 2, "threads": 1},
                out=folder / "run",
            )
    return folder / "run"


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("plan.json", "given", 3),
        ("plan.json", "seeds", []),
        ("plan.json", "seeds", [-1]),
        ("plan.json", "jobs", 0),
        ("plan.json", "jobs", None),
        ("plan.json", "references", "probe"),
        ("plan.json", "not_tried", [["a", "b"]]),
        ("choice.json", "method", None),
        ("choice.json", "candidates", 7),
        ("choice.json", "reason", None),
        ("work/clock.json", None, {}),
        ("work/clock.json", None, [{"name": "read", "wall_s": "1"}]),
        ("config.json", "seed", "many"),
        ("config.json", None, [1]),
    ],
)
def test_a_value_that_none_of_ours_wrote(unfinished, tmp_path, name, key, value):
    run = Path(shutil.copytree(unfinished, tmp_path / "run"))
    values = json.loads((run / name).read_text())
    values = value if key is None else values | {key: value}
    (run / name).write_text(json.dumps(values))
    with pytest.raises(RunError) as caught:
        pipeline.resume(run)
    assert Path(name).name in caught.value.message
    assert caught.value.hint
