"""What a trainer refuses, and with which sentence."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, LabelError, ShapeError


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1; it is 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number; it is 2.5"),
        ({"seed": -1}, "seed must be at least 0; it is -1"),
        ({"schedule": 0.1}, "a schedule is a function of the step's number; 0.1 is not one"),
        ({"callbacks": ["x"]}, "callbacks is a list of Callback objects"),
        ({"clip_norm": -1.0}, "clip_norm must be a positive number or None; it is -1.0"),
        ({"engine": "warp"}, "there is no engine 'warp'"),
    ],
)
def test_settings_out_of_range_are_refused(make_net, settings, text):
    with pytest.raises(ArgumentError) as problem:
        cr.Trainer(make_net(), cr.SGD(0.1), **settings)
    assert problem.value.what == text


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.int8, bool])
def test_whole_numbers_that_are_no_pixels_are_refused_with_the_way_out(make_net, dtype):
    text = f"x holds {np.dtype(dtype)}; a network takes float32, float64, or pixels as uint8"
    with pytest.raises(DTypeError) as problem:
        cr.Trainer(make_net(), cr.SGD(0.1)).fit(np.zeros((4, 2), dtype), np.zeros(4, int))
    assert problem.value.what == text
    assert problem.value.fix == "x.astype(np.float32), or, for pixels from 0 to 255, x.astype(np.uint8)"


def test_what_is_no_optimizer_is_refused(make_net):
    with pytest.raises(ArgumentError, match="'sgd' is no optimizer"):
        cr.Trainer(make_net(), "sgd")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"epochs": 1.5}, "epochs must be a whole number; it is 1.5"),
        ({"epochs": -1}, "epochs must be at least 0; it is -1"),
        ({"validation": np.zeros((3, 2))}, "validation must be a pair of arrays"),
    ],
)
def test_fit_refuses_what_it_cannot_use(spirals, make_net, settings, text):
    with pytest.raises(ArgumentError) as problem:
        cr.Trainer(make_net(), cr.SGD(0.1)).fit(*spirals, **settings)
    assert problem.value.what == text


def test_a_read_only_parameter_is_refused(spirals, make_net):
    net = make_net()
    net.params["W1"].setflags(write=False)
    with pytest.raises(ArgumentError, match="the parameter W1 is read-only, so it cannot learn"):
        cr.Trainer(net, cr.SGD(0.1)).fit(*spirals)


def test_labels_of_sequences_are_checked_too():
    net = cr.Sequential(cr.Affine(4, 3))
    x, t = np.zeros((20, 5, 4), np.float32), np.zeros((20, 5), int)
    t[17, 2] = 99
    with pytest.raises(LabelError, match="label 99 names no class"):
        cr.Trainer(net, cr.SGD(0.1), batch_size=2).fit(x, t)


def test_rows_that_do_not_match_are_refused(make_net):
    with pytest.raises(ShapeError, match=r"their shapes are \(4, 2\) and \(3,\)"):
        cr.Trainer(make_net(), cr.SGD(0.1)).fit(np.zeros((4, 2)), np.zeros(3, int))


def test_a_label_out_of_range_is_refused_before_the_first_step(spirals, make_net):
    x, t = spirals
    t[99] = 3
    net = make_net()
    before = net.params["W1"].copy()
    with pytest.raises(LabelError, match="label 3 names no class: there are 3 classes, 0 to 2"):
        cr.Trainer(net, cr.SGD(0.1), batch_size=10).fit(x, t)
    np.testing.assert_array_equal(net.params["W1"], before)


@pytest.mark.parametrize(
    ("batches", "text"),
    [
        (np.zeros((2, 3)), "batches must be integers of shape"),
        (np.zeros((2, 0), int), "batches must be integers of shape"),
        (np.zeros(3, int), "batches must be integers of shape"),
        (np.full((2, 3), 150), "batches names rows 150 to 150; the data has rows 0 to 149"),
        (np.full((2, 3), -1), "batches names rows -1 to -1"),
    ],
)
def test_batches_that_are_no_row_numbers_are_refused(spirals, make_net, batches, text):
    with pytest.raises(ArgumentError, match=text):
        cr.Trainer(make_net(), cr.SGD(0.1)).run(*spirals, batches)
