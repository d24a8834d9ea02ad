"""The contract of a kind of label: how it is stored, learned, read off outputs, scored and said."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base.typed import EvalResult, Notes
from ..metrics.estimates import mean_interval
from ..metrics.intervals import Interval
from .figures import Phrases, PrimaryMetric

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Scale:
    """Centre and width of numbers; an output's temperature.

    Attributes
    ----------
    mean, std : float
        Of the granted labels where they are numbers: a network learns (label − mean) / std.
    temperature : float
        By which scores are divided before they become probabilities.
    """

    mean: float = 0.0
    std: float = 1.0
    temperature: float = 1.0


class TargetType(ABC):
    """One kind of label. Stateless: names, scale and temperature are given where they matter.

    ``names`` are the classes or labels in the order of the outputs, or the one name of a number.

    Attributes
    ----------
    name : str
        As options and files name it.
    summary : str
        What a row has, in words: "one of several classes".
    noun, nouns : str
        What an entry of ``names`` is called, and more than one.
    heading : str
        The report's section about the answers.
    exclusive : bool
        Whether a row has exactly one of the names: what strata, folds and a confusion matrix ask
        for.
    class_scores : bool
        Whether there is one output for each name, and softmax makes probabilities of them: what
        temperatures, scores without labels, teachers and streams work on.
    multiple : bool
        Whether a row can have several of the names.
    directed : bool
        Whether what explains an answer says what raises and lowers it, not what speaks for it.
    named : bool
        Whether an answer is made of names; otherwise it is a number.
    least_names : int
        How many names there must be before there is anything to predict.
    sections : tuple of str
        What the report shows of answers.
    truth_word, group : str
        What the report's map calls the true answer, and what `grouping` gives.
    metric : PrimaryMetric
        What choice and verdict count in.
    phrases : Phrases
    method_words, method_what : mapping
        What methods are called in a sentence and in a table, where it is not what they are called
        for classes.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    noun: ClassVar[str]
    nouns: ClassVar[str]
    heading: ClassVar[str]
    exclusive: ClassVar[bool] = False
    class_scores: ClassVar[bool] = False
    multiple: ClassVar[bool] = False
    directed: ClassVar[bool] = False
    named: ClassVar[bool] = True
    least_names: ClassVar[int] = 1
    sections: ClassVar[tuple[str, ...]]
    truth_word: ClassVar[str] = "truth"
    group: ClassVar[str]
    metric: ClassVar[PrimaryMetric]
    phrases: ClassVar[Phrases]
    method_words: ClassVar[Mapping[str, str]] = {}
    method_what: ClassVar[Mapping[str, str]] = {}
    card: ClassVar[str]
    """The model card's first sentence: {rows}, {count} names."""
    limits: ClassVar[str] = ""
    """What the model card warns of."""

    # Labels as arrays

    def __repr__(self) -> str:
        return self.name

    @abstractmethod
    def parse(self, values: Sequence[Any], name: str) -> tuple[list[Any], tuple[str, ...] | None]:
        """Return labels from what a column or array holds, and their names where these are fixed.

        Parameters
        ----------
        values : sequence
            One a row, anything that says "missing" where there is no label.
        name : str
            What to call the data in messages.

        Raises
        ------
        DataError
            Where a value cannot be a label of this kind.
        """

    @abstractmethod
    def holds(self, labels: np.ndarray) -> bool:
        """Whether an array can hold labels of this kind."""

    @abstractmethod
    def encode(self, values: Sequence[Any], names: Sequence[str]) -> np.ndarray:
        """Return labels as an array; whatever stands where the value is None."""

    @abstractmethod
    def decode(self, labels: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return what `encode` was given: names, numbers, or tuples of names."""

    def shape(self, n: int, n_names: int) -> tuple[int, ...]:
        """Return the shape of the labels of n rows."""
        return (n,)

    @abstractmethod
    def names_in(self, values: Sequence[Any]) -> set[str]:
        """Return the names that values are made of; none where answers are numbers."""

    @abstractmethod
    def shown(
        self, labels: np.ndarray, labeled_mask: np.ndarray, names: tuple[str, ...]
    ) -> np.ndarray:
        """Return the places in ``names`` that known labels show, int64, in order."""

    @abstractmethod
    def narrowed(
        self, labels: np.ndarray, labeled_mask: np.ndarray, keep: np.ndarray
    ) -> np.ndarray:
        """Return labels that know of the names at `keep` alone, nothing where not known."""

    @abstractmethod
    def reindexed(
        self,
        labels: np.ndarray,
        labeled_mask: np.ndarray,
        names: tuple[str, ...],
        into: tuple[str, ...],
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return labels that index into other names, and which are known still."""

    def joint_names(self, ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...] | None:
        """Return the names to answer with where both sides' belong together whatever each shows.

        None where it depends on how many labels the target has.
        """
        return None

    def strata(self, labels: np.ndarray, labeled_mask: np.ndarray) -> np.ndarray:
        """Return groups from which a part is drawn alike, int64 (n,); any where not known."""
        return np.zeros(len(labels), np.int64)

    strata_words: ClassVar[str] = ""
    """How a part is drawn: "over their range "."""

    def counts(self, labels: np.ndarray, names: Sequence[str]) -> dict[str, int]:
        """Return the number of rows of each name; nothing where answers are numbers."""
        return {}

    def nothing_to_learn(self, labels: np.ndarray) -> str:
        """Return why these labels leave nothing to predict; "" where they do not."""
        return ""

    # Learning and reading outputs

    def n_outputs(self, n_names: int) -> int:
        """Return how many outputs a head has."""
        return n_names

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return what each output is about: outputs of the same name mean the same anywhere."""
        return tuple(names)

    def scale(self, labels: Sequence[np.ndarray]) -> Scale:
        """Return the scale of all granted labels."""
        return Scale()

    def transform(self, labels: np.ndarray, scale: Scale) -> np.ndarray:
        """Return labels as a network learns them."""
        return labels

    def inverse_transform(self, stored: np.ndarray, scale: Scale) -> np.ndarray:
        """Return labels from what `transform` made of them."""
        return stored

    @abstractmethod
    def loss(self, outputs: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Return the loss of each row, (n,), of float32 outputs (n, n_outputs)."""

    @abstractmethod
    def values(self, outputs: np.ndarray, scale: Scale) -> np.ndarray:
        """Return outputs (..., n_outputs) as probabilities of the names, or as numbers."""

    @abstractmethod
    def decide(self, values: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return the answers from values (n, k): names, numbers, or tuples of names."""

    def explained(
        self, outputs: np.ndarray, names: Sequence[str], scale: Scale
    ) -> tuple[str, np.ndarray]:
        """Return what an explanation of one row's outputs (n_outputs,) speaks for.

        Returns
        -------
        str
            For a person.
        float ndarray (n_outputs,)
            Weights of the outputs, whose sum is the score that parts of the row speak for. Of
            classes it is the answer's output over the mean of the others.
        """
        best = int(np.argmax(outputs))
        others = max(1, len(outputs) - 1)
        weights = np.full(len(outputs), -1 / others) if len(outputs) > 1 else np.zeros(1)
        weights[best] = 1.0
        return names[best], weights

    def agree(self, predicted: Any, true: Any) -> bool:
        """Whether an answer is right."""
        return bool(predicted == true)

    def missing(self) -> Any:
        """Return what stands in an array of answers for a row without one."""
        return None

    def as_array(self, answers: Sequence[Any]) -> np.ndarray:
        """Return answers as an array (n,)."""
        return objects(answers)

    @abstractmethod
    def regression_targets(self, labels: np.ndarray, n_names: int) -> np.ndarray:
        """Return what a ridge is fitted to, float (n, columns)."""

    def calibrate(
        self,
        weight: np.ndarray,
        bias: np.ndarray,
        left_out: np.ndarray,
        labels: np.ndarray,
        n_names: int,
        mean: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray, Notes]:
        """Return a ridge's weights (outputs, d) and biases as those of outputs, and notes.

        Parameters
        ----------
        weight, bias : ndarray, (columns, d) and (columns,)
            Of rows from which `mean` was taken.
        left_out : ndarray, (n, columns)
            Scores of rows by fits without them.
        labels : ndarray, (n,) or (n, k)
            Of these rows.
        n_names : int
        mean : ndarray (d,), optional
        """
        return weight, centred(bias, weight, mean), {}

    def telling(self, labels: np.ndarray, n_names: int) -> np.ndarray:
        """Return the rows whose score by a fit without them says something, bool (n,)."""
        return np.ones(len(labels), bool)

    def fit_notes(
        self, left_out: np.ndarray, labels: np.ndarray, asked: np.ndarray, n_names: int
    ) -> Notes:
        """Return what a fit says of itself, from all scores left out and the rows that count."""
        return {}

    def binary_columns(self, labels: np.ndarray, n_names: int) -> np.ndarray | None:
        """Return labels as columns of yes and no, uint8 (n, n_outputs), where they are such."""
        return None

    # Scores

    def truth(self, values: Sequence[Any], names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
        """Return true answers as `metric.score` takes them, and names that are no answer.

        Such names come after ``names``; values of None are as `encode` leaves them.
        """
        strange = self.strange_names(values, names)
        return self.encode(values, (*names, *strange)), strange

    def strange_names(self, values: Sequence[Any], names: Sequence[str]) -> list[str]:
        """Return the names in true answers that are no possible answer, sorted."""
        return sorted(self.names_in([v for v in values if v is not None]) - set(names))

    def spread(self, truth: np.ndarray) -> float:
        """Return the standard deviation of the truth in the metric's units; 0 for shares."""
        return 0.0

    def extra_metrics(self, truth: np.ndarray, values: np.ndarray) -> dict[str, float]:
        """Return further figures; NaN where nothing can be said."""
        return {}

    def evaluation(
        self,
        given: Sequence[Any],
        values: np.ndarray,
        names: Sequence[str],
        groups: np.ndarray | None = None,
    ) -> EvalResult:
        """Return the figures of a model on labelled rows, the main one with its interval.

        Parameters
        ----------
        given : sequence, length n
            True answers as `decode` gives them.
        values : ndarray, shape (n, k)
        names : sequence of str
            The possible answers; every row counts, whatever its label.
        groups : int ndarray, shape (n,), optional
            Rows of one number may be alike: the interval goes by groups.

        Returns
        -------
        dict
            "target_type", "metric" and its "value", "low", "high"; "figures".
        """
        truth, _ = self.truth(given, names)
        return {
            "target_type": self.name,
            "metric": self.metric.name,
            **self.metric.interval(self.interval(values, truth, groups)).to_json(),
            "figures": plain(self.extra_metrics(truth, values)),
        }

    def interval(
        self, values: np.ndarray, truth: np.ndarray, groups: np.ndarray | None = None
    ) -> Interval:
        """Return the mean score of rows with its 95 % interval."""
        scores, scale = self.metric.score(values, truth), self.spread(truth)
        return mean_interval(scores, share=self.metric.percent, scale=scale, groups=groups)

    def grouping(self, own: Sequence[Any]) -> Callable[[np.ndarray], np.ndarray]:
        """Return what turns answers into a few names, by which a map colours points.

        Parameters
        ----------
        own : sequence
            All answers of the model.
        """
        return lambda answers: answers

    def column(self) -> Any:
        """Return the Arrow type of an answer."""
        import pyarrow as pa

        return pa.string()


def centred(bias: np.ndarray, weight: np.ndarray, mean: np.ndarray | None) -> np.ndarray:
    """Return the bias for rows from which no mean was taken."""
    return bias if mean is None else np.asarray(bias - weight @ mean)


def plain(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Return figures with None where nothing can be said."""
    return {name: None if np.isnan(value) else float(value) for name, value in figures.items()}


def objects(values: Sequence[Any]) -> np.ndarray:
    """Return any values as an object array (n,), tuples kept whole."""
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        out[i] = value
    return out
