"""Any image model of Hugging Face transformers: a hub id or a folder with config.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..base.errors import BackboneError, MissingExtra
from ..base.events import SILENT, Events
from ..domains.examples import Examples, InputHint
from .base import BACKBONES, Opened, Provider
from .hub import ModelFolder, hub_folder, local_folder
from .weights import merge_options, seeded

if TYPE_CHECKING:
    from .transformers_body import TransformersBackbone


@BACKBONES.register("hf")
class TransformersProvider(Provider):
    """``hf/<hub id>``, ``hf/<hub id>@<revision>``, or a folder in Hugging Face's layout.

    Options: ``source`` (hub id or folder), ``revision`` (commit of a hub id), ``config`` (the
    model's own configuration), ``channels`` and ``size`` of an input, ``flip_channels`` (for
    networks that want blue first), ``interpolate`` (position embeddings for another image
    size than the configured one), ``transformers`` (the version that opened it; others may
    name tensors otherwise).

    No remote code is ever run, safetensors are preferred, and a download is announced with
    its size before it starts.

    Examples
    --------
    >>> opened = TransformersProvider().open(                       # doctest: +SKIP
    ...     "hf/facebook/dinov2-small", hint, [], offline=True
    ... )
    """

    summary = "image models of Hugging Face: a hub id or a local folder"
    modalities = ("image",)
    pretrained = True

    def available(self) -> tuple[bool, str]:
        return True, "local folders with config.json, and hub models once they are cached"

    def open(
        self,
        name: str,
        hint: InputHint,
        examples: Sequence[Examples],
        *,
        seed: int = 0,
        options: dict[str, Any] | None = None,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Opened:
        import transformers

        from .transformers_input import image_preprocessing

        given = dict(options or {})
        source = given.get("source") or name.removeprefix("hf/")
        revision = given.get("revision")
        if not Path(source).is_dir() and "@" in source:
            source, _, revision = source.rpartition("@")
        folder = _folder(source, revision, offline, events)
        if folder.revision is None:  # a relative path means nothing elsewhere, or a hub id
            source = str(folder.path)
        preprocessing, flip_channels = image_preprocessing(
            folder.preprocessor(), folder.config(), hint, folder.origin
        )
        config = _image_config(folder.path)
        size = config.get("image_size")
        configured = tuple(size) if isinstance(size, list | tuple) else (size, size)
        chosen = merge_options(
            {
                "source": source,
                "revision": folder.revision,
                "config": config,
                "channels": preprocessing.shape[0],
                "size": list(preprocessing.shape[1:]),
                "flip_channels": flip_channels,
                "interpolate": size is not None and configured != preprocessing.shape[1:],
                "transformers": transformers.__version__,
            },
            given,
            self.name,
        )
        module = self._load(folder, chosen)
        return Opened(module, preprocessing, self.identify(name, module, folder.origin, chosen))

    def restore(
        self,
        options: dict[str, Any],
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> TransformersBackbone:
        if weights:
            folder = _folder(options["source"], options["revision"], offline, events)
            return self._load(folder, options)
        from transformers import AutoConfig, AutoModel

        config = dict(options["config"])
        with seeded("backbone", self.name):
            model = AutoModel.from_config(AutoConfig.for_model(config.pop("model_type"), **config))
        return _wrap(model, options)

    def _load(self, folder: ModelFolder, options: Mapping[str, Any]) -> TransformersBackbone:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoConfig, AutoModel

        config = dict(options["config"])
        safe = any(folder.path.glob("model*.safetensors"))
        try:
            # Layers that the checkpoint lacks start at random before they are dropped or refused.
            with seeded("backbone", self.name), _quietly():
                model, info = AutoModel.from_pretrained(
                    folder.path,
                    config=AutoConfig.for_model(config.pop("model_type"), **config),
                    dtype=torch.float32,
                    use_safetensors=safe,
                    local_files_only=True,
                    trust_remote_code=False,
                    output_loading_info=True,
                )
        except ImportError as error:
            what = f"{folder.origin} ({error.name or 'an optional package'})"
            raise MissingExtra(what, "vision") from error
        except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
            raise BackboneError(
                f"{folder.origin} cannot be loaded: {error}",
                do="check that config.json and the weights belong together, or get them again",
            ) from error
        module = _wrap(model, options)
        # Old checkpoints lack the batch counters, which nothing here reads.
        own = {k for k in module.model.state_dict() if not k.endswith("num_batches_tracked")}
        missing = sorted(set(info["missing_keys"]) & own)
        misshapen = sorted(str(key) for key in info.get("mismatched_keys", ()))
        if missing or misshapen:
            raise BackboneError(
                f"{folder.origin} lacks weights for {', '.join((missing + misshapen)[:5])}",
                do="these would start at random: give a complete model",
            )
        return module


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep transformers from reporting on a load: what matters of it is an error here."""
    from transformers.utils import logging

    before, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bar:
            logging.enable_progress_bar()


def _folder(source: str, revision: str | None, offline: bool, events: Events) -> ModelFolder:
    path = Path(source).expanduser()
    if path.is_dir():
        return local_folder(path.resolve())
    if path.is_absolute() or source.startswith((".", "~")):
        raise BackboneError(
            f"{source} is not a folder", do="give a folder with config.json, or hf/<hub id>"
        )
    return hub_folder(source, revision, offline=offline, events=events)


def _image_config(path: Path) -> dict[str, Any]:
    """Return the configuration of the model's image part, without the names of its classes.

    Raises
    ------
    BackboneError
        Where the model is unknown to transformers, or does not take images.
    """
    from transformers import MODEL_MAPPING, AutoConfig

    try:
        config = AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
        config = getattr(config, "vision_config", config)  # CLIP, SigLIP: the image tower
        kind = MODEL_MAPPING[type(config)]
    except (KeyError, ValueError, OSError) as error:
        raise BackboneError(
            f"{path / 'config.json'} is not a model that transformers knows: {error}",
            do="use a model that needs no code of its own",
        ) from error
    takes = getattr(kind[0] if isinstance(kind, tuple) else kind, "main_input_name", "")
    if takes != "pixel_values":
        raise BackboneError(
            f"{path} holds a {config.model_type!r} model, which takes {takes}, expected "
            "pixel_values (images)",
            do="give an image model",
        )
    values = config.to_diff_dict()
    values["model_type"] = config.model_type
    for task in ("id2label", "label2id", "num_labels", "problem_type", "_name_or_path"):
        values.pop(task, None)
    return values


def _wrap(model: Any, options: Mapping[str, Any]) -> TransformersBackbone:
    from .transformers_body import TransformersBackbone

    return TransformersBackbone(
        model,
        options["channels"],
        options["size"],
        flip_channels=options["flip_channels"],
        interpolate=options["interpolate"],
    )
