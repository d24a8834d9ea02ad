"""Options of a method as fields of its class, each written once: for runs and for scikit-learn."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Mapping
from typing import Any

from ...base.errors import ConfigError
from ...base.fields import setting
from ...base.options import make_options

RUNS_HAVE = "random_state"
"""A parameter of estimators that is no option of a run: runs have seeds."""


class _Config:
    """The options as a frozen dataclass, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[type, type] = {}

    def __get__(self, instance: object, owner: type[Parameters]) -> type:
        if owner not in self._made:
            hints = types_of(owner)
            made = dataclasses.make_dataclass(
                f"{owner.__name__}Config",
                [
                    (p.name, hints[p.name], dataclasses.field(default=p.default))
                    for p in parameters(owner)
                    if p.name != RUNS_HAVE
                ],
                frozen=True,
            )
            made.__doc__ = owner.__doc__
            made.__module__ = owner.__module__
            self._made[owner] = made
        return self._made[owner]


@typing.dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(setting,))
class Parameters:
    """Base of what has options: a subclass's fields are keyword arguments of its constructor.

    A field is written as ``alpha: float = setting(1.0, "What it means.", ge=0)``; bounds of a
    tuple are those of each of its numbers.
    """

    name: typing.ClassVar[str]
    Config: typing.ClassVar[Any] = _Config()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(kw_only=True, eq=False, repr=False)(cls)

    @classmethod
    def from_config(cls, config: Any) -> typing.Self:
        """Make one from an instance of `Config`.

        Raises
        ------
        ConfigError
            Where a value is out of range.
        """
        made = cls(**{f.name: getattr(config, f.name) for f in dataclasses.fields(config)})
        made.check()
        return made

    @property
    def config(self) -> Any:
        """The options as an instance of `Config`, types checked."""
        names = [f.name for f in dataclasses.fields(self.Config)]
        return make_options(
            self.Config, {name: getattr(self, name) for name in names}, f"method {self.name!r}"
        )

    def check(self) -> None:
        """Raise ConfigError where an option is out of range. Types are checked elsewhere."""
        for name, bounds in bounds_of(type(self)).items():
            value = getattr(self, name)
            many = isinstance(value, tuple)
            numbers = value if many else (value,)
            if not numbers or not all(bounds.hold(number) for number in numbers):
                raise ConfigError(
                    f"{self.name}: {name} = {value}",
                    hint=f"give {'one or more numbers' if many else 'a number'} {bounds}",
                )


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Between what numbers an option lies; it is never infinite."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    def hold(self, value: float) -> bool:
        """Say whether a number is inside; NaN never is."""
        return (
            (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
            and value - value == 0
        )

    def __str__(self) -> str:
        low = f"over {self.gt:g}" if self.ge is None else f"from {self.ge:g}"
        if self.le is not None:
            return f"{low} to {self.le:g}"
        return low if self.lt is None else f"{low} to below {self.lt:g}"


def descriptions_of(kind: type) -> dict[str, Mapping[str, Any]]:
    """Return what was said of each option; one given again with a default alone keeps it."""
    found: dict[str, Mapping[str, Any]] = {}
    for base in reversed(kind.__mro__):
        for name, field in vars(base).get("__dataclass_fields__", {}).items():
            found[name] = field.metadata or found.get(name, {})
    return found


def bounds_of(kind: type) -> dict[str, Bounds]:
    """Return the bounds of the options that have some."""
    names = [field.name for field in dataclasses.fields(Bounds)]
    found = {}
    for option, about in descriptions_of(kind).items():
        given = {name: about[name] for name in names if name in about}
        if given:
            found[option] = Bounds(**given)
    return found


def parameters(kind: type) -> list[inspect.Parameter]:
    """Return the arguments of a class's constructor, its own before those of its bases."""
    given = dict(inspect.signature(kind).parameters)
    first = {n: base for base in kind.__mro__ for n in inspect.get_annotations(base) if n in given}
    own = [
        n for base in kind.__mro__ for n in inspect.get_annotations(base) if first.get(n) is base
    ]
    return [given[name] for name in dict.fromkeys([*own, *given])]


def types_of(kind: type) -> Mapping[str, object]:
    """Return the types of a class's options; a constructor that is written out may say them."""
    found = typing.get_type_hints(kind)
    if all(p.name in found for p in parameters(kind)):
        return found
    return found | typing.get_type_hints(kind.__init__)  # type: ignore[misc]


def documented(kind: type) -> str:
    """Return a class's docstring with its options in numpydoc's section "Parameters"."""
    described, hints = descriptions_of(kind), types_of(kind)
    lines = ["Parameters", "----------"]
    for p in parameters(kind):
        lines.append(f"{p.name} : {_written(hints[p.name])}, default={p.default!r}")
        text = described.get(p.name, {}).get("description", "")
        lines += textwrap.wrap(text, 92, initial_indent="    ", subsequent_indent="    ")
    text = inspect.cleandoc(kind.__doc__ or "")
    if len(lines) == 2 or lines[0] in text.splitlines():
        return text
    first = min((text.find(f"\n{s}\n---") for s in SECTIONS if f"\n{s}\n---" in text), default=-1)
    before, after = (text, "") if first < 0 else (text[:first], text[first:])
    return "\n".join([before.rstrip(), "", *lines, after]).rstrip() + "\n"


SECTIONS = ("Attributes", "Notes", "Examples")


def _written(hint: Any) -> str:
    """Return a type as numpydoc writes it."""
    if typing.get_origin(hint) is typing.Literal:
        return "{" + ", ".join(map(repr, typing.get_args(hint))) + "}"
    if typing.get_origin(hint) is tuple:
        return f"tuple of {_written(typing.get_args(hint)[0])}"
    return "str or scikit-learn estimator" if hint is Any else getattr(hint, "__name__", str(hint))
