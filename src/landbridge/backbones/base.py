"""θ₀: a backbone turns network inputs into features. One file per provider."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

import torch
from torch import nn

from ..base.errors import RunError
from ..base.events import SILENT, Events
from ..base.hashing import tensors_digest
from ..base.registry import Registry
from ..base.typed import JsonObject, Options, checked
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing


class Backbone(nn.Module, ABC):
    """A network without its head.

    Attributes
    ----------
    dim : int
        Width of the features.
    """

    dim: int

    @abstractmethod
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return features, float (n, dim)."""

    @abstractmethod
    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        """Return named groups of modules from the input to the output.

        Every parameter lies in exactly one group, and every group has one. Layer-wise rates,
        freezing and gradual unfreezing go by these. Empty where there are no parameters.
        """

    def fresh(self) -> list[nn.Module]:
        """Return modules that start at nothing beside what is pretrained.

        They move at the head's rate. None, the default.
        """
        return []


@dataclass(frozen=True)
class BackboneIdentity:
    """Which θ₀: enough to open it again, and a hash to know that it is the same."""

    name: str
    """What the user wrote, normalised: "convnet", "mobilenet_v2", "hf/microsoft/resnet-18"."""
    provider: str
    """Name in the registry."""
    pretrained: bool
    """Whether it knows anything before the source is seen."""
    origin: str
    """Where the weights came from: a path, a package and its version, a hub id, "seed 0"."""
    hash: str
    """`tensors_digest` of θ₀'s state dict."""
    options: Options = field(default_factory=dict)
    """Plain values that `Provider.restore` needs to build the same architecture again."""

    def to_dict(self) -> JsonObject:
        """Return plain values, as `backbone.json` holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BackboneIdentity:
        """Undo `to_dict`.

        Raises
        ------
        RunError
            Where a field is missing or unknown.
        """
        expected = {item.name for item in fields(cls)}
        checked(values, {str: object}, "backbone.json")
        if set(values) != expected:
            raise RunError(
                f"backbone.json has the fields {sorted(values)}, expected {sorted(expected)}",
                hint="the run is damaged or of another version of landbridge: restore it, or use "
                "the version that wrote it",
            )
        checked(values, _IDENTITY, "backbone.json")
        return cls(**dict(values))


@dataclass
class LoadedBackbone:
    """A backbone ready for use."""

    module: Backbone
    preprocessing: Preprocessing
    identity: BackboneIdentity


_IDENTITY = {
    "name": str,
    "provider": str,
    "pretrained": bool,
    "origin": str,
    "hash": str,
    "options": {str: object},
}


@dataclass(frozen=True)
class BackboneRequest:
    """What a backbone is asked for.

    Attributes
    ----------
    name : str
        What the user wrote: a registered name, ``provider/rest``, or a path.
    hint : InputSpec
        What the examples look like.
    examples : sequence of Examples
        All domains' training examples, for a preprocessing that must be fitted (tables).
    seed : int
        For weights that start at random.
    options : mapping or None
        Any part of `BackboneIdentity.options`: what is given is kept as it is, the rest is chosen
        from the hint. All of a saved run's options build exactly that again.
    offline : bool
        Forbid every download.
    events : Events
        Hears about a download before it starts, and about what was chosen.
    named : bool
        Whether a person wrote the name in this very call: code that it names may then be run. A
        name out of a run's folder is not.
    """

    name: str
    hint: InputSpec
    examples: Sequence[Examples] = ()
    seed: int = 0
    options: Mapping[str, Any] | None = None
    offline: bool = False
    events: Events = SILENT
    named: bool = True


class Provider(ABC):
    """A source of backbones; each is one file and one registration in `BACKBONES`.

    Attributes
    ----------
    summary : str
        One line for `landbridge backbones`.
    modalities : tuple of str
        What it can take.
    pretrained : bool
        Whether what it opens knows something already.
    extra : str
        The extra to install, "" for none.
    own_for : tuple of str
        Modalities of which it is the net that is trained from nothing for comparison.
    takes : tuple of str or None
        Every option that can be named; None: only opening it tells.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    modalities: ClassVar[tuple[str, ...]]
    pretrained: ClassVar[bool]
    extra: ClassVar[str] = ""
    own_for: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[tuple[str, ...] | None] = None

    @classmethod
    def options_taken(cls) -> tuple[str, ...] | None:
        """Return `takes`; a provider may know it from elsewhere."""
        return cls.takes

    @abstractmethod
    def available(self) -> tuple[bool, str]:
        """Say whether it can be opened here without a network, and where or why not."""

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Say whether "auto" may take it for such examples: a rank and the reason.

        The greatest rank of what is available wins; 0 is a makeshift, taken where what would
        suit better is missing (and then that is said). None, the default: never.
        """
        return None

    @abstractmethod
    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        """Build the module, load its weights and choose its preprocessing.

        Raises
        ------
        BackboneError
            Where weights are missing or do not fit, naming path, found and expected.
        MissingExtra
            Where a package is missing.
        """

    @abstractmethod
    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        """Build the module that `options`, all of them, stand for.

        Parameters
        ----------
        options : dict
            `BackboneIdentity.options` of a saved run.
        weights : bool
            False where the run holds every tensor itself: nothing is read or downloaded, and
            the values are those of a random start.
        offline, events
            As of `BackboneRequest`.
        """

    def classifier(
        self, options: Options, *, events: Events = SILENT
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Return weight (classes, dim) and bias of the head that the weights came with.

        None where there is none: the default.
        """
        return None

    def identify(
        self, name: str, module: Backbone, origin: str, options: Options
    ) -> BackboneIdentity:
        """Return the identity of a module that was just opened."""
        return BackboneIdentity(
            name=name,
            provider=self.name,
            pretrained=self.pretrained,
            origin=origin,
            hash=tensors_digest(module.state_dict()),
            options=options,
        )


BACKBONES: Registry[type[Provider]] = Registry("backbone", "landbridge.backbones")
