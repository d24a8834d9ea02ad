"""Corruptions of images, at the size that the network takes them.

Noise, brightness, contrast, haze, pixels and JPEG have the strengths of
`landbridge.domains.modalities.corruptions`, after Hendrycks and Dietterich (2019, ICLR); blur grows
with the picture.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...base.seeds import derive
from ...domains.modalities.base import Preprocessing
from ...domains.modalities.corruptions import corrupt
from ..base import CORRUPTIONS, StoredCorruption


class ImageCorruption(StoredCorruption):
    """A corruption of one stored image, uint8 (channels, height, width)."""

    modality = "image"
    stored_type = "uint8"
    axes = 3
    strengths: ClassVar[tuple[float, ...]] = (1, 2, 3, 4, 5)
    unit = "severity"
    kind: ClassVar[str] = ""
    """In `landbridge.domains.modalities.corruptions`; the own name where ""."""

    def change(
        self, row: np.ndarray, strength: float, rng: np.random.Generator, own: Preprocessing
    ) -> np.ndarray:
        """Return the image corrupted."""
        seed = derive(rng.integers(0, 2**62))
        grey = row.shape[0] == 1 or bool((row == row[:1]).all())
        pixels = row[0] if grey else np.moveaxis(row, 0, -1)
        found = corrupt(pixels[None], self.kind or self.name, int(strength), seed)[0]
        return np.broadcast_to(found, row.shape) if grey else np.moveaxis(found, -1, 0)


@CORRUPTIONS.register("gaussian-noise")
class GaussianNoise(ImageCorruption):
    """Noise of a sensor in little light."""

    summary = "normal noise on every pixel"


@CORRUPTIONS.register("shot-noise")
class ShotNoise(ImageCorruption):
    """Noise of few photons."""

    summary = "noise of few photons"


@CORRUPTIONS.register("impulse-noise")
class ImpulseNoise(ImageCorruption):
    """Dead pixels."""

    summary = "pixels that are black or white by chance"


@CORRUPTIONS.register("brightness")
class Brightness(ImageCorruption):
    """More light."""

    summary = "everything brighter"


@CORRUPTIONS.register("contrast")
class Contrast(ImageCorruption):
    """Less contrast."""

    summary = "everything nearer to its mean"


@CORRUPTIONS.register("haze")
class Haze(ImageCorruption):
    """A veil of fog."""

    summary = "a bright veil in patches"


@CORRUPTIONS.register("pixelate")
class Pixelate(ImageCorruption):
    """Fewer pixels."""

    summary = "made smaller and large again"


@CORRUPTIONS.register("jpeg")
class Jpeg(ImageCorruption):
    """Saved with loss."""

    summary = "saved as JPEG of low quality"


@CORRUPTIONS.register("blur")
class Blur(ImageCorruption):
    """Out of focus."""

    summary = "blurred by a normal kernel"
    strengths = (0.4, 0.7, 1.0, 1.4, 2.0)
    unit = "pixels of a picture 32 high"

    def change(
        self, row: np.ndarray, strength: float, rng: np.random.Generator, own: Preprocessing
    ) -> np.ndarray:
        """Return the image blurred."""
        from scipy.ndimage import gaussian_filter

        wide = strength * min(row.shape[1:]) / 32
        found = gaussian_filter(row.astype(np.float32), (0, wide, wide), mode="reflect")
        return np.rint(found).clip(0, 255).astype(np.uint8)
