"""Tests of the xla engine need JAX, which is imported before the first of them."""

from __future__ import annotations

import pytest

pytest.importorskip("jax")
