"""Right code at points where it has a kink, or just beside one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .subject import Point, Subject
from .subjects import subjects

BESIDE = 1e-7  # nearer than the usual steps of differences


class Kink(NamedTuple):
    """A subject and a point with a kink."""

    label: str
    subject: Subject
    point: Point


def kinks() -> Iterator[Kink]:
    """All of them, exactly at the kink and just beside it."""
    by_name = {subject.name: subject for subject in subjects()}
    for where, off in (("at", 0.0), (f"{BESIDE:g} beside", BESIDE)):
        for name in ("ReLU", "LeakyReLU", "Maximum", "MeanAbsoluteError", "Hinge", "Residual", "TwoLayerNet"):
            subject = by_name[name]
            point = subject.point(np.random.default_rng(5))
            yield Kink(f"{name} {where} a kink", subject, _moved(name, point, off))


def _moved(name: str, point: Point, off: float) -> Point:
    x = point.inputs[0].copy()
    parameters = dict(point.parameters)
    others = point.inputs[1:]
    if name == "Maximum" or name == "MeanAbsoluteError":
        x[1] = others[0][1] + off
    elif name == "Hinge":
        x[1] = others[0][1] * (1 + off)
    elif name in ("Residual", "TwoLayerNet"):  # a row of zeros meets the bias alone
        bias = "b" if name == "Residual" else "b1"
        x[1] = 0
        parameters[bias] = np.where(np.arange(parameters[bias].size) < 2, off, parameters[bias])
    else:
        x[1] = off
    return point._replace(parameters=parameters, inputs=(x, *others))
