"""Which value wins, and what is said about a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from landbridge.cli.app import app

BOTH = ("transfer", "--source", "a", "--target", "b")


def test_set_wins_over_options_over_file_over_defaults(cli, pipeline, tmp_path: Path):
    file = tmp_path / "c.yaml"
    file.write_text("budget: 1m\nmethod: mcc\nseed: 7\ndata: {source: x, test_size: 0.5}\n")
    result = cli(*BOTH, "--config", file, "--method", "dann", "--set", "method=infomax")
    assert result.exit_code == 0, result.stderr
    config = pipeline.config
    assert config.method == "infomax"
    assert config.data.source == "a"
    assert config.data.test_size == 0.5
    assert (config.budget, config.seed) == ("1m", 7)
    assert config.backbone == "auto"


@pytest.mark.parametrize("flag", ["--offline", "--no-offline"])
def test_a_flag_overrides_the_file_only_where_it_is_given(cli, pipeline, tmp_path: Path, flag):
    file = tmp_path / "c.yaml"
    file.write_text("offline: true")
    cli(*BOTH, "--config", file)
    assert pipeline.config.offline is True
    cli(*BOTH, "--config", file, flag)
    assert pipeline.config.offline is (flag == "--offline")


def test_every_wrong_key_is_named_at_once_with_its_neighbour(cli, pipeline, tmp_path: Path):
    file = tmp_path / "c.yaml"
    file.write_text("data: {sorce: x}")
    result = cli(
        *BOTH, "--config", file, "--set", "metod=mcc", "--set", "seed=-1", "--set", "nothing"
    )
    assert result.exit_code == 2
    assert pipeline.config is None
    for part in ("'data.sorce'", "'data.source'", "'metod'", "'method'", "seed = -1", "'nothing'"):
        assert part in result.stderr
    assert "→ `landbridge config` lists every key" in result.stderr


@pytest.mark.parametrize(
    ("text", "what"),
    [("[", "not YAML"), ("- a", "holds a list"), (b"\xff\xfe\x00a", "cannot be read")],
)
def test_a_file_that_is_no_configuration_is_an_error(cli, tmp_path: Path, text, what):
    file = tmp_path / "c.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = cli(*BOTH, "--config", file)
    assert result.exit_code == 2
    assert "c.yaml" in result.stderr
    assert what in result.stderr


def test_a_value_that_is_no_yaml_is_an_error(cli):
    result = cli(*BOTH, "--set", "method=[")
    assert result.exit_code == 2
    assert "not a YAML value" in result.stderr


@pytest.mark.parametrize(
    ("args", "takes"),
    [
        (("predict", "r", "d"), "only data.outside, training.threads"),
        (
            ("eval", "r", "d"),
            "only data.label, data.keep_duplicates, data.outside, training.threads",
        ),
        (("report", "r"), "no configuration key"),
        (("resume", "r"), "no configuration key"),
        (("methods",), "no configuration key"),
        (("backbones",), "no configuration key"),
        (("doctor",), "only training.threads"),
    ],
)
def test_a_key_without_effect_is_an_error_that_says_so(cli, pipeline, args, takes):
    result = cli(*args, "--set", "method=mcc", "--set", "training.steps=3")
    assert result.exit_code == 2
    assert f"`landbridge {args[0]}` cannot use method, training.steps" in result.stderr
    assert takes in result.stderr


def test_eval_takes_its_label_from_set_before_the_option(cli, pipeline, only_json):
    result = cli("eval", "r", "d", "--label", "a", "--set", "data.label=b", "--json")
    assert only_json(result)["label"] == "b"


@pytest.mark.parametrize("verb", ["transfer", "plan"])
def test_without_a_target_it_says_which_option_is_missing(cli, pipeline, verb):
    result = cli(verb, "--source", "a")
    assert result.exit_code == 2
    assert "--target" in result.stderr


def test_config_lists_every_key_with_type_default_and_meaning(cli, only_json):
    from landbridge.base.config import OPTIONS

    result = cli("config", "--json", "--set", "training.steps=5")
    keys = {item["key"]: item for item in only_json(result)["keys"]}
    assert set(keys) == set(OPTIONS)
    assert keys["training.steps"]["value"] == 5
    assert keys["training.steps"]["default"] is None
    assert keys["training.steps"]["type"] == "int | null"
    assert keys["data.target_labels"]["type"] == "use | judge"
    assert "the target counts as unlabelled" in keys["data.target_labels"]["doc"]
    shown = cli("config").stdout
    assert all(key in shown for key in keys)


def test_what_config_prints_can_be_read_back(cli, tmp_path: Path, only_json):
    keys = only_json(cli("config", "--json"))["keys"]
    values: dict = {}
    for item in keys:
        *path, last = item["key"].split(".")
        place = values
        for part in path:
            place = place.setdefault(part, {})
        place[last] = item["default"]
    (tmp_path / "c.json").write_text(json.dumps(values))
    assert cli("config", "--config", tmp_path / "c.json").exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("transfer", "--source", "a", "--target", "b"),
        ("plan", "--source", "a", "--target", "b"),
        ("check", "a"),
        ("shift", "a", "b"),
        ("rank", "a"),
        ("cluster", "a", "--out", "c"),
        ("align", "a", "--out", "c"),
        ("multitask", "a", "--labels", "x,y", "--out", "c"),
        ("federate", "simulate", "a", "--clients", "x", "--out", "c"),
    ],
    ids=lambda words: words[0],
)
def test_a_range_of_pixel_values_can_be_stated_wherever_pictures_are_read(cli, command):
    for wrong in ("9,x", "9", "1,2,3"):
        result = cli(*command, "--value-range", wrong)
        assert result.exit_code == 2
        assert "data.value_range" in result.stderr


def test_a_stated_range_is_read_by(cli, tmp_path: Path):
    import numpy as np
    from PIL import Image

    for i in range(2):
        pixels = np.full((8, 8), 2000 * i, np.uint16)
        pixels[i] = 4000
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    result = cli("check", tmp_path, "--value-range", "0,8190")
    assert "read as 0..8190, as" in result.stderr
    result = cli("check", "sample:digits", "--value-range", "9,3")
    assert result.exit_code == 2
    (tmp_path / "t.csv").write_text("a,b,label\n1,2,x\n2,3,y\n")
    result = cli("check", tmp_path / "t.csv", "--value-range", "0,255")
    assert result.exit_code == 2
    assert "has no pixel values" in result.stderr


def test_every_verb_takes_what_the_readme_says(cli):
    from landbridge.cli.app import app

    for name, verb in _verbs(app):
        taken = {option for parameter in verb.params for option in parameter.opts}
        assert {"--json", "--config", "--set", "--quiet", "--debug"} <= taken, name


def _verbs(app):
    """Return every command but those of `trust`, which no file may speak for."""
    import typer

    found = []
    for name, verb in typer.main.get_command(app).commands.items():
        inner = getattr(verb, "commands", None)
        if inner is None:
            found.append((name, verb))
        elif name != "trust":
            found += [(f"{name} {more}", one) for more, one in inner.items()]
    return found


def _needed(verb) -> list[str]:
    """Return arguments and options without which a verb does not begin."""
    found = []
    for parameter in verb.params:
        if parameter.required and parameter.param_type_name == "argument":
            found.append("no-such-thing")
        elif parameter.required:
            found += [parameter.opts[0], "no-such-thing"]
    return found


def test_every_verb_reads_its_configuration_first_and_refuses_what_it_has_no_use_for(
    cli, tmp_path: Path, monkeypatch, only_json
):
    from landbridge.cli.app import app

    monkeypatch.chdir(tmp_path)
    file = tmp_path / "c.yaml"
    file.write_text("methd: mcc\n")
    for name, verb in _verbs(app):
        for how in (("--set", "methd=mcc"), ("--config", file)):
            result = cli(*name.split(), *_needed(verb), *how, "--json")
            assert result.exit_code == 2, (name, result.output)
            assert "'methd'" in only_json(result)["error"]["message"], name
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize("words", [[], ["trust"]])
def test_nothing_asked_is_help_and_no_error(words, capsys):
    with pytest.raises(SystemExit) as ended:
        app(words, prog_name="landbridge")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: landbridge")
    assert "error" not in said.splitlines()[0]
