"""What cannot be right, or would be without effect, is said before data are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import landbridge
from landbridge.api import transfer
from landbridge.base.config import make_config
from landbridge.base.errors import BackboneError, ConfigError
from landbridge.base.events import SILENT, Events
from landbridge.cli.app import app
from landbridge.runs import pipeline
from landbridge.structured.options import FitOptions, TaskOptions

NOWHERE = "no-such-table.csv"
"""Reading it would be another error."""

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"method": "infomx"}, "'infomax'"),
    ({"method": "mcc+dan n"}, "dan n"),
    ({"method": "mcc", "method_options": {"wieght": 1}}, "'weight'"),
    ({"method": "mcc", "method_options": {"weight": "much"}}, "weight = 'much'"),
    ({"method": "finetune", "method_options": {"epochs": 0}}, "epochs = 0"),
    (
        {"method": "lp-ft", "method_options": {"head_epochs": 5}, "training": {"steps": 9}},
        "stands in the place of head_epochs = 5",
    ),
    ({"method_options": {"weight": 2.0}}, "without effect"),
    ({"method": "probe", "candidates": ["mcc"]}, "nothing is compared"),
    ({"candidates": ["infomx"]}, "'infomax'"),
    ({"candidates": ["mcc", "mcc"]}, "mcc twice"),
    ({"candidates": []}, "empty list"),
    ({"backbone": "mlpp"}, "'mlp'"),
    ({"backbone": "mlp", "backbone_options": {"widht": 3}}, "'width'"),
    ({"backbone_options": {"widht": 3}}, "'width'"),
    ({"training": {"device": "cuda:77"}}, "cuda:77"),
    ({"training": {"stepps": 5}}, "training.steps"),
    ({"seeds": 0}, "seeds"),
    ({"data": {"source_domains": ["a"]}}, "target_domains"),
    ({"data": {"source": NOWHERE, "target_domains": ["a"]}}, "leave --source out"),
    ({"student": "text"}, "without a teacher"),
    ({"method": "infomax+mcc", "method_options": {"terms": 3}}, "terms = 3"),
    ({"data": {"pattern": "{label"}}, "names nothing"),
    ({"budget": "0s"}, "no time at all"),
    ({"method": "mcc", "teacher": "runs/none"}, "does not learn from one"),
]


def _flat(values: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key, value in values.items():
        if isinstance(value, dict) and key in ("data", "training"):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append(f"{prefix}{key}={json.dumps(value)}")
    return found


def _python(values: dict[str, Any], folder: Path) -> str:
    own = {key: value for key, value in values.items() if key != "data"}
    own |= {key: value for key, value in values.get("data", {}).items() if key != "source"}
    source = values.get("data", {}).get("source")
    with pytest.raises((ConfigError, BackboneError)) as caught:
        transfer(source, NOWHERE, out=folder, **own)
    return str(caught.value)


def _plan(values: dict[str, Any], folder: Path) -> str:
    data = {"target": NOWHERE, **values.get("data", {})}
    with pytest.raises((ConfigError, BackboneError)) as caught:
        pipeline.plan(make_config({**values, "data": data}))
    return str(caught.value)


def _line(verb: str, *args: Any) -> str:
    found = CliRunner().invoke(app, [verb, "--target", NOWHERE, *map(str, args)])
    assert found.exit_code in (2, 5), found.output
    return found.stderr


def _settings(values: dict[str, Any], folder: Path) -> str:
    settings = [part for one in _flat(values) for part in ("--set", one)]
    _line("plan", *settings)
    return _line("transfer", *settings, "--out", folder)


def _file(values: dict[str, Any], folder: Path) -> str:
    file = folder.with_suffix(".yaml")
    file.write_text(yaml.safe_dump(values), "utf-8")
    return _line("transfer", "--config", file, "--out", folder)


@pytest.mark.parametrize("way", [_python, _plan, _settings, _file])
@pytest.mark.parametrize(("values", "said"), WRONG, ids=lambda x: x if isinstance(x, str) else "")
def test_it_is_said_first_and_leaves_no_folder(way, values, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    found = way(values, folder)
    assert said in found
    assert not folder.exists()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"width": -3}, ConfigError),
        ({"depth": 10**30}, ConfigError),
        ({"width": "wide"}, ConfigError),
        ({"depth": 1.5}, ConfigError),
        ({"dropout": 2}, ConfigError),
        ({"seed": None}, ConfigError),
        ({"norm": "no"}, BackboneError),
    ],
)
def test_a_value_that_only_opening_tells_leaves_no_folder(tmp_path, blobs, options, error):
    with pytest.raises(error):
        transfer(
            blobs(30),
            blobs(30),
            out=tmp_path / "run",
            backbone="mlp",
            backbone_options=options,
            budget="10s",
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("options", [{"weight": float("nan")}, {"weight": 10**400}])
def test_a_weight_that_is_no_number_is_refused(options, tmp_path):
    with pytest.raises(ConfigError, match="weight"):
        transfer(None, NOWHERE, out=tmp_path / "run", method="mcc", method_options=options)


OTHER_COMMANDS: list[tuple[Any, dict[str, Any], str]] = [
    (landbridge.cluster, {"method": "gausian-mixture"}, "gaussian-mixture"),
    (landbridge.cluster, {"groups": "many"}, "many"),
    (landbridge.cluster, {"backbone": "mlpp"}, "'mlp'"),
    (landbridge.cluster, {"backbone": "mlp", "backbone_options": {"widht": 1}}, "'width'"),
    (landbridge.cluster, {"epochs": -1}, "epochs = -1"),
    (landbridge.cluster, {"device": "gpu"}, "'gpu'"),
    (landbridge.multitask, {"labels": ["a", "b"], "backbone": "mlpp"}, "'mlp'"),
    (landbridge.multitask, {"labels": ["a", "b"], "weights": {"a": 1, "c": 1}}, "weight for c"),
    (landbridge.multitask, {"labels": ["a", "b"], "weights": {"a": 1, "b": -1}}, "weight of b"),
    (landbridge.multitask, {"labels": ["a", "b"], "steps": 0}, "steps = 0"),
    (landbridge.multitask, {"labels": ["a", "b"], "test_size": 1.5}, "test_size"),
    (landbridge.multitask, {"labels": ["a", "b"], "device": "gpu"}, "'gpu'"),
    (landbridge.align, {"backbone_options": {"spase": 1}}, "'space'"),
    (landbridge.align, {"device": "gpu"}, "'gpu'"),
]
TUNE = {"model": "no-such-model"}
OTHER_COMMANDS += [
    (landbridge.tune, {"task": "detektion", **TUNE}, "'detection'"),
    (
        landbridge.tune,
        {"task": "detection", **TUNE, "options": TaskOptions(prefix="say: ")},
        "prefix = 'say: ' would be without effect",
    ),
    (landbridge.tune, {"task": "detection", **TUNE, "fit": FitOptions(rank=4)}, "--lora"),
    (
        landbridge.tune,
        {"task": "detection", **TUNE, "fit": FitOptions(steps=9, epochs=2.0)},
        "one of them",
    ),
    (
        landbridge.tune,
        {"task": "detection", **TUNE, "fit": FitOptions(batch_size=0)},
        "batch_size = 0",
    ),
    (landbridge.tune, {"task": "detection", **TUNE, "fit": FitOptions(device="gpu")}, "'gpu'"),
]


@pytest.mark.parametrize(("command", "how", "said"), OTHER_COMMANDS)
def test_the_other_commands_say_it_first_as_well(command, how, said, tmp_path):
    how = dict(how)
    first = [how.pop("task")] if "task" in how else []
    with pytest.raises((ConfigError, BackboneError)) as caught:
        command(*first, NOWHERE, out=tmp_path / "made", **how)
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_passes_that_nothing_would_make_are_an_error(tmp_path):
    rows = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    with pytest.raises(ConfigError, match="epochs = 3 would be without effect"):
        landbridge.cluster(rows, out=tmp_path / "found", epochs=3)
    assert list(tmp_path.iterdir()) == []


class Heard:
    """Remembers what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def event(self, event: dict[str, Any]) -> None:
        self.said.append(event.get("message", ""))

    def progress(self, what: str, total: int) -> Any:
        return SILENT.progress(what, total)


