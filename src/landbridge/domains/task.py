"""A task: what is known on either side, and which answers are wanted. Read off the data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ..base.errors import DataError
from ..targets.base import TargetType
from ..targets.registry import TARGET_TYPES, multiclass
from .compare import ClassMatch, compare_classes, match_classes, usable_classes
from .domain import Domain
from .examples import data_of
from .modalities.table import listed

SourceLabels = Literal["labelled", "model", "unlabelled", "none"]
TargetLabels = Literal["all", "few", "none"]


@dataclass(frozen=True)
class Task:
    """Source, target, the classes to answer with, and the setting.

    Make one with `Task.build`, which checks it.

    Attributes
    ----------
    source : Domain or None
        With its own classes, for pretraining.
    target : Domain
        After `landbridge.domains.sealing.seal`, sealed part included.
    classes : tuple of str
        The answers, see `answer_classes`; empty where neither side shows a label.
    source_labels : {"labelled", "model", "unlabelled", "none"}
        "none": there is no source. "model": there is a model that was trained on it.
    target_labels : {"all", "few", "none"}
        How many of the usable target rows have a known label.
    match : ClassMatch
        How the classes of both relate.
    notes : tuple of str
        What was decided, in sentences.
    model : (name, classes) or None
        The model that is there in the source's place.
    target_type : TargetType
        What kind of label is wanted; `classes` are its names, of a number that of the column.
    teacher : (name, classes) or None
        The model that teaches.
    """

    source: Domain | None
    target: Domain
    classes: tuple[str, ...]
    source_labels: SourceLabels
    target_labels: TargetLabels
    match: ClassMatch
    notes: tuple[str, ...] = ()
    model: tuple[str, tuple[str, ...]] | None = None
    target_type: TargetType = field(default_factory=multiclass)
    teacher: tuple[str, tuple[str, ...]] | None = None

    @classmethod
    def build(
        cls,
        source: Domain | None,
        target: Domain,
        model: tuple[str, tuple[str, ...]] | None = None,
        teacher: tuple[str, tuple[str, ...]] | None = None,
    ) -> Task:
        """Check the two domains and read the setting off them.

        Parameters
        ----------
        source : Domain or None
        target : Domain
        model : (name, classes), optional
            In the place of a source: a model that was trained on it.
        teacher : (name, classes), optional
            A model whose answers to the target's rows are learned from.

        Raises
        ------
        DataError
            See `check_task`.

        Examples
        --------
        >>> import numpy as np
        >>> from landbridge.domains.sealing import seal
        >>> from landbridge.domains.read import read_domain
        >>> source = read_domain((np.eye(20), ["ant", "bee"] * 10), name="lab")
        >>> target = seal(read_domain((np.eye(20), ["ant", "bee"] * 10), name="field"), "judge")
        >>> task = Task.build(source, target)
        >>> task.classes, task.source_labels, task.target_labels
        (('ant', 'bee'), 'labelled', 'none')
        """
        model_classes = model[1] if model is not None else () if teacher is None else teacher[1]
        classes, note = answer_classes(source, target, model_classes)
        check_task(source, target)
        found: SourceLabels = "none" if model is None else "model"
        if source is not None:
            found = "unlabelled" if source.labelled == "none" else "labelled"
        return cls(
            source=source,
            target=target,
            classes=classes,
            source_labels=found,
            target_labels=target.labelled,
            match=(
                compare_classes(source, target)
                if model is None
                else match_classes(model_classes, usable_classes(target))
            ),
            notes=(note,) if note else (),
            model=model,
            target_type=target_type_of(source, target),
            teacher=teacher,
        )

    def training(self) -> tuple[Domain | None, Domain]:
        """Return what methods may see of both, labels as indices into `classes`.

        Source rows of other classes are there and not known. Held-out rows and sealed
        labels are not there at all.
        """
        sides = [
            None if domain is None else reindex(_of_kind(domain, self.target_type), self.classes)
            for domain in (self.source, self.target)
        ]
        source, target = (None if side is None else side.for_training() for side in sides)
        assert target is not None
        return source, target

    def sentence(self) -> str:
        """Say the setting aloud."""
        target, parts = self.target, []
        if self.source is not None:
            parts.append(
                f"Source {self.source.name!r}: {_count(self.source)}, "
                + ("labelled" if self.source_labels == "labelled" else "not labelled")
            )
        if self.model is not None:
            name, classes = self.model
            parts.append(f"Source: the model {name!r} of {len(classes)} classes, without its data")
        if self.teacher is not None:
            name, classes = self.teacher
            parts.append(f"Teacher: the model {name!r} of {len(classes)} classes")
        usable = int((target.labeled_mask & ~target.held_out).sum())
        labels = {
            "all": "labelled",
            "few": f"{usable:,} of them labelled",
            "none": "no label to learn from",
        }[self.target_labels]
        parts.append(f"Target {target.name!r}: {_count(target)}, {labels}")
        said = ". ".join(parts) + f". So this is {self._kind()}."
        if self.source_labels in ("labelled", "model"):
            said += " " + self.match.sentence()
        n_test = int(target.test_mask.sum())
        if not n_test:
            return said + " No target label is kept for judging."
        seen = target.test_mask & ~target.held_out
        how = "whose inputs are used without their labels" if seen.any() else "held out"
        return said + f" It is judged on {n_test:,} sealed labels of rows {how}."

    def named_classes(self) -> str:
        """Return the classes to answer with by name, "" where the answer is a number."""
        if not self.target_type.named:
            return ""
        n = len(self.classes)
        return f"{n:,} {self.target_type.nouns}: {listed(self.classes, 20)}"

    def _kind(self) -> str:
        if self.teacher is not None and self.source is None and self.model is None:
            return "distillation" + {"none": "", "few": " with few labels"}.get(
                self.target_labels, " with labels"
            )
        if self.target_labels == "none":
            return {
                "labelled": "unsupervised domain adaptation",
                "model": "source-free domain adaptation",
                "unlabelled": "unlabelled on both sides: features and clusters",
                "none": "a target alone without labels: features and clusters",
            }[self.source_labels]
        few = " from few labels" if self.target_labels == "few" else ""
        return {
            "labelled": f"supervised transfer{few}: learning from both sides",
            "model": f"fine-tuning{few} of what a model knows",
            "unlabelled": f"self-supervised pretraining, then fine-tuning{few}",
            "none": f"fine-tuning{few} of what a backbone knows",
        }[self.source_labels]


def _source_classes(source: Domain | None, model_classes: tuple[str, ...]) -> tuple[str, ...]:
    return model_classes if source is None else usable_classes(source)


def answer_classes(
    source: Domain | None, target: Domain, model_classes: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], str]:
    """Return the classes to answer with, and a sentence where there was a choice.

    The target's, where all of its rows are labelled or its labels show them all; the
    source's, where the target shows none. Where some of the target's classes have a single
    label, more classes are likely to be there unseen (Good, 1953, Biometrika 40), so the
    source's other classes stay possible answers after the target's own.

    Parameters
    ----------
    source : Domain or None
    target : Domain
    model_classes : tuple of str
        Classes of a model in the source's place.

    Returns
    -------
    classes : tuple of str
    note : str
    """
    ours, theirs = _source_classes(source, model_classes), usable_classes(target)
    match = match_classes(ours, theirs)
    if not theirs:
        return ours, ""
    kind = target.target_type
    if not kind.named:
        return theirs, ""
    if (scale := kind.joint_names(ours, theirs)) is not None:
        return scale, ""
    if not kind.exclusive:
        return _all_labels(match, theirs, target)
    if not (match.shared and match.only_source) or target.labelled == "all":
        return theirs, ""
    counts = np.bincount(target.labels[target.labeled_mask & ~target.held_out])
    if not (counts == 1).any():
        return theirs, (
            f"{len(match.only_source)} classes of the source are not among the target's labels, "
            "which show each of theirs at least twice: they are no possible answers"
        )
    if not match.only_target:
        theirs = ours  # in the source's order
    else:
        theirs = (*theirs, *match.only_source)
    return theirs, (
        f"{len(match.only_source)} classes of the source are not among the few target labels: "
        "they stay possible answers"
    )


def _of_kind(domain: Domain, target_type: TargetType) -> Domain:
    """Return the domain, one without labels with room for labels of this kind."""
    if domain.target_type == target_type:
        return domain
    labels = target_type.encode([None] * len(domain), domain.classes)
    return replace(
        domain, labels=labels, labeled_mask=np.zeros(len(domain), bool), target_type=target_type
    )


def _all_labels(
    match: ClassMatch, theirs: tuple[str, ...], target: Domain
) -> tuple[tuple[str, ...], str]:
    """Return the labels to answer with: both sides', or those of a wholly labelled target."""
    if target.labelled == "all" or not match.only_source:
        return theirs, ""
    return (*theirs, *match.only_source), (
        f"{len(match.only_source)} labels of the source are not among the few target labels: they "
        "stay possible answers"
    )


