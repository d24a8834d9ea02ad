"""Gaussian kernels and Gram matrices, a block of rows at a time."""
