"""What the documents say about the command line is true."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from landbridge.base.errors import EXIT_CODES
from landbridge.cli.app import app

ROOT = Path(__file__).parents[2]


def test_every_exit_code_is_documented():
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    documented = dict(re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE))
    assert set(documented) == {str(code) for code in EXIT_CODES}
    for code, what in EXIT_CODES.items():
        assert documented[str(code)].startswith(f"{what[:1].lower()}{what[1:].rstrip('.')}")


def test_every_verb_is_documented():
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    for command in app.registered_commands:
        assert command.callback is not None
        name = (command.name or command.callback.__name__).replace("_", "-")
        assert re.search(rf"^\| `{name}\b", text, re.MULTILINE), name


def test_an_option_called_like_its_placeholder_keeps_its_name():
    """typer 0.27.2 takes `metavar="METHOD"` of a parameter `method` for the option's name."""
    verbs = typer.main.get_command(app).commands
    told = [(verb, one) for verb in verbs for one in verbs[verb].params]
    options = [(verb, one) for verb, one in told if one.param_type_name == "option"]
    assert [one for one in options if (one[1].metavar or "").lower() == one[1].name]
    assert [(v, one.name) for v, one in options if not all(o[0] == "-" for o in one.opts)] == []
