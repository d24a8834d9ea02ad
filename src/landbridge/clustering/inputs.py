"""What rows are grouped by: features of a backbone, or the raw inputs beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..artifacts.state import CHECKPOINT
from ..backbones.base import BackboneIdentity, LoadedBackbone
from ..backbones.open import open_backbone
from ..backbones.store import FeatureStore
from ..backbones.surgery import Network, make_network
from ..base.errors import ConfigError
from ..base.events import SILENT, Events
from ..base.places import cache_folder
from ..domains.examples import Examples, InputSpec
from ..domains.modalities.base import Preprocessing
from ..domains.modalities.hashed import grams
from ..domains.modalities.texts import TextExamples
from ..methods.core.network import NetworkMethod, PlanContext
from ..methods.core.resolve import make_method
from ..training.batches import Side
from ..training.devices import borrowed
from ..training.inputs import run_network
from ..training.loop import LoopOptions, TrainingData, train

_TOPICS = 100
_WORDS = 20_000


@dataclass(frozen=True)
class Encoder:
    """A backbone that knows something, from the beginning or by now.

    Attributes
    ----------
    network : Network
    preprocessing : Preprocessing
    identity : BackboneIdentity
    learned : int
        Steps of pretraining on the rows themselves; 0 where θ₀ is used as it is.
    """

    network: Network
    preprocessing: Preprocessing
    identity: BackboneIdentity
    learned: int = 0

    @property
    def flat(self) -> bool:
        """Whether the features are the inputs."""
        return next(self.network.backbone.parameters(), None) is None

    def fitting(self, examples: Examples) -> Examples:
        """Return the part of the examples that the backbone takes."""
        return self.preprocessing.fitting(examples) or examples

    def prepared(self, examples: Examples, events: Events) -> np.ndarray:
        """Return rows as they are stored."""
        own = self.fitting(examples)
        return self.preprocessing.prepare(own, cache=cache_folder(), events=events)

    def features(self, examples: Examples, device: torch.device, events: Events) -> np.ndarray:
        """Return float32 features (n, d); those of a pretrained backbone are stored for good."""
        inputs = self.prepared(examples, events)
        if self.flat or self.learned:
            return run_network(self.network, inputs, self.preprocessing, device)[0]
        opened = LoadedBackbone(self.network.backbone, self.preprocessing, self.identity)
        with borrowed(opened.module, device):
            return FeatureStore(None).features(
                opened,
                inputs,
                self.fitting(examples).fingerprint(),
                precision="float32",
                events=events,
            )


def make_encoder(
    name: str | Path,
    hint: InputSpec,
    sides: Sequence[Examples],
    *,
    seed: int,
    options: Mapping[str, Any] | None,
    epochs: float | None,
    device: torch.device,
    folder: Path | None,
    offline: bool,
    events: Events = SILENT,
) -> Encoder:
    """Open a backbone; one that starts at random first learns from the rows (contrastive).

    A table's columns are used as they are where "auto" finds no pretrained backbone.

    Parameters
    ----------
    sides : sequence of Examples
        The target's, and the source's where there is one.
    epochs : float, optional
        Passes over the rows, where it has to learn.
    folder : Path, optional
        Where an interrupted call finds its checkpoint.
    """

    def opening(which: str | Path) -> LoadedBackbone:
        return open_backbone(
            which, hint, sides, seed=seed, options=options, offline=offline, events=events
        )

    opened = opening(name)
    if not opened.identity.pretrained and name == "auto" and hint.modality == "tabular":
        opened = opening("identity")
    network = make_network(opened, 1, seed)
    encoder = Encoder(network, opened.preprocessing, opened.identity)
    if opened.identity.pretrained or encoder.flat:
        if epochs is not None:
            why = "is pretrained" if opened.identity.pretrained else "takes columns as they are"
            raise ConfigError(
                f"epochs = {epochs:g} would be without effect: {opened.identity.name} {why}",
                hint="leave epochs out, or name a backbone that has to learn first",
            )
        return encoder
    events.log(
        "note",
        f"{opened.identity.name} starts at random: it learns from the rows first, unlabelled",
    )
    return replace(encoder, learned=_pretrain(encoder, sides, seed, epochs, device, folder, events))


def _pretrain(
    encoder: Encoder,
    sides: Sequence[Examples],
    seed: int,
    epochs: float | None,
    device: torch.device,
    folder: Path | None,
    events: Events,
) -> int:
    made = []
    for examples in sides:
        inputs = encoder.prepared(examples, events)
        nothing = np.zeros(len(inputs), np.int64)
        made.append(Side(inputs, nothing, np.zeros(len(inputs), bool)))
    target, source = made[0], made[1] if len(made) > 1 else None
    context = PlanContext(
        n_classes=1, n_target=len(target), n_source=0 if source is None else len(source)
    )
    method = make_method("pretrain", {"epochs": epochs})
    assert isinstance(method, NetworkMethod)
    phase = method.plan(context).phases[0]
    loop = LoopOptions(
        device=device, checkpoint=None if folder is None else folder / CHECKPOINT, fit="pretrain"
    )
    with borrowed(encoder.network, device):
        train(
            encoder.network,
            (phase,),
            TrainingData(source, target, encoder.preprocessing, 1),
            seed=seed,
            options=loop,
            events=events,
        )
    return phase.steps


def raw_inputs(hint: InputSpec, examples: Examples, *, seed: int) -> tuple[str, np.ndarray] | None:
    """Return what the rows are without any backbone, and what that is; None where nothing is.

    Pixels, words weighted by how rare they are (latent semantic analysis), or the loudness of mel
    bands and how it changes.
    """
    if hint.modality == "image":
        opened = open_backbone("identity", hint, [examples], seed=seed)
        inputs = opened.preprocessing.prepare(examples)
        flat = np.asarray(inputs, np.float32).reshape(len(inputs), -1) / 255
        return "pixels", flat
    if isinstance(examples, TextExamples):
        return "words", latent_words(examples.texts, seed)
    if hint.modality == "audio":
        opened = open_backbone("logmelnet", hint, [examples], seed=seed)
        inputs = opened.preprocessing.prepare(examples, cache=cache_folder())
        return "loudness of mel bands", np.stack([_loudness(opened, row) for row in inputs])
    return None


def latent_words(texts: Sequence[str], seed: int) -> np.ndarray:
    """Return the main directions of weighted counts of words, float (n, up to 100)."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    counts = TfidfVectorizer(analyzer=grams, max_features=_WORDS, sublinear_tf=True)
    found = counts.fit_transform(texts)
    size = min(_TOPICS, min(found.shape) - 1)
    if size < 1:
        return np.asarray(found.toarray())
    return np.asarray(TruncatedSVD(size, random_state=seed % 2**32).fit_transform(found))


def _loudness(opened: LoadedBackbone, row: np.ndarray) -> np.ndarray:
    picture = opened.preprocessing.picture(row)
    assert picture is not None
    bands = picture.astype(np.float32) / 255
    return np.concatenate([bands.mean(1), bands.std(1)])
