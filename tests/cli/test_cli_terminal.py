"""What a person sees while a run goes on: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import io
import re

import pytest

from landbridge.cli import terminal as module
from landbridge.cli.terminal import clock, terminal


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch):
    """A clock that moves only when told to."""

    class Clock:
        now = 0.0

    fake = Clock()
    monkeypatch.setattr(module.time, "monotonic", lambda: fake.now)
    return fake


def test_a_log_gets_a_line_now_and_then_and_no_control_characters(time):
    stream = io.StringIO()
    with terminal(stream=stream).progress("training", 100) as bar:
        for _ in range(100):
            time.now += 0.5
            bar.advance(loss=0.25)
    lines = stream.getvalue().splitlines()
    assert 4 <= len(lines) <= 6
    assert re.fullmatch(r"\[ +\d+s\] training: \d+/100, loss 0.25, \d+s left", lines[0])
    assert "\x1b" not in stream.getvalue()


def test_what_is_short_gets_no_bar(time, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    for stream in (io.StringIO(), Tty()):
        with terminal(stream=stream).progress("training", 10) as bar:
            for _ in range(10):
                time.now += 0.1
                bar.advance()
        assert stream.getvalue() == ""


def test_a_terminal_gets_a_bar_and_then_one_line(time, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    stream = Tty()
    screen = terminal(stream=stream)
    with screen.progress("training [1/2]", 10) as bar:
        for _ in range(10):
            time.now += 1
            bar.advance()
    screen.close()
    assert "━" in stream.getvalue()
    plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", stream.getvalue())
    assert "training [1/2]: 10/10 in 10s" in plain


def test_text_in_brackets_is_not_taken_for_markup(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Tty()
    terminal(stream=stream).event({"event": "note", "message": "[red]left out[/red]"})
    assert "[red]left out[/red]" in stream.getvalue()


def test_steps_and_the_verdict_are_not_told_twice():
    stream = io.StringIO()
    for kind in ("step", "verdict"):
        terminal(stream=stream).event({"event": kind, "message": "x"})
    assert stream.getvalue() == ""


def test_a_closed_pipe_does_not_end_a_run():
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    terminal(stream=Closed()).event({"event": "note", "message": "x"})


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (59.6, "1m00s"), (75, "1m15s"), (3725, "1h02m")]
)
def test_times_are_short(seconds, text):
    assert clock(seconds) == text


def test_getting_ready_is_not_taken_for_a_step(time):
    stream = io.StringIO()
    with terminal(stream=stream).progress("training", 2000) as bar:
        time.now += 30  # reading, compiling
        bar.advance()
        for _ in range(40):
            time.now += 0.5
            bar.advance()
    lines = stream.getvalue().splitlines()
    assert "left" not in lines[0]
    minutes = [int(m) for m in re.findall(r"(\d+)m\d\ds left", stream.getvalue())]
    assert minutes
    assert all(16 <= m <= 17 for m in minutes)  # 2,000 steps of half a second
    assert "1/2,000" in lines[0]


def lefts(time, total, seconds):
    """Return what is said of the time left after each step, of so many seconds each."""
    bar = terminal(stream=io.StringIO()).bar("training", total)
    found = []
    for each in seconds:
        time.now += each
        bar.advance()
        found.append(bar.left())
    return found


def test_nothing_is_said_of_the_time_left_before_there_is_evidence(time):
    # a minute until the first step of 500 would be eight hours and more
    assert lefts(time, 500, [62.0, 0.4, 0.4, 0.4]) == ["", "", "", "3m18s left"]


def test_what_was_slow_at_the_beginning_is_soon_forgotten(time):
    assert lefts(time, 200, [1.0] + [10.0] * 10 + [0.5] * 89)[-1] == "50s left"
    steady = lefts(time, 2000, [1.0] * 1000)
    assert steady[-1] == "16m40s left"
    assert steady[-2] == "16m41s left"
