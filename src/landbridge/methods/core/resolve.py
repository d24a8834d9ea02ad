"""From a name and options to a method, and whether its needs are met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ...base.errors import ConfigError, MethodError
from ...base.options import make_options
from ...base.registry import nearest
from ...base.renamed import renamed_method_options
from ...base.typed import JsonObject, Options
from ...targets.base import TargetType
from ...targets.registry import TARGET_TYPES, get_target_type, multiclass, stored_target_type
from .base import METHODS, Requirements
from .combine import Combine
from .feature import FeatureMethod
from .network import NetworkMethod
from .with_terms import WithTerms

Method = FeatureMethod | NetworkMethod


def make_method(name: str, options: Mapping[str, Any] | None = None) -> Method:
    """Return the method called `name`; terms joined by "+" make a combination.

    "joint" among the terms ("joint+mcc") means that target labels are needed. Options may stand
    behind the name ("coral:reg=30"): so one method may stand among candidates several times.

    Raises
    ------
    ConfigError
        For an unknown name, term or option, with the nearest known one.

    Notes
    -----
    An option among a method's `strengths` may be "auto": it is chosen when the method is fitted.

    Examples
    --------
    >>> make_method("joint+mcc").needs.target
    'labelled'
    >>> make_method("coral:reg=30").reg
    30.0
    """
    base, own = split_variant(name)
    twice = sorted(own.keys() & set(options or {}))
    if twice:
        raise ConfigError(
            f"method {name!r}: {', '.join(twice)} stands behind the name and among the options",
            hint="name it once",
        )
    values = renamed_method_options(base, {**own, **(options or {})})
    if "+" in base:
        return _combination(base, values)
    if base == "auto":
        raise ConfigError("'auto' is a choice among methods, not one", hint="name a method")
    kind: Any = METHODS.get(base)
    chosen = _searched(kind, values)
    given = {name: value for name, value in values.items() if name not in chosen}
    made: Method = kind.from_config(make_options(kind.Config, given, f"method {base!r}"))
    if chosen:
        made.searched = chosen  # type: ignore[misc, union-attr]
    if own:
        made.name = name  # type: ignore[misc]
        made.summary = f"{made.summary} ({', '.join(f'{k} {v}' for k, v in own.items())})"  # type: ignore[misc]
    return made


def _searched(kind: Any, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which options are to be chosen, being given as "auto"."""
    from .strengths import AUTO, strengths_of

    able = strengths_of(kind)
    return tuple(key for key, value in values.items() if key in able and value == AUTO)


def split_variant(name: str) -> tuple[str, Options]:
    """Return a method's name, and the options that stand behind it.

    Examples
    --------
    >>> split_variant("self-training:scaling=own:weight=0.2")
    ('self-training', {'scaling': 'own', 'weight': 0.2})
    """
    from ...base.config_file import read_value

    base, *given = name.split(":")
    own: Options = {}
    for part in given:
        key, equals, value = part.partition("=")
        if not (base and key and equals and value) or key in own:
            raise ConfigError(
                f"method {name!r}: {part!r} is no option with a value",
                hint="write options behind a name as coral:reg=30:scaling=unit, each once",
            )
        own[key] = read_value(value)
    return base, own


class Methods:
    """The methods of a run by name, each made once, when it is first asked for.

    Parameters
    ----------
    named : str
        The one that `options` are given for; "auto" where none is.
    options : mapping, optional
        Its options. All others are as they are.
    """

    def __init__(self, named: str = "auto", options: Mapping[str, Any] | None = None) -> None:
        self.named, self.options = named, dict(options or {})
        self._made: dict[tuple[str, bool], Method] = {}

    def __getitem__(self, name: str) -> Method:
        return self._get(name, name == self.named)

    def plain(self, name: str) -> Method:
        """Return it without options: one that stands for its like."""
        return self._get(name, False)

    def _get(self, name: str, with_options: bool) -> Method:
        key = (name, with_options and bool(self.options))
        if key not in self._made:
            self._made[key] = make_method(name, self.options if key[1] else None)
        return self._made[key]


def _combination(name: str, values: Options) -> Combine | WithTerms:
    parts = name.split("+")
    twice = sorted({part for part in parts if parts.count(part) > 1})
    if twice:
        raise ConfigError(
            f"method {name!r} names {', '.join(twice)} more than once",
            hint="name each term once; terms.<name> in the method's options is its weight",
        )
    if "joint" in parts:
        parts.remove("joint")
        values["joint"] = True
    given = values.get("terms", {})
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"method {name!r}: terms = {given!r}",
            hint=f"give each term its weight: terms.{parts[0]}=0.5",
        )
    weights = dict(given)
    astray = [term for term in weights if term not in parts]
    if astray:
        raise ConfigError(
            f"method {name!r}: a weight for {', '.join(astray)}, which is not in its name",
            hint=f"terms here: {', '.join(parts)}",
        )
    whole = _whole_method(name, parts)
    terms = [part for part in parts if not whole or part != whole]
    values["terms"] = {part: own_weight(part) for part in terms} | weights
    method: Combine | WithTerms
    if whole:
        config = make_options(WithTerms.Config, values, f"method {name!r}")
        base: Any = make_method(whole, config.options.get(whole))
        method, said = WithTerms(base, config), f"{whole}, with {' and '.join(terms)}"
    else:
        method = Combine(make_options(Combine.Config, values, f"method {name!r}"))
        said = f"trained on the source, with {' and '.join(parts)} on the target"
    method.name, method.summary = name, said  # type: ignore[misc]
    return method


