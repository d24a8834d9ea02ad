"""Random changes of image batches that keep the meaning: a warp, then light, noise and cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Augmentation:
    """How far a random change may go; every draw is uniform within its range.

    Attributes
    ----------
    shift : float
        Share of the side, in both directions.
    scale : float
        Magnification between exp(-scale) and exp(scale).
    aspect : float
        As `scale`, of the width; the height changes the other way.
    rotation, shear : float
        Degrees, in both directions.
    elastic : float
        Standard deviation of a smooth displacement, in half sides.
    flip : float
        Chance of mirroring left to right, where the preprocessing allows that at all.
    contrast, brightness : float
        Differences from the background are multiplied by 1 ± contrast; all is moved by
        ± brightness (white is 1).
    gamma : float
        Values are raised to a power between exp(-gamma) and exp(gamma).
    morph : float
        Greatest step towards the brightest or darkest neighbour: thicker or thinner strokes.
    noise : float
        Greatest standard deviation of Gaussian noise (white is 1).
    blur : float
        Greatest share of a 3 x 3 average that is mixed in.
    cutout : float
        Greatest side of the covered square, as a share of the image's.
    cutout_chance : float
        Share of the images with such a square.
    padding : {"background", "border", "reflection"}
        What is seen beyond the edge. "background" is the median along the image's edge;
        contrast and cover then go by it, and otherwise by the image's mean.
    """

    shift: float = 0.0
    scale: float = 0.0
    aspect: float = 0.0
    rotation: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    flip: float = 0.5
    contrast: float = 0.0
    brightness: float = 0.0
    gamma: float = 0.0
    morph: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    cutout: float = 0.0
    cutout_chance: float = 0.5
    padding: str = "reflection"


COLOUR: dict[str, Augmentation] = {
    "weak": Augmentation(shift=0.08, scale=0.1),
    "strong": Augmentation(
        shift=0.12,
        scale=0.25,
        aspect=0.1,
        rotation=20.0,
        shear=10.0,
        contrast=0.4,
        brightness=0.2,
        gamma=0.3,
        noise=0.1,
        blur=0.5,
        cutout=0.4,
    ),
}
"""For photographs."""

GREY: dict[str, Augmentation] = {
    "weak": Augmentation(
        shift=0.05, scale=0.08, aspect=0.05, rotation=8.0, shear=3.0, padding="background"
    ),
    "strong": Augmentation(
        shift=0.1,
        scale=0.2,
        aspect=0.15,
        rotation=20.0,
        shear=14.0,
        elastic=0.06,
        contrast=0.3,
        gamma=0.4,
        morph=0.5,
        noise=0.08,
        cutout=0.35,
        padding="background",
    ),
}
"""For images of one channel: writing, drawings, scans. Tuned on MNIST and USPS."""


def augmentation_for(channels: int, strength: str) -> Augmentation:
    """Return how far "weak" or "strong" goes for images of so many channels."""
    return (GREY if channels == 1 else COLOUR)[strength]


def augment_images(
    x: torch.Tensor, change: Augmentation, generator: torch.Generator, *, flip: bool = False
) -> torch.Tensor:
    """Change each image of a batch at random.

    Parameters
    ----------
    x : float tensor, shape (n, channels, height, width)
        Values in 0..1.
    change : Augmentation
        How far it may go.
    generator : torch.Generator
        Where every draw comes from.
    flip : bool, default False
        Whether images may be mirrored left to right.

    Returns
    -------
    float tensor, shape (n, channels, height, width)
        Values in 0..1.

    Examples
    --------
    >>> import torch
    >>> x = torch.rand(4, 1, 8, 8)
    >>> a = augment_images(x, GREY["strong"], torch.Generator().manual_seed(0))
    >>> b = augment_images(x, GREY["strong"], torch.Generator().manual_seed(0))
    >>> bool((a == b).all())
    True
    """
    import torch.nn.functional as F

    if not x.numel():
        return x
    ground = _edge(x) if change.padding == "background" else None
    draw = _Draws(len(x), x.device, generator)
    grid = _grid(x, change, draw, flip)
    padding = "zeros" if ground is not None else change.padding
    x = x if ground is None else x - ground
    x = F.grid_sample(x, grid, mode="bilinear", padding_mode=padding, align_corners=False)
    x = x if ground is None else x + ground
    return _light(x, change, draw, ground)


class _Draws:
    """Numbers from one generator, on the device of the images."""

    def __init__(self, n: int, device: torch.device, generator: torch.Generator) -> None:
        self.n, self.device, self.generator = n, device, generator

    def uniform(self, low: float, high: float, *shape: int) -> torch.Tensor:
        import torch

        u = torch.rand(self.n, *shape, generator=self.generator, device=self.generator.device)
        return (low + (high - low) * u).to(self.device)

    def normal(self, *shape: int) -> torch.Tensor:
        import torch

        z = torch.randn(self.n, *shape, generator=self.generator, device=self.generator.device)
        return z.to(self.device)


def _edge(x: torch.Tensor) -> torch.Tensor:
    """Return the median along each image's edge, (n, channels, 1, 1)."""
    import torch

    edges = [x[..., 0, :], x[..., -1, :], x[..., :, 0], x[..., :, -1]]
    return torch.cat(edges, dim=-1).median(dim=-1).values[..., None, None]


