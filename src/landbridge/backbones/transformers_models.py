"""Any encoder of Hugging Face transformers: a hub id or a folder with config.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError, MissingExtra
from ..base.events import SILENT, Events
from .base import BACKBONES, Asked, Backbone, Opened, Provider
from .hub import ModelFolder, hub_folder, local_folder, read_config
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

    def open(self, asked: Asked) -> Opened:
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
        whole, config = _config(folder.path, family)
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
        return Opened(
            module, preprocessing, self.identify(asked.name, module, folder.origin, chosen)
        )

    def restore(
        self,
        options: dict[str, Any],
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        if weights:
            folder = _folder(options["source"], options["revision"], offline, events)
            return self._load(folder, options)
        from transformers import AutoModel

        config = _made(options["config"])
        with seeded("backbone", self.name):
            model = AutoModel.from_config(config, trust_remote_code=False)
        return FAMILIES[options.get("modality", "image")].wrap(_encoder(model), options)

    def _load(self, folder: ModelFolder, options: Mapping[str, Any]) -> Backbone:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoModel

        safe = any(folder.path.glob("model*.safetensors"))
        _check_size(folder, options["config"])
        try:
            # Layers that the checkpoint lacks start at random before they are dropped or refused.
            with seeded("backbone", self.name), quietly():
                model, info = AutoModel.from_pretrained(
                    folder.path,
                    config=_made(options["config"]),
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
                do="these would start at random: give a complete model",
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
            do="give another model; one of several inputs, or of patches, is not known here",
        ) from error


def _check_size(folder: ModelFolder, config: Mapping[str, Any]) -> None:
    """Refuse a configuration of far more numbers than the weights hold, before any is made.

    Raises
    ------
    BackboneError
        Where a file of a few bytes asks for gigabytes.
    """
    import torch
    from transformers import AutoModel

    files = (*folder.path.glob("*.safetensors"), *folder.path.glob("*.bin"))
    held = sum(file.stat().st_size for file in files)
    deep = {k: v for k, v in config.items() if "layer" in k or "depth" in k}
    for key, value in deep.items():
        if any(
            isinstance(n, int) and n > _DEEPEST
            for n in (value if isinstance(value, list) else [value])
        ):
            raise BackboneError(
                f"{folder.path / 'config.json'} has {key} = {value!r}, expected at most "
                f"{_DEEPEST:,}",
                do="get the model again",
            )
    try:
        with torch.device("meta"), seeded("size"), quietly():
            made = AutoModel.from_config(_made(config), trust_remote_code=False)
    except _strange() as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackboneError(
            f"{folder.path / 'config.json'} is not the configuration of a network: {first}",
            do="correct it there, or get the model again",
        ) from error
    numbers = sum(tensor.numel() for tensor in made.state_dict().values())
    if numbers > _PLAIN + 4 * held:  # two numbers a byte in the tightest format, and a head
        raise BackboneError(
            f"{folder.path / 'config.json'} speaks of {numbers:,} numbers, and the weights beside "
            f"it have {held:,} bytes",
            do="check that both belong together, or get the model again",
        )


_PLAIN = 100_000_000
"""Numbers that are made without asking."""
_DEEPEST = 2_000


def _strange() -> tuple[type[Exception], ...]:
    """Return what a class of transformers makes of a configuration that is none."""
    from huggingface_hub.errors import StrictDataclassError

    return (
        *(ValueError, TypeError, LookupError, AttributeError, RuntimeError, ArithmeticError),
        *(AssertionError, OSError, StrictDataclassError),
    )


@contextmanager
def quietly() -> Iterator[None]:
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


def without_types(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration without the number format of its file: all is float32 here."""
    return {
        k: without_types(v) if isinstance(v, Mapping) else v
        for k, v in config.items()
        if k not in ("dtype", "torch_dtype")
    }


def without_kernels(config: Any) -> Any:
    """Return a configuration of transformers that names no kernel of the hub.

    A kernel ("owner/name" as the implementation of attention or experts) is code that would be
    downloaded and run; every architecture computes the same without it.
    """
    for part in (config, *(getattr(config, key, None) for key in config.sub_configs)):
        for key in ("_attn_implementation_internal", "_experts_implementation_internal"):
            if "/" in str(getattr(part, key, None)):
                setattr(part, key, None)
    return config


def _made(values: Mapping[str, Any]) -> Any:
    from transformers import AutoConfig

    config = without_types(values)
    return without_kernels(AutoConfig.for_model(config.pop("model_type"), **config))


def _folder(
    source: str, revision: str | None, offline: bool, events: Events, *, whole: bool = False
) -> ModelFolder:
    path = Path(source).expanduser()
    if path.is_dir():
        return local_folder(path.resolve())
    if path.is_absolute() or source.startswith((".", "~")):
        raise BackboneError(
            f"{source} is not a folder", do="give a folder with config.json, or hf/<hub id>"
        )
    return hub_folder(source, revision, offline=offline, events=events, whole=whole)


def _config(path: Path, family: Family) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the configuration of the model's part for a modality: all of it, and as kept.

    What is kept lacks the names of the original head's classes.

    Raises
    ------
    BackboneError
        Where the model is unknown to transformers, or takes something else.
    """
    from transformers import MODEL_MAPPING, AutoConfig

    try:
        config = AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
        config = getattr(config, family.part, config)  # CLIP, SigLIP, CLAP: one tower
        kind = MODEL_MAPPING[type(config)]
    except _strange() as error:
        file = path / "config.json"
        if "architecture" in (said := read_config(file)) and "model_type" not in said:
            raise BackboneError(
                f"{file} is of timm's layout: {said['architecture']!r}",
                do=f"write timm/{said['architecture']}:{path / 'model.safetensors'}",
            ) from error
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackboneError(
            f"{file} is not a model that transformers knows: {first}",
            do="give a model that needs no code of its own; a newer transformers may know it "
            "(pip install -U transformers)",
        ) from error
    if getattr(config, "quantization_config", None):
        raise BackboneError(
            f"{path / 'config.json'} has a quantization_config: its weights are packed",
            do="give the model as it was before: float32, bfloat16 or float16",
        )
    takes = getattr(kind[0] if isinstance(kind, tuple) else kind, "main_input_name", "")
    if takes not in family.takes:
        raise BackboneError(
            f"{path} holds a {config.model_type!r} model, which takes {takes}, expected "
            f"{' or '.join(family.takes)} ({family.noun})",
            do=f"give a model for {family.noun}",
        )
    values = config.to_diff_dict()
    values["model_type"] = config.model_type
    for task in ("id2label", "label2id", "num_labels", "problem_type", "_name_or_path"):
        values.pop(task, None)
    return config.to_dict(), values


def _encoder(model: Any) -> Any:
    """Return the encoder of an encoder-decoder, whose decoder has no part in features."""
    config = model.config
    return model.get_encoder() if getattr(config, "is_encoder_decoder", False) else model
