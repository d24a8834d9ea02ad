"""The network of a finished run as θ₀ of another: what it has learned is reused like any other."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from ..artifacts.making import check_finished, is_sealed, kind_of
from ..base.errors import BackboneError, RunError
from ..base.events import SILENT, Events
from ..base.files import read_json
from ..base.hashing import tensors_digest
from ..base.typed import JsonObject, Options, checked
from ..domains.examples import data_of
from ..domains.modalities.base import load_preprocessing
from .base import BACKBONES, Backbone, BackboneIdentity, BackboneRequest, LoadedBackbone, Provider
from .weights import merge_options, read_tensors

_PREFIX = "backbone."


@BACKBONES.register("run")
class RunProvider(Provider):
    """``run/path/of/a/run``: a run, or what `landbridge multitask` or `align` made.

    The head is left behind; inputs are prepared as that run prepared them. Options: ``path``.

    Examples
    --------
    >>> opened = open_backbone("run/runs/photos", hint, [])             # doctest: +SKIP
    """

    summary = "the network of a finished run, without its head: run/path"
    modalities = ("image", "text", "audio", "tabular", "several")
    pretrained = True
    takes = ("path", "of")

    def available(self) -> tuple[bool, str]:
        return True, "run/path/of/a/run"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        given = dict(asked.options or {})
        path = (
            Path(str(given.get("path") or asked.name.removeprefix("run/"))).expanduser().resolve()
        )
        _check(path)
        saved = BackboneIdentity.from_dict(read_json(path / "backbone.json"))
        chosen = merge_options({"path": str(path), "of": saved.to_dict()}, given, self.name)
        preprocessing = load_preprocessing(read_json(path / "preprocessor.json"))
        if asked.hint.modality != preprocessing.modality:
            raise BackboneError(
                f"the run {path} takes {data_of(preprocessing.modality)}, the data hold "
                f"{data_of(asked.hint.modality)}",
                hint="give a run of the same modality",
            )
        module = self.restore(chosen, offline=asked.offline, events=asked.events)
        identity = self.identify(f"run/{path}", module, str(path), chosen)
        return LoadedBackbone(module, preprocessing.forbidding(asked.offline), identity)

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        saved = BackboneIdentity.from_dict(options["of"])
        if saved.provider not in BACKBONES:
            raise BackboneError(
                f"the run was made with the provider {saved.provider!r}, which is not installed",
                hint="install the package that registers it",
            )
        provider = BACKBONES.get(saved.provider)()
        if not weights:
            return provider.restore(saved.options, weights=False, offline=offline, events=events)
        path = Path(options["path"]) / "model.safetensors"
        delta = _body(path)
        # Where every tensor is in the run, nothing else is read or downloaded.
        module = provider.restore(saved.options, weights=False, offline=offline, events=events)
        own = module.state_dict()
        if set(own) - set(delta):
            module = provider.restore(saved.options, offline=offline, events=events)
            own = module.state_dict()
        misfit = [k for k, v in delta.items() if k not in own or own[k].shape != v.shape]
        if misfit:
            raise RunError(
                f"{path} does not fit its backbone.json: {misfit[:3]}", hint="restore it"
            )
        module.load_state_dict({**own, **delta})
        return module


def _check(path: Path) -> None:
    """Check a folder as `landbridge.load` does: finished, sealed, every file as it was written.

    Raises
    ------
    BackboneError
        Where it has no network.
    RunError
        Where it is not finished, or a file is missing or was changed.
    """
    sealed = is_sealed(path)
    if sealed:
        check_finished(path)
    if not (path / "backbone.json").is_file() or (not sealed and kind_of(path) == "run"):
        raise BackboneError(f"{path} is no finished run", hint="give the folder of one: run/path")
    if not sealed:  # of an older version; of the tensors it says the hash all the same
        check_finished(path, older="backbone.json")
        file = path / "model.safetensors"
        if tensors_digest(read_tensors(file)) != _facts(file).get("result"):
            raise RunError(f"{file} was changed", hint="restore the folder")


def _facts(file: Path) -> JsonObject:
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        said = (opened.metadata() or {}).get("landbridge", "{}")
    try:
        found: JsonObject = checked(json.loads(said), {str: object}, str(file))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{file} is damaged: {error}", hint="restore the folder") from error
    return found


def _body(path: Path) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(_PREFIX): tensor
        for name, tensor in read_tensors(path).items()
        if name.startswith(_PREFIX)
    }
