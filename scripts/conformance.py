"""Let other people's programs judge chainrule, and write docs/conformance.md.

    python scripts/conformance.py                          print the tables
    python scripts/conformance.py --write                  and write docs/conformance.md
    python scripts/conformance.py --fuzz FOLDER            with the counts of scripts/fuzz_files.py --json FOLDER/….json

Each row has a judge that shares no code with chainrule: a test suite that others published, or a reader that others
wrote. A judge that is not installed is said to be missing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule.graph import as_array
from chainrule.storage import load_arrays, save_arrays

PAGE = Path(__file__).parents[1] / "docs" / "conformance.md"
DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")
ORDERS: dict[str, Callable[[Any], Any]] = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "strided": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
}


class Row(NamedTuple):
    """A judge's verdict.

    judge    a package, by the name that it is installed under
    subject  what it looked at
    results  for each case whether it is right
    """

    judge: str
    subject: str
    results: Iterable[bool]

    def line(self) -> str:
        try:
            judge = f"{self.judge} {version(self.judge)}"
        except PackageNotFoundError:
            return f"| {self.judge} | {self.subject} | not installed here | |"
        results = list(self.results)
        return f"| {judge} | {self.subject} | {sum(results):,} | {len(results):,} |"


def samples() -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """An array of each dtype in each order of memory, by name."""
    rng = np.random.default_rng(0)
    for dtype, (order, lay) in product(DTYPES, ORDERS.items()):
        yield f"{dtype}/{order}", lay((rng.normal(size=(5, 7)) * 3).astype(dtype))


def same(found: Any, wanted: np.ndarray[Any, Any]) -> bool:
    """Same shape, dtype and bits."""
    array = np.asarray(found)
    return bool((array.shape, array.dtype) == (wanted.shape, wanted.dtype) and np.array_equal(array, wanted))


# scikit-learn --------------------------------------------------------------------------------------


def estimator_checks(name: str) -> Iterator[bool]:
    """scikit-learn's own checks of an estimator; those that it skips itself are left out."""
    from sklearn.utils.estimator_checks import check_estimator

    import chainrule.sklearn

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(getattr(chainrule.sklearn, name)(), on_skip=None, on_fail=None)
    return (check["status"] == "passed" for check in found if check["status"] != "skipped")


# ONNX ----------------------------------------------------------------------------------------------


def published_cases() -> list[Row]:
    """onnx's published tests of operators on our backend; what is refused by name is no case."""
    if find_spec("onnx") is None:
        return [Row("onnx", "published tests of operators", [])]
    import onnx_conformance

    found = onnx_conformance.counts()
    what = {
        "all": "published tests of operators that there are gates for",
        "minimal": "of these, those of a dense network's operators",
        "training": "of these, ai.onnx.preview.training: Gradient, Adagrad, Adam, Momentum",
    }
    return [
        Row(
            "onnx",
            f"{subject} ({found[part]['refused']} more are refused in a sentence)",
            [True] * found[part]["passed"] + [False] * found[part]["failed"],
        )
        for part, subject in what.items()
    ]


# safetensors ---------------------------------------------------------------------------------------


def written_and_read(framework: str) -> Iterator[bool]:
    """Files of ours that the library reads, and files of its own that we read, array by array."""
    reader = import_module(f"safetensors.{framework}")
    arrays = {name: a for name, a in samples() if framework != "flax" or a.dtype.itemsize < 8}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.safetensors")
        save_arrays(path, arrays)
        theirs = reader.load_file(path)
        yield from (same(theirs[name], wanted) for name, wanted in arrays.items())
        reader.save_file(theirs, path)
        ours, _ = load_arrays(path)
        yield from (same(ours[name], wanted) for name, wanted in arrays.items())


def hugging_face_loads() -> Iterator[bool]:
    """Its loader of checkpoints takes what `save` and `save_weights` write."""
    from huggingface_hub import load_state_dict_from_file

    for dtype in (np.float32, np.float64):
        net = cr.Sequential(cr.Affine(5, 4), cr.ReLU(), cr.Affine(4, 3), dtype=dtype)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "n.safetensors")
            net.save(path)
            found = load_state_dict_from_file(path)
            yield from (same(found[name], w) for name, w in net.params.items())
            net.save_weights(path)
            found = load_state_dict_from_file(path)
            yield from (same(found[f"{2 * (n - 1)}.weight"].T, net.params[f"W{n}"]) for n in (1, 2))


# TensorBoard ---------------------------------------------------------------------------------------


def tensorboard_reads() -> Iterator[bool]:
    """Every scalar, histogram and node of a run that was interrupted and resumed."""
    reader = import_module("tensorboard.backend.event_processing.event_accumulator")
    x, t = np.random.default_rng(0).normal(size=(200, 6)), np.arange(200) % 3
    losses: list[float] = []

    class Note(cr.Callback):
        def on_steps(self, trainer: cr.Trainer, found: Any) -> None:
            losses[trainer.step - len(found) :] = found
            if trainer.step == 70 and not any(saved.parent.glob("interrupted")):
                (saved.parent / "interrupted").touch()
                raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as folder:
        log, saved = Path(folder, "log"), Path(folder, "c.safetensors")

        def trainer() -> cr.Trainer:
            net = cr.Sequential(cr.Affine(6, 5), cr.Tanh(), cr.Affine(5, 3), seed=0)
            callbacks = [cr.TensorBoard(log, every=1), cr.Checkpoints(saved), Note()]
            return cr.Trainer(net, cr.SGD(0.1), batch_size=4, engine="eager", callbacks=callbacks)

        with suppress(KeyboardInterrupt):
            trainer().fit(x, t, epochs=3)
        resumed = trainer()
        resumed.resume(saved)
        history = resumed.fit(x, t, epochs=3)
        theirs = reader.EventAccumulator(str(log), size_guidance={"scalars": 0, "histograms": 0})
        theirs.Reload()
        points = theirs.Scalars("step/loss")
        yield from (
            e.step == step and e.value == np.float32(losses[step - 1]) for step, e in enumerate(points, 1)
        )
        yield len(points) == len(losses) == 150
        for tag, what in (("loss/train", "train_loss"), ("accuracy/train", "train_accuracy")):
            found = [(e.step, e.value) for e in theirs.Scalars(tag)]
            yield found == [(e.step, np.float32(getattr(e, what))) for e in history]
        for name, w in resumed.network.params.items():
            last = theirs.Histograms(f"weights/{name}")[-1].histogram_value
            yield (last.min, last.max, sum(last.bucket)) == (w.min(), w.max(), w.size)
        names = {node.name for node in theirs.Graph().node}
        yield {f"update/{name}/subtract" for name in resumed.network.params} <= names


