"""A federation in one process: clients learn together, alone and pooled, and each is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..artifacts.making import check_free, making
from ..backbones.open import check_backbone, open_backbone
from ..base.errors import ConfigError
from ..base.events import SILENT, Events
from ..base.files import write_json
from ..base.hashing import digest
from ..base.options import positive
from ..base.renamed import renamed_keywords
from ..base.typed import JsonObject
from ..domains.hint import input_hint
from ..domains.learned import save_contents
from ..domains.read import check_reading
from ..training.devices import find_device
from ..training.network_folder import save_network
from ..verdict.clients import ClientVerdict, judge_clients, mean_gain
from .aggregations.base import AGGREGATIONS
from .choice import choose_kept
from .clients import Together, read_clients
from .fits import Fits, fit_all, outputs_of, prepare
from .inputs import Encoder
from .model import FILE, Federated, save_clients
from .options import FederatedOptions
from .strategies.base import make_strategy

SEEDS = 3


@renamed_keywords
def federate(
    data: Any,
    clients: Any = None,
    *,
    source: Any = None,
    out: str | Path | None = None,
    options: FederatedOptions | None = None,
    backbone: str = "auto",
    backbone_options: Mapping[str, Any] | None = None,
    batch_size: int = 32,
    learning_rate: float | None = None,
    seeds: int | None = None,
    seed: int = 0,
    test_size: float = 0.3,
    holdout: str = "stratified",
    keep_duplicates: bool = False,
    device: str = "auto",
    offline: bool = False,
    events: Events = SILENT,
    **columns: Any,
) -> Federated:
    """Let clients learn together without their rows coming together, and judge each of them.

    On one machine, as a simulation: what travels is counted as it would be between machines. For
    each client the model learned together is compared with one learned from its own rows alone,
    with one from all rows in one place, and with the source, on rows of its own that were kept
    aside; and each keeps what is better for it by its other rows.

    Parameters
    ----------
    data : path, (X, y), data frame, Domain, or mapping of these
        The rows of all clients; or each client's by its name. One that does not fit the others is
        named and left out.
    clients : str or sequence of str
        The column, or part of file names, that says whose a row is; or the name for each row.
    source : path, (X, y), data frame or Domain, optional
        Labelled rows that all start from.
    out : path, optional
        A folder to keep it in; as a backbone it is ``run/<folder>``. An interrupted call that is
        made again goes on where it stopped.
    options : FederatedOptions, optional
        The strategy, rounds, what is trained.
    backbone : str, default "auto"
        θ₀, which every client has.
    backbone_options : dict, optional
    batch_size : int, default 32
        Rows of a client's step.
    learning_rate : float, optional
        Of a client's steps; 0.5 for a head, 0.05 for a network where not given.
    seeds : int, optional
        Three where not given; one where nothing is random.
    seed : int, default 0
        The first one.
    test_size : float, default 0.3
        Of each client's labelled rows, where the data have no test split.
    holdout : str, default "stratified"
        As of `landbridge.transfer`.
    keep_duplicates : bool, default False
        Judge on rows that a client learned from as well, which are left out otherwise.
    device : str, default "auto"
    offline : bool, default False
    events : Events
    **columns
        As of `landbridge.read_domain`: label, image, text, audio, columns, drop, ...

    Returns
    -------
    Federated
        With ``.verdict``, one entry a client.

    Raises
    ------
    ConfigError, DataError, RunError
        Naming the client or the option, and what to do.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> rng = np.random.default_rng(0)
    >>> y = np.array(["ant", "bee"] * 60)
    >>> x = rng.normal(size=(120, 4)) + 2 * (y == "bee")[:, None]
    >>> made = landbridge.federate((x, y), np.repeat(["north", "south", "west"], 40))
    >>> [client["client"] for client in made.verdict]
    ['north', 'south', 'west']
    """
    options = options or FederatedOptions()
    options.check()
    check_reading("federate", columns, "domain")
    check_free(out, "federated")
    check_backbone(backbone, backbone_options)
    positive(seeds=seeds, batch_size=batch_size, learning_rate=learning_rate)
    if not 0 < test_size < 1:
        raise ConfigError(f"test_size = {test_size}", hint="give a share between 0 and 1")
    strategy = make_strategy(options.strategy)
    aggregation = AGGREGATIONS.get(options.aggregation)()
    if not strategy.rounds_of_steps and options.aggregation != "mean":
        raise ConfigError(
            f"aggregation = {options.aggregation} would be without effect: {strategy.name} adds "
            "statistics up",
            hint="leave it out, or name a strategy of rounds, such as fedavg",
        )
    count = (seeds or SEEDS) if strategy.seeded else 1
    place = torch.device(find_device(device))
    together = read_clients(
        data,
        clients,
        source,
        holdout=holdout,
        test_size=test_size,
        seed=seed,
        keep_duplicates=keep_duplicates,
        columns=columns | {"offline": offline},
        events=events,
    )
    encoder = open_encoder(
        together, backbone, seed, backbone_options, offline, place, options, events
    )
    asked = {
        "data": {one.name: one.domain.examples.fingerprint() for one in together.clients},
        "labels": {one.name: digest(one.labels[one.learned]) for one in together.clients},
        "held out": {one.name: digest(one.domain.test_mask) for one in together.clients},
        "source": None if together.source is None else together.source.examples.fingerprint(),
        "backbone": encoder.opened.identity.hash,
        "backbone options": backbone_options or {},
        "options": options.__dict__,
        "batch size": batch_size,
        "learning rate": learning_rate,
        "seeds": [seed, count],
    }
    with making(out, "federated", asked) as folder:
        trainer, rows, tests = prepare(
            together, encoder, options, strategy, aggregation, batch_size, learning_rate, events
        )
        trainer = replace(trainer, folder=folder)
        strategy.check(trainer.learner(seed))
        fits = fit_all(together.clients, rows, trainer, range(seed, seed + count), events)
        kept = choose_kept(together.clients, rows, trainer, options.folds, seed)
        verdict = judge_clients(
            [outputs_of(one, tests, rows, fits, kept) for one in together.clients], trainer.codec
        )
        facts = _facts(together, verdict, fits, encoder, options, learning_rate, batch_size)
        facts |= {"seed": seed, "clients_by": _said(clients)}
        own = {name: fits.model(name, what) for name, (what, _) in kept.items()}
        network = encoder.network(fits.together[0].model, trainer.codec, seed)
        made = Federated(network, encoder.opened.preprocessing, facts, own, folder)
        if folder is not None:
            save_network(folder, network, encoder.opened.identity, encoder.opened.preprocessing)
            save_clients(folder, own)
            learned = [one.domain.examples.select(one.learned) for one in together.clients]
            save_contents(folder, *learned)
            write_json(folder / FILE, made.facts)
            made.report()
        return made


def open_encoder(
    together: Together,
    backbone: str,
    seed: int,
    backbone_options: Mapping[str, Any] | None,
    offline: bool,
    device: torch.device,
    options: FederatedOptions,
    events: Events,
) -> Encoder:
    """Open θ₀; columns are used as they are where "auto" finds nothing pretrained for a table."""
    domains = [one.domain.for_training() for one in together.clients]
    domains += [] if together.source is None else [together.source]
    hint = input_hint(domains)

    def opening(name: str) -> Encoder:
        sides = [one.examples for one in domains]
        opened = open_backbone(
            *(name, hint, sides),
            seed=seed,
            options=backbone_options,
            offline=offline,
            events=events,
        )
        return Encoder(opened, device)

    found = opening(backbone)
    pretrained = found.opened.identity.pretrained
    if options.train == "head" and not (pretrained or found.flat):
        if backbone == "auto" and hint.modality == "tabular":
            return opening("identity")
        events.log(
            "warning",
            f"{found.opened.identity.name} starts at random, and a head alone is trained on it: "
            "--train network trains everything",
        )
    if options.train == "network" and found.flat:
        raise ConfigError(
            f"{found.opened.identity.name} has nothing to train beside the head",
            hint="name a network with --backbone, or leave --train network out",
        )
    return found


def _facts(
    together: Together,
    verdict: Sequence[ClientVerdict],
    fits: Fits,
    encoder: Encoder,
    options: FederatedOptions,
    learning_rate: float | None,
    batch_size: int,
) -> JsonObject:
    first, trainer = fits.together[0], fits.trainer
    counts = {outcome: 0 for outcome in ("helped", "hurt", "can't tell")}
    for one in verdict:
        counts[one.outcome] += 1
    others = sorted({other for one in verdict for other in one.against})
    return {
        "format": 1,
        **trainer.codec.to_dict(),
        "strategy": options.strategy,
        "aggregation": options.aggregation,
        "train": options.train,
        "backbone": encoder.opened.identity.name,
        "rounds": first.rounds,
        "epochs": options.epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seeds": len(fits.together),
        "verdict": [one.to_json() for one in verdict],
        "outcomes": counts,
        "harmed": [one.name for one in verdict if one.outcome == "hurt"],
        "mean_gain": {other: mean_gain(verdict, other).to_json() for other in others},
        "refused": together.refused,
        "refused_replies": first.refused,
        "traffic": {"up": first.traffic.up, "down": first.traffic.down},
        "sent": _sent(encoder, first.traffic.listed()),
        "notes": first.notes,
        "source_rows": 0 if together.source is None else len(together.source),
    }


def _sent(encoder: Encoder, listed: list[JsonObject]) -> list[JsonObject]:
    """Return what travels, what is agreed on beforehand first."""
    before = "names of the classes a client has labels of"
    if encoder.opened.preprocessing.modality == "tabular":
        before += "; of each column its name, categories, median, mean and deviation"
    agreed = {"from": "client", "what": before, "numbers": 0, "messages": 0, "bytes": 0}
    return [agreed, *listed]


def _said(clients: Any) -> str:
    return clients if isinstance(clients, str) else ""
