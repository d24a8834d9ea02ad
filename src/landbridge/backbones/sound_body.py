"""The module round a sound model of transformers: one vector a recording, and its stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .base import Backbone
from .log_mel import LogMel, mean_over
from .transformers_body import stages_of


class WaveBackbone(Backbone):
    """wav2vec 2.0, HuBERT, WavLM and the like: they take the wave.

    Parameters
    ----------
    model : PreTrainedModel
    normalise : bool
        Whether each recording is brought to mean 0 and variance 1 first.
    masked : bool
        Whether the model was trained with a mask of what is there (those with layer norms were);
        others were trained on zeros behind the end.

    Notes
    -----
    Input float32 (n, samples), NaN beyond the end; output float32 (n, dim): the mean over the
    recording's own frames.
    """

    def __init__(self, model: Any, *, normalise: bool, masked: bool) -> None:
        super().__init__()
        if isinstance(getattr(model, "masked_spec_embed", None), nn.Parameter):
            model.config.apply_spec_augment = False
            model.masked_spec_embed = None  # pretraining's, in no feature
        self.model, self.normalise, self.masked = model, normalise, masked
        self.dim = int(model.config.hidden_size)

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        there = ~wave.isnan()
        x = wave.nan_to_num(0.0)
        lengths = there.sum(1)
        if self.normalise:
            n = lengths[:, None].clamp(min=1)
            mean = x.sum(1, keepdim=True) / n
            spread = (((x - mean) * there).square().sum(1, keepdim=True) / n + 1e-7).sqrt()
            x = ((x - mean) / spread).masked_fill(~there, 0.0)
        least = self._samples(1)
        if x.shape[1] < least:
            x = functional.pad(x, (0, least - x.shape[1]))
            there = functional.pad(there, (0, least - there.shape[1]))
        mask = {"attention_mask": there.long()} if self.masked else {}
        last = self.model(x, **mask).last_hidden_state
        frames = self.model._get_feat_extract_output_lengths(lengths)
        return mean_over(last, frames.clamp(1, last.shape[1]))

    def _samples(self, frames: int) -> int:
        """Return the samples that so many frames need."""
        config = self.model.config
        for kernel, stride in zip(
            reversed(config.conv_kernel), reversed(config.conv_stride), strict=True
        ):
            frames = (frames - 1) * stride + kernel
        return int(frames)

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        found = stages_of(self.model)
        return found if found is not None else [("model", [self.model])]


class FilterBankBackbone(Backbone):
    """Audio Spectrogram Transformer: it takes Kaldi's filter banks of a fixed length.

    Parameters
    ----------
    model : PreTrainedModel
    front : mapping
        ``rate``, ``bands``, ``frames``, ``mean``, ``std``: as its feature extractor says.

    Notes
    -----
    Input float32 (n, samples), NaN beyond the end; output float32 (n, dim): the pooled output,
    the mean of the two class tokens.
    """

    def __init__(self, model: Any, front: Mapping[str, Any]) -> None:
        super().__init__()
        self.model = model
        self.frames, self.mean, self.std = int(front["frames"]), front["mean"], front["std"]
        rate = int(front["rate"])
        self.front = LogMel(
            rate,
            rate // 40,
            rate // 100,
            512,
            int(front["bands"]),
            20,
            rate / 2,
            "kaldi",
            floor=1.192092955078125e-07,
            above="max",
            kaldi=True,
            periodic=False,
        )
        self.dim = int(model.config.hidden_size)

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        mel, counts = self.front(wave)
        own = torch.arange(mel.shape[1], device=mel.device)[None] < counts[:, None]
        x = mel.masked_fill(~own[..., None], 0.0)[:, : self.frames]
        x = functional.pad(x, (0, 0, 0, self.frames - x.shape[1]))
        return self.model((x - self.mean) / (self.std * 2)).pooler_output

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        found = stages_of(self.model)
        return found if found is not None else [("model", [self.model])]
