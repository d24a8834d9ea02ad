"""Any encoder of Hugging Face transformers: a hub id or a folder with config.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError, MissingExtra
from ..base.events import SILENT, Events
from ..base.libraries import library_errors
from ..base.typed import Options
from .base import BACKBONES, Backbone, BackboneRequest, LoadedBackbone, Provider
from .hub import ModelFolder, hub_folder, local_folder
from .transformers_config import check_size, config_of, made_config, quietly
from .transformers_families import FAMILIES, Family
from .weights import merge_options, seeded


@BACKBONES.register("hf")
class TransformersProvider(Provider):
    """``hf/<hub id>``, ``hf/<hub id>@<revision>``, or a folder in Hugging Face's layout.

    Options: ``modality``, ``source`` (hub id or folder), ``revision`` (commit of a hub id),
    ``config`` (the model's own configuration), ``transformers`` (the version that opened it;
    others may name tensors otherwise); for images ``channels`` and ``size`` of an input,
    ``flip_channels`` (for networks that want blue first), ``interpolate`` (position embeddings
    for another image size than the configured one); for texts ``length`` in tokens, ``cut``
    ("head", "head+tail" or "tail": what is kept of longer texts), ``pooling`` (see `TextBackbone`),
    ``layers`` behind it, ``prompt`` before every text, ``skip`` (its tokens, which the pooling
    leaves out), ``lower`` (case), ``pad``; for sound ``seconds``, ``rate``, ``front`` (of filter
    banks), ``normalise``, ``masked``.

    No remote code is ever run, safetensors are preferred, and a download is announced with
    its size before it starts.

    Examples
    --------
    >>> opened = open_backbone(                       # doctest: +SKIP
    ...     "hf/facebook/dinov2-small", hint, [], offline=True
    ... )
    """

    summary = "models of Hugging Face: a hub id or a local folder"
    modalities = tuple(FAMILIES)
    pretrained = True

    @classmethod
    def options_taken(cls) -> tuple[str, ...]:
        """Return those of every family."""
        own = ("modality", "source", "revision", "config", "transformers")
        return (*own, *(name for family in FAMILIES.values() for name in family.options))

    def available(self) -> tuple[bool, str]:
        return True, "local folders with config.json, and hub models once they are cached"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        import transformers

        given = dict(asked.options or {})
        source = given.get("source") or asked.name.removeprefix("hf/")
        revision = given.get("revision")
        if not Path(source).is_dir() and "@" in source:
            source, _, revision = source.rpartition("@")
        fixed = "pooling" in given  # a saved run's options: nothing is to be found out
        folder = _folder(source, revision, asked.offline, asked.events, whole=not fixed)
        if folder.revision is None:  # a relative path means nothing elsewhere, or a hub id
            source = str(folder.root)
        family = FAMILIES[asked.hint.modality]
        whole, config = config_of(folder.path, family)
        preprocessing, own = family.inputs(folder, whole, asked.hint, asked.examples, given)
        chosen = merge_options(
            {
                "modality": asked.hint.modality,
                "source": source,
                "revision": folder.revision,
                "config": config,
                **own,
                "transformers": transformers.__version__,
            },
            given,
            self.name,
        )
        module = self._load(folder, chosen)
        return LoadedBackbone(
            module, preprocessing, self.identify(asked.name, module, folder.origin, chosen)
        )

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        if weights:
            folder = _folder(options["source"], options["revision"], offline, events)
            return self._load(folder, options)
        from transformers import AutoModel

        config = made_config(options["config"])
        with seeded("backbone", self.name):
            model = AutoModel.from_config(config, trust_remote_code=False)
        return FAMILIES[options.get("modality", "image")].wrap(_encoder(model), options)

    def _load(self, folder: ModelFolder, options: Mapping[str, Any]) -> Backbone:
        import torch
        from transformers import AutoModel

        safe = any(folder.path.glob("model*.safetensors"))
        check_size(folder, options["config"])
        try:
            # Layers that the checkpoint lacks start at random before they are dropped or refused.
            cannot = library_errors(
                BackboneError,
                f"{folder.origin} cannot be loaded",
                hint="check that config.json and the weights belong together, or get them again",
            )
            with seeded("backbone", self.name), quietly(), cannot:
                model, info = AutoModel.from_pretrained(
                    folder.path,
                    config=made_config(options["config"]),
                    dtype=torch.float32,
                    use_safetensors=safe,
                    local_files_only=True,
                    trust_remote_code=False,
                    output_loading_info=True,
                )
        except ImportError as error:
            what = f"{folder.origin} ({error.name or 'an optional package'})"
            raise MissingExtra(what, "vision") from error
        encoder = _encoder(model)
        lacking = {key.removeprefix("encoder.") for key in info["missing_keys"]}
        lacking = lacking if encoder is not model else set(info["missing_keys"])
        family = FAMILIES[options.get("modality", "image")]
        module = _wrapped(family, encoder, options, folder.origin)
        family.load(module, folder, options)
        # Old checkpoints lack the batch counters, which nothing here reads.
        own = {k for k in encoder.state_dict() if not k.endswith("num_batches_tracked")}
        missing = sorted(lacking & own)
        misshapen = sorted(str(key) for key in info.get("mismatched_keys", ()))
        if missing or misshapen:
            raise BackboneError(
                f"{folder.origin} lacks weights for {', '.join((missing + misshapen)[:5])}",
                hint="these would start at random: give a complete model",
            )
        return module


def _wrapped(family: Family, encoder: Any, options: Mapping[str, Any], origin: str) -> Backbone:
    """Return the module round a network, which may not take what such networks usually take."""
    try:
        return family.wrap(encoder, options)
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackboneError(
            f"{origin} does not take {family.noun} as such networks do: {first}",
            hint="give another model; one of several inputs, or of patches, is not known here",
        ) from error


def _folder(
    source: str, revision: str | None, offline: bool, events: Events, *, whole: bool = False
) -> ModelFolder:
    path = Path(source).expanduser()
    if path.is_dir():
        return local_folder(path.resolve())
    if path.is_absolute() or source.startswith((".", "~")):
        raise BackboneError(
            f"{source} is not a folder", hint="give a folder with config.json, or hf/<hub id>"
        )
    return hub_folder(source, revision, offline=offline, events=events, whole=whole)


def _encoder(model: Any) -> Any:
    """Return the encoder of an encoder-decoder, whose decoder has no part in features."""
    config = model.config
    return model.get_encoder() if getattr(config, "is_encoder_decoder", False) else model
