"""Why a finished run answers as it does on some data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import ConfigError, DataError, LandbridgeError, Terminated
from ..base.evenly import evenly
from ..base.events import SILENT, Events
from ..base.kept import Kept
from ..base.registry import nearest as like
from ..domains.domain import Domain
from ..explanation.base import BUDGET, EXPLAINERS
from ..explanation.choose import AUTO, Chosen
from ..explanation.concepts import Concepts
from ..explanation.explain import Explained, Explaining
from ..explanation.keeping import Keeping
from ..explanation.records import RowExplanation
from ..explanation.reliance import reliance, shortcuts
from ..explanation.result import Explanations
from ..explanation.telling import ASKED, ROWS, Answers, named, telling
from ..explanation.views.base import VIEWS
from .explained_by import Beside, rows_beside
from .explaining import explaining_of, recorded, rests_on, stages_moved
from .model import Model

if TYPE_CHECKING:
    from .run import Run

_LOOKED_AT = 2000
"""Rows of data from which telling ones are taken."""
_WHOLE = 16
"""Rows of each side that say what answers rest on as a whole."""
_CHEAP = 200


def explain_data(
    run: Run,
    what: Any,
    *,
    rows: int | str | Sequence[str] | None = None,
    method: str = AUTO,
    passes: int = BUDGET,
    source: Any = None,
    label: str | None = None,
    seed: int = 0,
    outside: bool = False,
    events: Events = SILENT,
) -> Explanations:
    """Explain rows of data as `Run.explain` describes."""
    count, names = _asked(rows)
    if passes < 4:
        raise ConfigError(
            f"passes is {passes}: an explanation takes at least 4", hint="leave it at 25"
        )
    if method != AUTO:
        EXPLAINERS.get(method)
    model = run.model
    _check_kind(model)
    domain = model.read(what, label=label, outside=outside, events=events)
    domain.input_rows.tell(domain.name, events)
    if not len(domain):
        raise DataError(f"{domain.name!r} has no row that can be explained", hint="give more data")
    wanted = None if names is None else _named(domain, names)
    domain, places = _some(domain, wanted, _CHEAP if model.preprocessing.columnar else _WHOLE)
    kept: Kept | None = None
    if not model.preprocessing.columnar:  # of tables all is there at once
        rows_of = (domain.examples.fingerprint(), domain.labels, domain.labeled_mask)
        given = (names or count, method, passes, seed)
        kept = Kept("explain", str(run.path.resolve()), run.verdict, *rows_of, *given)
    how = _How(method, passes, seed, source, kept)
    try:
        found = _explained(run, domain, None if names is None else places, count, how, events)
    except (KeyboardInterrupt, Terminated):
        if kept is not None:
            events.log("note", "what was computed is kept: the same command goes on from there")
        raise
    if kept is not None:
        kept.clear()
    return found


@dataclass(frozen=True)
class _How:
    """How rows are explained."""

    method: str
    passes: int
    seed: int
    source: Any
    kept: Kept | None

    def explaining(self, model: Model, domain: Domain, side: str, events: Events) -> Explaining:
        """Return a model with rows, and what was computed of them before."""
        own = explaining_of(model, domain, self.passes, self.seed, events)
        return replace(own, keeping=Keeping(self.kept, side))


def _explained(
    run: Run, domain: Domain, places: list[int] | None, count: int, how: _How, events: Events
) -> Explanations:
    """Explain the rows at some places, or so many telling ones."""
    model, reference = run.model, run.reference
    explaining = how.explaining(model, domain, "chosen", events)
    values = model.reading.transform(explaining.outputs)
    before = None if reference is None else _outputs(reference, domain, events)
    answers = _answers(model, domain, values, reference, before)
    shown = telling(answers, count) if places is None else [(i, ASKED) for i in places]
    chosen = explaining.choose([row for row, _ in shown], how.method, events)
    beside = rows_beside(run, domain, explaining.rows.stored, how.source, events)
    found = []
    with events.progress("explain rows", len(shown)) as bar:
        for row, why in shown:
            one = explaining.explain(row, chosen.method)
            if one is not None:
                found.append((row, why, one))
            bar.advance()
    earlier = {}
    if reference is not None and before is not None:
        changed = [row for row, _, _ in found if answers.changed[row]]
        earlier = _earlier(reference, domain, changed, chosen, how, events)
    records = tuple(
        replace(
            _record(model, domain, values, row, why, one),
            before=earlier.get(row),
            neighbours=beside.of(row, explaining.outputs[row]),
        )
        for row, why, one in found
    )
    if len(found) < len(shown):
        said = f"{len(shown) - len(found)} of {len(shown)} rows have nothing that can be hidden"
        beside = replace(beside, notes=(*beside.notes, said))
    return _result(run, domain, explaining, chosen, found, records, beside, how, events)


def _some(domain: Domain, wanted: list[int] | None, beside: int) -> tuple[Domain, list[int]]:
    """Return rows of data that are looked at, and where among them the wanted ones are.

    Beside named rows there are `beside` others, so that what is usual and what answers rest on are
    those of the data, whichever rows are named.
    """
    if wanted is None:
        return domain.select(np.asarray(evenly(len(domain), _LOOKED_AT))), []
    others = np.setdiff1d(evenly(len(domain), beside), wanted)
    return domain.select(np.array([*wanted, *others])), list(range(len(wanted)))


def _asked(rows: int | str | Sequence[str] | None) -> tuple[int, list[str] | None]:
    """Return how many rows are asked for, or their names."""
    if rows is None:
        return ROWS, None
    if isinstance(rows, str):
        if not rows.strip().removeprefix("-").isdigit():
            return 0, [part.strip() for part in rows.split(",") if part.strip()]
        rows = int(rows)
    if isinstance(rows, int):
        if rows < 1:
            raise ConfigError(f"rows is {rows}, expected 1 or more", hint="give --rows 20")
        return rows, None
    return 0, [str(name) for name in rows]


def _named(domain: Domain, names: list[str]) -> list[int]:
    own, read = domain.examples.names(), domain.input_rows
    ids = None if read.ids is None else [str(read.ids[place]) for place in read.places]
    if not names:
        raise ConfigError("no row is named", hint="give --rows 20, or names with commas")
    try:
        return named(own, ids, names)
    except KeyError as error:
        word = str(error.args[0])
        near = like(word, own[:20_000])
        left = next((one for one in read.left if one.name.endswith(word)), None)
        if left is not None:
            raise DataError(
                f"{left.name} could not be read, so it has no answer: {left.why}",
                hint="name another row",
            ) from error
        hint = f"did you mean {near!r}? " if near else ""
        raise ConfigError(
            f"--rows: {domain.name!r} has no row {word!r}",
            hint=f"{hint}rows are called as `predict` calls them: {own[0]!r}, ...",
        ) from error


def _check_kind(model: Model) -> None:
    if model.preprocessing.name not in VIEWS:
        raise ConfigError(
            f"rows that are stored as {model.preprocessing.name!r} cannot be taken apart",
            hint="explain a run on images, texts, tables or recordings",
        )


def _outputs(model: Model, domain: Domain, events: Events) -> np.ndarray | None:
    """Return the outputs of another model on the same rows; None where it does not take them."""
    try:
        return model.logits(domain)
    except LandbridgeError as error:
        events.log("note", f"the model before the transfer does not take these rows: {error}")
        return None


def _answers(
    model: Model,
    domain: Domain,
    values: np.ndarray,
    reference: Model | None,
    before: np.ndarray | None,
) -> Answers:
    kind, n = model.reading.target_type, len(domain)
    said = model.reading.predict(values)
    earlier = None
    if reference is not None and before is not None:
        earlier = reference.reading.predict(reference.reading.transform(before))
    right, was = np.full(n, np.nan), np.full(n, np.nan)
    if kind.named:
        labeled = np.flatnonzero(domain.labeled_mask)
        truth = kind.decode(domain.labels[labeled], domain.classes)
        for row, true in zip(labeled, truth, strict=True):
            right[row] = kind.agree(said[row], true)
            if earlier is not None:
                was[row] = kind.agree(earlier[row], true)
    changed = np.zeros(n, bool)
    if earlier is not None and kind.named:
        changed = np.array([a != b for a, b in zip(said, earlier, strict=True)])
    sure = values.max(1) if kind.named else np.zeros(n)
    return Answers(sure, right, changed, was)


def _earlier(
    reference: Model,
    domain: Domain,
    rows: Sequence[int],
    chosen: Chosen,
    how: _How,
    events: Events,
) -> dict[int, RowExplanation]:
    """Explain rows by the model before the transfer, by the same method where it fits."""
    if not rows or reference.preprocessing.name not in VIEWS:
        return {}
    some = domain.select(np.array(rows))
    explaining = how.explaining(reference, some, "reference", SILENT)
    values = reference.reading.transform(explaining.outputs)
    method = chosen.method
    if method.misfit(explaining.game(0)[0], how.passes):
        method = EXPLAINERS.get("occlusion")()
    found = {}
    with events.progress("explain before the transfer", len(rows)) as bar:
        for place, row in enumerate(rows):
            if (one := explaining.explain(place, method)) is not None:
                found[row] = _record(reference, some, values, place, method.name, one)
            bar.advance()
    return found


def _record(
    model: Model, domain: Domain, values: np.ndarray, row: int, why: str, one: Explained
) -> RowExplanation:
    kind, truth = model.reading.target_type, None
    if domain.labeled_mask[row]:
        truth = kind.decode(domain.labels[row : row + 1], domain.classes)[0]
    place = int(domain.input_rows.places[row])
    return recorded(
        model.reading, one, domain.examples.names()[row], place, values[row], truth, why
    )


def _result(
    run: Run,
    domain: Domain,
    explaining: Explaining,
    chosen: Chosen,
    found: Sequence[tuple[int, str, Explained]],
    records: tuple[RowExplanation, ...],
    beside: Beside,
    how: _How,
    events: Events,
) -> Explanations:
    from ..explanation.checks import method_check

    if not records:
        raise DataError(
            f"none of the rows can be explained by {chosen.method.name}", hint="name other rows"
        )
    view, first = found[0][2].game.view, chosen.check
    pairs = [(one.attribution, one.check) for _, _, one in found]
    own = method_check(chosen.method.name, pairs, first.stability, first.randomised)
    own = own if len(found) >= first.rows else first
    most = _CHEAP if view.cheap else _WHOLE
    concepts = Concepts()
    ours = rests_on(explaining, chosen.method, most, "what answers rest on", events, concepts)
    theirs: list[dict[str, float]] = []
    if beside.source is not None and len(domain) > 1:
        side = f"source-{beside.source.examples.fingerprint()[:16]}"
        other = how.explaining(run.model, beside.source, side, SILENT)
        other = replace(other, rows=replace(other.rows, blank=explaining.rows.blank))
        theirs = rests_on(other, chosen.method, most, "what answers rest on in the source", events)
    kind = run.model.reading.target_type
    unit = "points of log-odds" if kind.named else "units of the answer"
    return Explanations(
        data=domain.name,
        run_method=run.choice["method"],
        reference=str(run.verdict.get("reference") or ""),
        method=chosen.method.name,
        reason=chosen.reason,
        summary=chosen.method.summary,
        hidden=view.hidden,
        unit=unit,
        checks=(own, *(one for one in chosen.checks if one.method != own.method)),
        misfits=tuple(chosen.misfits.items()),
        rows=records,
        directed=kind.directed,
        whole=tuple(reliance(ours)),
        whole_rows=len(ours),
        concepts=tuple(concepts.grouped(explaining.seed)),
        source=tuple(reliance(theirs)),
        source_rows=len(theirs),
        shortcuts=tuple(shortcuts(theirs, ours)),
        stages=tuple(stages_moved(run.model, explaining.rows, events)),
        notes=beside.notes,
    )
