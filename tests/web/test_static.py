"""The page's own files: nothing in them reaches outside, and all that they ask of each other is there."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

import chainrule
from chainrule.optimizers import BY_NAME
from chainrule.runs import ACTIVATIONS

STATIC = Path(chainrule.__file__).parent / "web" / "static"
VENDOR = STATIC / "vendor"
OWN = [file for file in sorted(STATIC.rglob("*")) if file.is_file() and VENDOR not in file.parents]
SCRIPTS = [file for file in OWN if file.suffix == ".js"]
SHEETS = [file for file in OWN if file.suffix == ".css"]
MOST_LINES = 300

# Names of kinds of elements that look like addresses: nobody is asked there.
NAMESPACES = (
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1998/Math/MathML",
    "http://www.w3.org/1999/xhtml",
)

IMPORT = re.compile(
    r"""^(?:import|export)\s+(?:(?P<what>[^;"']*?)\s*from\s*)?["'](?P<path>[^"']+)["']""", re.M
)
LATER = re.compile(r"""\bimport\(\s*["']([^"']+)["']""")
EXPORT = re.compile(
    r"^export\s+(?:default\s+)?(?:async\s+)?(?:function\*?|class|const|let|var)\s+(\w+)", re.M
)


def name_of(file: Path) -> str:
    return file.relative_to(STATIC).as_posix()


def code_of(file: Path) -> str:
    """The text without comments (a // inside an address stays)."""
    text = re.sub(r"/\*.*?\*/|<!--.*?-->", "", file.read_text("utf-8"), flags=re.S)
    return re.sub(r"(?m)(?<![:\w\"'`])//.*$", "", text) if file.suffix == ".js" else text


def test_what_others_made_is_as_they_made_it() -> None:
    rows = re.findall(
        r"^\| (\S+) \| (\d+) \| ([0-9a-f]{64}) \|$", (VENDOR / "VENDOR.md").read_text("utf-8"), re.M
    )
    files = {
        file.relative_to(VENDOR).as_posix(): (str(file.stat().st_size), sha256(file.read_bytes()).hexdigest())
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "VENDOR.md"
    }
    assert {name: (size, digest) for name, size, digest in rows} == files


def test_settings_have_the_names_that_layers_and_optimizers_have() -> None:
    terms = dict(re.findall(r'^  (\w+): "(\w+)",$', (STATIC / "train" / "terms.js").read_text("utf-8"), re.M))
    classes = {word: made.__name__ for word, made in [*ACTIVATIONS.items(), *BY_NAME.items()]}
    assert terms == classes | {"tanh": "tanh", "he": "He", "xavier": "Xavier"}


def test_each_library_comes_with_its_licence_and_version() -> None:
    text = (VENDOR / "VENDOR.md").read_text("utf-8")
    packages = re.findall(r"^\| (\S+) \| ([\d.]+) \| ([\w.-]+) \| (licences/\S+\.txt) \|$", text, re.M)
    assert {"preact", "htm", "@preact/signals", "uplot"} <= {name for name, *_ in packages}
    for name, version, licence, file in packages:
        wording = {"MIT": "Permission is hereby granted", "Apache-2.0": "Apache License"}[licence]
        assert wording in (VENDOR / file).read_text("utf-8")
        made_of = "\n".join(script.read_text("utf-8")[:400] for script in VENDOR.glob("*.js"))
        assert f"{name} {version} ({licence})" in made_of


def test_the_page_has_no_script_and_no_style_inside() -> None:
    text = (STATIC / "index.html").read_text("utf-8")
    assert not re.findall(r"<script(?![^>]*\bsrc=)", text)
    assert not re.findall(r"<style|\bstyle=|\son\w+=|javascript:", text)


def test_all_that_the_page_loads_is_there() -> None:
    addresses = re.findall(r'(?:src|href)="([^"]+)"', (STATIC / "index.html").read_text("utf-8"))
    assert addresses
    for address in addresses:
        assert address.startswith("/static/")
        assert (STATIC / address.removeprefix("/static/")).is_file(), address
    sheets = re.findall(r'"([\w/]+\.css)"', (STATIC / "shell" / "view.js").read_text("utf-8"))
    assert {name_of(sheet) for sheet in SHEETS} - set(sheets) == {
        "base.css",
        "shell/shell.css",
        "tour/tour.css",
    }
    assert all((STATIC / sheet).is_file() for sheet in sheets)


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_what_a_script_imports_is_exported(script: Path) -> None:
    text = code_of(script)
    for found in IMPORT.finditer(text):
        target = (script.parent / found["path"]).resolve()
        assert target.is_file(), found["path"]
        assert found["path"].startswith("."), "addresses within the page are relative"
        braces = re.search(r"\{([^}]*)\}", found["what"] or "", re.S)
        names = {
            name.split(" as ")[0].strip() for name in (braces[1].split(",") if braces else []) if name.strip()
        }
        assert names <= exports_of(target), (found["path"], names - exports_of(target))
    for path in LATER.findall(text):
        assert (script.parent / path).resolve().is_file(), path


def exports_of(script: Path) -> set[str]:
    text = script.read_text("utf-8")
    lists = re.findall(r"\bexport\s*\{([^}]*)\}", text)
    listed = {name.split(" as ")[-1].strip() for names in lists for name in names.split(",") if name.strip()}
    return set(EXPORT.findall(text)) | listed


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_nothing_is_imported_in_vain(script: Path) -> None:
    text = code_of(script)
    for found in IMPORT.finditer(text):
        if not found[0].startswith("import"):
            continue
        rest = text[: found.start()] + text[found.end() :]
        names = [name.split(" as ")[-1].strip() for name in re.split(r"[{},]", found["what"] or "")]
        assert not [
            name for name in names if name and not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", rest)
        ]


@pytest.mark.parametrize("file", OWN, ids=name_of)
def test_nothing_reaches_outside(file: Path) -> None:
    text = code_of(file)
    for namespace in NAMESPACES:
        text = text.replace(namespace, "")
    assert not re.findall(r"(?:https?:|wss?:)?//[\w.-]+\.\w+\S*", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_no_text_becomes_markup_or_code(script: Path) -> None:
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|srcdoc|document\.write"
    code = r"\beval\(|new Function|setAttribute\(\"on"
    assert not re.findall(f"{markup}|{code}", code_of(script))


@pytest.mark.parametrize("sheet", SHEETS, ids=name_of)
def test_every_colour_and_size_that_is_used_is_defined(sheet: Path) -> None:
    defined = {
        name
        for file in (STATIC / "base.css", sheet, *sheet.parent.glob("*.js"))
        for name in re.findall(r"[\s\"'{;](--[\w-]+)[\"']?\s*:", file.read_text("utf-8"))
    }
    assert set(re.findall(r"var\((--[\w-]+)\)", sheet.read_text("utf-8"))) <= defined
    assert "http" not in code_of(sheet)
    assert "@import" not in code_of(sheet)


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_every_icon_that_is_used_is_drawn(script: Path) -> None:
    drawn = set(re.findall(r"^  (\w+):\s", (STATIC / "lib" / "icons.js").read_text("utf-8"), re.M))
    asked = re.findall(r'\bicon(?:="|: ")(\w+)"|<\$\{Icon\} name="(\w+)"', script.read_text("utf-8"))
    assert {name for pair in asked for name in pair if name} <= drawn


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_no_script_is_too_long(script: Path) -> None:
    lines = [line for line in code_of(script).splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
