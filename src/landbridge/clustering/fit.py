"""Groups of rows without labels: encode, count, group, judge, keep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..artifacts.making import check_free, making
from ..backbones.open import check_backbone
from ..base.errors import DataError
from ..base.events import SILENT, Events
from ..base.files import write_json
from ..base.hashing import digest
from ..base.options import positive
from ..base.renamed import renamed_keywords
from ..base.threads import threads
from ..base.typed import JsonObject
from ..domains.domain import Domain
from ..domains.hint import input_hint
from ..domains.markers import without_markers
from ..domains.read import check_reading, read_domain
from ..domains.readers.decided import Together
from ..domains.sealing import seal
from ..domains.together import read_together
from ..report.samples import keep_samples
from ..training.devices import find_device
from ..training.network_folder import save_network
from ..verdict.partition import LabelAgreement, evaluate_groups
from .base import CLUSTERINGS, Clustering
from .clusters import FILE, Clusters, predictions
from .describe import describe
from .find import Found, find_groups, numbers
from .inputs import Encoder, make_encoder
from .keep import layout, write_rows
from .outcome import outcome
from .reference import judged_elsewhere, judged_plateaus, without_backbone
from .samples import typical_rows
from .stability import kept

LEAST = 24
"""Rows, to find any groups in."""


@renamed_keywords
def cluster(
    target: Any,
    source: Any = None,
    *,
    out: str | Path | None = None,
    groups: str | int = "auto",
    method: str = "gaussian-mixture",
    backbone: str | Path = "auto",
    backbone_options: Mapping[str, Any] | None = None,
    epochs: float | None = None,
    seed: int = 0,
    device: str = "auto",
    offline: bool = False,
    events: Events = SILENT,
    **columns: Any,
) -> Clusters:
    """Group rows that have no labels, on what a backbone knows, and say whether groups are there.

    Parameters
    ----------
    target : path, X, (X, y) or Domain
        Rows to group. Labels, where there are some, are sealed: they judge the groups and nothing
        else.
    source : path, X or Domain, optional
        More rows without labels, of the same modality: a backbone that starts at random learns from
        both, and groups are found in both together, each around its own mean. Its labels are not
        read.
    out : path, optional
        A folder to keep everything in; it must not exist or be empty. Pretraining that was
        interrupted goes on where it stopped.
    groups : "auto", int or "LOW-HIGH", default "auto"
        How many. "auto" tries 2 to 25; where several numbers stand out by how well their groups
        come back when the data are halved, the one whose groups say the most of a row is taken,
        and all are in ``facts["number"]["plateaus"]``. A range chooses among them.
    method : {"gaussian-mixture", "k-means", "turtle"}
    backbone : str, default "auto"
        As for `landbridge.transfer`. One that starts at random learns from the rows first
        (contrastive); a table's columns are used as they are.
    backbone_options : dict, optional
    epochs : float, optional
        Passes over the rows where the backbone has to learn; 40 where not given, in 300 to 3,000
        steps.
    seed : int, default 0
    device : str, default "auto"
    offline : bool, default False
        Forbid every download.
    events : Events
    **columns
        As of `landbridge.read_domain`: ``label``, ``text``, ``image``, ``columns``, ...

    Returns
    -------
    Clusters

    Raises
    ------
    DataError
        Where there are too few rows, or too few that differ.
    ConfigError
        Where the number or the method is none.
    RunError
        Where `out` holds something else.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> x = np.random.default_rng(0).normal(size=(60, 2)) + 8 * (np.arange(60) < 20)[:, None]
    >>> found = landbridge.cluster(x, groups=2)
    >>> [(group["name"], group["rows"]) for group in found.facts["groups"]]
    [('group 1', 40), ('group 2', 20)]
    """
    check_reading("cluster", columns, "target_type")
    check_free(out, "clusters")
    low, high = numbers(groups)
    clustering = CLUSTERINGS.get(method)()
    check_backbone(backbone, backbone_options)
    positive(epochs=epochs)
    place = torch.device(find_device(device))
    domain, more = _sides(target, source, columns, offline, events)
    domain = _sealed(domain, events)
    if len(domain) < LEAST:
        raise DataError(
            f"{domain.name} has {len(domain)} rows, expected at least {LEAST}",
            hint="give more rows; a few are quicker looked at than grouped",
        )
    usable = np.flatnonzero(~domain.held_out)
    learn = domain.examples if len(usable) == len(domain) else domain.examples.select(usable)
    sides = [learn] if more is None else [learn, more.examples]
    hint = input_hint([domain] if more is None else [domain, more])
    asked = {
        "data": domain.examples.fingerprint(),
        "judged rows": digest(domain.test_mask),  # their labels stay sealed
        "rows": digest(usable),
        "source": None if more is None else more.examples.fingerprint(),
        "groups": [low, high],
        "method": method,
        "backbone": str(backbone),
        "backbone options": backbone_options or {},
        "epochs": epochs,
        "seed": seed,
    }
    with making(out, "clusters", asked) as folder:
        encoder = make_encoder(
            backbone,
            hint,
            sides,
            seed=seed,
            options=backbone_options,
            epochs=epochs,
            device=place,
            folder=folder,
            offline=offline,
            events=events,
        )
        full = encoder.features(domain.examples, place, events)
        features = [full[usable]]
        if more is not None:
            features.append(encoder.features(more.examples, place, events))
        unit = not (encoder.flat and hint.modality == "tabular")
        with threads(1):  # many small fits: more threads would wait for each other
            found = find_groups(clustering, features, (low, high), seed, unit=unit, events=events)
            places = found.compression.apply(full)
            shares = found.groups.shares(places)
            own = shares.argmax(1)
            facts = _facts(clustering, encoder, domain, more, found, seed)
            with events.progress("look at the groups", 3) as bar:
                beside = None
                if not encoder.flat:
                    beside = without_backbone(clustering, hint, domain, found, seed)
                facts["reference"] = None if beside is None else beside.facts
                bar.advance(1)
                agreement: LabelAgreement | None = None
                elsewhere: dict[int, LabelAgreement] = {}
                if domain.sealed is not None:
                    rows = domain.test_mask
                    other = None if beside is None else beside.of(len(found.groups))[rows]
                    agreement = evaluate_groups(domain.sealed, own[rows], other, seed=seed)
                    elsewhere = judged_elsewhere(clustering, found, beside, domain, places, seed)
                said = outcome(
                    found.sure,
                    facts["backbone"],
                    None if beside is None else beside.facts["what"],
                    agreement,
                    [(k, one.difference) for k, one in elsewhere.items() if one.difference],
                )
                facts["verdict"] = said.to_json()
                judged = judged_plateaus(found, agreement, elsewhere)
                facts["verdict"]["plateaus"] = judged  # what labels say stands here alone
                bar.advance(1)
                facts["groups"] = _groups(clustering, domain, found, own, seed)
                bar.advance(1)
        made = Clusters(
            encoder.network, encoder.preprocessing, found.compression, found.groups, facts, folder
        )
        made.assigned = own
        if folder is not None:
            _keep(made, encoder, domain, shares, layout(places, own, seed))
        return made


def _keep(
    made: Clusters, encoder: Encoder, domain: Domain, shares: np.ndarray, where: JsonObject
) -> None:
    folder = made.path
    assert folder is not None
    save_network(folder, encoder.network, encoder.identity, encoder.preprocessing, "clusters")
    made.save_groups(folder)
    said = predictions(domain, shares, made.names)
    write_rows(folder / "predictions.parquet", said)
    keep_samples(folder, typical_rows(domain.examples, shares, made.names))
    write_json(folder / "map.json", where)
    write_json(folder / FILE, made.facts)
    made.report()


def _facts(
    clustering: Clustering,
    encoder: Encoder,
    domain: Domain,
    more: Domain | None,
    found: Found,
    seed: int,
) -> JsonObject:
    return {
        "format": 1,
        "data": domain.name,
        "modality": domain.modality,
        "backbone": encoder.identity.name.partition(":")[0],  # without the path of its weights
        "pretrained": bool(encoder.identity.pretrained),
        "flat": encoder.flat,
        "pretraining_steps": encoder.learned,
        "method": clustering.name,
        "rows": len(domain),
        "source": None if more is None else more.name,
        "source_rows": 0 if more is None else len(more),
        "directions": len(found.compression.directions),
        "number": {
            "groups": len(found.groups),
            "tried": [one.facts() for one in found.tried],
            "given": not found.tried,
            "plateaus": [
                level.facts() | {"chosen": level.taken.groups == found.sure.groups}
                for level in found.plateaus
            ],
        },
        "stability": found.sure.facts(),
        "seed": seed,
    }


def _groups(
    clustering: Clustering,
    domain: Domain,
    found: Found,
    own: np.ndarray,
    seed: int,
) -> list[JsonObject]:
    k = len(found.groups)
    sizes = np.bincount(own, minlength=k)
    descriptions = describe(domain.examples, own, k)
    back = kept(clustering, found.rows, found.groups, seed)
    there: np.ndarray | None = None
    if len(found.sides) > 1:
        of_source = found.groups.assign(found.sides[1])
        there = np.bincount(of_source, minlength=k) / len(of_source)
    return [
        {
            "name": f"group {i + 1}",
            "rows": int(sizes[i]),
            "share": round(float(sizes[i] / len(own)), 4),
            "source_share": None if there is None else round(float(there[i]), 4),
            "comes_back": round(float(back[i]), 3),
            "told": descriptions[i],
        }
        for i in range(k)
    ]


def _sides(
    target: Any, source: Any, columns: Mapping[str, Any], offline: bool, events: Events
) -> tuple[Domain, Domain | None]:
    """Return the rows to group, and the source's; what only tells the two apart is in neither."""

    def read(together: Together | None, heard: Events) -> Domain:
        if isinstance(target, Domain):
            return target
        return read_domain(target, **columns, offline=offline, together=together, events=heard)

    def read_source(together: Together | None, heard: Events, like: Domain | None) -> Domain:
        if isinstance(source, Domain):
            return source
        given = {key: value for key, value in columns.items() if key != "label"}
        if like is not None and like.label_column is not None:
            # a label of this name is no column to group by
            given["drop"] = [*(given.get("drop") or ()), like.label_column]
        return read_domain(
            source,
            **given,
            labelled=False,
            like=like,
            offline=offline,
            together=together,
            events=heard,
        )

    if source is None:
        return read(None, events), None
    if isinstance(target, Domain):
        theirs = read_source(None, events, target)
        return without_markers(target, theirs, columns.get("columns") or (), events)
    ours, theirs = read_together(read, read_source, events)
    return without_markers(ours, theirs, columns.get("columns") or (), events)


def _sealed(domain: Domain, events: Events) -> Domain:
    if domain.sealed is not None:
        return domain
    if domain.labeled_mask.any() and not domain.target_type.exclusive:
        events.log(
            "note",
            f"labels of {domain.name!r} are {domain.target_type.summary}: they judge no groups",
        )
        return domain
    before = domain.notes
    sealed = seal(domain, "judge")
    for note in sealed.notes[len(before) :]:
        events.log("note", f"{domain.name}: {note}")
    return sealed
