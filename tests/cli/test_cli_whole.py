"""The real pipeline behind the command line, as small as it can be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = "from landbridge.cli.app import main; main()"
SMALL = (
    *("--set", "data.max_rows=200", "--set", "training.source_steps=5"),
    *("--set", "seeds=1", "--budget", "30s"),
)


def test_from_transfer_to_predictions(cli, only_json, tmp_path: Path):
    result = cli("demo", "--json", *SMALL, "--set", "training.steps=5")
    assert result.exit_code == 0, result.stderr
    found = only_json(result)
    assert found["run"] == "runs/demo"
    assert found["verdict"]["chosen"]["mean"] > 0
    assert (tmp_path / "runs" / "demo" / "report.html").exists()

    figures = only_json(cli("eval", "runs/demo", "sample:digits", "--json"))
    assert figures["low"] < figures["accuracy"] < figures["high"]
    lines = cli("predict", "runs/demo", "sample:digits").stdout.splitlines()
    assert len(lines) == 1 + figures["n"]
    assert cli("report", "runs/demo").stdout.strip() == "runs/demo/report.html"
    assert only_json(cli("resume", "runs/demo", "--json"))["verdict"] == found["verdict"]
    again = cli("demo", "--out", "runs/demo")
    assert again.exit_code == 2


def test_plan_trains_nothing_and_leaves_nothing(cli, only_json, tmp_path: Path):
    both = ("--source", "sample:font-digits", "--target", "sample:digits")
    result = cli("plan", *both, "--target-labels", "judge", *SMALL, "--json")
    assert result.exit_code == 0, result.stderr
    assert "source-only" in {fit["method"] for fit in only_json(result)["fits"]}
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_a_run_that_resume_finishes(cli, only_json, tmp_path: Path):
    command = [sys.executable, "-c", RUN, "demo", *SMALL]
    command += ["--set", "training.steps=60", "--set", "training.checkpoint_seconds=0"]
    # A process group of its own, as a shell makes one: Ctrl-C reaches the workers as well. What
    # started the tests may ignore it ("nohup make test &"), which children would inherit.
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    fits = tmp_path / "runs" / "demo" / "work" / "fits"
    limit = time.monotonic() + 120
    while not (fits.is_dir() and any(fits.iterdir())) and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    try:
        _, stderr = process.communicate(timeout=8)
    except subprocess.TimeoutExpired:  # Python drops an interrupt that falls into a finaliser
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "landbridge resume runs/demo" in stderr
    assert "Traceback" not in stderr
    result = cli("resume", "runs/demo", "--json")
    assert result.exit_code == 0, result.stderr
    assert only_json(result)["verdict"]["outcome"] in ("helped", "hurt", "can't tell")
