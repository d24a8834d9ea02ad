"""Backbones for several modalities: one encoder a part, joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from ...base.errors import BackboneError, ConfigError
from ...base.events import SILENT, Events
from ...base.places import cache_folder
from ...base.typed import JsonObject, Options
from ...domains.examples import Examples, InputSpec
from ...domains.modalities.base import Preprocessing
from ...domains.modalities.multimodal import MultimodalExamples
from ...domains.modalities.packed import MultimodalPreprocessing
from ..base import BACKBONES, Backbone, BackboneIdentity, BackboneRequest, LoadedBackbone, Provider
from ..identity import Flat
from ..weights import merge_options, seeded
from .embedded import EmbeddedPreprocessing
from .fusion import FUSIONS, FusionBackbone

_MODALITIES = ("several",)
_SLOT = ("name", "shape", "ids", "ragged", "scaled", "fresh")


@BACKBONES.register("fusion")
class FusionProvider(Provider):
    """One encoder a part, pretrained where there is one, and what joins them.

    Options: ``encoders``, a backbone by the name of each part (the best that is here where not
    given); ``fusion``, "late", "gated" (the default) or "attention"; ``moving``, False: pretrained
    encoders stand still, so that each example goes through them once; ``width`` (256) and
    ``dropout`` (0.1) of what joins them; ``drop`` (0.2), the chance that a part is left out of a
    training view; ``seed``.

    Examples
    --------
    >>> opened = open_backbone(                                    # doctest: +SKIP
    ...     "fusion", hint, [examples], options={"fusion": "attention"})
    """

    summary = "an encoder for each of several modalities, joined by gates or attention"
    modalities = _MODALITIES
    pretrained = False
    own_options: ClassVar[Mapping[str, Any]] = {"fusion": "gated", "drop": 0.2}

    @classmethod
    def options_taken(cls) -> tuple[str, ...]:
        """Return what can be named, its own first."""
        return (*cls.own_options, "encoders", "moving", "width", "dropout", "seed", "parts")

    def available(self) -> tuple[bool, str]:
        return True, "built in; with the encoders that are here"

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Several modalities."""
        return 1, f"{' and '.join(hint.parts)} together"

    def encoder(self, hint: InputSpec) -> str:
        """Return the backbone for a part where none is named."""
        from ..open import choose

        # A table's columns as they are: what joins the parts is a network already.
        return "identity" if hint.modality == "tabular" else choose(hint)[0]

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        chosen = merge_options(
            {
                "encoders": {},
                "moving": False,
                "width": 256,
                "dropout": 0.1,
                **self.own_options,
                "seed": asked.seed,
                "parts": None,
            },
            asked.options,
            self.name,
        )
        _check(chosen, asked.hint)
        opened = {
            part: self._part(
                part,
                own,
                _examples_of(part, asked.examples),
                chosen,
                offline=asked.offline,
                events=asked.events,
                named=asked.named,
            )
            for part, own in asked.hint.parts.items()
        }
        still = {
            part: own.identity.pretrained and not chosen["moving"] for part, own in opened.items()
        }
        preprocessings: dict[str, Preprocessing] = {
            part: EmbeddedPreprocessing.fit(
                own,
                _examples_of(part, asked.examples),
                cache=cache_folder(),
                offline=asked.offline,
                events=asked.events,
            )
            if still[part]
            else own.preprocessing
            for part, own in opened.items()
        }
        preprocessing = MultimodalPreprocessing(preprocessings, float(chosen["drop"]))
        chosen["encoders"] = {part: own.identity.name for part, own in opened.items()}
        chosen["parts"] = {
            part: {
                "identity": own.identity.to_dict(),
                "still": still[part],
                "dim": own.module.dim,
                **_slot(part, preprocessings[part], own.identity, still[part]),
            }
            for part, own in opened.items()
        }
        module = self.restore(chosen, offline=asked.offline, events=asked.events)
        identity = self.identify(self.name, module, "", chosen)
        identity = replace(
            identity,
            pretrained=any(own.identity.pretrained for own in opened.values()),
            origin="; ".join(
                f"{part}: {own.identity.name} ({own.identity.origin})"
                for part, own in opened.items()
            ),
        )
        return LoadedBackbone(module, preprocessing, identity)

    def _part(
        self,
        part: str,
        hint: InputSpec,
        examples: list[Examples],
        chosen: Mapping[str, Any],
        *,
        offline: bool,
        events: Events,
        named: bool,
    ) -> LoadedBackbone:
        from ..open import open_backbone, reopen, resolve

        seed = int(chosen["seed"])
        name = chosen["encoders"].get(part, "auto")
        given = (chosen["parts"] or {}).get(part)
        if given is not None:
            saved = BackboneIdentity.from_dict(given["identity"])
            _, provider = resolve(saved.name)
            own = provider.open(
                BackboneRequest(
                    saved.name, hint, examples, 0, saved.options, offline, events, named=False
                )
            )
            return reopen(own.identity, own.preprocessing, offline=offline, events=events)
        if name == "auto":
            name = self.encoder(hint)
            events.log("choice", f"{part}: {name}", backbone=name)
        return open_backbone(
            name, hint, examples, seed=seed, offline=offline, events=events, named=named
        )

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        encoders: dict[str, Backbone] = {}
        slots = []
        for part, facts in options["parts"].items():
            slots.append({key: facts[key] for key in _SLOT})
            if facts["still"]:
                encoders[part] = Flat(int(facts["dim"]))
                continue
            saved = BackboneIdentity.from_dict(facts["identity"])
            own = dict(saved.options)
            if "seed" in own:  # another seed of the whole is another seed of each part
                own["seed"] = options["seed"]
            provider = BACKBONES.get(saved.provider)()
            encoders[part] = provider.restore(own, weights=weights, offline=offline, events=events)
        with seeded("backbone", self.name, options["seed"]):
            return self.join(encoders, slots, options)

    def join(
        self,
        encoders: Mapping[str, Backbone],
        slots: Sequence[Mapping[str, Any]],
        options: Mapping[str, Any],
    ) -> Backbone:
        """Put the encoders together."""
        fusion, width = options["fusion"], int(options["width"])
        return FusionBackbone(encoders, slots, fusion, width, options["dropout"])


