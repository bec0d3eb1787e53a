"""The gates that are ONNX operators as they stand: one table, read in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ... import gates
from ...gates import Gate

PAIRS: Mapping[Gate, str] = MappingProxyType(
    {
        gates.abs: "Abs",
        gates.add: "Add",
        gates.cos: "Cos",
        gates.divide: "Div",
        gates.elu: "Elu",
        gates.equal: "Equal",
        gates.erf: "Erf",
        gates.exp: "Exp",
        gates.greater: "Greater",
        gates.greater_equal: "GreaterOrEqual",
        gates.identity: "Identity",
        gates.isnan: "IsNaN",
        gates.leaky_relu: "LeakyRelu",
        gates.less: "Less",
        gates.less_equal: "LessOrEqual",
        gates.log: "Log",
        gates.log_softmax: "LogSoftmax",
        gates.logical_and: "And",
        gates.logical_not: "Not",
        gates.logical_or: "Or",
        gates.matmul: "MatMul",
        gates.maximum: "Max",
        gates.minimum: "Min",
        gates.multiply: "Mul",
        gates.negate: "Neg",
        gates.power: "Pow",
        gates.relu: "Relu",
        gates.sigmoid: "Sigmoid",
        gates.sign: "Sign",
        gates.sin: "Sin",
        gates.softmax: "Softmax",
        gates.softplus: "Softplus",
        gates.sqrt: "Sqrt",
        gates.subtract: "Sub",
        gates.tanh: "Tanh",
        gates.where: "Where",
    }
)
"""Inputs in the same order; what a gate calls a setting is an attribute of the same name and default (axis, alpha)."""
