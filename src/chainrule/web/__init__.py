"""The page: step through backpropagation, train live, watch the gradients. Needs the extra ``web``."""

from ._serve import PORT, Address, serve

__all__ = ["PORT", "Address", "serve"]
