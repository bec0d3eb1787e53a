"""What people read, in their language: catalogues of templates, and Korean particles that fit the name before them.

Every text is in ``words/<language>/<subject>.json``; tests hold the languages to the same keys and places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal

from ..errors import ArgumentError

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")

# How a letter or a figure that is not Hangul ends when a Korean reads it aloud: in a consonant, in ㄹ, else in a vowel.
_IN_CONSONANT = frozenset("LMNRlmnr136780")
_IN_RIEUL = frozenset("LRlr178")


class Words:
    """The texts of one subject in one language.

    >>> words("en", "what_if")("title", output="L")
    'What if? What happens to L'
    """

    def __init__(self, language: Language, subject: str, templates: Mapping[str, str]) -> None:
        self.language, self.subject = language, subject
        self._templates = templates

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key, with the values in their places."""
        return _formatter.vformat(self._templates[key], (), values)

    def __contains__(self, key: str) -> bool:
        return key in self._templates


@lru_cache(maxsize=64)
def words(language: str, subject: str) -> Words:
    """The texts of a subject.

    language  "en" or "ko"
    subject   the name of a catalogue
    raises    ArgumentError for another language
    """
    for known in LANGUAGES:
        if language == known:
            text = files(__package__).joinpath("words", language, f"{subject}.json").read_text("utf-8")
            return Words(known, subject, json.loads(text))
    raise ArgumentError(
        f"lang is 'en' or 'ko', not {language!r}", fix="lang='en' for English, lang='ko' for Korean"
    )


class _WithParticles(Formatter):
    """``{name:은/는}`` is the name and the particle that goes with its last sound."""

    def format_field(self, value: Any, format_spec: str) -> str:
        after_consonant, slash, after_vowel = format_spec.partition("/")
        if not slash:
            return str(super().format_field(value, format_spec))
        text = str(value)
        consonant, rieul = _ending(text)
        # 으로 becomes 로 behind ㄹ too: 1로, 6으로.
        takes_first = consonant and not (rieul and after_consonant == "으로")
        return text + (after_consonant if takes_first else after_vowel)


_formatter = _WithParticles()


def _ending(text: str) -> tuple[bool, bool]:
    """Whether a text, read aloud, ends in a consonant, and whether that is ㄹ."""
    last = next((letter for letter in reversed(text) if letter.isalnum()), "")
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return final != 0, final == 8
    return last in _IN_CONSONANT, last in _IN_RIEUL
