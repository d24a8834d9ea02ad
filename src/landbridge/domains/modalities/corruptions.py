"""Corruptions of images at five severities, and streams whose severity rises and falls.

The kinds are those of Hendrycks and Dietterich (2019, ICLR), written afresh: the strengths
suit images of 32 pixels, and are not those of their files. A corruption is a pure function of
the images, the severity and the seed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np

from ...base.errors import ConfigError
from ...base.seeds import numpy_rng

SEVERITIES = 5

Corruption = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
"""Images float32 (n, h, w, channels) in [0, 1], the severity's index 0 to 4, a generator."""


def corrupt(images: np.ndarray, kind: str, severity: int, seed: int = 0) -> np.ndarray:
    """Return corrupted copies of images.

    Parameters
    ----------
    images : uint8 ndarray (n, h, w) or (n, h, w, 3)
    kind : str
        One of `CORRUPTIONS`.
    severity : int
        1 to 5; 0 leaves everything as it is.
    seed : int, default 0

    Returns
    -------
    uint8 ndarray
        Of the same shape.

    Raises
    ------
    ConfigError
        Where the kind is unknown or the severity lies outside 0 to 5.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.domains.modalities.corruptions import corrupt
    >>> grey = np.full((2, 8, 8), 100, np.uint8)
    >>> int(corrupt(grey, "brightness", 3)[0, 0, 0])
    146
    >>> bool((corrupt(grey, "gaussian-noise", 0) == grey).all())
    True
    """
    if kind not in CORRUPTIONS:
        raise ConfigError(
            f"unknown corruption {kind!r}", hint=f"one of {', '.join(sorted(CORRUPTIONS))}"
        )
    if severity not in range(SEVERITIES + 1):
        raise ConfigError(f"severity {severity!r}", hint="give 0 (none) to 5")
    if severity == 0 or len(images) == 0:
        return images.copy()
    x = images.astype(np.float32) / 255
    x = x[..., None] if images.ndim == 3 else x
    rng = numpy_rng("corruption", kind, severity, seed)
    found = CORRUPTIONS[kind](x, severity - 1, rng)
    return np.rint(255 * np.clip(found, 0, 1)).astype(np.uint8).reshape(images.shape)