@BACKBONES.register("fusion_net")
class FusionNetProvider(FusionProvider):
    """Small nets of our own side by side, nothing pretrained; options as of `FusionProvider`."""

    summary = "small nets for several modalities, joined, random start"
    own_for = _MODALITIES

    def available(self) -> tuple[bool, str]:
        return True, "built in"

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Only by name."""
        return None

    def encoder(self, hint: InputSpec) -> str:
        """Return the net of ours."""
        from ..open import own_network

        return own_network(hint) or "mlp"


def _check(chosen: Mapping[str, Any], hint: InputSpec) -> None:
    if chosen.get("fusion", FUSIONS[0]) not in FUSIONS:
        raise ConfigError(
            f"fusion is {chosen['fusion']!r}", hint=f"use one of {', '.join(FUSIONS)}"
        )
    if not isinstance(chosen["encoders"], Mapping):
        raise ConfigError(
            f"encoders is {chosen['encoders']!r}", hint="give a backbone by the name of each part"
        )
    strange = sorted(set(chosen["encoders"]) - set(hint.parts))
    if strange:
        raise ConfigError(
            f"encoders names the part {strange[0]!r}; the examples have {', '.join(hint.parts)}",
            hint="name one of these",
        )


def _examples_of(part: str, examples: Sequence[Examples]) -> list[Examples]:
    found = []
    for side in examples:
        if not isinstance(side, MultimodalExamples):
            raise BackboneError(
                f"fusion was given {side.modality} examples", hint="give several modalities at once"
            )
        if part in side.parts and len(side.parts[part]):
            found.append(side.parts[part])
    return found


def _slot(
    part: str, preprocessing: Preprocessing, identity: BackboneIdentity, still: bool
) -> JsonObject:
    stored = np.zeros((1, *preprocessing.shape), preprocessing.stored_type)
    return {
        "name": part,
        "shape": list(preprocessing.shape),
        "ids": preprocessing.stored_type == "int32",
        "ragged": preprocessing.lengths(stored) is not None,
        "fresh": not identity.pretrained and not still,
        # Columns and stored features are standardised already, each by itself.
        "scaled": identity.provider != "identity" and not still,
    }
