"""The command `landbridge`: its verbs and what holds for all of them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..artifacts.called import CALLED
from ..base.errors import EXIT_CODES, ConfigError, old_name
from ..base.renamed import renamed_words
from . import (
    align,
    backbones,
    check,
    cluster,
    config,
    demo,
    doctor,
    evaluate,
    explain,
    federate,
    merge,
    methods,
    multitask,
    plan,
    predict,
    rank,
    report,
    resume,
    shift,
    stream,
    stress,
    transfer,
    trust,
    tune,
)
from .frame import silence, tell

# typer carries its own click since 0.26 and needs the real one before: its public name
# leads to the right base class either way.
UsageError: Any = typer.BadParameter.__mro__[1]

# "\b" keeps the lines as they are.
_EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {code:>3}  {what[:1].lower()}{what[1:].rstrip('.')}" for code, what in EXIT_CODES.items()
)


class Verbs(TyperGroup):
    """The group of verbs; wrong usage is JSON, too, where JSON was asked for."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the verbs; what each does is wrapped, never cut off."""
        verbs = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, verb.get_short_help_str(1_000)) for name, verb in verbs if verb]
            )

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run one verb and exit with its code."""
        given = sys.argv[1:] if args is None else list(args)
        extra["standalone_mode"] = False
        CALLED.set(shlex.join(["landbridge", *given]))
        try:
            words, changed = renamed_words(given)
        except ConfigError as error:
            code, as_json = error.exit_code, "--json" in given
            tell(error.message, hint=error.hint, kind="ConfigError", code=code, as_json=as_json)
            sys.exit(code)
        for old, new in changed:
            print(f"warning  {old_name(old, new)}", file=sys.stderr)
        try:
            code = super().main(words, *rest, **extra)
        except UsageError as error:
            at = getattr(error, "ctx", None)
            if type(error).__name__ == "NoArgsIsHelpError":  # nothing was asked: no mistake
                print(error.format_message(), file=sys.stderr)
                sys.exit(error.exit_code)
            tell(
                error.format_message(),
                hint=_what_to_do(at, given[1:]),
                kind="UsageError",
                code=error.exit_code,
                as_json="--json" in given,
            )
            code = error.exit_code
        sys.exit(code or 0)


def _what_to_do(at: Any, words: Sequence[str]) -> str:
    """Return how a command is called: by its help, or with names for what came without."""
    if at is None:
        return "landbridge --help"
    options = {p.name for p in at.command.params}
    sides = [f"--{name}" for name in ("source", "target") if name in options]
    given = list(takewhile(lambda word: not word.startswith("-"), words))
    if len(sides) == 2 and 1 <= len(given) <= 2:
        named = " ".join(
            f"{side} {word}" for side, word in zip(sides[-len(given) :], given, strict=True)
        )
        return f"name what you give: {at.command_path} {named}"
    return f"{at.command_path} --help"


app = typer.Typer(
    name="landbridge",
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    # Plain help: it needs no rich, so it comes at once, and it reads well in a log.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print("landbridge", version("landbridge"))
        except PackageNotFoundError:
            print("landbridge (not installed: running from its source)")
        raise typer.Exit


@app.callback()
def _landbridge(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Carry what a model already knows to where you need it, and say whether that helped."""


for _verb in (
    transfer.transfer,
    plan.plan,
    shift.shift,
    rank.rank,
    check.check,
    predict.predict,
    evaluate.evaluate,
    explain.explain,
    stream.stream,
    stress.stress,
    report.report,
    resume.resume,
    merge.merge,
    cluster.cluster,
    tune.tune,
    multitask.multitask,
    align.align,
    align.search,
    align.zero_shot,
    demo.demo,
    methods.methods,
    backbones.backbones,
    config.config,
    doctor.doctor,
):
    app.command("eval" if _verb is evaluate.evaluate else None)(_verb)
app.add_typer(federate.app)
app.add_typer(trust.app)


def main() -> None:
    """Run the command line."""
    for out in (sys.stdout, sys.stderr):
        if hasattr(out, "reconfigure"):  # a terminal without UTF-8 gets "?", not a traceback
            out.reconfigure(errors="replace")
    if not sys.stderr.isatty():  # bars of the hub are unreadable in a log
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ:  # torchrun began this
        from ..training.process_group import take_part_if_asked

        if take_part_if_asked():
            return
    try:
        app(prog_name="landbridge")
    except BrokenPipeError:
        silence(sys.stdout)
