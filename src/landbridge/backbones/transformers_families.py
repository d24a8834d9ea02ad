"""What kinds of transformers models there are, by what they take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..base.typed import JsonObject, Options
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from .base import Backbone
from .hub import ModelFolder, number_in


class Family(ABC):
    """Models of one modality.

    Attributes
    ----------
    takes : tuple of str
        Names of the first input of such models' ``forward``.
    noun : str
        What they take, in messages.
    part : str
        The configuration of this modality's tower in a model of several.
    """

    takes: ClassVar[tuple[str, ...]]
    options: ClassVar[tuple[str, ...]]
    noun: ClassVar[str]
    part: ClassVar[str]

    @abstractmethod
    def inputs(
        self,
        folder: ModelFolder,
        config: Mapping[str, Any],
        hint: InputSpec,
        examples: Sequence[Examples],
        given: Mapping[str, Any],
    ) -> tuple[Preprocessing, Options]:
        """Return the preprocessing, and the options that `wrap` needs.

        Parameters
        ----------
        folder : ModelFolder
        config : mapping
            Of the tower, all keys.
        hint, examples
            What the examples look like.
        given : mapping
            Options that are fixed already.
        """

    @abstractmethod
    def wrap(self, model: Any, options: Mapping[str, Any]) -> Backbone:
        """Return the module round a model, by all of the options."""

    def load(self, module: Backbone, folder: ModelFolder, options: Mapping[str, Any]) -> None:
        """Read what lies beside the network's own weights; nothing, the default."""
        return


class ImageFamily(Family):
    """Networks that take pixels."""

    takes, noun, part = ("pixel_values",), "images", "vision_config"
    options = ("channels", "size", "flip_channels", "interpolate")

    def inputs(
        self,
        folder: ModelFolder,
        config: Mapping[str, Any],
        hint: InputSpec,
        examples: Sequence[Examples],
        given: Mapping[str, Any],
    ) -> tuple[Preprocessing, Options]:
        """Read the image processor; say whether positions must be interpolated."""
        from .transformers_input import image_preprocessing, processor_of

        preprocessing, flip_channels = image_preprocessing(
            processor_of(folder), folder.config(), hint, folder.origin
        )
        size = config.get("image_size")
        configured = tuple(size) if isinstance(size, list | tuple) else (size, size)
        return preprocessing, {
            "channels": preprocessing.shape[0],
            "size": list(preprocessing.shape[1:]),
            "flip_channels": flip_channels,
            "interpolate": size is not None and configured != preprocessing.shape[1:],
        }

    def wrap(self, model: Any, options: Mapping[str, Any]) -> Backbone:
        """Return one vector an image."""
        from .transformers_body import TransformersBackbone

        return TransformersBackbone(
            model,
            options["channels"],
            options["size"],
            flip_channels=options["flip_channels"],
            interpolate=options["interpolate"],
        )


class TextFamily(Family):
    """Networks that take tokens."""

    takes, noun, part = ("input_ids",), "texts", "text_config"
    options = ("length", "cut", "pooling", "layers", "prompt", "skip", "lower", "pad")

    def inputs(
        self,
        folder: ModelFolder,
        config: Mapping[str, Any],
        hint: InputSpec,
        examples: Sequence[Examples],
        given: Mapping[str, Any],
    ) -> tuple[Preprocessing, Options]:
        """Read the tokeniser and what sentence-transformers wrote beside it."""
        from .text_input import text_inputs

        preprocessing, own = text_inputs(folder, dict(config), examples, dict(given))
        return preprocessing, own | {"pad": int(config.get("pad_token_id") or 0)}

    def wrap(self, model: Any, options: Mapping[str, Any]) -> Backbone:
        """Return one vector a text."""
        from .text_body import TextBackbone

        return TextBackbone(
            model,
            options["pooling"],
            options["pad"],
            options.get("layers", ()),  # runs of earlier versions have none
            options.get("skip", 0),
        )

    def load(self, module: Backbone, folder: ModelFolder, options: Mapping[str, Any]) -> None:
        """Read the layers behind the pooling."""
        from .sentence_layers import load
        from .text_body import TextBackbone

        if options.get("layers") and isinstance(module, TextBackbone):
            load(module.layers, options["layers"], folder.root)


class SoundFamily(Family):
    """Networks that take waves, or filter banks of them."""

    takes, noun, part = ("input_values",), "sound", "audio_config"
    options = ("seconds", "rate", "front", "normalise", "masked")

    def inputs(
        self,
        folder: ModelFolder,
        config: Mapping[str, Any],
        hint: InputSpec,
        examples: Sequence[Examples],
        given: Mapping[str, Any],
    ) -> tuple[Preprocessing, Options]:
        """Read the feature extractor; choose the length."""
        from .sound_input import sound_preprocessing

        said, file = folder.preprocessor(), folder.path / "preprocessor_config.json"
        number_in(said, "feature_size", 1, file, 1, 1)  # of several channels nothing is known here
        rate = int(number_in(said, "sampling_rate", 16000, file, 1000, 384_000))
        preprocessing = sound_preprocessing(hint, rate, seconds=given.get("seconds"), width=12)
        own: JsonObject = {"seconds": preprocessing.samples / rate, "rate": rate}
        if config.get("model_type") == "audio-spectrogram-transformer":
            bands, frames = config.get("num_mel_bins", 128), config.get("max_length", 1024)
            front = {
                "rate": rate,
                "bands": number_in(said, "num_mel_bins", bands, file, 1, 1024),
                "frames": number_in(said, "max_length", frames, file, 1, 100_000),
                "mean": number_in(said, "mean", -4.2677393, file),
                "std": number_in(said, "std", 4.5689974, file, 1e-6),
            }
            if said.get("do_normalize") is False:
                front |= {"mean": 0.0, "std": 0.5}  # which leave the banks as they are
            return preprocessing, own | {"front": front}
        layered = config.get("feat_extract_norm", "group") == "layer"
        return preprocessing, own | {
            "front": None,
            "normalise": bool(said.get("do_normalize", True)),
            "masked": bool(said.get("return_attention_mask", layered)),
        }

    def wrap(self, model: Any, options: Mapping[str, Any]) -> Backbone:
        """Return one vector a recording."""
        from .sound_body import FilterBankBackbone, WaveBackbone

        if options["front"] is not None:
            return FilterBankBackbone(model, options["front"])
        return WaveBackbone(model, normalise=options["normalise"], masked=options["masked"])


FAMILIES: dict[str, Family] = {
    "image": ImageFamily(),
    "text": TextFamily(),
    "audio": SoundFamily(),
}
"""By modality."""
