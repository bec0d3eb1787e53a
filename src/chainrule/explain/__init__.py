"""Explaining: pictures of what a network does and how it learns."""

from ._learning_curve import learning_curve

__all__ = ["learning_curve"]
