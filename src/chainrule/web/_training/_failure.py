"""Why a run failed, in the words of both languages: the log outlives a change of the page's language."""

from __future__ import annotations

from typing import Any

from ...errors import ChainruleError, NonFiniteError
from ...runs import Settings
from ...words import LANGUAGES, words
from .._problem import CATALOGUE, Problem, refusal


def failure_of(error: BaseException, settings: Settings) -> dict[str, Any]:
    """What the page gets of an error that ended a run: a code, and message and fix by language."""
    told = {language: _told(error, settings, language) for language in LANGUAGES}
    by_language = {
        part: {language: told[language][part] for language in LANGUAGES} for part in ("message", "fix")
    }
    return {"code": told["en"]["code"], **by_language}


def in_words(key: str, **values: Any) -> dict[str, str]:
    """A sentence by language."""
    return {language: words(language, CATALOGUE)(key, **values) for language in LANGUAGES}


def _told(error: BaseException, settings: Settings, language: str) -> dict[str, Any]:
    if isinstance(error, NonFiniteError):
        problem = _nonfinite(error, settings)
    elif isinstance(error, ChainruleError):
        return _inner(refusal(error, language))
    elif isinstance(error, Problem):
        problem = error
    else:
        problem = Problem("no_memory" if isinstance(error, MemoryError) else "bug")
    return _inner(problem.to_json(language))


def _inner(answer: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = answer["error"]
    return inner


def _nonfinite(error: NonFiniteError, settings: Settings) -> Problem:
    kind = "input" if error.gate == "input" else error.phase
    return Problem(
        f"nonfinite_{kind}",
        step=f"{error.step:,}",
        gate=error.gate,
        variable=error.variable,
        lr=f"{settings.lr:g}",
    )
