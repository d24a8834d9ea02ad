"""What comes from files and names is shown on a screen, never obeyed by it."""

from __future__ import annotations

import ast
import io
import json
import re
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.text import Text

import landbridge
from landbridge.base.errors import DataError, LandbridgeWarning
from landbridge.base.events import Events, read_log
from landbridge.base.files import read_json, write_json, write_text
from landbridge.base.hashing import digest
from landbridge.base.shown import one_line, to_json, visible
from landbridge.cli import screen
from landbridge.cli.frame import dumps, frame
from landbridge.cli.tables import show_entries, show_rows
from landbridge.cli.terminal import terminal

OBEYED = {
    "clear": "ant\x1b[2Jbee",
    "title": "\x1b]0;title\x07ant",
    "one-byte escape": "ant\x9b2Jbee",
    "carriage return": "ant\rbee",
    "backspace": "ant\b\b\bbee",
    "bell": "ant\a",
    "delete": "ant\x7f",
    "turned": "ant\u202etxt.exe",
    "isolated": "\u2066ant\u2069",
    "no width": "an\u200bt",
    "joined letters": "a\u200dnt",
    "line separator": "ant\u2028bee",
    "mark of order": "\ufeffant",
    "bytes of a name": "caf\udce9",
    "half a pair": "ant\ud83d",
}
LEFT = {
    "Chinese": "猫と犬",
    "emoji": "👩\u200d🔬 and ❤\ufe0f",
    "a region's flag": "🏴" + "".join(chr(0xE0000 + ord(c)) for c in "gbeng") + "\U000e007f",
    "letters that combine": unicodedata.normalize("NFD", "Ångström é"),
    "Persian": "می\u200cخواهم",
    "Hindi": "क्\u200dष",
    "spaces": "a b\u00a0c",
}


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _harmless(text: str) -> bool:
    """Whether only what rich itself sends to a terminal, colours and lines, is in a text."""
    for own in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[1;31m"):
        text = text.replace(own, "")
    return visible(text) == text and "\r" not in text


@pytest.mark.parametrize("name", OBEYED.values(), ids=OBEYED)
def test_a_name_is_shown_wherever_it_is_printed(name, monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    shown = one_line(name)
    assert shown != name
    assert shown.isprintable()
    for stream in (io.StringIO(), Tty()):
        told = terminal(stream=stream)
        told.event({"event": "note", "message": f"class {name}"})
        told.event({"event": "warning", "message": f"class {name}"})
        assert _harmless(stream.getvalue())
        assert "class" in stream.getvalue()
    out = io.StringIO()
    where = screen.console(out, width=140)
    show_rows(where, ["row", name], [[name, Text(name, "bold")]], title=f"of {name}")
    show_entries(where, ["row", "what"], [[name, name]], keep=(0,))
    where.print(name, Text(name))
    assert _harmless(out.getvalue())
    with pytest.raises(Exception) as stopped, frame():
        raise DataError(f"class {name}", hint=f"rename {name}")
    assert getattr(stopped.value, "exit_code", None) == 3
    assert _harmless(capsys.readouterr().err)


@pytest.mark.parametrize("name", LEFT.values(), ids=LEFT)
def test_letters_of_any_script_stay(name):
    assert visible(name) == one_line(name) == name
    assert json.loads(to_json(name)) == name
    assert to_json(name) == f'"{name}"'


@pytest.mark.parametrize("name", OBEYED.values(), ids=OBEYED)
def test_json_shows_names_and_gives_them_back(name, tmp_path):
    text = dumps({"predicted": name, name: 1})
    assert text.isprintable()
    assert json.loads(text) == {"predicted": name, name: 1}
    write_json(tmp_path / "a.json", {name: name})
    assert read_json(tmp_path / "a.json") == {name: name}
    Events(tmp_path / "log.jsonl").log("note", name, rows=[name])
    assert (tmp_path / "log.jsonl").read_text("utf-8").rstrip("\n").isprintable()
    assert read_log(tmp_path / "log.jsonl")[0]["rows"] == [name]
    write_text(tmp_path / "a.md", name)
    assert digest(name) != digest(visible(name))


def test_errors_and_warnings_in_python_show_names():
    name = "ant\x1b[2J\u202e"
    for error in (DataError(name, hint=name), LandbridgeWarning(name)):
        assert _harmless(str(error))
        assert "ant\\x1b[2J" in str(error)
    assert DataError(name).message == name


def test_a_line_of_a_name_passes_for_none_of_ours(capsys):
    stream = io.StringIO()
    terminal(stream=stream).event({"event": "note", "message": "a\n[    0s] transfer helped"})
    assert stream.getvalue().splitlines()[1] == "  [    0s] transfer helped"
    with pytest.raises(Exception), frame():  # noqa: B017
        raise DataError("class a\nerror: none", hint="b")
    assert capsys.readouterr().err.splitlines() == ["error: class a", "  error: none", "→ b"]


def test_columns_stand_under_each_other_whatever_the_script():
    out = io.StringIO()
    rows = [["猫と犬", "1"], ["ant", "22"], ["👩\u200d🔬", "3"], ["a\x1b[2Jb", "4"]]
    show_rows(screen.console(out, width=80), ["class", "rows"], rows, right=(1,))
    lines = out.getvalue().splitlines()
    assert len({cell_len(line) for line in [lines[0], *lines[2:]]}) == 1


def test_brackets_in_names_are_no_markup():
    out = io.StringIO()
    screen.console(out, width=80).print("[red]ant[/] [link=x]")
    assert out.getvalue() == "[red]ant[/] [link=x]\n"


def test_there_is_one_way_to_the_screen_and_one_writer_of_csv():
    """A plain `print` elsewhere would send names as they are."""
    allowed = {
        "print": {"cli/screen.py", "cli/frame.py", "cli/app.py", "cli/predict.py", "cli/trust.py"},
        "Console": set(),
        "csv.writer": {"base/cells.py"},
        "csv.DictWriter": set(),
        "typer.echo": set(),
    }
    root = Path(landbridge.__file__).parent
    found = 0
    for file in sorted(root.rglob("*.py")):
        text = file.read_text("utf-8")
        if not re.search(r"\bprint\(|\bConsole\(|csv\.\w*[wW]riter|typer\.echo", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in allowed:
                assert file.relative_to(root).as_posix() in allowed[name], f"{file}: {name}"
                found += 1
    assert found
