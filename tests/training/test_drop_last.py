"""Mini-batches of what is left of an epoch, and leaving them out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError


def _network() -> cr.Sequential:
    layers = (cr.Affine(2, 6), cr.BatchNorm(6), cr.ReLU(), cr.Affine(6, 3))
    return cr.Sequential(*layers, seed=0, dtype=np.float64)


def test_a_row_that_is_left_over_has_no_variance_and_can_be_dropped(spirals: Any) -> None:
    x, t = (array[:41] for array in spirals)
    with pytest.raises(ShapeError, match=r"cannot tell a variance from one number(?s:.*)drop_last=True"):
        cr.Trainer(_network(), cr.SGD(0.1), batch_size=20, engine="eager").fit(x, t)
    net, seen = _network(), []

    class Look(cr.Callback):
        def on_steps(self, trainer: cr.Trainer, losses: list[float]) -> None:
            seen.extend(losses)

    trainer = cr.Trainer(net, cr.SGD(0.1), batch_size=20, drop_last=True, engine="eager", callbacks=[Look()])
    history = trainer.fit(x, t, epochs=3)
    assert [epoch.step for epoch in history] == [2, 4, 6]
    assert history["loss"][0] == pytest.approx(sum(seen[:2]) / 2)
    with pytest.raises(ArgumentError, match="no mini-batch of 20 rows can be made of 19"):
        trainer.fit(x[:19], t[:19], epochs=4)
