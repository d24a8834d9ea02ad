"""`landbridge trust`: which code may be run on this machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..base.errors import ConfigError
from ..base.shown import one_line
from . import options as o
from .frame import frame

if TYPE_CHECKING:
    from ..base.trust import Choice, Code

app = typer.Typer(
    name="trust",
    help="Say which code of models may be run on this machine, and take that back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_SHOWN = 12


@app.command()
def add(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|CODE",
            help="What a command made, whose code is meant, or the code itself: "
            "local/nets.py:make, local/package.module:make, keras/model.keras.",
        ),
    ],
    as_json: o.AsJson = False,
    debug: o.Debug = False,
) -> None:
    """Agree to run the code that a folder names, as long as no file of it changes."""
    with frame(as_json=as_json, debug=debug) as this:
        from ..base.trust import grant

        codes = _codes(what)
        for code in codes:
            grant(code)
        this.result({"trusted": [_plain(code) for code in codes]}, lambda: _show_added(what, codes))


@app.command(name="list")
def show(as_json: o.AsJson = False, debug: o.Debug = False) -> None:
    """Show all that was agreed to."""
    with frame(as_json=as_json, debug=debug) as this:
        from ..base.trust import choices, store

        found = choices()
        value = {
            "file": str(store()),
            "trusted": [{**_plain(choice.code), "when": choice.when} for choice in found],
        }
        this.result(value, lambda: _show(found))


@app.command()
def remove(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[FOLDER|CODE|DIGEST]", help="As `trust list` shows it, or a run's folder."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Take all of it back.")] = False,
    as_json: o.AsJson = False,
    debug: o.Debug = False,
) -> None:
    """Take back that code may be run."""
    with frame(as_json=as_json, debug=debug) as this:
        from ..base.trust import choices, revoke

        if (what is None) is not everything:
            raise ConfigError(
                "trust remove takes one thing, or --all", hint="`landbridge trust list` shows them"
            )
        gone = revoke(_wanted(what))
        if not gone and not everything:
            agreed = [choice.code.what for choice in choices()]
            raise ConfigError(
                f"nothing was agreed to about {what!r}",
                hint=f"agreed to: {', '.join(agreed[:8])}" if agreed else "nothing is trusted here",
            )
        this.result(
            {"removed": [_plain(code) for code in gone]},
            lambda: print("\n".join(f"no longer trusted: {one_line(c.what)}" for c in gone)),
        )


def ask(code: Code, why: str) -> bool:
    """Ask a person on the terminal about code that nobody has agreed to; no answer is no."""
    out = sys.stderr
    print("The model is made by code, which would run here with all your rights:", file=out)
    for line in _lines(code):
        print(f"  {line}", file=out)
    if why:
        print(f"  {one_line(why)}", file=out)
    print("Run it, now and from now on while none of its files changes? [y/N] ", end="", file=out)
    out.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):  # the end of the input: what comes next is a line of its own
        print(file=out)
    return answer.strip().lower() in ("y", "yes")


def _lines(code: Code) -> list[str]:
    names = sorted(code.files)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [
        one_line(f"{head:<9}{text}")
        for head, text in (
            ("code", code.what),
            ("of", code.root),
            ("files", ", ".join(names[:_SHOWN]) + more),
            ("digest", code.digest),
        )
    ]


def _codes(what: str) -> list[Code]:
    from ..artifacts.state import read_state
    from ..backbones.named import code_of, codes_in

    if not what.startswith(("local/", "keras/")) and Path(what).is_dir():
        found = codes_in(what)
        if not found:  # says so where it is no folder that a command made
            read_state(Path(what))
        return found
    name = what if what.startswith(("local/", "keras/")) else f"local/{what}"
    code = code_of(name)
    assert code is not None
    return [code]


def _wanted(what: str | None) -> Any:
    if what is None:
        return lambda code: True
    whats = {what, f"local/{what}"}
    place, _, function = what.removeprefix("local/").rpartition(":")
    if place.endswith(".py"):
        whats.add(f"local/{Path(place).expanduser().resolve()}:{function}")
    if what.startswith("keras/"):
        whats.add(f"keras/{Path(what.removeprefix('keras/')).expanduser().resolve()}")
    if Path(what).is_dir():
        whats |= {code.what for code in _codes(what)}
    return lambda code: code.what in whats or (len(what) >= 8 and code.digest.startswith(what))


def _plain(code: Code) -> dict[str, object]:
    return {
        "what": code.what,
        "root": code.root,
        "files": dict(code.files),
        "digest": code.digest,
    }


def _show_added(what: str, codes: Sequence[Code]) -> None:
    if not codes:
        print(f"{one_line(what)} names no code: nothing needs to be trusted")
    for code in codes:
        print("\n".join(["trusted, while none of its files changes:", *_lines(code)]))


def _show(found: Sequence[Choice]) -> None:
    if not found:
        print("no code is trusted on this machine")
    for choice in found:
        print("\n".join([*_lines(choice.code), f"{'since':<9}{choice.when}", ""]))
