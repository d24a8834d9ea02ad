"""Image models of timm: over a thousand, by name."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError, MissingExtra
from ..base.events import SILENT, Events
from ..base.typed import Options
from .base import BACKBONES, Backbone, BackboneRequest, LoadedBackbone, Provider
from .hub import hub_folder
from .images import Interpolation, imagenet_crop
from .weights import merge_options, read_tensors, seeded
from .wrapped import WrappedModule


@BACKBONES.register("timm")
class TimmProvider(Provider):
    """``timm/<name>`` or ``timm/<name>:/path/weights.safetensors``.

    Weights come from the file, or from the hub, whose size is said first and which `offline`
    forbids. Options: ``architecture``, ``weights`` (path; None for the hub), ``revision`` (commit
    of the hub), ``pretrained`` (False: random start), ``size`` (height and width in pixels),
    ``seed``.

    Examples
    --------
    >>> opened = open_backbone("timm/resnet18.a1_in1k", hint, [])    # doctest: +SKIP
    """

    summary = "image models of timm: timm/<name>, timm/<name>:/path/weights.safetensors"
    modalities = ("image",)
    pretrained = True
    takes = ("architecture", "weights", "revision", "pretrained", "size", "seed")
    extra = "vision"

    def available(self) -> tuple[bool, str]:
        here = importlib.util.find_spec("timm") is not None
        return here, "hub models once they are cached" if here else "timm is not installed"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        timm = _timm()
        given = dict(asked.options or {})
        written, _, file = asked.name.removeprefix("timm/").partition(":")
        architecture = str(given.get("architecture") or written)
        if not timm.is_model(architecture):
            near = timm.list_models(f"*{architecture.partition('.')[0][:8]}*")[:5]
            raise BackboneError(
                f"timm {timm.__version__} has no model {architecture!r}",
                hint=f"near it: {', '.join(near)}" if near else "see timm.list_models()",
            )
        found = timm.get_pretrained_cfg(architecture)
        size = list(found.input_size[1:])
        chosen = merge_options(
            {
                "architecture": architecture,
                "weights": str(Path(file).expanduser().resolve()) if file else None,
                "revision": None,
                "pretrained": True,
                "size": size,
                "seed": asked.seed,
            },
            given,
            self.name,
        )
        if isinstance(chosen["size"], int):
            chosen["size"] = [chosen["size"]] * 2
        origin = f"seed {chosen['seed']}"
        if chosen["pretrained"]:
            if not chosen["weights"]:
                repo = getattr(found, "hf_hub_id", None)
                if not repo:
                    raise BackboneError(
                        f"timm has no weights for {architecture!r}",
                        hint="give pretrained=false, or a name with a tag (timm.list_pretrained())",
                    )
                folder = hub_folder(
                    repo, chosen["revision"], offline=asked.offline, events=asked.events
                )
                chosen["revision"], origin = folder.revision, folder.origin
            else:
                origin = chosen["weights"]
        module = self.restore(chosen, offline=asked.offline, events=asked.events)
        preprocessing = imagenet_crop(
            asked.hint,
            size=chosen["size"][0],
            mean=tuple(found.mean),
            std=tuple(found.std),
            crop_fraction=float(found.crop_pct or 0.875),
            interpolation=_interpolation(found.interpolation),
        )
        preprocessing = replace(preprocessing, width=chosen["size"][1])
        if getattr(found, "crop_mode", "center") == "squash" and preprocessing.resize == "crop":
            preprocessing = replace(preprocessing, resize="stretch")
        identity = self.identify(f"timm/{architecture}", module, origin, chosen)
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
        timm = _timm()
        architecture, path = options["architecture"], options["weights"]
        if weights and options["pretrained"] and not path:
            repo = timm.get_pretrained_cfg(architecture).hf_hub_id
            folder = hub_folder(repo, options["revision"], offline=offline, events=events)
            path = folder.path / "model.safetensors"
        given: dict[str, object] = {}
        if weights and options["pretrained"]:
            read_tensors(Path(path))  # names a missing or damaged file as every provider does
            given = {"pretrained": True, "pretrained_cfg_overlay": {"file": str(path)}}
        if list(options["size"]) != list(timm.get_pretrained_cfg(architecture).input_size[1:]):
            given["img_size"] = tuple(options["size"])
        model = _make(timm, architecture, options["seed"], given)
        return WrappedModule(model, (3, *options["size"]), called=f"timm/{architecture}")


def _make(timm: Any, architecture: str, seed: int, given: dict[str, object]) -> Any:
    with seeded("backbone", "timm", seed):
        try:
            return timm.create_model(architecture, num_classes=0, **given)
        except TypeError:  # convolutional networks take any size, and not the option
            given.pop("img_size", None)
            return timm.create_model(architecture, num_classes=0, **given)
        except (RuntimeError, ValueError, KeyError) as error:
            raise BackboneError(
                f"timm/{architecture} cannot be made: {error}",
                hint="check that the weights belong to it, and the size",
            ) from error


def _timm() -> Any:
    if importlib.util.find_spec("timm") is None:
        raise MissingExtra("timm", "vision")
    try:
        import timm
    except (ImportError, RuntimeError) as error:
        raise BackboneError(
            f"timm does not import: {(str(error).splitlines() or [''])[0]}",
            hint="it needs the torchvision that was built for this torch: pip install "
            "--force-reinstall torchvision",
        ) from error
    return timm


def _interpolation(name: str) -> Interpolation:
    """Return the filter; "random" is what training drew from, and bicubic is in it."""
    modes: dict[str, Interpolation] = {
        "nearest": "nearest",
        "bilinear": "bilinear",
        "box": "box",
        "hamming": "hamming",
        "lanczos": "lanczos",
    }
    return modes.get(name, "bicubic")