def target_type_of(source: Domain | None, target: Domain) -> TargetType:
    """Return the kind of answer that is wanted: the target's, where anything is labelled there."""
    shown = usable_classes(target) or target.sealed is not None
    return target.target_type if shown or source is None else source.target_type


def reindex(domain: Domain, classes: tuple[str, ...]) -> Domain:
    """Return the domain with labels that index into `classes`.

    Rows of other classes are kept, and their labels are not known any more. Of several labels
    at once, those that the domain does not have are taken not to apply. Numbers stay as they are.
    """
    labels, labeled = domain.target_type.reindexed(
        domain.labels, domain.labeled_mask, domain.classes, classes
    )
    return replace(domain, classes=classes, labels=labels, labeled_mask=labeled)


def check_task(source: Domain | None, target: Domain) -> None:
    """Raise DataError where the two domains cannot be worked with together.

    Raises
    ------
    DataError
        A side without usable rows; different modalities; a single class to answer with;
        labels of different kinds; tables whose columns differ in name or kind.
    """
    for role, domain in (("source", source), ("target", target)):
        if domain is not None and domain.held_out.all():
            raise DataError(
                f"the {role} {domain.name!r} has {len(domain)} rows and none to learn from",
                hint="give it rows that are not in its test split",
            )
    if source is not None:
        if source.modality != target.modality:
            raise DataError(
                f"the source {source.name!r} holds {data_of(source.modality)} and the target "
                f"{target.name!r} holds {data_of(target.modality)}",
                hint="give two domains of one modality",
            )
        names = (f"the source {source.name!r}", f"the target {target.name!r}")
        source.examples.check_like(target.examples, names)
        only = usable_classes(source)
        theirs = usable_classes(target) or target.sealed is not None
        if only and theirs and source.target_type != target.target_type:
            raise DataError(
                f"the labels of the source {source.name!r} are read as {source.target_type.name} "
                f"({source.target_type.summary}), those of the target {target.name!r} as "
                f"{target.target_type.name} ({target.target_type.summary})",
                hint=f"say which they are: --target-type {' or '.join(TARGET_TYPES)}",
            )
        if 0 < len(only) < source.target_type.least_names:
            raise DataError(
                f"all labels of the source {source.name!r} are {only[0]!r}: one class only",
                hint="give it examples of at least two classes, or read it with labelled=False",
            )
    for domain in (source, target):
        if domain is not None:
            _check_spread(domain)
    answers, _ = answer_classes(source, target)
    if 0 < len(answers) < target_type_of(source, target).least_names:
        raise DataError(
            f"all usable labels of the target {target.name!r} are {answers[0]!r}: one class only",
            hint="give it labels of at least two classes, or keep its labels for judging only",
        )


def _check_spread(domain: Domain) -> None:
    values = domain.labels[domain.labeled_mask & ~domain.held_out]
    if only := domain.target_type.nothing_to_learn(values):
        raise DataError(
            f"all labels of {domain.name!r} are {only}: there is nothing to predict",
            hint="give it examples with different values, or read it with labelled=False",
        )


def _count(domain: Domain) -> str:
    n = int((~domain.held_out).sum())
    return f"{n:,} {domain.examples.noun}"
