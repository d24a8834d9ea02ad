"""What our small nets have in common as backbones: nothing learned, a start drawn from the seed."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ..base.errors import RunError
from ..base.events import SILENT, Events
from ..base.typed import Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from .base import Backbone, BackboneRequest, LoadedBackbone, Provider
from .weights import check_arguments, merge_options, seeded


class SmallNet(Provider):
    """A provider of a network that starts at random.

    Attributes
    ----------
    net : callable
        Builds the network from its options.
    besides : tuple of str
        Options that are not the network's, but the preprocessing's.
    """

    pretrained = False
    net: ClassVar[Callable[..., Backbone]]
    besides: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def options_taken(cls) -> tuple[str, ...]:
        """Return the arguments of the net, and what stands before it."""
        return (*inspect.signature(cls.net).parameters, *cls.besides, "seed")

    def available(self) -> tuple[bool, str]:
        return True, "built in"

    @abstractmethod
    def fitted(
        self, hint: InputSpec, examples: Sequence[Examples], given: Mapping[str, Any]
    ) -> tuple[Preprocessing, Options]:
        """Return the preprocessing and the options that these examples call for.

        Parameters
        ----------
        hint : InputSpec
        examples : sequence of Examples
        given : mapping
            Options that the user, or a saved run, has fixed; they are put in place afterwards.
        """

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        given = dict(asked.options or {})
        check_arguments(type(self).net, given, f"backbone {self.name!r}")
        preprocessing, own = self.fitted(asked.hint, asked.examples, given)
        chosen = merge_options({**own, "seed": asked.seed}, given, self.name)
        module = self.restore(chosen)
        identity = self.identify(self.name, module, f"seed {chosen['seed']}", chosen)
        return LoadedBackbone(module, preprocessing, identity)

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        what = f"backbone {self.name!r} (backbone.json)"
        check_arguments(type(self).net, options, what, RunError)
        own = {key: v for key, v in options.items() if key not in ("seed", *self.besides)}
        with seeded("backbone", self.name, options["seed"]):
            return type(self).net(**own)
