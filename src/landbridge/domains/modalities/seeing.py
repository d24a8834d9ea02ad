"""What holds for all images of a set: the range of deep ones, the ground of transparent ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.evenly import evenly
from ..examples import Rule
from .decoding import DEEP, Seeing, broken_image_errors, has_alpha, open_image, weight, with_alpha
from .ground import ground_for, hidden_on
from .pieces import Item
from .threads import in_threads, one_if_large
from .value_range import Extent, extent, outside, range_for

_SAMPLED = 256


def settle(
    items: Sequence[Item], names: Sequence[str], rule: Rule, fixed: bool
) -> tuple[Seeing, list[str]]:
    """Look at all images that need a range or a ground.

    Parameters
    ----------
    items, names : sequence
        Images that can be decoded, and what to call them.
    rule : Rule
        What is known from the other side or the run: "value_range", "ground".
    fixed : bool
        Whether that holds whatever the images look like.

    Returns
    -------
    Seeing, list of str
        And what there is to say.
    """

    def kind(row: int) -> tuple[bool, bool, bool, bool]:
        with opened(items[row], names[row]) as image:
            deep_colour = image.mode not in DEEP and ";16" in str([t[3] for t in image.tile])
            return image.mode in DEEP, has_alpha(image), deep_colour, _has_more(image)

    kinds = list(in_threads(kind, range(len(items))))
    deep = [i for i, (is_deep, *_) in enumerate(kinds) if is_deep]
    clear = [i for i, (is_deep, alpha, *_) in enumerate(kinds) if alpha and not is_deep]
    coloured = sum(is_so for _, _, is_so, _ in kinds)
    more = sum(has for *_, has in kinds)
    notes: list[str] = []
    if more:
        notes.append(
            f"{more:,} of {len(items):,} files hold several pictures: the first of each is taken"
        )
    if rule.get("stated_range") and not deep:
        notes.append("no image has more than eight bits: value_range= is without effect here")
    stated = rule.get("value_range")
    taken = None if stated is None else (float(stated[0]), float(stated[1]))
    if deep:
        taken, said = _range(items, names, deep, taken, fixed)
        notes += said
    if coloured:
        notes.append(
            f"{coloured:,} images have 16 bits a channel in colour: the upper eight are used, so "
            "darker ranges within them keep few steps"
        )
    ground = rule.get("ground")
    if clear:
        some = [clear[i] for i in evenly(len(clear), _SAMPLED)]
        ground, lost = ground_for(list(in_threads(_hidden(items, names, ground), some)), ground)
        notes += lost
    return Seeing(taken, None if ground is None else int(ground)), notes


def _hidden(
    items: Sequence[Item], names: Sequence[str], stated: int | None
) -> Callable[[int], list[bool]]:
    def one(row: int) -> list[bool]:
        with opened(items[row], names[row]) as image, one_if_large(weight(image)):
            return hidden_on(np.asarray(with_alpha(image)), stated)

    return one


def _range(
    items: Sequence[Item],
    names: Sequence[str],
    deep: Sequence[int],
    other: tuple[float, float] | None,
    fixed: bool,
) -> tuple[tuple[float, float], list[str]]:
    def one(row: int) -> tuple[Extent, int]:
        with opened(items[row], names[row]) as image, one_if_large(weight(image)):
            values = np.asarray(image)
            there = np.isfinite(values)
            lost = int(values.size - there.sum())
            return extent(values[there] if lost else values), lost

    looked = list(in_threads(one, deep))
    found = [own for own, _ in looked]
    extents = found[0]
    for own in found[1:]:
        extents |= own
    taken, said = range_for(extents, other, fixed=fixed)
    notes = [f"{len(deep):,} images of more than eight bits: {said}"]
    if odd := sum(lost > 0 for _, lost in looked):
        notes.append(f"{odd:,} of them hold values that are not finite: NaN is read as 0")
    ends = np.array([end for own in found for end in (own.low, own.high)])
    if flaw := outside(ends, taken):
        cut = sum(own.low < taken[0] or own.high > taken[1] for own in found)
        notes.append(
            f"{cut:,} images hold values outside {taken[0]:g}..{taken[1]:g}, which are cut there: "
            "value_range= states a wider range"
            if cut
            else flaw
        )
    return taken, notes


def _has_more(image: Any) -> bool:
    """Whether a file holds several pictures: a stack, or an animation; no mere preview."""
    try:
        return image.format != "MPO" and bool(getattr(image, "is_animated", False))
    except broken_image_errors():  # the first can be read, and it is all that is taken
        return False


class opened:
    """Open an image; what goes wrong inside is a DataError."""

    def __init__(self, item: Item, name: str) -> None:
        self.item, self.name = item, name

    def __enter__(self) -> Any:
        try:
            self.image = open_image(self.item)
        except broken_image_errors() as error:
            raise self._broken(error) from error
        return self.image

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.image.close()
        if isinstance(error, broken_image_errors()) and not isinstance(error, DataError):
            raise self._broken(error) from error

    def _broken(self, error: BaseException) -> DataError:
        return DataError(f"{self.name} cannot be decoded: {error}", hint="read the folder again")
