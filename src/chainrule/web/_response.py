"""Answers that tell what went wrong."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..errors import ChainruleError
from ._problem import Problem, refusal
from ._request import language_of

_CODES = {404: "not_found", 405: "wrong_method"}


def problem_response(request: Request, problem: Problem, headers: Any = None) -> Response:
    """The answer to a request that cannot be done."""
    return JSONResponse(problem.to_json(language_of(request)), problem.status, headers)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def _on_error_of_the_library(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChainruleError)
    return JSONResponse(refusal(error, language_of(request)), 422)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "not_found")
    problem = Problem(code, error.status_code, method=request.method)
    return problem_response(request, problem, error.headers)


async def _on_no_memory(request: Request, error: Exception) -> Response:
    return problem_response(request, Problem("no_memory", 503))


async def _on_bug(request: Request, error: Exception) -> Response:
    return problem_response(request, Problem("bug", 500))


HANDLERS: dict[Any, Any] = {
    Problem: _on_problem,
    ChainruleError: _on_error_of_the_library,
    HTTPException: _on_http,
    MemoryError: _on_no_memory,
    Exception: _on_bug,
}
"""Which answer each kind of error becomes."""