def _whole_method(name: str, parts: Sequence[str]) -> str:
    """Return which part is a method that trains a network and no term; "" where all are terms."""
    from ...objectives.base import TERMS

    whole = [part for part in parts if part not in TERMS and part in METHODS]
    if not whole:
        return ""
    kind: Any = METHODS.get(whole[0])
    if len(whole) > 1 or not issubclass(kind, NetworkMethod) or len(parts) == 1:
        what = " and ".join(whole)
        why = "are two methods" if len(whole) > 1 else "trains no network that terms could join"
        near = nearest(whole[-1], TERMS)
        raise ConfigError(
            f"method {name!r}: {what} {why}",
            hint=(f"did you mean {near!r}, which is a term? " if near else "")
            + "join terms to one method that trains a network: finetune+trades, lora+trades",
        )
    return whole[0]


def named_epochs(method: Method) -> dict[str, float]:
    """Return the passes over the rows that a method's options name, by option.

    Examples
    --------
    >>> named_epochs(make_method("lp-ft", {"head_epochs": 5}))
    {'head_epochs': 5.0}
    """
    if isinstance(method, FeatureMethod):
        return {}
    values = ((f.name, getattr(method.config, f.name)) for f in fields(method.config))
    return {k: v for k, v in values if k.endswith("epochs") and v is not None}


def own_weight(term: str) -> float:
    """Return the weight that the method of a term's name gives it, 1 where there is none."""
    kind: Any = METHODS.get(term) if term in METHODS else None
    return float(getattr(kind.Config(), "weight", 1.0)) if kind is not None else 1.0


@dataclass(frozen=True)
class Setting:
    """What the data offer, as far as needs go."""

    source: str
    """"labelled", "model" (a model trained on it, without its data), "unlabelled" or "none"."""
    target: str
    """"all", "few" or "none" of the usable target rows are labelled."""
    shared_classes: bool
    pretrained: bool
    target_type: TargetType = field(default_factory=multiclass)
    """What kind of answer the labels are."""
    teacher: bool = False
    """Whether a finished run teaches."""
    signal: bool = True
    """Whether rows are a signal that can change a little everywhere, such as images and sound."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "target_type", get_target_type(self.target_type))

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return asdict(self) | {"target_type": self.target_type.name}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Setting:
        """Return what `to_json` of this or an older version gave."""
        own = {key: value for key, value in found.items() if key != "answers"}
        return cls(**own | {"target_type": stored_target_type(found)})

    @property
    def taught(self) -> bool:
        """Whether the source's labels are there to learn from, or were learned from."""
        return self.source in ("labelled", "model")


def unmet(needs: Requirements, situation: Setting) -> str:
    """Return which need is not met, in a sentence; "" where all are."""
    if situation.target_type.name not in needs.target_types:
        can = " or ".join(
            get_target_type(kind).summary for kind in TARGET_TYPES if kind in needs.target_types
        )
        return (
            f"it answers {can or 'nothing'}, and here an answer is {situation.target_type.summary}"
        )
    if needs.source == "labelled" and situation.source != "labelled":
        found = "a model without its data" if situation.source == "model" else situation.source
        return f"it needs a labelled source, and the source is {found}"
    if needs.source == "model" and not situation.taught:
        return f"it needs a labelled source or a run as the source, and it is {situation.source}"
    if needs.source == "unlabelled" and situation.source in ("none", "model"):
        return "it needs a source, and there is none"
    if needs.target == "labelled" and situation.target == "none":
        return "it needs target labels, and there are none to use"
    if (
        (needs.source, needs.target) == ("any", "any")
        and situation.source != "labelled"
        and situation.target == "none"
    ):
        return "it needs labels on one side at least, and there are none"
    if needs.shared_classes and situation.taught and not situation.shared_classes:
        return "it needs classes that source and target share, and they share none"
    if needs.teacher and not situation.teacher:
        return "it needs a teacher: a finished run (--teacher RUN)"
    if needs.signal and not situation.signal:
        return "it changes images or sound a little, and the rows are neither"
    if needs.pretrained and not situation.pretrained:
        return "it needs a pretrained backbone"
    return ""


def warnings_of(method: Method) -> list[str]:
    """Return where a method is known to hurt; a combination hurts where its parts do.

    Examples
    --------
    >>> warnings_of(make_method("source-only"))
    []
    """
    kinds: list[Any] = [method]
    if isinstance(method, Combine | WithTerms):
        kinds += [METHODS.get(spec.name) for spec in method.terms() if spec.name in METHODS]
    return list(dict.fromkeys(kind.needs.warning for kind in kinds if kind.needs.warning))


def require(method: Method, situation: Setting) -> None:
    """Raise MethodError where a need is not met, saying what to do."""
    missing = unmet(method.needs, situation)
    if missing and situation.target_type.name not in method.needs.target_types:
        able = [name for name, kind in METHODS.items() if not unmet(kind.needs, situation)]
        raise MethodError(
            f"method {method.name!r} cannot run here: {missing}",
            hint=f"name one of {', '.join(able)}; or say with --target-type how to read the labels",
        )
    if missing:
        raise MethodError(
            f"method {method.name!r} cannot run here: {missing}",
            hint="give what it needs, or let --method auto choose; `landbridge methods` lists "
            "needs",
        )
