"""Contrastive alignment: encoders at hand, rows that have two modalities, no labels."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..artifacts.making import check_free, making, plain
from ..artifacts.state import CHECKPOINT
from ..backbones.open import check_backbone, open_backbone
from ..backbones.surgery import Network, make_network
from ..base.errors import DataError
from ..base.evenly import evenly
from ..base.events import SILENT, Events
from ..base.files import write_json
from ..base.hashing import digest
from ..base.options import positive
from ..base.places import cache_folder
from ..base.renamed import renamed_keywords
from ..base.seeds import numpy_rng
from ..domains.domain import Domain
from ..domains.hint import input_hint
from ..domains.holdout.base import USUAL, SplitRows, split_rule
from ..domains.holdout.sides import Sides, two_sides
from ..domains.learned import save_contents
from ..domains.modalities.packed import MultimodalPreprocessing
from ..domains.read import NO_LABEL, check_reading, read_domain
from ..domains.seen import say_seen
from ..domains.twins import left_to_test
from ..objectives.align import alignment
from ..report.samples import keep_samples
from ..training.batches import Side
from ..training.devices import borrowed, find_device
from ..training.inputs import run_network
from ..training.loop import LoopOptions, TrainingData, train
from ..training.network_folder import save_network
from ..training.plan import Phase, TermSpec
from .held_out import contents_of, embedded, evaluate_recall
from .options import AlignOptions
from .samples import questions
from .space import FILE, Space, parts_of

_ASKED = 1000
"""Rows by which the sharpness of answers is set."""
LEAST = 20
"""Pairs with both modalities, to learn from anything at all."""


@renamed_keywords
def align(
    data: Any,
    *,
    out: str | Path | None = None,
    backbone_options: Mapping[str, Any] | None = None,
    options: AlignOptions | None = None,
    seed: int = 0,
    device: str = "auto",
    holdout: str = USUAL,
    keep_duplicates: bool = False,
    offline: bool = False,
    events: Events = SILENT,
    **columns: Any,
) -> Space:
    """Bring several modalities into one space by rows that have two of them; no labels are read.

    Parameters
    ----------
    data : path, dict of parts, or Domain
        Rows of several modalities; of a table name the columns: ``image="photo", text="caption"``.
    out : path, optional
        A folder to keep the space in; it must not exist or be empty. An interrupted call that is
        made again goes on where it stopped.
    backbone_options : dict, optional
        Of `towers`: ``encoders`` ({"text": "minilm", ...}), ``space``, ``width``, ``moving``.
    options : AlignOptions, optional
    seed : int, default 0
    device : str, default "auto"
    holdout : str, default "stratified"
        Which pairs judge where the data have no test split: any, by chance; "group:COLUMN", whole
        groups; "time:COLUMN", the latest.
    keep_duplicates : bool, default False
        Judge on pairs that were learned from as well, which are left out otherwise.
    offline : bool, default False
        Forbid every download.
    events : Events
    **columns
        As of `landbridge.read_domain`.

    Returns
    -------
    Space
        Its ``facts["recall"]`` are over held-out pairs, beside chance.

    Raises
    ------
    DataError
        Where rows have one modality, or too few have two.
    RunError
        Where `out` holds something else.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> words = ["dark", "light"] * 15
    >>> images = np.where(np.array(words) == "dark", 20, 220).astype(np.uint8)
    >>> images = np.tile(images[:, None, None], (1, 8, 8))
    >>> images += np.arange(30, dtype=np.uint8)[:, None, None]
    >>> space = landbridge.align(
    ...     {"image": images, "text": words},
    ...     backbone_options={"encoders": {"image": "convnet", "text": "textnet"}})
    >>> space.zero_shot(images[:2], ["dark", "light"]).argmax(1).tolist()
    [0, 1]
    """
    check_reading("align", columns, *NO_LABEL)
    options = options or AlignOptions()
    check_free(out, "space")
    check_backbone("towers", backbone_options)
    positive(
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        temperature=options.temperature,
    )
    by = split_rule(holdout)[1]
    place = find_device(device)
    if by is not None:
        columns["holdout_by"] = by
    domain = data if isinstance(data, Domain) else _read(data, columns, offline, events)
    examples = parts_of(domain.examples)
    sides = _sides(domain, holdout, options.held_out, seed)
    for note in sides.notes:
        events.log("note", f"{domain.name}: {note}")
    learn = examples.select(np.flatnonzero(sides.learn))
    opened = open_backbone(
        "towers",
        input_hint([domain]),
        [learn],
        seed=seed,
        options=backbone_options,
        offline=offline,
        events=events,
    )
    preprocessing = opened.preprocessing
    assert isinstance(preprocessing, MultimodalPreprocessing)
    network = make_network(opened, 1, seed)
    inputs = preprocessing.prepare(learn, cache=cache_folder(), events=events)
    contents = contents_of(learn, tuple(preprocessing.parts))
    side = Side(inputs, contents, np.ones(len(inputs), bool))
    phase = _phase(options, len(inputs), len(preprocessing.parts))
    asked = {
        "data": examples.fingerprint(),
        "held out": digest(sides.test),
        "backbone options": backbone_options or {},
        "options": plain(options),
        "seed": seed,
        **({"keep duplicates": True} if keep_duplicates else {}),
        **({} if holdout == USUAL else {"holdout": holdout}),
    }
    with making(out, "space", asked) as folder:
        loop = LoopOptions(
            device=torch.device(place),
            checkpoint=None if folder is None else folder / CHECKPOINT,
            fit="align",
        )
        with borrowed(network, loop.device):
            train(
                network,
                (phase,),
                TrainingData(None, side, preprocessing, 1),
                seed=seed,
                options=loop,
                events=events,
            )
        rows = np.flatnonzero(sides.test)
        left, seen = left_to_test(examples.select(rows), [(learn, False)], keep_duplicates)
        said = say_seen(seen, domain.name, events)
        rows = rows[left]
        held = examples.select(rows)
        names = tuple(preprocessing.parts)
        own = embedded(network, preprocessing, held, events)
        facts = {
            "format": 1,
            "parts": list(preprocessing.parts),
            "encoders": opened.identity.options["encoders"],
            "scale": sharpness(network, preprocessing, inputs, contents),
            "pairs": len(learn),
            "held_out": len(held),
            "seen": seen.to_json(),
            "seen_sentences": said,
            "steps": phase.steps,
            "seed": seed,
            "recall": [
                one.to_json() for one in evaluate_recall(names, held, own, sides.groups_of(rows))
            ],
            **sides.facts(),
        }
        if folder is not None:
            save_network(folder, network, opened.identity, preprocessing, "space")
            save_contents(folder, learn)
            keep_samples(folder, questions(names, held, own, contents_of(held, names)))
            write_json(folder / FILE, facts)
        space = Space(network, preprocessing, facts, folder)
        if folder is not None:
            space.report()
        return space


def sharpness(
    network: Network,
    preprocessing: MultimodalPreprocessing,
    inputs: np.ndarray,
    contents: np.ndarray,
) -> float:
    """Return what to multiply cosines with, so that training pairs are answered for best."""
    rows = evenly(len(inputs), _ASKED)
    both = torch.from_numpy(run_network(network, inputs[rows], preprocessing)[0])
    parts = both.chunk(len(preprocessing.parts), dim=1)
    ids = torch.from_numpy(contents[rows])
    pairs = []
    for a, b in itertools.combinations(range(len(parts)), 2):
        there = (parts[a] != 0).any(1) & (parts[b] != 0).any(1)
        own = ids[there][:, [a, b]]
        pairs.append((parts[a][there], parts[b][there], (own[:, None] == own[None]).any(-1)))
    scales = np.geomspace(1, 100, 41)
    losses = [
        sum(float(alignment(x, y, float(scale), same)) for x, y, same in pairs if len(x) > 1)
        for scale in scales
    ]
    return round(float(scales[int(np.argmin(losses))]), 4)


def _phase(options: AlignOptions, rows: int, parts: int) -> Phase:
    """Return the phase that the loop trains."""
    steps = max(1, round(options.epochs * rows / options.batch_size))
    if options.epochs == AlignOptions.epochs:  # what a person names is kept
        steps = min(6000, max(200, steps))
    term = {"parts": parts, "temperature": options.temperature, "repeated": True}
    return Phase(
        name="align",
        steps=steps,
        learning_rate=options.learning_rate,
        source_weight=0.0,
        terms=(TermSpec("align", options=term),),
        batch_size=options.batch_size,
        weight_decay=1e-2,
        augment="weak",
        average=0.99,
    )


def _read(data: Any, columns: Mapping[str, Any], offline: bool, events: Events) -> Domain:
    # The labels, where there are some, are no part of this: they are not even read.
    return read_domain(data, labelled=False, **columns, offline=offline, events=events)


def _sides(domain: Domain, holdout: str, share: float, seed: int) -> Sides:
    n = len(domain)
    present = parts_of(domain.examples).present.sum(1) > 1
    if present.sum() < LEAST:
        raise DataError(
            f"{int(present.sum())} of {n} rows have two modalities, expected at least {LEAST}",
            hint="give more rows that have both",
        )
    return two_sides(
        holdout,
        SplitRows(domain.name, present, values=domain.holdout_by),
        share,
        numpy_rng("align", seed, n),
        given=domain.held_out if (domain.held_out & present).any() else None,
        columns=() if domain.schema is None else domain.schema.names,
    )
