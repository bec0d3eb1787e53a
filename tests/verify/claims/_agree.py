"""A claim against differences, one element after the other, in the plainest way."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.verify._claim import Claim, copies


def differences(claim: Claim, dout: Any, step: float = 1e-5) -> list[Any]:
    """The gradients of the weighted results in float64, by two new objects for each element."""
    values = [value.astype(np.float64) for value in claim.values]
    found = []
    for i, value in enumerate(values):
        gradient = np.zeros(value.shape)
        for index in np.ndindex(value.shape):
            ahead, behind = copies(values), copies(values)
            ahead[i][index] += step
            behind[i][index] -= step
            change = np.asarray(claim.value(ahead)) - np.asarray(claim.value(behind))
            gradient[index] = np.sum(dout * change) / (2 * step)
        found.append(gradient)
    return found


def upstream_for(claim: Claim) -> Any:
    """Never all ones, unless nothing else reaches the code."""
    shape = np.shape(claim.value(claim.values))
    return np.random.default_rng(3).uniform(0.5, 2.0, shape) if claim.takes_dout else np.ones(shape)


def assert_right(claim: Claim, rtol: float = 1e-6, atol: float = 1e-8) -> None:
    dout = upstream_for(claim)
    for name, gradient, expected in zip(
        claim.names, claim.gradients(claim.values, dout), differences(claim, dout), strict=True
    ):
        assert np.shape(gradient) == expected.shape, name
        np.testing.assert_allclose(gradient, expected, rtol, atol, err_msg=name)