def rising_and_falling(n: int, peak: int = SEVERITIES) -> np.ndarray:
    """Return n severities: 0, 1, ... up to the peak and down again, in stretches of one length.

    Examples
    --------
    >>> from landbridge.domains.modalities.corruptions import rising_and_falling
    >>> rising_and_falling(10, peak=2).tolist()
    [0, 0, 1, 1, 2, 2, 1, 1, 0, 0]
    """
    steps = np.array([*range(peak + 1), *range(peak - 1, -1, -1)])
    return steps[np.arange(n) * len(steps) // max(n, 1)]


def corruption_stream(
    images: np.ndarray, kinds: str | Sequence[str], severities: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Return the images in their order, each at its severity.

    Parameters
    ----------
    images : uint8 ndarray (n, h, w) or (n, h, w, 3)
    kinds : str or sequence of str, length n
        One corruption for all, or one for each.
    severities : int ndarray (n,)
        0 to 5, as `rising_and_falling` gives them.
    seed : int, default 0

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.domains.modalities.corruptions import corruption_stream, rising_and_falling
    >>> x = np.full((10, 8, 8), 100, np.uint8)
    >>> corruption_stream(x, "brightness", rising_and_falling(10, 2))[:, 0, 0].tolist()
    [100, 100, 115, 115, 131, 131, 115, 115, 100, 100]
    """
    named = np.array([kinds] * len(images) if isinstance(kinds, str) else list(kinds))
    severities = np.asarray(severities)
    if named.shape != (len(images),) or severities.shape != (len(images),):
        raise ValueError(
            f"{len(named)} kinds and {len(severities)} severities for {len(images)} images"
        )
    out = images.copy()
    for kind in np.unique(named):
        for severity in np.unique(severities[named == kind]):
            rows = np.flatnonzero((named == kind) & (severities == severity))
            out[rows] = corrupt(images[rows], str(kind), int(severity), seed)
    return out


def _gaussian_noise(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    return x + (0.04, 0.06, 0.08, 0.10, 0.13)[at] * rng.standard_normal(x.shape, np.float32)


def _shot_noise(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    photons = (500, 250, 120, 70, 40)[at]
    return rng.poisson(x * photons).astype(np.float32) / photons


def _impulse_noise(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    hit = rng.random(x.shape, np.float32) < (0.01, 0.02, 0.04, 0.06, 0.10)[at]
    return np.where(hit, rng.integers(0, 2, x.shape).astype(np.float32), x)


def _defocus_blur(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.ndimage import convolve

    radius = (0.7, 1.0, 1.3, 1.7, 2.2)[at]
    reach = int(np.ceil(radius))
    grid = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    disc = np.clip(radius + 0.5 - grid, 0, 1)  # the edge pixels count by how far it covers them
    return convolve(x, (disc / disc.sum())[None, :, :, None].astype(np.float32), mode="reflect")


def _box_blur(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.ndimage import convolve1d

    width = (1.6, 2.2, 3.0, 3.8, 4.8)[at]
    reach = int(np.ceil((width - 1) / 2))
    box = np.clip((width + 1) / 2 - np.abs(np.arange(-reach, reach + 1)), 0, 1)
    box = (box / box.sum()).astype(np.float32)
    return convolve1d(convolve1d(x, box, axis=1, mode="reflect"), box, axis=2, mode="reflect")


def _contrast(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    middle = x.mean(axis=(1, 2), keepdims=True)
    return middle + (0.75, 0.5, 0.4, 0.3, 0.15)[at] * (x - middle)


def _brightness(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    return x + np.float32((0.06, 0.12, 0.18, 0.25, 0.33)[at])


def _haze(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.ndimage import zoom

    n, height, width, _ = x.shape
    thick = (0.2, 0.35, 0.5, 0.6, 0.7)[at]
    coarse = rng.random((n, 5, 5), np.float32)
    smooth = zoom(coarse, (1, height / 5, width / 5), order=1, grid_mode=True, mode="nearest")
    veil = thick * (0.6 + 0.8 * (smooth[..., None] - 0.5))  # 0.2 to 1 of it, in patches
    return x * (1 - veil) + 0.9 * veil


def _pixelate(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    from PIL import Image

    height, width = x.shape[1:3]
    share = (0.85, 0.7, 0.55, 0.45, 0.35)[at]
    small = max(1, round(width * share)), max(1, round(height * share))

    def one(image: Image.Image) -> Image.Image:
        coarse = image.resize(small, Image.Resampling.BOX)
        return coarse.resize((width, height), Image.Resampling.NEAREST)

    return _through_pillow(x, one)


def _jpeg(x: np.ndarray, at: int, rng: np.random.Generator) -> np.ndarray:
    from PIL import Image

    quality = (70, 45, 30, 18, 10)[at]

    def one(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file).convert(image.mode)

    return _through_pillow(x, one)


def _through_pillow(x: np.ndarray, change: Callable[..., object]) -> np.ndarray:
    from PIL import Image

    pixels = np.rint(255 * x).astype(np.uint8)
    pixels = pixels[..., 0] if x.shape[3] == 1 else pixels
    done = np.stack([np.asarray(change(Image.fromarray(one))) for one in pixels])
    return done.reshape(x.shape).astype(np.float32) / 255


CORRUPTIONS: dict[str, Corruption] = {
    "gaussian-noise": _gaussian_noise,
    "shot-noise": _shot_noise,
    "impulse-noise": _impulse_noise,
    "defocus-blur": _defocus_blur,
    "box-blur": _box_blur,
    "contrast": _contrast,
    "brightness": _brightness,
    "haze": _haze,
    "pixelate": _pixelate,
    "jpeg": _jpeg,
}
"""Every corruption by its name."""