# Arrays --------------------------------------------------------------------------------------------


def arrays_in_and_out(into: Callable[[Any], Any], outside: Callable[[Any], Any]) -> Iterator[bool]:
    """Their arrays as ours, and the value and gradient of a variable as theirs."""
    for _, wanted in samples():
        with suppress(TypeError, ValueError):  # an order of memory that the other library does not have
            foreign = into(wanted)
            yield same(as_array(foreign), np.asarray(foreign))
    for _, wanted in samples():
        if wanted.dtype in (np.float32, np.float64):
            x = cr.Variable(wanted.copy())
            (x * x).sum().backward()
            yield same(outside(x.value), x.value) and same(outside(x.grad), x.grad)


def torch_rows() -> Iterator[bool]:
    import torch

    yield from arrays_in_and_out(torch.from_numpy, torch.from_dlpack)


def jax_rows() -> Iterator[bool]:
    import jax

    with jax.enable_x64(True):
        yield from arrays_in_and_out(jax.numpy.asarray, jax.numpy.asarray)


def rows() -> Iterator[tuple[str, list[Row]]]:
    """The headings of the page, and what stands under each."""
    yield (
        "Estimators: scikit-learn's own checks",
        [
            Row("scikit-learn", f"`{name}`, `check_estimator`", _lazily(estimator_checks, name))
            for name in ("MLPClassifier", "MLPRegressor")
        ],
    )
    yield "ONNX: its own tests of operators", published_cases()
    yield (
        "safetensors: what is written here and read there, and the other way",
        [
            Row(
                "safetensors", "12 dtypes × 5 orders in memory, both ways", _lazily(written_and_read, "numpy")
            ),
            Row("torch", "the same, as tensors", _lazily(written_and_read, "torch")),
            Row("jax", "the same, as arrays, of up to 32 bits", _lazily(written_and_read, "flax")),
            Row("huggingface_hub", "parameters of `save` and `save_weights`", _lazily(hugging_face_loads)),
        ],
    )
    yield (
        "TensorBoard's reader, of a run that was interrupted and resumed",
        [Row("tensorboard", "steps, epochs, histograms, graph", _lazily(tensorboard_reads))],
    )
    yield (
        "Arrays of other libraries, in and out",
        [
            Row("torch", "12 dtypes × 5 orders in, values and gradients out", _lazily(torch_rows)),
            Row("jax", "the same", _lazily(jax_rows)),
        ],
    )


def _lazily(cases: Callable[..., Iterable[bool]], *given: Any) -> Iterator[bool]:
    """Cases that are tried only once somebody counts them, which is where their judge is installed."""
    yield from cases(*given)


# The page ------------------------------------------------------------------------------------------


def fuzzed(folder: Path) -> Iterator[str]:
    """What scripts/fuzz_files.py counted, loader by loader."""
    yield "| loader | damaged files | refused in a sentence | loaded as what they say | findings |"
    yield "| --- | --- | --- | --- | --- |"
    for file in sorted(folder.glob("*.json")):
        for name, counts in json.loads(file.read_text())["loaders"].items():
            files, refused, right = sum(counts.values()), counts.get("refused", 0), counts.get("loaded", 0)
            yield f"| {name} | {files:,} | {refused:,} | {right:,} | {files - refused - right:,} |"


def page(fuzz: Path | None) -> str:
    """The whole page; without counts of damaged files those that are on it stay."""
    lines = [
        "# Conformance",
        "",
        "What others say of chainrule: test suites that they published, and readers that they wrote. `python",
        "scripts/conformance.py --write` makes this page; it tries what is installed, and says what is not.",
        "",
    ]
    for heading, found in rows():
        lines += [f"## {heading}", "", "| judge | what | right | of |", "| --- | --- | --- | --- |"]
        lines += [*(row.line() for row in found), ""]
    lines += [
        "## Damaged files",
        "",
        "`python scripts/fuzz_files.py --files 100000 --each` damages files, most of them in their structure (headers,",
        "lengths, fields), and loads them. A load is right if another reader finds the same in the file; a finding is",
        "any error that is not one sentence of chainrule's, a warning, 5 seconds, a process that dies, or more memory",
        "than twice the file and some megabytes. 1,000 of the files are tried in every run of the tests.",
        "",
    ]
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    kept = [line for line in before.partition("## Damaged files")[2].splitlines() if line.startswith("|")]
    lines += [*(fuzzed(fuzz) if fuzz else kept), ""]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write docs/conformance.md")
    parser.add_argument("--fuzz", type=Path, metavar="FOLDER", help="of the counts of damaged files")
    options = parser.parse_args(arguments)
    text = page(options.fuzz)
    print(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
