"""Run onnx's published tests of operators on chainrule's backend, and count.

python scripts/onnx_conformance.py [--json] [OPERATOR …]

A case counts as passed when shapes, dtypes and numbers are what onnx says; as refused when chainrule says that it has
no gates for it (texts, bfloat16, numbers of 8 bits and fewer). Anything else is a failure.
"""

from __future__ import annotations

import json
import pkgutil
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import onnx
import onnx.backend.test.case.node as published
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner

from chainrule.errors import UnsupportedError
from chainrule.interop.onnx._registry import OPERATORS
from chainrule.onnx import Backend

MINIMAL = frozenset(
    "Abs Add Concat Div Elu Exp Flatten Gelu Gemm Identity LeakyRelu Log LogSoftmax MatMul Max Min Mul Neg "
    "NegativeLogLikelihoodLoss Pow ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Sigmoid Softmax "
    "SoftmaxCrossEntropyLoss Softplus Sqrt Sub Sum Tanh Transpose".split()
)
"""What a dense network and its training take."""

TRAINING = ("Adagrad", "Adam", "Gradient", "Momentum")


def operators() -> list[str]:
    """The operators that there are cases of and gates for."""
    return sorted({name for _, name in OPERATORS} | {"Gradient"})


def cases_of(operator: str) -> Iterator[Any]:
    """The published cases of an operator, also those that have it written out in other operators that are known.

    Only the modules of that operator are imported: making all cases takes ten times as long.
    """
    if operator == "Gradient":
        yield from (c for c in load_model_tests(kind="simple") if "gradient" in c.name)
        return
    for module in pkgutil.iter_modules(published.__path__):
        if module.name.replace("_", "").removesuffix("op") in (
            operator.lower(),
            operator.lower().removesuffix("op"),
        ):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the code that makes the cases
                import_module(f"{published.__name__}.{module.name}")
    for case in published._NodeTestCases:
        used = {(node.domain, node.op_type) for node in case.model.graph.node}
        written_out = (
            "_expanded" in case.name and used <= OPERATORS.keys() and _origin(case) == operator.lower()
        )
        if {name for _, name in used} == {operator} or written_out:
            yield case


def _origin(case: Any) -> str:
    """The operator that a case was written out from, in small letters: its nodes' names begin with it."""
    names = [name for node in case.model.graph.node for name in (*node.output, *node.input)]
    return next((n.partition("_")[0].lower() for n in names if "_expanded_function_" in n), "")


def run(case: Any) -> str | None:
    """Run a case: None when it passed, the reason when it was refused; AssertionError when it failed."""
    model = case.model if case.model is not None else onnx.load(f"{case.model_dir}/model.onnx")
    data = case.data_sets if case.data_sets is not None else list(_data_on_disk(case.model_dir, model))
    try:
        runnable = Backend.prepare(model)
        for inputs, expected in data:
            outputs = runnable.run([_array(value) for value in inputs])
            Runner.assert_similar_outputs([_array(v) for v in expected], outputs, case.rtol, case.atol)
    except UnsupportedError as refusal:
        return refusal.what
    return None


def _array(value: Any) -> Any:
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _data_on_disk(folder: str, model: Any) -> Iterator[tuple[list[Any], list[Any]]]:
    def tensors(kind: str, number: int) -> list[Any]:
        return [onnx.load_tensor(f"{folder}/test_data_set_0/{kind}_{i}.pb") for i in range(number)]

    yield tensors("input", len(model.graph.input)), tensors("output", len(model.graph.output))


def counts(chosen: list[str] | None = None) -> dict[str, Any]:
    """How many cases passed, were refused and failed, in all and by operator, fit for JSON."""
    by_operator: dict[str, dict[str, int]] = {}
    failures: dict[str, str] = {}
    for operator in chosen or operators():
        count: Counter[str] = Counter(passed=0, refused=0, failed=0)
        for case in cases_of(operator):
            try:
                count["passed" if run(case) is None else "refused"] += 1
            except Exception as problem:
                count["failed"] += 1
                failures[case.name] = f"{type(problem).__name__}: {str(problem).strip():.200}"
        if sum(count.values()):
            by_operator[operator] = dict(count)

    def total(names: Any) -> dict[str, int]:
        return {kind: sum(by_operator[n][kind] for n in names if n in by_operator) for kind in _KINDS}

    return {
        "onnx": onnx.__version__,
        "numpy": np.__version__,
        "all": total(by_operator),
        "minimal": total(MINIMAL),
        "training": total(TRAINING),
        "operators": by_operator,
        "failures": failures,
    }


_KINDS = ("passed", "refused", "failed")


def main(arguments: list[str]) -> int:
    """Print the counts; 1 if a case failed."""
    found = counts([a for a in arguments if not a.startswith("-")])
    if "--json" in arguments:
        print(json.dumps(found, indent=2))
        return bool(found["failures"])
    for name, count in found["operators"].items():
        print(f"{name:28} {count['passed']:4} passed {count['refused']:4} refused {count['failed']:4} failed")
    for name in ("all", "minimal", "training"):
        print(f"{name}: {', '.join(f'{n} {kind}' for kind, n in found[name].items())}")
    for name, reason in found["failures"].items():
        print(f"{name}: {reason}")
    return bool(found["failures"])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
