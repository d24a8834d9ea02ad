"""The command in a process of its own: what it imports, pipes, signals."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUN = "from landbridge.cli.app import main; main()"


def landbridge(*args: str, code: str = RUN) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-c", code, *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("args", [("--help",), ("transfer", "--help"), ("--version",)])
def test_help_imports_nothing_heavy(args):
    # Its speed is a benchmark; what makes it slow is a fact that a test can hold.
    code = (
        "import atexit, sys\n"
        "heavy = {'torch', 'sklearn', 'scipy', 'numpy', 'rich', 'transformers', 'pyarrow'}\n"
        "found = lambda: print('HEAVY', sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
        "atexit.register(found)\n" + RUN
    )
    result = landbridge(*args, code=code)
    assert result.returncode == 0, result.stderr
    assert "HEAVY []" in result.stderr


def test_help_tells_the_exit_codes():
    from landbridge.base.errors import EXIT_CODES

    text = landbridge("--help").stdout
    for code, what in EXIT_CODES.items():
        assert f"{code:>3}  {what[:1].lower()}{what[1:].rstrip('.')}" in text


def test_nothing_at_all_shows_the_help():
    result = landbridge()
    assert "Usage: landbridge" in result.stdout + result.stderr


@pytest.mark.parametrize("verb", ["config", "methods"])
def test_a_reader_that_leaves_early_is_no_error(verb):
    command = [sys.executable, "-c", RUN, verb]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        errors = process.stderr.read().decode()
        assert process.wait(60) == 0
    assert "BrokenPipe" not in errors
    assert "Traceback" not in errors


def test_a_terminal_without_utf8_gets_question_marks():
    code = "import sys; sys.stdout.reconfigure(encoding='ascii', errors='strict')\n" + RUN
    result = landbridge("config", code=code)
    assert result.returncode == 0, result.stderr


def test_the_exit_code_reaches_the_shell():
    assert landbridge("config", "--set", "nothing=1").returncode == 2
    assert landbridge("report", "no-such-run").returncode == 6
