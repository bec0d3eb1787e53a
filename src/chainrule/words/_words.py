"""What people read, in their language: catalogues of templates, and Korean particles that fit the name before them.

Every text is in ``words/<language>/<subject>.json``; tests hold the languages to the same keys and places.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal

from ..errors import ArgumentError

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")

# How letters and figures end when a Korean reads their names aloud: in ㄹ (엘, 알, 일, 칠, 팔), in another consonant
# (엠, 엔, 영, 삼, 육, 엡실론, 오미크론, 입실론), and all others in a vowel.
_IN_RIEUL = frozenset("LRlr178")
_IN_CONSONANT = _IN_RIEUL | frozenset("MNmn036ΕΟΥεου")
_RAISED = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")  # x² ends in 제곱
_SPOKEN_SIGNS = frozenset("%‰°")  # 퍼센트, 퍼밀, 도

# How English words end, which are not read letter by letter: l, m, n and ng always close a syllable, k, p and t do
# behind a short vowel only, and r is silent. Source: 외래어 표기법, chapter 3, section 1 (국립국어원).
_WORD = re.compile(r"(?=[A-Za-z]*[aeiouy])[A-Za-z]?[a-z]+$")
_CLOSED = re.compile(r"(?:[lmn]e?|ng|(?<![aeiou])(?:[aeiou]|ou)(?:ck|[kpt]))$")


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
            text = files(__package__).joinpath(language, f"{subject}.json").read_text("utf-8")
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
        # 으로 becomes 로 behind ㄹ as well: 1로, but 6으로.
        takes_first = consonant and not (rieul and after_consonant == "으로")
        return text + (after_consonant if takes_first else after_vowel)


_formatter = _WithParticles()


def _ending(text: str) -> tuple[bool, bool]:
    """Whether a text, read aloud, ends in a consonant, and whether that is ㄹ."""
    spoken = [place for place, sign in enumerate(text) if sign.isalnum() or sign in _SPOKEN_SIGNS]
    text = text[: spoken[-1] + 1] if spoken else ""
    if text[-1:] in _RAISED:
        return True, False
    text = unicodedata.normalize(
        "NFKC", text
    )  # x₁ is x1, and letters that are written in parts become Hangul
    last = text[-1:]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return final != 0, final == 8
    word = _WORD.search(text)
    if word is None or len(word[0]) == 1:
        return last in _IN_CONSONANT, last in _IN_RIEUL
    closed = _CLOSED.search(word[0])
    return closed is not None, closed is not None and closed[0].startswith("l")
