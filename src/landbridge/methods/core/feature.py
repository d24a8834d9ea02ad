"""Methods on frozen features, without gradients."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

from ...base.errors import MethodError
from ...base.fields import setting
from ...inference.clip import within
from ...inference.layers import HeadLayer, apply
from ..heads.base import check_head
from .base import Features, Head, Requirements
from .parameters import Parameters
from .scaling import SCALINGS, Scaled, Scaling, scaled, without_flat

FLOPS = 3e10
"""What a linear-algebra routine gets out of one thread, cautiously."""


class FeatureMethod(Parameters):
    """A method on frozen features: a subclass has its options as fields, and writes `fit_head`.

    It is a method of runs then, and `landbridge.features` has the scikit-learn estimator of it.

    Attributes
    ----------
    on_columns : bool
        Whether in a run it reads a table's columns and not the backbone's features of them.
    family : str
        Under which heading `landbridge methods` lists it.
    searched : tuple of str
        Options that were given as "auto"; see `landbridge.methods.core.strengths`.
    step_cost, evidence : str
        What it costs and what was measured where, of methods from other distributions; ours are
        in `measured.json`.
    """

    name: ClassVar[str]
    family: ClassVar[str] = "features"
    summary: ClassVar[str]
    paper: ClassVar[str] = ""
    step_cost: ClassVar[str] = ""
    evidence: ClassVar[str] = ""
    needs: ClassVar[Requirements]
    on_columns: ClassVar[bool] = False
    searched: ClassVar[tuple[str, ...]] = ()

    def check(self) -> None:
        """Raise ConfigError for an option out of range or an unknown head."""
        super().check()
        if hasattr(self, "head"):
            check_head(self.head, self.name)

    @abstractmethod
    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the head for *target* features.

        Parameters
        ----------
        source : Features or None
            Source rows, if there is a source.
        target : Features
            All target rows that may be used, labelled or not.
        n_classes : int
            Number of answers; labels of both sides are indices below it.
        seed : int
            For whatever is random.
        """

    def fit_seconds(self, rows: int, columns: int, outputs: int) -> float:
        """Return about how long one thread fits, for plans: a few products and a decomposition.

        Parameters
        ----------
        rows : int
            Of both sides.
        columns : int
            Of a row.
        outputs : int
            Of the head.
        """
        return 0.1 + (4 * rows * columns**2 + 30 * columns**3) / FLOPS

    def stage_budget(self) -> int:
        """Return how many numbers of each stage of the backbone a run gives it, pooled.

        0, the default: the features, which are the last stage's output.
        """
        return 0


class ScaledMethod(FeatureMethod):
    """Base of methods that bring the features of both sides to one scale first."""

    scaling: Scaling = setting(
        "own",
        "How features are brought to one scale before.",
        tried=SCALINGS,
    )

    def both_sides(
        self, source: Features | None, target: Features
    ) -> tuple[Features, Features, Scaled]:
        """Return both sides scaled, and how.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source = labelled_source(source, target, self.name)
        both = scaled(source.x, target.x, self.scaling)
        as_they_are = self.scaling in ("none", "unit")
        if not as_they_are and not target.labeled_mask.any():  # labels tell what the source cannot
            both = without_flat(both)
        return source.with_x(both.source), target.with_x(both.target), both

    def bounded_sides(
        self, source: Features | None, target: Features
    ) -> tuple[Features, Features, tuple[HeadLayer, ...]]:
        """Return both sides scaled and within the labelled source's range, and the steps to there.

        Where `target.bounded` says nothing, the sides are those of `both_sides`.
        """
        source, target, both = self.both_sides(source, target)
        bounds = within(source.x[source.labeled_mask], target.bounded)
        if bounds:
            source = source.with_x(apply(bounds, source.x))
            target = replace(target, x=apply(bounds, target.x), bounded="")
        return source, target, (*both.target_steps, *bounds)


def labelled_source(
    source: Features | None, target: Features, method: str, *, same_width: bool = True
) -> Features:
    """Return `source`, or say what is missing."""
    if source is None or not source.labeled_mask.any():
        raise MethodError(
            f"{method} needs labelled source rows", hint="give a labelled source, or use 'probe'"
        )
    if not len(target.x):
        raise MethodError(
            f"{method} needs target rows, there are none", hint="give target examples"
        )
    if same_width and source.x.shape[1] != target.x.shape[1]:
        raise MethodError(
            f"{method}: source features have {source.x.shape[1]} columns, target features "
            f"{target.x.shape[1]}",
            hint="use one backbone for both, or 'feature-map' with labelled target rows",
        )
    return source
