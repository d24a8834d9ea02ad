"""How randomised smoothing is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..base.errors import ConfigError
from ..base.fields import option

LARGEST = 2.0
"""Noise beyond which nothing of a picture is left: white is 1."""
FEWEST, MOST = 100, 1_000_000


@dataclass(frozen=True)
class SmoothingOptions:
    """Randomised smoothing (Cohen et al., 2019, ICML).

    Attributes
    ----------
    smoothing : float or None
        Standard deviation of the noise, where white is 1; None: nothing is certified.
    draws : int or None
        Noisy copies by which a row is certified.
    """

    smoothing: float | None = option(
        None, "Certify images under noise of this standard deviation; white is 1.", "SIGMA"
    )
    draws: int | None = option(
        None, "Noisy copies by which a row is certified; 1,000 if not given.", "N"
    )

    def __post_init__(self) -> None:
        sigma, draws = self.smoothing, self.draws
        if sigma is not None and not (math.isfinite(sigma) and 0 < sigma <= LARGEST):
            raise ConfigError(
                f"smoothing of {sigma:g}: expected a standard deviation above 0 and at most "
                f"{LARGEST:g}, where white is 1",
                hint="usual are 0.12, 0.25, 0.5 and 1",
            )
        if draws is None:
            return
        if sigma is None:
            raise ConfigError(
                f"{draws:,} draws, and nothing that is drawn", hint="add --smoothing 0.25"
            )
        if not FEWEST <= draws <= MOST:
            raise ConfigError(
                f"{draws:,} draws, expected {FEWEST} to {MOST:,}",
                hint="1,000 certify a radius of up to 2.4 times the noise, 100,000 of up to 3.8",
            )

    @property
    def copies(self) -> int:
        """How many noisy copies estimate."""
        return self.draws or 1000
