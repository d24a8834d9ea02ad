"""Constructor arguments as parameters: scikit-learn's way and that of configuration files, once.

scikit-learn itself is imported where its tools ask for something, not before: `landbridge methods`
lists every method in a tenth of a second.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import Any

from ...base.errors import ConfigError
from ...base.options import make_options


class _Config:
    """The constructor's parameters as a frozen dataclass, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[type, type] = {}

    def __get__(self, instance: object, owner: type[Parameters]) -> type:
        if owner not in self._made:
            hints = typing.get_type_hints(owner.__init__)
            made = dataclasses.make_dataclass(
                f"{owner.__name__}Config",
                [
                    (p.name, hints[p.name], dataclasses.field(default=p.default))
                    for p in parameters(owner)
                ],
                frozen=True,
            )
            made.__doc__ = owner.__doc__
            made.__module__ = owner.__module__
            self._made[owner] = made
        return self._made[owner]


class Parameters:
    """Base of everything whose constructor only stores its keyword arguments.

    `random_state`, where there is one, is a parameter of the estimator but no option of a run:
    runs have seeds.
    """

    name: typing.ClassVar[str]
    Config: typing.ClassVar[Any] = _Config()

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
        """The parameters as an instance of `Config`, types checked."""
        names = [f.name for f in dataclasses.fields(self.Config)]
        return make_options(
            self.Config, {name: getattr(self, name) for name in names}, f"method {self.name!r}"
        )

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range. Types are checked elsewhere."""

    def _in_range(self, name: str, low: float, high: float, *, open_low: bool = False) -> None:
        """Raise ConfigError where a number is outside; infinity and NaN always are."""
        value = getattr(self, name)
        inside = (low < value if open_low else low <= value) and value <= high
        if not inside or value == float("inf"):
            bounds = "over" if open_low else "from"
            upper = "" if high == float("inf") else f" to {high:g}"
            raise ConfigError(
                f"{self.name}: {name} = {value}", do=f"give a number {bounds} {low:g}{upper}"
            )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name, as scikit-learn wants."""
        names = [p.name for p in parameters(type(self), everything=True)]
        found = {name: getattr(self, name) for name in names}
        if deep:
            for name, value in list(found.items()):
                if hasattr(value, "get_params") and not isinstance(value, type):
                    found |= {f"{name}__{k}": v for k, v in value.get_params().items()}
        return found

    def set_params(self, **params: Any) -> typing.Self:
        """Set constructor's arguments by name; ``head__C`` goes to the head."""
        known = self.get_params(deep=False)
        for key, value in params.items():
            name, nested, rest = key.partition("__")
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for {type(self).__name__}; "
                    f"valid parameters: {sorted(known)}"
                )
            if nested:
                getattr(self, name).set_params(**{rest: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [
            f"{p.name}={getattr(self, p.name)!r}"
            for p in parameters(type(self), everything=True)
            if repr(getattr(self, p.name)) != repr(p.default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_") or hasattr(self, "head_")


def parameters(kind: type, *, everything: bool = False) -> list[inspect.Parameter]:
    """Return the parameters of a class's constructor, without `random_state` by default."""
    found = list(inspect.signature(kind.__init__).parameters.values())[1:]  # type: ignore[misc]
    return [p for p in found if everything or p.name != "random_state"]
