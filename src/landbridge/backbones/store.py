"""Frozen features, computed once and kept: the biggest speed-up there is.

A store is a folder of ``features-<key>.npy`` files, kept as `base/stored` keeps them. The key is
made of the weights, the preprocessing, the data and the precision, so nothing is ever stale. Rows
that lie in several sets of data are computed once (`stored_rows`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import BackboneError, ConfigError
from ..base.events import SILENT, Events
from ..base.hashing import digest, tensors_digest
from ..base.places import cache_folder
from ..base.stored import stored_array
from .base import LoadedBackbone
from .extraction import Precision, extract, forward_batch, resolve_precision
from .stored_rows import StoredRows, joined, row_hashes

_LONG = 2000
"""Rows from which on a bar is worth showing."""


class FeatureStore:
    """Features of frozen backbones, on disk.

    Parameters
    ----------
    root : Path, optional
        Folder of the store; `cache_folder` / "features" where not given.
    cap : int, optional
        Bytes that the store may take: after an extraction the features used longest ago go
        first. No cap where not given.

    Examples
    --------
    >>> store = FeatureStore()                                            # doctest: +SKIP
    >>> x = store.features(opened, prepared, examples.fingerprint())      # doctest: +SKIP
    >>> x.shape, x.dtype                                                  # doctest: +SKIP
    ((243, 1280), dtype('float32'))
    """

    flush_seconds = 2.0
    """How much work an interruption may cost."""

    def __init__(self, root: Path | str | None = None, *, cap: int | None = None) -> None:
        self.root = Path(root) if root is not None else cache_folder() / "features"
        self.cap = cap

    def key(
        self, opened: LoadedBackbone, rows: int, fingerprint: str, precision: Precision = "auto"
    ) -> str:
        """Return the name under which these features are kept."""
        *made_by, precise = _made_by(opened, precision)
        return digest(*made_by, fingerprint, precise, rows)

    def features(
        self,
        opened: LoadedBackbone,
        prepared: np.ndarray,
        fingerprint: str,
        *,
        batch: int | None = None,
        precision: Precision = "auto",
        events: Events = SILENT,
    ) -> np.ndarray:
        """Return the features of prepared rows, from the store or computed now.

        Parameters
        ----------
        opened : LoadedBackbone
            Its module must hold θ₀ unchanged.
        prepared : ndarray, shape (n, ...)
            What `opened.preprocessing.prepare` gave.
        fingerprint : str
            `Examples.fingerprint` of the rows.
        batch : int, optional
            Rows in one forward pass; chosen by their size where not given.
        precision : {"auto", "float32", "bfloat16"}
            "auto" is float32: bfloat16 is up to twice as fast on CPUs that have it, and
            costs about two decimal digits of every feature.
        events : Events
            Hears "reuse" where nothing had to be computed, and shows a bar otherwise.

        Returns
        -------
        float32 ndarray, shape (n, dim)
            A read-only memory map.

        Raises
        ------
        BackboneError
            Where the module's weights are no longer those of its identity, or a feature is
            not finite.
        StorageError
            Where the disk is full or cannot be written.
        """
        if precision not in ("auto", "float32", "bfloat16"):
            raise ConfigError(
                f"precision {precision!r} is unknown", hint='use "auto", "float32" or "bfloat16"'
            )
        _check_unchanged(opened)
        shape = (len(prepared), opened.module.dim)
        if len(prepared) == 0:
            return np.empty(shape, np.float32)
        path = self._path(self.key(opened, len(prepared), fingerprint, precision))
        batch = batch or forward_batch(opened.module, opened.preprocessing)
        rows = StoredRows(self.root, digest(*_made_by(opened, precision)))
        hashes: list[bytes] = []

        def blocks(start: int) -> Iterator[np.ndarray]:
            hashes[:] = row_hashes(prepared)
            where, files = rows.find(hashes, shape[1])
            if not files:
                yield from self._blocks(opened, prepared, start, batch, precision)
                return
            stored = int((where[:, 0] >= 0).sum())
            events.log("reuse", f"reused the features of {stored:,} of {len(where):,} rows")

            def compute(missing: np.ndarray) -> Iterator[np.ndarray]:
                return self._blocks(opened, prepared[missing], 0, batch, precision)

            yield from joined(where, files, start, shape[1], compute)

        found = stored_array(
            path,
            shape,
            np.float32,
            blocks,
            what=f"rows of features of {opened.identity.name}",
            again="computed",
            facts={"identity": opened.identity.to_dict()},
            events=events,
            bar=events if shape[0] >= _LONG or prepared.ndim > 2 else SILENT,
            label="features",
        )
        with contextlib.suppress(OSError):  # the time of its last use; of another's store, not
            if hashes:
                rows.remember(path, hashes)
            os.utime(path)
        if self.cap is not None and (freed := self.trim(self.cap, keep=path)):
            events.log("note", f"feature store: {freed / 1e6:.0f} MB of old features removed")
        return found

    def size(self) -> int:
        """Return the bytes that the store takes."""
        return sum(path.stat().st_size for path in self._files())

    def trim(self, cap: int, *, keep: Path | None = None) -> int:
        """Remove the features used longest ago until at most `cap` bytes are left.

        Returns
        -------
        int
            Bytes freed.
        """
        total = before = self.size()
        for path in sorted(self.root.glob("features-*.npy"), key=lambda p: p.stat().st_mtime):
            if total <= cap:
                break
            if path != keep:
                total -= path.stat().st_size
                path.unlink(missing_ok=True)
                for beside in (path.with_suffix(".json"), *self.root.glob(f"{path.stem}.*.rows")):
                    beside.unlink(missing_ok=True)
        return before - total

    def clear(self) -> int:
        """Remove everything, finished or not, and return the bytes freed."""
        freed = self.size()
        for path in self._files():
            path.unlink(missing_ok=True)
        return freed

    def _files(self) -> list[Path]:
        return sorted(p for p in self.root.glob("features-*") if p.is_file())

    def _path(self, key: str) -> Path:
        return self.root / f"features-{key}.npy"

    def _blocks(
        self,
        opened: LoadedBackbone,
        prepared: np.ndarray,
        start: int,
        batch: int,
        precision: Precision,
    ) -> Iterator[np.ndarray]:
        """Yield features from a row on, every so many seconds."""
        done = start
        for block in extract(opened, prepared, start, batch, precision, self.flush_seconds):
            if not np.isfinite(block).all():
                raise BackboneError(
                    f"{opened.identity.name} gave features that are not finite for "
                    f"some of the rows {done} to {done + len(block) - 1}",
                    hint="check the inputs"
                    + (", or use float32" if precision == "bfloat16" else ""),
                )
            done += len(block)
            yield block


def _made_by(opened: LoadedBackbone, precision: Precision) -> tuple[Any, ...]:
    """Return what makes the features of a row: the precision comes last."""
    identity = opened.identity
    # Options can change what the same tensors compute, but not those that say where
    # the tensors came from.
    options = {
        k: v
        for k, v in identity.options.items()
        if k not in ("seed", "path", "source", "revision", "transformers")
    }
    return (
        identity.hash,
        identity.provider,
        options,
        opened.preprocessing.key,
        resolve_precision(precision),
    )


def _check_unchanged(opened: LoadedBackbone) -> None:
    now = tensors_digest(opened.module.state_dict())
    if now != opened.identity.hash:
        raise BackboneError(
            f"the weights of {opened.identity.name} have the hash {now}, its identity says "
            f"{opened.identity.hash}",
            hint="frozen features are those of θ₀: open the backbone again",
        )
