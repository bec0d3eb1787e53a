"""Others that run ONNX files, to compare with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")


def by_reference(path: Any, x: Any) -> Any:
    """What onnx's own evaluator makes of some inputs: the first output."""
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(path)
    return ReferenceEvaluator(model).run(None, {model.graph.input[0].name: x})[0]


def by_onnxruntime(path: Any, x: Any) -> Any:
    """What onnxruntime makes of them; what the reference says where it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return by_reference(path, x)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def check_runtimes(path: Any, x: Any, expected: Any, within: float = 1e-6) -> None:
    """Fail unless both give what is expected."""
    for run in (by_reference, by_onnxruntime):
        out = run(str(path), x)
        assert out.dtype == expected.dtype
        np.testing.assert_allclose(out, expected, rtol=0, atol=within, err_msg=run.__name__)
