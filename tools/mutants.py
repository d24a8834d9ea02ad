"""Mutation testing, room by room: does a test fail where a line says something else?

    python tools/mutants.py                     # every room; minutes to hours
    python tools/mutants.py verdict --sample 200
    python tools/mutants.py verdict --show      # what survived the last time

mutmut makes the mutants (one operator, number, comparison, argument or return at a time) and runs
the tests that reach the function, in a copy of the tree below build/mutants. What stands between
quotation marks is not changed: the words of messages are no behaviour, and keys are checked by the
shapes of files. A sample is drawn with a seed, so that two runs speak of the same mutants.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "mutants"
SOURCE = "src/landbridge"
SAME = ROOT / "tools" / "equivalent_mutants.json"
"""Changes that no test can notice: {function: {the changed line: why}}."""
BESIDE = ("pyproject.toml", "CONTRIBUTING.md")
"""What tests read beside themselves."""
SURVIVED = (0, 5, 33)
"""Exit codes of mutmut: its tests passed, or there is none. Others are failures and timeouts."""


@dataclass(frozen=True)
class Room:
    """Files to change, and the tests that should notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    named: str = ""


ROOMS = {
    "verdict": Room(("verdict/*",), ("tests/verdict", "tests/metrics/test_widths.py")),
    "metrics": Room(("metrics/*",), ("tests/metrics", "tests/verdict/test_every_builder.py")),
    "hold-out": Room(
        ("domains/sealing*",),
        ("tests/domains/test_sealing.py", "tests/domains/test_holdout.py", "tests/holdout"),
        "shows or seal or test_holdout",
    ),
    "split-rules": Room(
        ("domains/holdout/*",),
        (
            *("tests/domains/test_holdout.py", "tests/domains/test_holdout_edges.py"),
            "tests/domains/test_sealing.py",
            "tests/structured/test_rows_held_out.py",
        ),
    ),
    "structured": Room(  # of the fits of all tasks one, the others take minutes a mutant
        ("structured/*",),
        ("tests/structured", "tests/verdict/test_every_builder.py"),
        "not from_rows_to_a_verdict or token-classification",
    ),
    "multitask": Room(
        ("multi_task/*",),
        ("tests/multi_task", "tests/holdout", "tests/verdict/test_every_builder.py"),
        "task",
    ),
}


def main() -> int:
    """Run what is asked for, and print a line for each room."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}")
    parser.add_argument("--sample", type=int, default=0, help="so many of each room; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", action="store_true", help="the survivors of the last run")
    parser.add_argument("--room", help=argparse.SUPPRESS)  # one room, in a process of its own
    asked = parser.parse_args()
    if asked.room:
        return _one_room(asked.room, asked.sample, asked.seed, asked.jobs)
    if not asked.show:
        print("| room | mutants | tried | equivalent | survived | killed |")
        print("|---|---:|---:|---:|---:|---:|")
    for room in asked.rooms or ROOMS:
        if room not in ROOMS:
            parser.error(f"no room {room!r}: there are {', '.join(ROOMS)}")
        if asked.show:
            _show(room)
            continue
        _copy(WORK / room)
        how = ["--sample", str(asked.sample), "--seed", str(asked.seed), "--jobs", str(asked.jobs)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, __file__, "--room", room, *how]
        with (WORK / f"{room}.log").open("w") as log:
            subprocess.run(
                command, cwd=WORK / room, env=environment, stdout=log, stderr=log, check=True
            )
        print(_line(room), flush=True)
    return 0


def _copy(folder: Path) -> None:
    """Lay out what git knows of the tree, but for what no test here needs."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if name.startswith(("src/", "tests/", *BESIDE)) and (ROOT / name).is_file():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place)