def test_candidates_that_were_named_are_all_tried_whatever_the_budget(blobs):
    named = ["mcc", "coral", "infomax", "dann", "feature-map"]
    x, _ = blobs(60, shift=1.0)
    heard = Heard()
    facts = pipeline.plan(
        make_config({"candidates": [*named, "lp-ft"], "budget": "1s"}),
        source=blobs(60),
        target=x,
        events=Events(None, heard),
    )
    assert set(named) <= set(facts["candidates"])
    assert any("kept as named" in said and "candidates" in said for said in heard.said)
    assert any("lp-ft was named" in said and "target labels" in said for said in heard.said)


def test_a_run_as_the_source_takes_no_backbone_options(tmp_path, uninterrupted):
    with pytest.raises(ConfigError, match="backbone of its own"):
        transfer(uninterrupted[0], NOWHERE, out=tmp_path / "r", backbone_options={"width": 3})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("rank", "--backbones", "mlpp"), "'mlp'"),
        (("check", "--only", "twinz"), "twinz"),
        (("shift", "other.csv", "--backbone", "mlpp"), "'mlp'"),
        (("check", "--pattern", "{x"), "names nothing"),
        (("check", "--set", "data.encoding=klingon"), "klingon"),
    ],
)
def test_verbs_that_look_at_data_check_their_options_before_they_read(line, said):
    verb, *rest = line
    found = CliRunner().invoke(app, [verb, NOWHERE, *rest])
    assert found.exit_code in (2, 5), found.output
    assert said in found.stderr


def test_a_stream_checks_its_method_before_it_reads(uninterrupted):
    found = CliRunner().invoke(app, ["stream", str(uninterrupted[0]), NOWHERE, "--method", "saar"])
    assert found.exit_code == 2, found.output
    assert "'sar'" in found.stderr
