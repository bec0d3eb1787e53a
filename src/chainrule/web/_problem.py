"""What could not be done, as a sentence in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ChainruleError
from ..words import Words, words

CATALOGUE = "page_errors"


class Problem(Exception):
    """A request that cannot be answered.

    code    key of its sentence in words/…/page_errors.json; CODE_fix, where there is one, says what to do
    status  of the response
    facts   values for the places in the sentences; the page gets them too
    """

    def __init__(self, code: str, status: int = 422, **facts: Any) -> None:
        self.code, self.status, self.facts = code, status, facts
        super().__init__(code)

    def to_json(self, language: str) -> dict[str, Any]:
        """What the page gets."""
        say = words(language, CATALOGUE)
        return _error(self.code, say(self.code, **self.facts), _fix(say, self.code, self.facts), self.facts)


def refusal(error: ChainruleError, language: str) -> dict[str, Any]:
    """What the page gets of an error of the library.

    One with a ``key`` is told by the catalogue that the key names; any other, in Korean, by a sentence about its kind
    with the library's own behind it.
    """
    facts = dict(error.facts)
    if error.key is not None:
        subject, _, key = error.key.partition(".")
        say, code = words(language, subject), error.key
        return _error(code, say(key, **facts), _fix(say, key, facts), facts)
    say, kind = words(language, CATALOGUE), type(error).__name__
    message = say(kind if kind in say else "ChainruleError", what=error.what)
    return _error(kind, message, error.fix, facts)


def _fix(say: Words, key: str, facts: Mapping[str, Any]) -> str | None:
    return say(f"{key}_fix", **facts) if f"{key}_fix" in say else None


def _error(code: str, message: str, fix: str | None, facts: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "fix": fix, "facts": facts}}