def _one_room(name: str, sample: int, seed: int, jobs: int) -> int:
    """Let mutmut work in this folder, on all mutants or on those that are drawn."""
    import mutmut.__main__ as mutmut
    from mutmut.configuration import config
    from mutmut.mutation import mutators
    from mutmut.workers.isolation import ForkRunner

    wait = ForkRunner.wait_for_result

    def wait_for_mutant(runner: ForkRunner, timeout: float | None = None) -> Any:
        while True:
            with contextlib.suppress(KeyError):  # a process that a test began has ended
                return wait(runner, timeout)

    ForkRunner.wait_for_result = wait_for_mutant
    mutators.mutation_operators[:] = [
        (kind, change)
        for kind, change in mutators.mutation_operators
        if change.__name__ != "operator_string"
    ]
    room, settings = ROOMS[name], config()
    settings.source_paths[:] = [Path("src")]
    settings.only_mutate[:] = [f"{SOURCE}/{own}" for own in room.files]
    settings.pytest_add_cli_args_test_selection[:] = room.tests
    settings.pytest_add_cli_args[:] = ["-p", "no:cacheprovider", "-m", "not slow"]
    if room.named:
        settings.pytest_add_cli_args += ["-k", room.named]
    settings.use_git_change_detection = settings.track_dependencies = False
    settings.also_copy += [Path(each) for each in BESIDE if Path(each) not in settings.also_copy]
    Path("mutants").mkdir(exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.create_mutants(jobs)
    names = sorted(
        each for _, each, _ in mutmut.collect_source_file_mutation_data(mutant_names=())[0]
    )
    drawn = random.Random(seed).sample(names, min(sample or len(names), len(names)))
    Path("drawn.json").write_text(json.dumps({"drawn": sorted(drawn), "of": len(names)}))
    mutmut._run(tuple(drawn), jobs)
    return 0


def _results(room: str) -> tuple[dict[str, str], int]:
    """Return what became of each mutant that was drawn, and how many there are.

    "killed", "survived", or why no test can notice it.
    """
    folder = WORK / room
    drawn = json.loads((folder / "drawn.json").read_text())
    found: dict[str, str] = {}
    for file in (folder / "mutants").rglob("*.meta"):
        codes = json.loads(file.read_text())["exit_code_by_key"]
        found |= {
            name: "survived" if code in SURVIVED else "killed"
            for name, code in codes.items()
            if code is not None and name in set(drawn["drawn"])
        }
    same = json.loads(SAME.read_text(encoding="utf-8"))
    with contextlib.chdir(folder):
        for name, what in found.items():
            if what == "survived":
                own, lines = same.get(_function(name), {}), _change(name)
                added = [line[1:].strip() for line in lines if line[0] == "+"]
                found[name] = next((own[line] for line in added if line in own), what)
                if _guards_alone(lines):
                    found[name] = "what `zip` gets is as long"
    return found, drawn["of"]


def _function(name: str) -> str:
    """Return "verdict.evaluate.outcome_of" of mutmut's name of a mutant of it."""
    module, _, own = name.partition("__mutmut_")[0].rpartition(".")
    plain = own.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return f"{module.removeprefix('landbridge.')}.{plain}"


def _guards_alone(lines: list[str]) -> bool:
    """Whether a change is of `strict=` alone, which guards what is never so."""
    plain = {re.sub(r",?\s*strict=\w+|,\s*(?=\))", "", line[1:]).strip() for line in lines}
    return len(lines) > 1 and len(plain) == 1


def _change(name: str) -> list[str]:
    """Return the lines that a mutant takes away and puts in, beginning with "-" and "+"."""
    from mutmut.__main__ import find_mutant, get_diff_for_mutant

    lines = get_diff_for_mutant(name, path=find_mutant(name).path).splitlines()
    return [line for line in lines if line[:1] in "-+" and line[:3] not in ("---", "+++") and line]


def _line(room: str) -> str:
    found, of = _results(room)
    counts = {what: list(found.values()).count(what) for what in ("killed", "survived")}
    same = len(found) - sum(counts.values())
    share = 100 * counts["killed"] / max(1, sum(counts.values()))
    return f"| {room} | {of:,} | {len(found):,} | {same} | {counts['survived']} | {share:.0f} % |"


def _show(room: str) -> None:
    for name, what in _results(room)[0].items():
        if what == "survived":
            with contextlib.chdir(WORK / room):
                print(_function(name), *_change(name), sep="\n", end="\n\n")


if __name__ == "__main__":
    sys.exit(main())
