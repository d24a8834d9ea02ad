"""A task: what is known on either side, and which answers are wanted. Read off the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..base.errors import DataError
from .compare import ClassMatch, match_classes, usable_classes
from .domain import Domain
from .modalities.table import TableExamples, check_columns

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
        After `landbridge.domains.judging.seal`, sealed part included.
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
    """

    source: Domain | None
    target: Domain
    classes: tuple[str, ...]
    source_labels: SourceLabels
    target_labels: TargetLabels
    match: ClassMatch
    notes: tuple[str, ...] = ()
    model: tuple[str, tuple[str, ...]] | None = None

    @classmethod
    def build(
        cls,
        source: Domain | None,
        target: Domain,
        model: tuple[str, tuple[str, ...]] | None = None,
    ) -> Task:
        """Check the two domains and read the setting off them.

        Parameters
        ----------
        source : Domain or None
        target : Domain
        model : (name, classes), optional
            In the place of a source: a model that was trained on it.

        Raises
        ------
        DataError
            See `check_task`.

        Examples
        --------
        >>> import numpy as np
        >>> from landbridge.domains.judging import seal
        >>> from landbridge.domains.read import read_domain
        >>> source = read_domain((np.eye(20), ["ant", "bee"] * 10), name="lab")
        >>> target = seal(read_domain((np.eye(20), ["ant", "bee"] * 10), name="field"), "judge")
        >>> task = Task.build(source, target)
        >>> task.classes, task.source_labels, task.target_labels
        (('ant', 'bee'), 'labelled', 'none')
        """
        known = model[1] if model is not None else ()
        classes, note = answer_classes(source, target, known)
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
            match=match_classes(_source_classes(source, known), usable_classes(target)),
            notes=(note,) if note else (),
            model=model,
        )

    def training(self) -> tuple[Domain | None, Domain]:
        """Return what methods may see of both, labels as indices into `classes`.

        Source rows of other classes are there and not known. Held-out rows and sealed
        labels are not there at all.
        """
        source = None if self.source is None else reindex(self.source.for_training(), self.classes)
        return source, reindex(self.target.for_training(), self.classes)

    def sentence(self) -> str:
        """Say the setting aloud."""
        target, parts = self.target, []
        if self.source is not None:
            parts.append(
                f"Source {self.source.name!r}: {_count(self.source)}, "
                + ("labelled" if self.source_labels == "labelled" else "not labelled")
            )
        if self.model is not None:
            name, known = self.model
            parts.append(f"Source: the model {name!r} of {len(known)} classes, without its data")
        usable = int((target.known & ~target.held_out).sum())
        labels = {
            "all": "labelled",
            "few": f"{usable} of them labelled",
            "none": "no label to learn from",
        }[self.target_labels]
        parts.append(f"Target {target.name!r}: {_count(target)}, {labels}")
        said = ". ".join(parts) + f". So this is {self._kind()}."
        if self.source_labels in ("labelled", "model"):
            said += " " + self.match.sentence()
        judged = int(target.judged.sum())
        if not judged:
            return said + " No target label is kept for judging."
        seen = target.judged & ~target.held_out
        how = "whose inputs are used without their labels" if seen.any() else "held out"
        return said + f" It is judged on {judged} sealed labels of rows {how}."

    def _kind(self) -> str:
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


def _source_classes(source: Domain | None, known: tuple[str, ...]) -> tuple[str, ...]:
    return known if source is None else usable_classes(source)


def answer_classes(
    source: Domain | None, target: Domain, known: tuple[str, ...] = ()
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
    known : tuple of str
        Classes of a model in the source's place.

    Returns
    -------
    classes : tuple of str
    note : str
    """
    ours, theirs = _source_classes(source, known), usable_classes(target)
    match = match_classes(ours, theirs)
    if not theirs:
        return ours, ""
    if not (match.shared and match.only_source) or target.labelled == "all":
        return theirs, ""
    counts = np.bincount(target.labels[target.known & ~target.held_out])
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


def reindex(domain: Domain, classes: tuple[str, ...]) -> Domain:
    """Return the domain with labels that index into `classes`.

    Rows of other classes are kept, and their labels are not known any more.
    """
    place = {name: i for i, name in enumerate(classes)}
    table = np.array([place.get(name, -1) for name in domain.classes] or [-1], dtype=np.int64)
    labels = table[np.where(domain.known, domain.labels, 0)]
    known = domain.known & (labels >= 0)
    return replace(domain, classes=classes, labels=np.where(known, labels, 0), known=known)


def check_task(source: Domain | None, target: Domain) -> None:
    """Raise DataError where the two domains cannot be worked with together.

    Raises
    ------
    DataError
        A side without usable rows; different modalities; a single class to answer with;
        tables whose columns differ in name or kind.
    """
    for role, domain in (("source", source), ("target", target)):
        if domain is not None and domain.held_out.all():
            raise DataError(
                f"the {role} {domain.name!r} has {len(domain)} rows and none to learn from",
                do="give it rows that are not in its test split",
            )
    if source is not None:
        if source.modality != target.modality:
            raise DataError(
                f"the source {source.name!r} is {source.modality} and the target "
                f"{target.name!r} is {target.modality}",
                do="give two domains of one modality",
            )
        if isinstance(source.examples, TableExamples) and isinstance(
            target.examples, TableExamples
        ):
            check_columns(
                source.examples,
                target.examples,
                (f"the source {source.name!r}", f"the target {target.name!r}"),
            )
        only = usable_classes(source)
        if len(only) == 1:
            raise DataError(
                f"all labels of the source {source.name!r} are {only[0]!r}: one class only",
                do="give it examples of at least two classes, or read it with labelled=False",
            )
    answers, _ = answer_classes(source, target)
    if len(answers) == 1:
        raise DataError(
            f"all usable labels of the target {target.name!r} are {answers[0]!r}: one class only",
            do="give it labels of at least two classes, or keep its labels for judging only",
        )


def _count(domain: Domain) -> str:
    n = int((~domain.held_out).sum())
    return f"{n:,} {'images' if domain.modality == 'image' else 'rows'}"
