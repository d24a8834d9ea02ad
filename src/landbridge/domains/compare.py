"""How the classes of two domains relate, as far as labels that may be used show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..base.errors import DataError
from ..targets.base import TargetType
from ..targets.registry import multiclass
from .domain import Domain
from .modalities.table import listed

Kind = Literal["same", "partial", "open", "open-partial", "disjoint", "unknown"]


@dataclass(frozen=True)
class ClassMatch:
    """How two sets of classes relate.

    Attributes
    ----------
    kind : str
        "same"; "partial": the source has more; "open": the target has more;
        "open-partial": both have some of their own; "disjoint"; "unknown": one side shows
        no label.
    shared, only_source, only_target : tuple of str
    target_type : TargetType
        What kind of label these are the names of.
    """

    kind: Kind
    shared: tuple[str, ...] = ()
    only_source: tuple[str, ...] = ()
    only_target: tuple[str, ...] = ()
    target_type: TargetType = field(default_factory=multiclass)

    def sentence(self) -> str:
        """Return it in words."""
        if not self.target_type.named:
            return "" if self.kind == "unknown" else "Both sides answer with a number."
        own = f"only the source has {_listed(self.only_source)}"
        new = f"only the target has {_listed(self.only_target)}"
        said = {
            "same": f"Source and target have the same {len(self.shared)} {self._named}.",
            "partial": f"They share {_listed(self.shared)}; {own}.",
            "open": f"They share {_listed(self.shared)}; {new}.",
            "open-partial": f"They share {_listed(self.shared)}; {own}; {new}.",
            "disjoint": f"They share no {self._one}: {own}; {new}.",
            "unknown": f"Whether they have the same {self._named} is not known: {self._silent}.",
        }[self.kind]
        folded = {name.casefold().strip(): name for name in self.only_source}
        for name in self.only_target:
            twin = folded.get(name.casefold().strip())
            if twin is not None:
                said += f" {twin!r} and {name!r} differ in spelling only: is it one class?"
                break
        return said

    @property
    def _silent(self) -> str:
        if not self.only_source and not self.only_target:
            return "neither side shows methods a label"
        return f"the {'source' if self.only_target else 'target'} shows methods no label"

    @property
    def _one(self) -> str:
        return self.target_type.noun

    @property
    def _named(self) -> str:
        return self.target_type.nouns


def usable_classes(domain: Domain) -> tuple[str, ...]:
    """Return the classes that usable labels show, in the domain's order."""
    rows = domain.labeled_mask & ~domain.held_out
    shown = domain.target_type.shown(domain.labels, rows, domain.classes)
    return tuple(domain.classes[i] for i in shown)


def compare_classes(source: Domain | None, target: Domain) -> ClassMatch:
    """Compare the classes of two domains.

    Parameters
    ----------
    source : Domain or None
    target : Domain
        Its sealed labels are not looked at.

    Returns
    -------
    ClassMatch

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.domains.read import read_domain
    >>> a = read_domain((np.eye(3), ["ant", "bee", "fly"]))
    >>> b = read_domain((np.eye(3), ["ant", "bee", "bee"]))
    >>> compare_classes(a, b).kind
    'partial'
    """
    ours = () if source is None else usable_classes(source)
    theirs = usable_classes(target)
    kind = target.target_type if theirs or source is None else source.target_type
    return match_classes(ours, theirs, kind)


def match_classes(
    ours: tuple[str, ...], theirs: tuple[str, ...], target_type: TargetType | None = None
) -> ClassMatch:
    """Compare the classes of a source and of a target by name; none: not known."""
    target_type = target_type or multiclass()
    if not ours or not theirs:
        return ClassMatch("unknown", only_source=ours, only_target=theirs, target_type=target_type)
    if not target_type.named:  # what the column is called does not matter
        return ClassMatch("same", shared=theirs, target_type=target_type)
    shared = tuple(name for name in ours if name in theirs)
    only_source = tuple(name for name in ours if name not in theirs)
    only_target = tuple(name for name in theirs if name not in ours)
    kind: Kind
    if not shared:
        kind = "disjoint"
    elif only_source and only_target:
        kind = "open-partial"
    elif only_source:
        kind = "partial"
    elif only_target:
        kind = "open"
    else:
        kind = "same"
    return ClassMatch(kind, shared, only_source, only_target, target_type)


def check_levels(source: Domain, target: Domain) -> None:
    """Raise DataError where class folders of two sides seem to be domains, the classes below them.

    Raises
    ------
    DataError
        Where the sides have no class in common, and folders below the class folders of one are
        called as classes of the other or as folders below those.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from landbridge.domains.read import read_domain
    >>> a = read_domain((np.eye(2), ["art", "photo"]), name="lab")
    >>> b = read_domain((np.eye(2), ["cat", "dog"]), name="field")
    >>> check_levels(a, b)
    >>> try:
    ...     check_levels(replace(a, subfolders=("cat", "dog")), b)
    ... except DataError as error:
    ...     print(error.hint[:19])
    add --domain folder
    """
    ours, theirs = set(source.classes), set(target.classes)
    if not ours or not theirs or ours & theirs:
        return
    below_ours, below_theirs = set(source.subfolders), set(target.subfolders)
    common = (below_ours & below_theirs) or (below_ours & theirs) or (ours & below_theirs)
    if not common:
        return
    raise DataError(
        f"{source.name!r} and {target.name!r} share no class "
        f"({listed(source.classes, 5)} against {listed(target.classes, 5)}), but folders below "
        f"are called the same ({listed(sorted(common), 5)}): the upper folders seem to be domains",
        hint="add --domain folder (domain: folder in a file): then upper folders are domains and "
        "those below them classes; or give the folders of the domains themselves",
    )


def _listed(names: tuple[str, ...]) -> str:
    if len(names) <= 5:
        return ", ".join(names)
    return f"{len(names)} classes ({', '.join(names[:3])}, ...)"
