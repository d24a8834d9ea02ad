"""Configuration: what is written is what is read, and what cannot be read is said by name."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from landbridge.base.config import OPTIONS, apply_settings, make_config
from landbridge.base.config_file import LARGEST, read_config_file, read_value
from landbridge.base.errors import ConfigError, LandbridgeError

DEEP = 2000


def laughs(times: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for i in range(1, times):
        lines.append(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]")
    return "\n".join(lines)


WRONG: list[tuple[str, str | bytes, str]] = [
    ("c.yaml", "method: mcc\nmethod: dann\n", "'method' twice (lines 1 and 2)"),
    ("c.yaml", "data: {label: a, label: b}", "'label' twice"),
    ("c.yaml", "data:\n\tlabel: a", "no tabs"),
    ("c.yaml", "- a", "holds a list"),
    ("c.yaml", "word", "holds a str"),
    ("c.yaml", "3", "holds a int"),
    ("c.yaml", "[", "is not YAML"),
    ("c.yaml", "a: b: c", "line 1"),
    ("c.yaml", "a: *b", "undefined alias"),
    ("c.yaml", "a: &a [*a]", "circle"),
    ("c.yaml", laughs(7), "aliases written out"),
    ("c.yaml", "a: " + "[" * DEEP + "]" * DEEP, "nested more than"),
    ("c.yaml", "\n".join(" " * i + "a:" for i in range(200)), "nested more than"),
    ("c.yaml", f"seed: {'9' * 5000}", "5,000 digits"),
    ("c.yaml", f"seed: -{'9' * 300}", "digits"),
    ("c.yaml", "seed: .nan", "nan"),
    ("c.yaml", "training: {learning_rate: 1e999}", "inf"),
    ("c.yaml", "1: 2", "key 1, which is no text"),
    ("c.yaml", "? [a, b]\n: c", "is not YAML"),
    ("c.yaml", "a: !!python/object:os.system x", "is not YAML"),
    ("c.yaml", "a: !!binary aGk=", "is not YAML"),
    ("c.yaml", "a: !!timestamp 2024-01-01", "is not YAML"),
    ("c.yaml", "a: \x07b", "is not YAML"),
    ("c.yaml", "a: 1\n---\nb: 2\n", "is not YAML"),
    ("c.yaml", "label: Stra\u00dfe".encode("latin-1"), "UTF-8: byte 0xdf in line 1"),
    ("c.yaml", "method: mcc".encode("utf-16"), "UTF-16"),
    ("c.yaml", b"#" * (LARGEST + 1), "larger than 1 MB"),
    ("c.json", '{"method": "mcc", "method": "dann"}', "'method' twice"),
    ("c.json", '{"seed": NaN}', "NaN"),
    ("c.json", '{"seed": ' + "9" * 5000 + "}", "5,000 digits"),
    ("c.json", '{"seed": 1e999}', "inf"),
    ("c.json", "[1]", "holds a list"),
    ("c.json", "{", "is not JSON"),
    ("c.json", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested more than"),
    ("c.toml", "method = mcc", "is not TOML"),
    ("c.toml", "a = 1\na = 2", "is not TOML"),
    ("c.toml", "label = 2024-01-01", "quote it"),
    ("c.toml", "a = " + "[" * DEEP + "]" * DEEP, "TOML"),
]


@pytest.mark.parametrize(("name", "text", "said"), WRONG, ids=lambda x: str(x)[:24])
def test_what_cannot_be_read_names_the_file_and_the_cause(tmp_path, name, text, said):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        read_config_file(file)
    assert name in caught.value.message
    assert said in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["c.yaml", "c.json", "c.toml"])
@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_sets_nothing(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    assert read_config_file(tmp_path / name) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.yaml", "data: {label: no, source_domains: [2019-05-01, on, 'x']}\nseed: 0x10\n"),
        ("c.yml", "data:\n  label: no\n  source_domains: [2019-05-01, on, x]\nseed: 16\n"),
        (
            "c.json",
            '{"data": {"label": "no", "source_domains": ["2019-05-01", "on", "x"]},"seed": 16}',
        ),
        ("c.toml", 'seed = 16\n[data]\nlabel = "no"\nsource_domains = ["2019-05-01", "on", "x"]'),
        ("c.yaml", "\ufeffdata: &d {label: no, source_domains: [2019-05-01, on, x]}\nseed: 0o20"),
    ],
)
def test_words_and_dates_stay_what_was_written(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    config = make_config(read_config_file(tmp_path / name))
    assert config.data.label == "no"
    assert config.data.source_domains == ["2019-05-01", "on", "x"]
    assert config.seed == 16


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("null", None),
        ("", None),
        ("[a, 1]", ["a", 1]),
        ("1e-3", 0.001),
        ("-2", -2),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("yes", "yes"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("'7'", "7"),
    ],
)
def test_values_of_settings(text, value):
    found = read_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.steps", "has no '='"),
        ("=5", "has no '='"),
        ("seed.more=5", "'seed' holds a value"),
        ("data.label.x=5", "'data' holds a value"),
        ("seed=[", "--set seed"),
        ("seed=" + "9" * 5000, "digits"),
        ("seed=" + "[" * DEEP, "--set seed"),
        ("seed=&a [*a]", "circle"),
        ("seed=.inf", "inf"),
        ("method=!!python/name:os.system", "--set method"),
    ],
)
def test_a_setting_that_cannot_be_read(setting, said):
    with pytest.raises(ConfigError) as caught:
        apply_settings({"seed": 3, "data": 5}, [setting])
    assert said in str(caught.value)


def _refused(values: dict | Path, settings: list[str] = ()) -> str:
    """Return what is said against values, "" where they can be used."""
    try:
        read = read_config_file(values) if isinstance(values, Path) else values
        config = make_config(apply_settings(read, settings))
    except LandbridgeError as error:
        return str(error)
    return "" if 0 < config.budget_seconds < float("inf") else "no time"


@pytest.mark.parametrize("key", OPTIONS)
def test_a_value_of_a_wrong_kind_is_named_by_its_key(key):
    for text in ("{a: 1}", "[[1]]", "-7.5", "true", "x: y", "9" * 39, ".5"):
        said = _refused({}, [f"{key}={text}"])
        assert said == "" or key.partition(".")[0] in said or "YAML" in said
        assert len(said) < 2000


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_end_in_an_error_with_a_cause(tmp_path, seed):
    draw = random.Random(seed)
    whole = b"data:\n  label: 'a'\n  columns: [x, y]\ntraining: {learning_rate: 1e-3}\n"
    for i in range(150):
        raw = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(raw))
            raw[at : at + draw.choice([0, 1, 5])] = bytes(
                draw.choice([draw.randrange(256), *b"[]{}:&*!'\"\t\n,"])
                for _ in range(draw.choice([0, 1, 3]))
            )
        file = tmp_path / f"{i}.yaml"
        file.write_bytes(bytes(raw))
        assert len(_refused(file)) < 5000


@pytest.mark.parametrize("place", [".", "no\0thing.yaml", "missing.yaml"])
def test_a_path_that_is_no_file(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError):
        read_config_file(Path(place))
