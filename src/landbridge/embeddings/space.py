"""A space that several modalities share: embed, search, name classes in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..artifacts.making import verified
from ..backbones.multimodal.towers import Towers
from ..backbones.surgery import Network
from ..base.errors import ConfigError, DataError, RunError
from ..base.events import SILENT, Events
from ..base.typed import INTERVAL, EvalResult, Shape, count, number
from ..domains.domain import Domain
from ..domains.examples import Examples, data_of
from ..domains.holdout.sides import SHAPE as HOLDOUT
from ..domains.holdout.sides import groups_column
from ..domains.input_rows import AnswerRow, InputRows
from ..domains.learned import not_learned
from ..domains.modalities.multimodal import MultimodalExamples
from ..domains.modalities.packed import MultimodalPreprocessing
from ..domains.modalities.texts import TextExamples
from ..domains.read_like import given_rows, groups_asked, groups_read
from ..report.reported import Reported
from ..training.inputs import saved_network
from ..training.network_folder import load_network
from .asking import PLACE, TEXT, Neighbour, nearest, shares, single, spoken

if TYPE_CHECKING:
    from ..report.page import Page

FILE = "space.json"
SHAPE: Shape = {
    "parts": [str],
    "encoders": {str: str},
    "scale": number,
    "pairs": count,
    "held_out": count,
    "steps": count,
    "seed": count,
    "recall": [
        {
            "query": str,
            "answer": str,
            "depth": count,
            "n": count,
            "gain": INTERVAL,
            "mean": float,
            "low": float,
            "high": float,
            "chance": float,
            "judged_groups?": count,
        }
    ],
    "holdout?": HOLDOUT,
}
"""What ``space.json`` holds."""


class Space(Reported):
    """Encoders of several modalities into one space, where what belongs together is near.

    Make one with `landbridge.align`, open one with `landbridge.load_space`.

    Parameters
    ----------
    network : Network
        On `Towers`.
    preprocessing : MultimodalPreprocessing
    facts : mapping
        What ``space.json`` holds: "parts", "scale", "recall", ...
    path : Path, optional
        Its folder.
    """

    kind = "space"

    def __init__(
        self,
        network: Network,
        preprocessing: MultimodalPreprocessing,
        facts: Mapping[str, Any],
        path: Path | None = None,
    ) -> None:
        self.network, self.path = network.eval(), path
        self.preprocessing = preprocessing
        self.facts = dict(facts)
        self._towers: Any = network.backbone
        assert isinstance(self._towers, Towers)

    def __repr__(self) -> str:
        return f"Space({' + '.join(self.parts)}, {self._towers.space} numbers)"

    @property
    def parts(self) -> tuple[str, ...]:
        """The modalities."""
        return tuple(self.preprocessing.parts)

    @classmethod
    def load(cls, path: Path | str, *, offline: bool = False, events: Events = SILENT) -> Space:
        """Open a space from its folder.

        Raises
        ------
        RunError
            Where there is none, or a file was changed.
        """
        path = Path(path)
        facts = verified(path, "space", SHAPE)
        network, opened = load_network(path, 1, offline=offline, events=events)
        found = opened.preprocessing
        if not isinstance(found, MultimodalPreprocessing) or not isinstance(
            network.backbone, Towers
        ):
            raise RunError(
                f"{path} holds a network of one modality, and a space has several",
                hint="restore backbone.json and preprocessor.json",
            )
        return cls(network, found, facts, path)

    def page(self, folder: Path) -> Page:
        """Return what the report of a folder shows."""
        from .page import page_of

        return page_of(folder, self.facts)

    def embed(
        self, what: Any, *, outside: bool = False, events: Events = SILENT
    ) -> dict[str, np.ndarray]:
        """Return the vectors of each modality that the data have.

        Parameters
        ----------
        what : path, Domain, Examples, dict of parts, or a list of texts
        outside : bool, default False
            Whether metadata and links in a folder of data may lead to files outside it.

        Returns
        -------
        dict of str to float32 ndarray (n, space)
            Rows of length one, one for each row of the input; of 0 where a row lacks the modality
            or could not be read.

        Raises
        ------
        DataError
            Where nothing in the data is of a modality of the space.
        """
        examples, rows = self._examples(what, outside, events)
        return {part: rows.array(own, 0) for part, own in self._vectors(examples).items()}

    def _vectors(self, examples: Examples) -> dict[str, np.ndarray]:
        """Return the vectors of each modality that examples have."""
        fitting = self.preprocessing.fitting(examples)
        if fitting is None:
            raise DataError(
                f"the data hold {data_of(examples.modality)}, and the space has "
                f"{', '.join(self.parts)}",
                hint="give one of these",
            )
        inputs = self.preprocessing.prepare(fitting, events=SILENT)  # one part may do
        both = saved_network(self.network, inputs, self.preprocessing)[0]
        width = self._towers.space
        found = {}
        for i, part in enumerate(self.parts):
            own = both[:, i * width : (i + 1) * width]
            if own.any():
                found[part] = own
        return found

    def _examples(self, what: Any, outside: bool, events: Events) -> tuple[Examples, InputRows]:
        """Return examples, and where in the input they were."""
        if isinstance(what, list | tuple) and what and all(isinstance(x, str) for x in what):
            what = TextExamples(list(what))
        if isinstance(what, Examples):
            return what, InputRows(np.arange(len(what)))
        domain = self.read(what, labelled=False, outside=outside, events=events)
        return domain.examples, domain.input_rows

    def read(
        self,
        what: Any,
        *,
        labelled: bool | None = None,
        outside: bool = False,
        holdout_by: str | None = None,
        events: Events = SILENT,
    ) -> Domain:
        """Read data as they were read for the space; a Domain is all that is asked about.

        Rows with nothing that the space takes are left out (`Domain.input_rows`).
        """
        return given_rows(
            *(self.preprocessing, what),
            labelled=labelled,
            outside=outside,
            holdout_by=holdout_by,
            events=events,
        )

    def evaluate(
        self,
        what: Any,
        *,
        keep_duplicates: bool = False,
        outside: bool = False,
        events: Events = SILENT,
    ) -> EvalResult:
        """Return how often rows of one modality find their own in another, beside chance.

        Parameters
        ----------
        what : path, Domain, Examples, dict of parts
        keep_duplicates : bool, default False
            Judge on rows that were learned from as well, which are left out otherwise.
        outside : bool, default False
            As for `embed`.
        events : Events

        Returns
        -------
        dict
            "recall": as of `landbridge.embeddings.recall.recalls`; "n", the rows; "seen" (how many
            rows it learned from, and what became of them; None for folders of earlier versions);
            "unanswered": how many rows could not be read, by the reason.

        Raises
        ------
        DataError
            Where fewer than two rows have two modalities of the space.
        """
        from .held_out import embedded, evaluate_recall

        by = groups_asked(what, groups_column(self.facts))
        domain = self.read(what, labelled=False, outside=outside, holdout_by=by, events=events)
        examples, groups = parts_of(domain.examples), groups_read(domain, by)
        left, seen = not_learned(self.path, examples, domain.name, keep_duplicates, events)
        examples = examples.select(np.flatnonzero(left))
        own = embedded(self.network, self.preprocessing, examples, events)
        groups = None if groups is None else groups[left]
        found = evaluate_recall(self.parts, examples, own, groups)
        if not found:
            raise DataError("fewer than two rows have two modalities", hint="give rows with both")
        unanswered = domain.input_rows.reasons()
        return {
            "recall": [one.to_json() for one in found],
            "n": len(examples),
            "seen": None if seen is None else seen.to_json(),
            "unanswered": unanswered,
        }

    def predict(
        self, what: Any, *, outside: bool = False, events: Events = SILENT
    ) -> list[AnswerRow]:
        """Raise ConfigError: a space has no classes of its own."""
        raise ConfigError(
            "a space answers with rows that are near, or by names of classes",
            hint="use `landbridge search` or `landbridge zero-shot`; in Python search, zero_shot",
        )

    def query(self, what: Any, modality: str | None = None) -> np.ndarray:
        """Return the vector (space,) of one text, image or recording.

        Parameters
        ----------
        what : str or Path
            The words, or the path of a file.
        modality : str, optional
            "image", "text" or "audio"; by the ending of a file that exists where not given, text
            for any other string.
        """
        examples, part = single(what, modality)
        examples, _ = examples.settled(self.preprocessing.rule(), True)
        if part not in self.parts:
            raise DataError(
                f"{what!s} is {part}, and the space has {', '.join(self.parts)}",
                hint=f"ask with one of {', '.join(self.parts)}",
            )
        return self.embed(examples)[part][0]

    def search(
        self,
        what: Any,
        among: Any,
        *,
        top: int = 5,
        modality: str | None = None,
        answer: str | None = None,
        outside: bool = False,
        events: Events = SILENT,
    ) -> list[Neighbour]:
        """Return what is nearest to a text, an image or a recording.

        Parameters
        ----------
        what : str or Path
            As for `query`.
        among : path, Domain, Examples, ...
            Where to look.
        top : int, default 5
        modality : str, optional
            Of the query.
        answer : str, optional
            The modality to look at in rows that have several; as default another one than the
            query's where there is one.
        outside : bool, default False
            As for `embed`.

        Returns
        -------
        list of dict
            "name", "row" (in the input, from 0), "modality", "shows" (the text, or the file where
            there is one), "similarity" (cosine), nearest first.
        """
        _, own = single(what, modality)
        query = self.query(what, modality)
        examples, rows = self._examples(among, outside, events)
        found = self._vectors(examples)
        part = answer or next((name for name in found if name != own), next(iter(found), own))
        if part not in found:
            raise DataError(f"the data have no {part}", hint=f"they have {', '.join(found)}")
        return nearest(query, found[part], part, examples, rows.places, top)

    def zero_shot(
        self,
        what: Any,
        classes: Sequence[str],
        *,
        template: str | Sequence[str] = PLACE,
        answer: str | None = None,
        outside: bool = False,
        events: Events = SILENT,
    ) -> np.ndarray:
        """Return probabilities (n, classes) of classes that are named in words alone.

        Of each row of the input; NaN where it could not be read or lacks the modality.

        Parameters
        ----------
        what : path, Domain, Examples, ...
        classes : sequence of str
            Their names.
        template : str or sequence of str, default "{}"
            What is said of a class, with its name for "{}"; several are averaged.
        answer : str, optional
            The modality to look at in rows that have several; any but text as default.
        outside : bool, default False
            As for `embed`.

        Raises
        ------
        DataError
            Where the space has no texts, a template has no place for the name, or no row has the
            modality.
        """
        if TEXT not in self.parts:
            raise DataError(
                f"the space has {', '.join(self.parts)}, and classes are named in words",
                hint="align with a column of texts",
            )
        words = self.embed(TextExamples(spoken(classes, template)))[TEXT]
        found = self.embed(what, outside=outside, events=events)
        part = answer or next((name for name in found if name != TEXT), TEXT)
        if part not in found:
            raise DataError(f"no row has {part}", hint="name another with answer=")
        return shares(found[part], words, len(classes), float(self.facts["scale"]))


def load_space(path: Path | str, *, offline: bool = False) -> Space:
    """Open a space that `landbridge.align` or `landbridge align` made.

    Raises
    ------
    RunError
        Where there is none, or a file was changed.
    """
    return Space.load(path, offline=offline)


def parts_of(examples: Examples) -> MultimodalExamples:
    """Return rows of several modalities, or say what is missing."""
    if not isinstance(examples, MultimodalExamples) or len(examples.parts) < 2:
        raise DataError(
            f"the data hold {data_of(examples.modality)} alone, and aligning takes two modalities",
            hint="name the columns: --image, --audio, --text, --columns; in Python give a dict of "
            "parts",
        )
    return examples
