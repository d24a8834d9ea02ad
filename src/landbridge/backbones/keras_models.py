"""A Keras 3 model from a .keras file, on Keras's torch backend."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..base.errors import BackboneError, MissingExtra
from ..base.events import SILENT, Events
from ..base.trust import Code, grant, require
from ..base.typed import Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from .base import BACKBONES, Backbone, BackboneRequest, LoadedBackbone, Provider
from .images import flips, photographs
from .weights import merge_options, seeded


class KerasBackbone(Backbone):
    """A Keras model without its last dense layer.

    Parameters
    ----------
    model : keras.Model
        Of one input and one output, on the torch backend.

    Notes
    -----
    Input float32, images as (n, channels, height, width) like everywhere here; output float32
    (n, dim). Variables that Keras trains are parameters, its moving statistics are buffers: they
    are the same tensors, so either side sees what the other does.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        # In a tuple: torch would register it as a child, with statistics as parameters.
        self._model = (model,)
        self._own: list[tuple[nn.Module, str, Any]] = []
        self.parts = nn.ModuleDict()
        seen: set[int] = set()
        for number, layer in enumerate(model.layers):
            own = [v for v in layer.variables if id(v) not in seen and v.value.is_floating_point()]
            seen |= {id(v) for v in own}
            if not own:
                continue
            part = nn.Module()
            for variable in own:
                name = variable.path.replace("/", "_").replace(".", "_")
                if variable.trainable:
                    part.register_parameter(name, variable.value)
                else:
                    part.register_buffer(name, variable.value.detach())
                self._own.append((part, name, variable))
            self.parts[f"{number}_{layer.name.replace('.', '_')}"] = part
        self.dim = int(model.output_shape[-1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim == 4:
            x = x.permute(0, 2, 3, 1)
        out: torch.Tensor = self._model[0](x, training=self.training)
        while out.ndim > 2:
            out = out.mean(1)
        return out.float()

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        return [
            (name, [part])
            for name, part in self.parts.items()
            if next(part.parameters(), None) is not None
        ]

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> KerasBackbone:
        """Move, and let Keras see what was replaced on the way."""
        super()._apply(fn, recurse)
        for part, name, variable in self._own:
            variable._value = getattr(part, name)
        return self


@BACKBONES.register("keras")
class KerasProvider(Provider):
    """``keras/path/to/model.keras``: images or tables.

    A last dense layer is taken off, as it was the head; ``layer`` names another one to stop at.
    Options: ``layer``; for images ``mean`` and ``std`` of the channels on the scale where white
    is 1: as default they make what Keras's own applications want, 0 to 255.

    Keras's layers are not modules of torch, so methods that look at what layers give on the way
    (head2toe, lora) cannot be used with it.

    Examples
    --------
    >>> opened = open_backbone("keras/flowers.keras", hint, [])     # doctest: +SKIP
    """

    summary = "your own Keras 3 model on the torch backend: keras/path/to/model.keras"
    modalities = ("image", "tabular")
    pretrained = True
    takes = ("path", "layer", "mean", "std")
    extra = "keras"

    def available(self) -> tuple[bool, str]:
        here = importlib.util.find_spec("keras") is not None
        return here, "keras/path/to/model.keras" if here else "keras is not installed"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        given = dict(asked.options or {})
        path = (
            Path(str(given.get("path") or asked.name.removeprefix("keras/"))).expanduser().resolve()
        )
        chosen = merge_options(
            {"path": str(path), "layer": None, "mean": None, "std": None}, given, self.name
        )
        if asked.named:
            grant(keras_code(chosen["path"]))
        body, chosen["layer"] = _body(chosen["path"], chosen["layer"])
        shape = tuple(body.input_shape[1:])
        preprocessing = _preprocessing(path, shape, asked.hint, asked.examples, chosen)
        module = KerasBackbone(body)
        identity = self.identify(f"keras/{path}", module, str(path), chosen)
        return LoadedBackbone(module, preprocessing, identity)

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        return KerasBackbone(_body(options["path"], options["layer"])[0])


def keras_code(path: str) -> Code:
    """Return what opening a file runs: Keras makes the objects that the file names.

    Raises
    ------
    BackboneError
        Where there is no such file.
    """
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise BackboneError(f"{file} is not there", hint="give the path of a .keras file")
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    return Code(f"keras/{file}", str(file), {file.name: found})


def _keras() -> Any:
    """Import Keras on torch.

    Raises
    ------
    MissingExtra
        Where it is not installed.
    BackboneError
        Where it was imported on another backend before.
    """
    if importlib.util.find_spec("keras") is None:
        raise MissingExtra("keras", "keras")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    if keras.backend.backend() != "torch":
        raise BackboneError(
            f"Keras runs on {keras.backend.backend()!r} here, and has to run on torch",
            hint="set KERAS_BACKEND=torch before Keras is first imported",
        )
    return keras


def _body(path: str | Path, layer: str | None) -> tuple[Any, str]:
    """Return the model up to a layer, and its name; as default without a last dense layer."""
    path = Path(path)
    require(keras_code(str(path)))  # before Keras is imported
    keras = _keras()
    try:
        with seeded("backbone", "keras"):
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackboneError(
            f"{path} cannot be opened by Keras {keras.__version__}: {first}",
            hint="save it again with model.save('name.keras'); register layers of your own",
        ) from error
    names = [one.name for one in model.layers]
    if layer is None:
        last = model.layers[-1]
        layer = names[-2] if isinstance(last, keras.layers.Dense) and len(names) > 2 else names[-1]
    if layer not in names:
        raise BackboneError(
            f"{path} has no layer {layer!r}", hint=f"its layers: {', '.join(names)}"
        )
    if len(model.inputs) != 1:
        raise BackboneError(
            f"{path} has {len(model.inputs)} inputs, expected one", hint="save the part with one"
        )
    return keras.Model(model.inputs, model.get_layer(layer).output), layer


def _preprocessing(
    path: Path,
    shape: tuple[int | None, ...],
    hint: InputSpec,
    examples: Sequence[Examples],
    options: Options,
) -> Preprocessing:
    if hint.modality == "tabular":
        from ..domains.modalities.tabular import TablePreprocessing

        made = TablePreprocessing.fit(list(examples))
        if len(shape) != 1 or shape[0] not in (None, *made.shape):
            raise BackboneError(
                f"{path} takes shape {shape}, and these rows are {made.shape} once their columns "
                "are encoded (categories one-hot, missing values marked)",
                hint="make the model for that, or use --backbone mlp",
            )
        return made
    from ..domains.modalities.image import ImagePreprocessing

    if len(shape) != 3 or shape[2] not in (1, 3):
        raise BackboneError(
            f"{path} takes shape {shape}, expected (height, width, 1 or 3)",
            hint="give a model for images, channels last",
        )
    height, width = shape[0] or max(hint.height, 32), shape[1] or max(hint.width, 32)
    channels = shape[2]
    options["mean"] = list(options["mean"] or (0.0,) * channels)
    options["std"] = list(options["std"] or (1 / 255,) * channels)
    large = photographs(hint)
    return ImagePreprocessing(
        height=int(height),
        width=int(width),
        channels=channels,
        mean=tuple(options["mean"]),
        std=tuple(options["std"]),
        resize="crop" if large else "stretch",
        crop_fraction=0.875 if large else 1.0,
        flip=flips(hint),
    )
