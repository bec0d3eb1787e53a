"""The gates: every primitive of a computation graph, its mathematics written once.

>>> from chainrule import gates
>>> gates.multiply.rules["x"].needs
('dout', 'y')
>>> gates.ALL["sigmoid"].ko
'시그모이드'
"""

from types import MappingProxyType as _MappingProxyType

from ._activations import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus
from ._arithmetic import add, divide, identity, matmul, multiply, negate, power, subtract
from ._comparisons import (
    equal,
    greater,
    greater_equal,
    isfinite,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
)
from ._elementwise import (
    abs,
    astype,
    clip,
    cos,
    erf,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    sign,
    sin,
    sqrt,
    square,
    tanh,
    where,
)
from ._formula import formula_value
from ._gate import Gate, Rule
from ._losses import (
    are_class_numbers,
    binary_cross_entropy_with_logits,
    check_labels,
    cross_entropy_error,
    mean_squared_error,
    softmax_with_loss,
    squared_error,
)
from ._numbered_rows import add_rows, check_ids, take_rows
from ._random import dropout_mask, murmur3
from ._reductions import logsumexp, max, mean, min, sum
from ._rowwise import log_softmax, softmax
from ._shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    getitem,
    matrix_transpose,
    reshape,
    scatter,
    stack,
    transpose,
)
from ._windows import Pair, average_pool, conv2d, fold, max_pool, pair, window_counts, windows

ALL = _MappingProxyType({value.name: value for value in list(globals().values()) if isinstance(value, Gate)})
"""Every gate by its name."""

__all__ = [
    "ALL",
    "Gate",
    "Pair",
    "Rule",
    "abs",
    "add",
    "add_rows",
    "are_class_numbers",
    "astype",
    "average_pool",
    "binary_cross_entropy_with_logits",
    "broadcast_to",
    "check_ids",
    "check_labels",
    "clip",
    "concatenate",
    "conv2d",
    "cos",
    "cross_entropy_error",
    "divide",
    "dropout_mask",
    "elu",
    "equal",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "fold",
    "formula_value",
    "gelu",
    "getitem",
    "greater",
    "greater_equal",
    "identity",
    "isfinite",
    "isnan",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsumexp",
    "matmul",
    "matrix_transpose",
    "max",
    "max_pool",
    "maximum",
    "mean",
    "mean_squared_error",
    "min",
    "minimum",
    "multiply",
    "murmur3",
    "negate",
    "not_equal",
    "pair",
    "power",
    "relu",
    "reshape",
    "scatter",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "softmax",
    "softmax_with_loss",
    "softplus",
    "sqrt",
    "square",
    "squared_error",
    "stack",
    "subtract",
    "sum",
    "take_rows",
    "tanh",
    "transpose",
    "where",
    "window_counts",
    "windows",
]
