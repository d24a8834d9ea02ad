"""Why a tuned model tags a word so, sees a thing there, or gives pixels their class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import ConfigError, DataError
from ..base.evenly import evenly
from ..base.events import SILENT, Events
from ..base.registry import nearest
from ..explanation.base import BUDGET, EXPLAINERS
from ..explanation.checks import check_row, method_check
from ..explanation.choose import AUTO, Chosen, choose
from ..explanation.explain import TRIED
from ..explanation.game import Game
from ..explanation.records import Attribution, RowCheck, RowExplanation
from ..explanation.reliance import reliance
from ..explanation.result import Explanations
from ..explanation.telling import ASKED, ROWS, named
from .answer_parts import AnswerPart, network_of
from .base import Example

if TYPE_CHECKING:
    from .tuned import Tuned

_LOOKED_AT = 200
"""Rows of data from which those that are explained are taken."""
_EACH = 3
"""Parts of one row's answer that are explained, where there are more."""
_WRONG, _DRAWN = "wrong", "drawn evenly"


def explain_tuned(
    tuned: Tuned,
    data: Any,
    *,
    rows: int | str | Sequence[str] | None = None,
    method: str = AUTO,
    passes: int = BUDGET,
    seed: int = 0,
    outside: bool = False,
    events: Events = SILENT,
) -> Explanations:
    """Explain parts of answers as `Tuned.explain` describes."""
    if method != AUTO:
        EXPLAINERS.get(method)
    if passes < 4:
        raise ConfigError(
            f"passes is {passes}: an explanation takes at least 4", hint="leave it at 25"
        )
    count, names = _wanted(rows)
    examples, said, what = tuned.answered(data, outside, events)
    picked = _picked(examples, names)
    wrong = [i for i in picked if _is_wrong(tuned, examples[i], said[i])]
    order = [*wrong, *(i for i in picked if i not in wrong)] if names is None else picked
    network = network_of(tuned.model)
    found: list[tuple[Example, AnswerPart, str]] = []
    for i in order:
        if names is None and len(found) >= count:
            break
        why = ASKED if names is not None else _WRONG if i in wrong else _DRAWN
        parts = tuned.task.answer_parts(tuned.model, examples[i], said[i])
        parts = sorted(parts, key=lambda one: one.right is not False)
        found += [(examples[i], part, why) for part in parts[:_EACH]]
    found = found if names is not None else found[:count]
    if not found:
        raise DataError(
            f"nothing is found in these rows by {tuned.path}, so there is nothing to explain",
            hint="give other rows",
        )
    games = [Game(network, part.view, part.weights) for _, part, _ in found]
    chosen = choose([games[i] for i in evenly(len(games), TRIED)], method, passes, seed, events)
    return _explained(tuned, found, games, chosen, passes, seed, what, events)


def _wanted(rows: int | str | Sequence[str] | None) -> tuple[int, list[str] | None]:
    """Return how many parts are asked for, or the names of rows."""
    if rows is None:
        return ROWS, None
    if isinstance(rows, str) and not rows.strip().removeprefix("-").isdigit():
        return 0, [part.strip() for part in rows.split(",") if part.strip()]
    if isinstance(rows, int | str):
        if int(rows) < 1:
            raise ConfigError(f"rows is {rows}, expected 1 or more", hint="give --rows 20")
        return int(rows), None
    return 0, [str(name) for name in rows]


def _picked(examples: Sequence[Example], names: list[str] | None) -> list[int]:
    if names is None:
        return evenly(len(examples), _LOOKED_AT).tolist()
    own = [example.name for example in examples]
    try:
        return named(own, None, names)
    except KeyError as error:
        word = str(error.args[0])
        near = nearest(word, own[:20_000])
        raise ConfigError(
            f"--rows: there is no row {word!r}",
            hint=f"did you mean {near!r}?" if near else f"rows are called {own[0]!r}, ...",
        ) from error


def _is_wrong(tuned: Tuned, example: Example, said: Any) -> bool:
    if example.truth is None:
        return False
    shown = tuned.task.shown(example, said)
    return not shown.get("right", True)


def _explained(
    tuned: Tuned,
    found: Sequence[tuple[Example, AnswerPart, str]],
    games: Sequence[Game],
    chosen: Chosen,
    passes: int,
    seed: int,
    what: str,
    events: Events,
) -> Explanations:
    records, pairs, whole = [], [], []
    with events.progress("explain", len(found)) as bar:
        for (example, part, why), game in zip(found, games, strict=True):
            method = chosen.method
            if method.misfit(game, passes):
                method = EXPLAINERS.get("occlusion")()
            if not method.misfit(game, passes):
                own = method.explain(game, passes, seed)
                check = check_row(game, own.scores, seed)
                records.append(_record(example, part, why, own, check))
                pairs.append((own, check))
                whole.append(part.view.by_key(own.scores, own.detail))
            bar.advance()
    first = chosen.check
    checked = method_check(chosen.method.name, pairs, first.stability, first.randomised)
    checked = checked if len(pairs) >= first.rows else first
    return Explanations(
        data=what,
        run_method=tuned.task.name,
        reference="",
        method=chosen.method.name,
        reason=chosen.reason,
        summary=chosen.method.summary,
        hidden=games[0].view.hidden,
        unit="points of log-odds",
        checks=(checked, *(one for one in chosen.checks if one.method != checked.method)),
        misfits=tuple(chosen.misfits.items()),
        rows=tuple(records),
        whole=tuple(reliance(whole)),
        whole_rows=len(whole),
    )


def _record(
    example: Example, part: AnswerPart, why: str, own: Attribution, check: RowCheck
) -> RowExplanation:
    return RowExplanation(
        name=f"{Path(example.name).as_posix()}: {part.what}",
        row=0,
        answer=part.answer,
        probability=part.probability,
        about=part.answer,
        truth=part.truth or None,
        right=part.right,
        why=why,
        units=part.view.names,
        scores=tuple(np.asarray(own.scores, float).tolist()),
        check=check,
        drawn=tuple(part.view.drawn(own.scores, own.detail)),
    )
