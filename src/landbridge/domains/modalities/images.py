"""Raw images: files, encoded bytes, or one array of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...base.evenly import evenly
from ...base.hashing import digest
from ...base.shown import encodable
from ..examples import Examples, InputSpec, Rule, merged_rules
from .decoding import WHITE, Seeing, is_grey, normalise, upright_size, weight
from .file_hashes import FileHashes
from .pieces import Item, nameless
from .seeing import opened, settle
from .threads import BAR_FROM, in_threads, one_if_large

_SAMPLED_FILES = 64


class ImageExamples(Examples):
    """Images in a fixed order: files, encoded bytes, or one array of pixels.

    Parameters
    ----------
    items : sequence of Path or bytes, optional
        n image files, or their bytes. Either this or `pixels`.
    pixels : uint8 ndarray, shape (n, h, w) or (n, h, w, 3), optional
        Decoded images of one size.
    names : sequence of str, optional
        What to call each in messages; the path, or "row i" (from 0).
    seeing : Seeing, optional
        By which range and on which ground they are read, where they need any; see `settled`.

    Examples
    --------
    >>> import numpy as np
    >>> images = ImageExamples(pixels=np.zeros((3, 8, 8), np.uint8))
    >>> len(images), images.shape_hint()
    (3, (8, 8, 1))
    """

    modality = "image"
    noun = "images"

    def __init__(
        self,
        items: Sequence[Item] | None = None,
        *,
        pixels: np.ndarray | None = None,
        names: Sequence[str] | None = None,
        seeing: Seeing | None = None,
    ) -> None:
        self.seeing = seeing or Seeing()
        if (items is None) == (pixels is None):
            raise ValueError("give either items or pixels")
        if pixels is not None and (
            pixels.dtype != np.uint8
            or pixels.ndim not in (3, 4)
            or (pixels.ndim == 4 and pixels.shape[3] != 3)
        ):
            raise ValueError(
                f"pixels have shape {pixels.shape} and type {pixels.dtype}, "
                "expected uint8 (n, h, w) or (n, h, w, 3)"
            )
        self.items = None if items is None else list(items)
        self.pixels = pixels
        self._names = None if names is None else list(names)
        self._hashes = FileHashes(self.items or ())
        if self._names is not None and len(self._names) != len(self):
            raise ValueError(f"{len(self._names)} names for {len(self)} images")

    def __len__(self) -> int:
        return len(self.items) if self.items is not None else len(self.pixels)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"ImageExamples({len(self)} images)"

    def names(self) -> list[str]:
        """Return a path, or "row i" from 0, for each image."""
        if self._names is not None:
            return list(self._names)
        items = self.items if self.items is not None else [b""] * len(self)
        return [f"row {i}" if nameless(x) else encodable(x) for i, x in enumerate(items)]

    def select(self, rows: np.ndarray) -> ImageExamples:
        """Return the images at integer `rows`, in that order."""
        names = self.names()
        chosen = [names[i] for i in rows]
        if self.pixels is not None:
            return ImageExamples(pixels=self.pixels[rows], names=chosen, seeing=self.seeing)
        assert self.items is not None
        items = [self.items[i] for i in rows]
        picked = ImageExamples(items, names=chosen, seeing=self.seeing)
        picked._hashes = self._hashes
        return picked

    def fingerprint(self) -> str:
        """Return a hash of the images in their order: of pixels, or of files as `FileHashes`."""
        if self.pixels is not None:
            return digest("pixels", np.asarray(self.pixels))
        plain = self.seeing.value_range is None and self.seeing.laid_on == WHITE
        return digest("images", self.prints(), *(() if plain else (self.rule(),)))

    def rule(self) -> Rule:
        """Return the range and the ground, where there is something to say of them."""
        found: Rule = {}
        if self.seeing.value_range is not None:
            found["value_range"] = list(self.seeing.value_range)
        if self.seeing.ground is not None:
            found["ground"] = self.seeing.ground
        return found

    def settled(self, rule: Rule, fixed: bool) -> tuple[ImageExamples, list[str]]:
        """Find the range of deep images and the ground of transparent ones, or take the known."""
        if self.items is None:
            return self, []
        seeing, notes = settle(self.items, self.names(), rule, fixed)
        found = ImageExamples(self.items, names=self._names, seeing=seeing)
        found._hashes = self._hashes
        return found, notes

    def shape_hint(self) -> tuple[int, int, int]:
        """Return median height, median width and channels (1 only where no colour was met).

        At most 64 images, evenly spread, are looked at; (0, 0, 0) where there is none.
        """
        n = len(self)
        if n == 0:
            return 0, 0, 0
        rows = evenly(n, _SAMPLED_FILES)
        if self.pixels is not None:
            h, w = self.pixels.shape[1:3]
            some = self.pixels[rows]
            grey = some.ndim == 3 or bool((some == some[..., :1]).all())
            return int(h), int(w), 1 if grey else 3
        assert self.items is not None
        names = self.names()
        sizes: list[tuple[int, int]] = []
        greys: list[bool] = []
        for i in rows:
            with opened(self.items[i], names[i]) as image:
                sizes.append(upright_size(image))
                if all(greys):
                    image.draft(None, (64, 64))
                    greys.append(is_grey(normalise(image, self.seeing)))
        height, width = np.median(np.array(sizes), axis=0).astype(int)
        return int(height), int(width), 1 if all(greys) else 3

    def contents(self) -> list[str]:
        """Return a hash of each image's pixels."""
        if self.pixels is not None:
            return [digest(np.ascontiguousarray(pixels)) for pixels in self.pixels]

        def one(named: tuple[Item, str]) -> str:
            with opened(*named) as image, one_if_large(weight(image)):
                return digest(np.asarray(normalise(image, self.seeing)))

        return list(in_threads(one, zip(self.items or (), self.names(), strict=False)))

    def prints(self) -> list[str]:
        """Return a hash of each file, or of each image's pixels where they are in memory."""
        if self.pixels is not None:
            return self.contents()
        return self._hashes.of(self.items or ())

    def near(self, other: Examples) -> np.ndarray | None:
        """Return pairs that show the same: saved again, at another size, cut or toned a little."""
        from .likeness import SIDE, alike, unit_rows

        if not isinstance(other, ImageExamples):
            return None
        ours, theirs = (
            unit_rows(side.small(SIDE, 1).reshape(len(side), -1)) for side in (self, other)
        )
        return alike(ours, theirs, (self._look, other._look))

    def _look(self, rows: np.ndarray) -> np.ndarray:
        from .likeness import SIDE

        found = self.select(rows).small(2 * SIDE, 3, kept=False)  # halves are evener than 16 × 16
        return np.asarray(found.reshape(len(rows), 3, SIDE, 2, SIDE, 2).mean((3, 5), np.float32))

    def small(self, side: int, channels: int, *, kept: bool = True) -> np.ndarray:
        """Return all as uint8 (n, channels, side, side); many files are `kept` in the cache."""
        from ...base.places import cache_folder
        from .image import ImagePreprocessing

        half = (0.5,) * channels
        made = ImagePreprocessing(side, side, channels, mean=half, std=half)
        kept = kept and self.items is not None and len(self) > BAR_FROM
        return np.asarray(made.prepare(self, cache=cache_folder() if kept else None))

    def pictures(self, row: int) -> list[np.ndarray]:
        """Return one image, upright."""
        if self.pixels is not None:
            return [np.asarray(self.pixels[row])]
        assert self.items is not None
        with opened(self.items[row], self.names()[row]) as image:
            return [np.asarray(normalise(image, self.seeing))]

    @classmethod
    def hint(cls, parts: Sequence[Examples]) -> InputSpec:
        """Return the greatest median height and width, and 3 channels unless all are grey."""
        shapes = [part.shape_hint() for part in parts if isinstance(part, ImageExamples)]
        height, width, channels = (max(sizes) for sizes in zip(*shapes, strict=True))
        rule = merged_rules(part.rule() for part in reversed(parts))  # the first one's holds
        return InputSpec(cls.modality, height=height, width=width, channels=channels, rule=rule)
