"""The small real data sets that are there without a network: ``sample:<name>``."""

from __future__ import annotations

from typing import Any

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.registry import nearest
from ..domain import Domain
from ..modalities.images import ImageExamples
from ..samples import SAMPLES
from .base import READERS, Reader, ReadOptions, chosen_rows, mask_labels, over_limit

_PREFIX = "sample:"


@READERS.register("sample")
class Sample(Reader):
    """Reads ``sample:digits`` and ``sample:font-digits``."""

    summary = "a sample that comes with landbridge: sample:digits, sample:font-digits"
    order = 0

    def accepts(self, what: Any) -> bool:
        """Whether it begins with "sample:"."""
        return isinstance(what, str) and what.startswith(_PREFIX)

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read the sample.

        Raises
        ------
        DataError
            Where there is no sample of that name.
        MissingExtra
            Where it needs packages that are not installed.
        """
        options.refuse(
            "a sample",
            "label",
            "labels",
            "columns",
            "image",
            "text",
            "audio",
            "domain",
            "pattern",
            "split",
        )
        key = what[len(_PREFIX) :]
        if key not in SAMPLES:
            near = nearest(key, SAMPLES)
            raise DataError(
                f"there is no sample {key!r}",
                hint=(f"did you mean {_PREFIX}{near}? " if near else "")
                + "samples: "
                + ", ".join(_PREFIX + name for name in SAMPLES),
            )
        pixels, digits, note = SAMPLES[key]()
        names = [f"{what} row {i}" for i in range(len(pixels))]
        keep = chosen_rows(len(pixels), options.max_rows)
        labels: list[str | None] = [str(d) for d in digits[keep]]
        return Domain.build(
            ImageExamples(pixels=pixels[keep], names=[names[i] for i in keep]),
            mask_labels(labels, options.labelled, what),
            name=options.name or key,
            notes=[note],
            omissions=over_limit(keep, names),
        )
