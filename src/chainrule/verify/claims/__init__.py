"""Anybody's code with gradients, as a `Claim` that can be checked."""

from ._claim_of import claim_of

__all__ = ["claim_of"]