def _grid(x: torch.Tensor, change: Augmentation, draw: _Draws, flip: bool) -> torch.Tensor:
    """Return where each output pixel is taken from, (n, height, width, 2) in -1..1."""
    import torch
    import torch.nn.functional as F

    height, width = x.shape[2:]
    angle = torch.deg2rad(draw.uniform(-change.rotation, change.rotation))
    slant = torch.tan(torch.deg2rad(draw.uniform(-change.shear, change.shear)))
    zoom = torch.exp(draw.uniform(-change.scale, change.scale))
    aspect = torch.exp(draw.uniform(-change.aspect, change.aspect))
    mirror = torch.ones_like(zoom)
    if flip:
        mirror = torch.where(draw.uniform(0, 1) < change.flip, -mirror, mirror)
    shift = draw.uniform(-2 * change.shift, 2 * change.shift, 2)
    across, down = 1 / (zoom * aspect), aspect / zoom
    ratio = height / width  # so that a rotation of an oblong image does not shear it
    cos, sin = torch.cos(angle), torch.sin(angle)
    top = [cos * across * mirror, (cos * slant - sin) * across * ratio, shift[:, 0]]
    low = [sin * down * mirror / ratio, (sin * slant + cos) * down, shift[:, 1]]
    maps = torch.stack([torch.stack(top, dim=1), torch.stack(low, dim=1)], dim=1)
    grid = F.affine_grid(maps, list(x.shape), align_corners=False)
    if change.elastic:
        bend = draw.normal(2, 4, 4) * change.elastic
        bend = F.interpolate(bend, size=(height, width), mode="bicubic", align_corners=True)
        grid = grid + bend.permute(0, 2, 3, 1)
    return grid


def _light(
    x: torch.Tensor, change: Augmentation, draw: _Draws, ground: torch.Tensor | None
) -> torch.Tensor:
    """Change strokes, light and noise, and cover a square."""
    import torch
    import torch.nn.functional as F

    one = (1, 1, 1)
    if change.morph:
        step = draw.uniform(-change.morph, change.morph, *one)
        brighter = F.max_pool2d(x, 3, stride=1, padding=1)
        darker = -F.max_pool2d(-x, 3, stride=1, padding=1)
        x = x + step.clamp(min=0) * (brighter - x) + step.clamp(max=0) * (x - darker)
    if change.blur:
        smooth = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        x = torch.lerp(x, smooth, draw.uniform(0, change.blur, *one))
    if change.gamma:
        x = x.clamp(1e-4, 1) ** torch.exp(draw.uniform(-change.gamma, change.gamma, *one))
    middle = x.mean(dim=(1, 2, 3), keepdim=True) if ground is None else ground
    if change.contrast or change.brightness:
        gain = draw.uniform(1 - change.contrast, 1 + change.contrast, *one)
        lift = draw.uniform(-change.brightness, change.brightness, *one)
        x = (x - middle) * gain + middle + lift
    if change.noise:
        x = x + draw.normal(*x.shape[1:]) * draw.uniform(0, change.noise, *one)
    if change.cutout:
        side = draw.uniform(0, change.cutout, 1) * (draw.uniform(0, 1, 1) < change.cutout_chance)
        left, upper = draw.uniform(0, 1, 1) * (1 - side), draw.uniform(0, 1, 1) * (1 - side)
        across = (torch.arange(x.shape[3], device=x.device) + 0.5) / x.shape[3]
        down = (torch.arange(x.shape[2], device=x.device) + 0.5) / x.shape[2]
        in_x = (across >= left) & (across < left + side)
        in_y = (down >= upper) & (down < upper + side)
        x = torch.where((in_y[:, :, None] & in_x[:, None, :])[:, None], middle, x)
    return x.clamp(0, 1)
