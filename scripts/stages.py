"""The stages of scripts/check: each prints its name and its time, and the first that fails ends the run.

python scripts/stages.py [--without] [STAGE …]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import lowest as floors

ROOT = Path(__file__).parents[1]
DATA = "chainrule/datasets/mnist/"
MOST_BYTES_WITHOUT_DATA = 1_200_000
NEED_AN_EXTRA = [
    *(f"verify/{name}.py" for name in ("_prove", "_regions", "_suite", "_symbolic")),
    "explain/plot/*.py",
    "web/*.py",
    "comm/_mpi.py",
    "onnx.py",
    "interop/onnx/*.py",
    "sklearn.py",
    "interop/sklearn/*.py",
    "engines/xla/*.py",
    *(f"engines/fused/{name}.py" for name in ("_cache", "_function", "_native", "_stepper", "_vector_math")),
]
PYTEST = ("-m", "pytest", "--numprocesses=auto", "--dist=worksteal")

_scratch = TemporaryDirectory(prefix="chainrule-check-")


class StageError(Exception):
    """A stage that found something; the message is what is printed."""


def run(*command: str | Path, folder: str | Path = ROOT, quiet: bool = False) -> None:
    """Run a command; its output is shown as it comes, or, if `quiet`, only when it fails."""
    sys.stdout.flush()
    pipe, both = (subprocess.PIPE, subprocess.STDOUT) if quiet else (None, None)
    done = subprocess.run([str(c) for c in command], cwd=folder, stdout=pipe, stderr=both, encoding="utf-8")
    if done.returncode:
        print(done.stdout or "", end="")
        raise StageError(f"exit status {done.returncode}: {' '.join(map(str, command))}")


def python(*arguments: str | Path, folder: str | Path = ROOT, quiet: bool = False) -> None:
    """Run a command of the Python that runs this script."""
    run(sys.executable, *arguments, folder=folder, quiet=quiet)


def format_() -> None:
    """Formatting."""
    python("-m", "ruff", "format", "--check", "--quiet", ".")


def lint() -> None:
    """Lint."""
    python("-m", "ruff", "check", "--quiet", ".")


def types() -> None:
    """Types, strictly, of everything but the tests."""
    folders = [f for f in ("src", "scripts", "examples", "benchmarks") if any((ROOT / f).rglob("*.py"))]
    python("-m", "mypy", *folders)


def sizes() -> None:
    """Lines a file and tokens a line."""
    python("scripts/sizes.py")


def tests() -> None:
    """Tests, the doctests of src, and the code blocks of the documents, with the newest versions."""
    python(*PYTEST, "--ignore=tests/mpi")


@cache
def built_wheel() -> Path:
    """The wheel, built from the source distribution, so that both are known to be whole."""
    python("-m", "build", "--outdir", _scratch.name, ROOT, quiet=True)
    (wheel,) = Path(_scratch.name).glob("*.whl")
    return wheel


def wheel() -> None:
    """What the wheel holds and weighs."""
    with zipfile.ZipFile(built_wheel()) as archive:
        sizes = {file.filename: file.compress_size for file in archive.infolist()}
    data = {name: size for name, size in sizes.items() if name.startswith(DATA)}
    code = sum(sizes.values()) - sum(data.values())
    print(
        f"{len(sizes)} files; {code / 1e6:.2f} MB without the data, {sum(data.values()) / 1e6:.2f} MB of data"
    )
    if code > MOST_BYTES_WITHOUT_DATA:
        raise StageError(
            f"without its data the wheel has {code:,} bytes, more than {MOST_BYTES_WITHOUT_DATA:,}"
        )
    if sum(name.endswith("ubyte.gz") for name in data) != 4:
        raise StageError(f"the wheel does not hold the four files of MNIST in {DATA}")
    if "chainrule/py.typed" not in sizes:
        raise StageError("the wheel does not hold chainrule/py.typed, so its types would not be seen")
    strangers = [name for name in sizes if not name.startswith(("chainrule/", "chainrule-"))]
    if strangers:
        raise StageError(f"the wheel holds what is not chainrule: {', '.join(strangers)}")


def lowest() -> None:
    """The wheel alone, with the lowest versions of the base dependencies and no extras; then with two extras.

    One test of ten: what an old version lacks fails many of them, and the newest versions are tested whole.
    """
    oldest = shutil.which(f"python{floors.oldest_python()}")
    if oldest is None:
        print(f"skipped: there is no python{floors.oldest_python()} here, and the floors are made for it")
        return
    environment, constraints = Path(_scratch.name, "lowest"), Path(_scratch.name, "lowest.txt")
    # The oldest Matplotlib warns with a newer pyparsing than it knew, and warnings are errors in our tests.
    constraints.write_text("\n".join([*floors.lowest("fast", "plot"), "pyparsing<3.2"]))
    print(" ".join(floors.lowest("fast", "plot")))
    run(oldest, "-m", "venv", "--clear", environment)
    pip = (environment / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "install", "-c", constraints, built_wheel(), "pytest", "pytest-xdist", "hypothesis")
    tenth = ("--every", "10")
    without = [f"--ignore-glob={environment}/*/chainrule/{file}" for file in NEED_AN_EXTRA]
    run(environment / "bin" / "python", *PYTEST, *tenth, *without, "./tests", "--pyargs", "chainrule")
    run(*pip, "install", "-c", constraints, f"{built_wheel()}[fast,plot]")
    run(
        environment / "bin" / "python",
        *PYTEST,
        *tenth,
        "--auto",
        "fused",
        "./tests/engines/fused",
        "./tests/training",
        "./tests/explain/plot",
        "./tests/explain/drawing",
    )


def fused() -> None:
    """Every other test of training once more, on the fused engine."""
    python(*PYTEST, "--every", "2", "--auto", "fused", "tests/training")


def xla() -> None:
    """Some tests of training once more, on the xla engine, which compiles for each size of a mini-batch."""
    python(*PYTEST, "--every", "6", "--auto", "xla", "tests/training")


def examples() -> None:
    """Each example, run as a user runs it."""
    for example in sorted((ROOT / "examples").glob("*.py")):
        start = time.perf_counter()
        python("-W", "error", example, folder=_scratch.name, quiet=True)
        print(f"{example.name:30} {time.perf_counter() - start:6.1f} s")


def parsers() -> None:
    """What chainrule writes, read by Graphviz and Mermaid; by those of them that can be had here."""
    folder = Path(_scratch.name, "mermaid")
    shutil.copytree(ROOT / "scripts" / "parsers", folder)
    environment = []
    if shutil.which("npm"):
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder, quiet=True)
        environment = [f"CHAINRULE_MERMAID={folder}"]
    run("env", *environment, sys.executable, *PYTEST, "-rs", "tests/explain/parsers")


def browser() -> None:
    """The page in Chromium, where there is one."""
    python(*PYTEST, "-rs", "tests/browser")


def mpi() -> None:
    """Real processes of mpiexec, some of which are killed; one test after the other, each takes all cores."""
    python("-m", "pytest", "-rs", "tests/mpi")


STAGES: dict[str, Callable[[], None]] = {
    "format": format_,
    "lint": lint,
    "types": types,
    "sizes": sizes,
    "tests": tests,
    "wheel": wheel,
    "lowest": lowest,
    "fused": fused,
    "xla": xla,
    "parsers": parsers,
    "browser": browser,
    "mpi": mpi,
    "examples": examples,
}


def chosen(arguments: list[str]) -> list[str]:
    """The names of the stages that the command line asks for."""
    parser = argparse.ArgumentParser(prog="scripts/check", description="What CI runs, stage by stage.")
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE", help=f"one of {', '.join(STAGES)}; all when left out"
    )
    parser.add_argument("--without", action="store_true", help="run all stages but those named")
    options = parser.parse_args(arguments)
    for name in options.stages:
        if name not in STAGES:
            parser.error(f"no stage is called {name}; there are {', '.join(STAGES)}")
    return [name for name in STAGES if (name in (options.stages or STAGES)) != options.without]


def main(arguments: list[str]) -> int:
    """Run the chosen stages in order; 1 at the first that fails."""
    for name in chosen(arguments):
        print(f"── {name}", flush=True)
        start = time.perf_counter()
        try:
            STAGES[name]()
        except StageError as error:
            print(f"── {name} failed: {error}\n   to run just this stage: scripts/check {name}")
            return 1
        print(f"── {name} passed, {time.perf_counter() - start:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
