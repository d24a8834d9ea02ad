"""The Gibbs kernel exp((f + g − C) / reg), potentials absorbed, and its products with vectors.

Scalings u, v are kept beside the kernel as in plain Sinkhorn (matrix-vector products, no
exponentials); when they grow large they are absorbed into f and g and the kernel is made again
(Schmitzer, 2019, SIAM J. Sci. Comput. 41(3)). So it is as stable as the log domain, and as fast
as the plain form.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..rows import product
from .cost import Cost, Precision, row_blocks

# Exponents below the floor are raised to it: with scalings of at most e^limit either way, what
# that adds is below e^(2·limit + floor) of a row, and no number is denormal.
_FLOOR = {torch.float32: -80.0, torch.float64: -600.0}
_LIMIT = {torch.float32: 20.0, torch.float64: 200.0}

_IN_CACHE = 100_000  # numbers in a block that several cheap operations go over
_WIDENED = 4_000_000  # pairs up to which K is converted once, not block by block

Update = Callable[[slice, torch.Tensor], torch.Tensor]


class GibbsKernel:
    """K_ij = exp(p_i + q_j − (C_ij − unit·rows_i − unit·cols_j) / reg).

    Parameters
    ----------
    cost : Cost
    reg : float
    dtype : torch.dtype
        Of K. The scalings and all sums over blocks are float64.
    consume : bool
        K takes the place of the cost's matrix; it is made again should it be needed again.

    Attributes
    ----------
    k : Tensor, shape (n, m)
    p, q : Tensor, float64 (n,) and (m,)
        Absorbed potentials, over reg, without the cost's own row and column terms.
    limit : float
        How large |log u| may grow before `absorb` is due.
    """

    def __init__(self, cost: Cost, reg: float, dtype: torch.dtype, consume: bool = False) -> None:
        self.cost, self.reg = cost, reg
        self.limit = _LIMIT[dtype]
        self._floor = _FLOOR[dtype]
        self._factor = -cost.unit / reg
        self._owned = consume and cost.source is not None and cost.rest.dtype == dtype
        self._used_up = False
        self.k = cost.rest if self._owned else torch.empty(cost.shape, dtype=dtype)
        self._wide: torch.Tensor | None = None
        n, m = cost.shape
        self.p, self.q = torch.zeros(n, dtype=torch.float64), torch.zeros(m, dtype=torch.float64)

    def start(self, g: torch.Tensor | None = None) -> None:
        """Choose p, q so that K neither over- nor underflows.

        Where exponents lie close together, one shift will do; else p is such that each row has
        an entry 1 and none is larger, and q is raised where a column would have none near that.

        Parameters
        ----------
        g : Tensor, float64 (m,), optional
            A target potential to start from, in units of the cost. One iteration finds the
            source potential that belongs to it.
        """
        low, high = (end * self._factor for end in self.cost.extent)
        if g is None and abs(high - low) < -0.75 * self._floor:
            self.p -= max(low, high)
        else:
            if g is not None:
                self.q = (g - self.cost.unit * self.cost.cols) / self.reg
            kind = self.cost.rest.dtype
            self.q = self.q.to(kind).double()
            q = self.q.to(kind)
            top = torch.full(self.q.shape, -torch.inf, dtype=torch.float64)
            for part in self.cost.slices():
                block = torch.add(q, self.cost.rest[part], alpha=self._factor)
                peak = block.amax(1)
                self.p[part] = -peak.double()
                top = torch.maximum(top, block.sub_(peak[:, None]).amax(0).double())
            self.q -= torch.where(top < (0.25 * self._floor if g is not None else 0), top, 0)
        self.fill()

    def absorb(self, u: torch.Tensor, v: torch.Tensor) -> None:
        """Take scalings into p and q, and make K again."""
        self.p += u.log()
        self.q += v.log()
        self.fill()

    def fill(self) -> None:
        """Make K from p and q."""
        if self._used_up:
            precision: Precision = "float32" if self.k.dtype == torch.float32 else "float64"
            self.cost = self.cost.again(precision)
            self.k, self._owned, self._used_up = torch.empty_like(self.k), False, False
        shift = (self.p.mean() - self.q.mean()) / 2  # p and q of one size: nothing cancels
        self.p -= shift
        self.q += shift
        kind = self.cost.rest.dtype
        # Rounded to K's type a potential changes a little, which scalings make good: so say so.
        self.p, self.q = self.p.to(kind).double(), self.q.to(kind).double()
        p, q = self.p.to(kind), self.q.to(kind)
        for part in row_blocks(*self.cost.shape, _IN_CACHE):
            if self.k.dtype == kind:
                exponent = torch.add(q, self.cost.rest[part], alpha=self._factor, out=self.k[part])
            else:
                exponent = torch.add(q, self.cost.rest[part], alpha=self._factor)
            exponent.add_(p[part, None]).clamp_(min=self._floor)
            torch.exp(exponent.to(self.k.dtype), out=self.k[part])
        self._used_up = self._owned
        if self._wide is not None:
            self._wide.copy_(self.k)

    def widen(self) -> None:
        """Keep a float64 copy of K for wide products, where that is small enough."""
        if self.k.dtype != torch.float64 and self.k.numel() <= _WIDENED:
            self._wide = self.k.double()

    def sweep(self, right: torch.Tensor, update: Update, wide: bool = False) -> torch.Tensor:
        """Return Kᵀ @ update(K @ right), one pass over K.

        `update` gets a slice of rows and their products, and returns what their rows of Kᵀ are
        to be multiplied with.
        """
        total = torch.zeros_like(self.q)
        kind = torch.float64 if wide else self.k.dtype
        short = right.to(kind)
        source = self._wide if wide and self._wide is not None else self.k
        for part in self.cost.slices():
            block = source[part].to(kind)
            left = update(part, product(block, short).double())
            total += product(block.T, left.to(kind))
        return total

    def potentials(self, u: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return f and g, in units of the cost."""
        f = self.reg * (self.p + u.log()) + self.cost.unit * self.cost.rows
        g = self.reg * (self.q + v.log()) + self.cost.unit * self.cost.cols
        return f, g
