"""What people read: both languages say the same, each in its own letters, and every text is used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter

import pytest

import chainrule
from chainrule import errors
from chainrule.errors import ArgumentError
from chainrule.words import LANGUAGES, Words, words

FOLDER = Path(chainrule.__file__).parent / "words"
SUBJECTS = sorted(file.stem for file in (FOLDER / "en").glob("*.json"))
SOURCE = "\n".join(file.read_text("utf-8") for file in sorted(FOLDER.parent.rglob("*.py")))
PAGE = "\n".join(
    file.read_text("utf-8")
    for file in sorted((FOLDER.parent / "web" / "static").rglob("*.js"))
    if file.parent.name != "vendor"
)
# Scripts of the page write the subject before the key, t("page_graph.play"), and make keys as well:
# t(`page_graph.verdict.${verdict}`) asks for all that fit.
PAGE_KEY = r"page(?:_[a-z]+)?\."
PATTERNS = [
    re.compile(".+".join(map(re.escape, re.split(r"\$\{[^}]*\}", template))))
    for template in sorted(set(re.findall(rf"`({PAGE_KEY}[^`\s]*\$\{{[^`]*)`", PAGE)))
]

# Korean texts that have nothing in them to translate: names of languages that drawings are written in.
SAME_IN_KOREAN: set[tuple[str, str]] = {
    ("page_graph", "export_dot"),
    ("page_graph", "export_latex"),
    ("page_graph", "export_mermaid"),
    ("page_graph", "export_tikz"),
}


def templates(language: str, subject: str) -> Mapping[str, str]:
    found: dict[str, str] = json.loads((FOLDER / language / f"{subject}.json").read_text("utf-8"))
    return found


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def plain(template: str) -> str:
    return "".join(literal for literal, *_ in Formatter().parse(template))


def test_the_languages_have_the_same_subjects() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_dir() and len(path.name) == 2} == set(LANGUAGES)
    for language in LANGUAGES:
        assert sorted(file.stem for file in (FOLDER / language).iterdir()) == SUBJECTS


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_languages_have_the_same_keys_in_the_same_order(subject: str) -> None:
    assert list(templates("en", subject)) == list(templates("ko", subject))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_no_key_stands_twice(subject: str) -> None:
    for language in LANGUAGES:
        text = (FOLDER / language / f"{subject}.json").read_text("utf-8")
        pairs = json.loads(text, object_pairs_hook=list)
        assert len(pairs) == len(dict(pairs))


def test_korean_on_the_page_and_in_explanations_is_polite_throughout() -> None:
    shown = [s for s in SUBJECTS if s.startswith("page")] + [
        "explain", "flow", "gallery", "graph_steps", "parse", "what_if",
    ]  # fmt: skip
    blunt = re.compile(r"(?<!니)다(?=[.(:]|$)")
    found = {(s, key) for s in shown for key, text in templates("ko", s).items() if blunt.search(text)}
    assert not found


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_languages_have_the_same_places(subject: str) -> None:
    korean = templates("ko", subject)
    different = {key for key, text in templates("en", subject).items() if places(text) != places(korean[key])}
    assert not different


@pytest.mark.parametrize("subject", SUBJECTS)
def test_korean_is_korean_and_english_english(subject: str) -> None:
    english = {key for key, text in templates("en", subject).items() if re.search("[ㄱ-ㆎ가-힣]", text)}
    assert not english
    untranslated = {
        key
        for key, text in templates("ko", subject).items()
        if re.search("[A-Za-z]", plain(text)) and not re.search("[가-힣]", plain(text))
    }
    assert not {(subject, key) for key in untranslated} - SAME_IN_KOREAN


@pytest.mark.parametrize("subject", SUBJECTS)
def test_particles_are_chosen_by_the_name_before_them(subject: str) -> None:
    """A particle written behind a place as plain text fits only some of the names that may stand there."""
    fixed = re.compile(r"\{\w+\}(?:은|는|이|가|을|를|과|와|으로|로)(?![가-힣])")
    assert not {key for key, text in templates("ko", subject).items() if fixed.search(text)}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_text_is_used(subject: str) -> None:
    assert not [key for key in templates("en", subject) if not is_used(subject, key)]


def is_used(subject: str, key: str) -> bool:
    """Whether the key stands in the code, or what it begins with does before a value: f"verdict.{verdict}"."""
    quoted = (f'"{key}"', f"'{key}'")  # the latter inside an f-string
    if any(text in SOURCE for text in quoted) or any(f'"{begin}{{' in SOURCE for begin in begins(key)):
        return True
    if subject in (
        "page_errors",
        "parse",
    ):  # what to do about an error belongs to it, and kinds of errors have their names
        return is_used(subject, key.removesuffix("_fix")) if key.endswith("_fix") else hasattr(errors, key)
    # Scripts write the subject before the key.
    name = f"{subject}.{key}"
    return f'"{name}"' in PAGE or any(pattern.fullmatch(name) for pattern in PATTERNS)


def begins(key: str) -> list[str]:
    return [key[: end + 1] for end, letter in enumerate(key) if letter in "._"]


def test_every_text_that_the_page_asks_for_exists() -> None:
    known = {f"{subject}.{key}" for subject in SUBJECTS for key in templates("en", subject)}
    asked = set(re.findall(rf'"({PAGE_KEY}[\w.-]+)"', PAGE))
    assert asked
    assert not asked - known
    assert not [pattern.pattern for pattern in PATTERNS if not any(map(pattern.fullmatch, known))]


@pytest.mark.parametrize(
    ("template", "name", "text"),
    [
        ("{x:은/는}", "사과", "사과는"), ("{x:은/는}", "총액", "총액은"), ("{x:은/는}", "x", "x는"),
        ("{x:은/는}", "L", "L은"), ("{x:은/는}", "m", "m은"), ("{x:은/는}", "n", "n은"), ("{x:은/는}", "r", "r은"),
        ("{x:은/는}", "t", "t는"), ("{x:은/는}", "W1", "W1은"), ("{x:은/는}", "W2", "W2는"),
        ("{x:은/는}", "10%", "10%는"), ("{x:은/는}", "f(x)", "f(x)는"), ("{x:은/는}", "∂L/∂m", "∂L/∂m은"),
        ("{x:은/는}", "", "는"), ("{x:은/는}", "∞", "∞는"), ("{x:은/는}", "x²", "x²은"), ("{x:은/는}", "x₁", "x₁은"),
        ("{x:은/는}", "σ", "σ는"), ("{x:은/는}", "ε", "ε은"),
        ("{x:이/가}", "z", "z가"), ("{x:이/가}", "소비세", "소비세가"), ("{x:을/를}", "개수", "개수를"),
        ("{x:은/는}", 1, "1은"), ("{x:은/는}", 7, "7은"), ("{x:은/는}", 8, "8은"), ("{x:은/는}", 9, "9는"),
        ("{x:과/와}", "f", "f와"), ("{x:과/와}", "W3", "W3과"),
        ("{x:으로/로}", 6, "6으로"), ("{x:으로/로}", 1, "1로"), ("{x:으로/로}", 8, "8로"), ("{x:으로/로}", 2, "2로"),
        ("{x:으로/로}", 7, "7로"), ("{x:으로/로}", 3, "3으로"), ("{x:으로/로}", 10, "10으로"),
        ("{x:으로/로}", 0.5, "0.5로"), ("{x:으로/로}", "L", "L로"), ("{x:으로/로}", "M", "M으로"),
        ("{x:으로/로}", "물", "물로"), ("{x:으로/로}", "값", "값으로"), ("{x:으로/로}", "가지", "가지로"),
        ("{x:은/는}", "price", "price는"), ("{x:은/는}", "total", "total은"), ("{x:으로/로}", "apple", "apple로"),
        ("{x:은/는}", "net", "net은"), ("{x:은/는}", "dout", "dout은"), ("{x:은/는}", "weight", "weight는"),
        ("{x:은/는}", "error", "error는"), ("{x:은/는}", "Adam", "Adam은"), ("{x:은/는}", "learning", "learning은"),
        ("{x:은/는}", "ReLU", "ReLU는"), ("{x:은/는}", "lr", "lr은"), ("{x:은/는}", "dX", "dX는"),
    ],
)  # fmt: skip
def test_a_particle_fits_the_last_sound(template: str, name: object, text: str) -> None:
    assert Words("ko", "test", {"key": template})("key", x=name) == text


def test_a_number_may_have_a_format() -> None:
    assert (
        Words("en", "test", {"key": "{share:.0%} of {count:,}"})("key", share=0.25, count=1000)
        == "25% of 1,000"
    )


def test_a_text_is_asked_for_by_its_key() -> None:
    say = words("ko", SUBJECTS[0])
    assert next(iter(templates("ko", SUBJECTS[0]))) in say
    assert "no such text" not in say


def test_other_languages_are_refused() -> None:
    with pytest.raises(ArgumentError) as refusal:
        words("fr", SUBJECTS[0])
    assert refusal.value.what == "lang is 'en' or 'ko', not 'fr'"
    assert refusal.value.fix == "lang='en' for English, lang='ko' for Korean"
