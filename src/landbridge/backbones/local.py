"""Your own module: a function that makes it, or the module itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from ..base.code import find_code
from ..base.errors import ConfigError
from ..base.events import SILENT, Events
from ..base.trust import grant
from ..base.typed import JsonObject, Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from .base import BACKBONES, Backbone, BackboneRequest, LoadedBackbone, Provider
from .custom_code import HELD, factory, held
from .images import IMAGENET_MEAN, IMAGENET_STD, flips, photographs
from .weights import merge_options, seeded
from .wrapped import WrappedModule

_RATE = 16000
_PHOTOGRAPH = 224
_SMALL = 64


@BACKBONES.register("local")
class LocalProvider(Provider):
    """``local/path/to/file.py:function``, ``local/package.module:function``, or a module.

    The function takes no arguments and returns an `nn.Module`, with its weights. In Python the
    module itself may be given: ``landbridge.transfer(..., backbone=module)``.

    Options: ``cut`` (name of the old head, which is taken off), ``pretrained`` (True: it knows
    something already; False: it starts at random, and the run keeps it whole); for images ``size``
    ([height, width]), ``channels``, ``mean`` and ``std`` (of the channels, 0 to 1; ImageNet's for
    colour, 0.5 for grey); for sound ``rate`` (16000) and ``seconds``; ``seed``.

    Examples
    --------
    >>> from torch import nn
    >>> import landbridge
    >>> net = nn.Sequential(nn.Linear(13, 32), nn.ReLU())
    >>> run = landbridge.transfer(                                 # doctest: +SKIP
    ...     None, "heart.csv", backbone=net, backbone_options={"pretrained": False}
    ... )
    """

    summary = "your own torch module: local/file.py:function, or the module itself in Python"
    modalities = ("image", "tabular", "audio")
    pretrained = True
    takes = (
        *("spec", "cut", "pretrained", "seed", "shape"),
        *("size", "channels", "mean", "std", "rate", "seconds"),
    )

    def available(self) -> tuple[bool, str]:
        return True, "local/path/to/file.py:function"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        given = dict(asked.options or {})
        spec = str(given.get("spec") or asked.name.removeprefix("local/"))
        if not spec.startswith(HELD):
            code = find_code(spec).code
            if asked.named:
                grant(code)
            spec = code.what.removeprefix("local/")
        own = _inputs_of(asked.hint)
        chosen = merge_options(
            {
                "spec": spec,
                "cut": None,
                "pretrained": True,
                "seed": asked.seed,
                **own,
                "shape": None,
            },
            {**given, "spec": spec},
            self.name,
        )
        preprocessing = _preprocessing(asked.hint, asked.examples, chosen)
        chosen["shape"] = list(preprocessing.shape)
        module = self.restore(chosen)
        identity = self.identify(f"local/{spec}", module, spec, chosen)
        return LoadedBackbone(
            module, preprocessing, replace(identity, pretrained=chosen["pretrained"])
        )

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        spec = options["spec"]
        with seeded("backbone", self.name, options["seed"]):
            made: nn.Module = (
                held(spec.removeprefix(HELD)) if spec.startswith(HELD) else factory(spec)
            )
        return WrappedModule(made, options["shape"], cut=options["cut"], called=f"local/{spec}")


def _inputs_of(hint: InputSpec) -> JsonObject:
    if hint.modality == "image":
        large = photographs(hint)
        size = (_PHOTOGRAPH,) * 2 if large else (min(hint.height, _SMALL), min(hint.width, _SMALL))
        return {
            "size": list(size),
            "channels": 1 if hint.channels == 1 else 3,
            "mean": None,
            "std": None,
        }
    return {"rate": _RATE, "seconds": None} if hint.modality == "audio" else {}


def _preprocessing(
    hint: InputSpec, examples: Sequence[Examples], options: Options
) -> Preprocessing:
    if hint.modality == "tabular":
        from ..domains.modalities.tabular import TablePreprocessing

        return TablePreprocessing.fit(list(examples))
    if hint.modality == "audio":
        from .sound_input import sound_preprocessing

        made = sound_preprocessing(hint, options["rate"], seconds=options["seconds"])
        options["seconds"] = made.samples / options["rate"]
        return made
    from ..domains.modalities.image import ImagePreprocessing

    channels, size = options["channels"], options["size"]
    size = [size, size] if isinstance(size, int) else size
    grey = (0.5,) * channels
    mean = options["mean"] or (IMAGENET_MEAN if channels == 3 else grey)
    std = options["std"] or (IMAGENET_STD if channels == 3 else grey)
    if len(mean) != channels or len(std) != channels or len(size) != 2:
        raise ConfigError(
            f"backbone 'local': size {size}, {len(mean)} means and {len(std)} deviations for "
            f"{channels} channels",
            hint="give size=[height, width] and one mean and std a channel",
        )
    options |= {"mean": list(mean), "std": list(std), "size": list(size)}
    return ImagePreprocessing(
        height=size[0],
        width=size[1],
        channels=channels,
        mean=tuple(mean),
        std=tuple(std),
        resize="crop" if photographs(hint) else "stretch",
        crop_fraction=0.875 if photographs(hint) else 1.0,
        flip=flips(hint),
    )
