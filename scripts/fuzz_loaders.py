"""The loaders that scripts/fuzz_files.py tries: good files to damage, how each is loaded, and what a right load is."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.cli._predict import _read as read_rows
from chainrule.datasets import Preprocessing, load_npz, load_table, read_idx
from chainrule.runs import data_of, new_settings, saved_settings
from chainrule.storage import load_arrays, save_arrays
from chainrule.training import RunFolder


@dataclass(frozen=True)
class Loader:
    """One way for a file to get into the program.

    name     of the file that it reads
    kind     of its format, see `fuzz_mutations.STRUCTURES`
    samples  good files: bytes, made in an empty folder
    load     the public function that reads a file
    agrees   whether what was loaded is what another reader finds in the file
    besides  bytes that it may take besides twice the file, however small that is
    needs    packages without which there is no such loader
    """

    name: str
    kind: str
    samples: Callable[[Path], list[bytes]]
    load: Callable[[Path], Any]
    agrees: Callable[[Path, Any], bool] = lambda path, found: True
    besides: int = 4 << 20
    needs: tuple[str, ...] = ()


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _network() -> cr.Sequential:
    return cr.Sequential(cr.Affine(4, 3), cr.ReLU(), cr.Affine(3, 2), seed=0)


def _trainer() -> cr.Trainer:
    return cr.Trainer(
        _network(), cr.Adam(), batch_size=4, engine="eager", callbacks=[cr.EarlyStopping("train_loss")]
    )


def _data() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return _rng().normal(size=(10, 4)), np.arange(10) % 2


def _written(write: Callable[[Path], Any], folder: Path) -> bytes:
    file = folder / "sample"
    write(file)
    return file.read_bytes()


# safetensors ---------------------------------------------------------------------------------------


def _array_files(folder: Path) -> list[bytes]:
    rng = _rng()
    kinds = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")
    arrays = {f"a/{kind}": rng.integers(0, 2, (2, 3)).astype(kind) for kind in kinds}
    few: dict[str, Any] = {"W": rng.normal(size=(50, 40)), "b": np.zeros(0, np.float32), "s": np.array(2.5)}
    text = b'{"x":{"dtype":"BF16","shape":[2,4],"data_offsets":[0,16]}}'
    return [
        _written(lambda file: save_arrays(file, arrays, {"k": "값"}), folder),
        _written(lambda file: save_arrays(file, few), folder),
        struct.pack("<Q", len(text)) + text + rng.bytes(16),
    ]


def _as_safetensors_reads(path: Path, found: Any) -> bool:
    """The reference library finds the same; what it refuses, we refuse."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    arrays, _ = found
    with path.open("rb") as file:
        if b"BF16" in file.read(1 << 16):  # which the reference cannot give to NumPy
            return True
    try:
        wanted = load_file(path)
    except SafetensorError:
        return False
    return arrays.keys() == wanted.keys() and all(
        (a.dtype, a.shape, a.tobytes()) == (wanted[n].dtype, wanted[n].shape, wanted[n].tobytes())
        for n, a in arrays.items()
    )


def _predicts(path: Path, found: cr.Network) -> bool:
    scores = found.predict(np.zeros((1, found.input_size)))
    return len(scores) == 1


def _load_weights(path: Path) -> cr.Network:
    network = _network()
    network.load_weights(path)
    return network


def _checkpoint(folder: Path) -> list[bytes]:
    trainer = _trainer()
    trainer.fit(*_data(), epochs=2)
    saved = folder / "saved"
    trainer.save(saved)
    arrays, about = load_arrays(saved)
    del about[
        "sha256"
    ]  # as earlier versions wrote them: what is behind the checksum is to be reached as well
    return [saved.read_bytes(), _written(lambda path: save_arrays(path, arrays, about), folder)]


def _resume(path: Path) -> cr.Trainer:
    trainer = _trainer()
    before = {name: w.copy() for name, w in trainer.network.params.items()}
    try:
        trainer.resume(path)
    except cr.errors.ChainruleError:
        unchanged = all(np.array_equal(before[n], w) for n, w in trainer.network.params.items())
        if not unchanged or trainer.step:
            raise AssertionError("a refused checkpoint changed the trainer") from None
        raise
    return trainer


def _goes_on(path: Path, trainer: cr.Trainer) -> bool:
    """What was resumed trains, or says why it cannot."""
    with suppress(cr.errors.ChainruleError):
        trainer.fit(*_data(), epochs=len(trainer.history) + 1)
    return True


# Data sets -----------------------------------------------------------------------------------------


def _idx_files(folder: Path) -> list[bytes]:
    images = bytes([0, 0, 8, 3]) + struct.pack(">3I", 5, 4, 4) + _rng().bytes(80)
    floats = bytes([0, 0, 0x0D, 2]) + struct.pack(">2I", 3, 4) + np.arange(12, dtype=">f4").tobytes()
    return [images, floats, gzip.compress(images, mtime=0)]


def _as_the_format_says(path: Path, found: Any) -> bool:
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    axes = data[3]
    shape = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes])
    numbers = data[4 + 4 * axes :]
    return bool(found.shape == shape and found.astype(found.dtype.newbyteorder(">")).tobytes() == numbers)


def _npz_files(folder: Path) -> list[bytes]:
    x, t = _rng().integers(0, 256, (6, 4, 4), np.uint8), np.arange(6) % 3
    floats = {
        "x_train": _rng().normal(size=(6, 5)),
        "y_train": np.eye(6),
        "x_test": np.ones((1, 5)),
        "y_test": np.eye(6)[:1],
    }
    made = []
    for save, arrays in (
        (np.savez, {"x_train": x, "t_train": t, "x_test": x[:2], "t_test": t[:2]}),
        (np.savez_compressed, floats),
    ):
        out = io.BytesIO()
        save(out, **arrays)
        made.append(out.getvalue())
    return made


def _load_npz(path: Path) -> Any:
    return load_npz(path, normalize=False, flatten=False)


def _as_numpy_reads(path: Path, found: Any) -> bool:
    with np.load(path, allow_pickle=False) as archive:
        x_train = archive["x_train"]
    return np.array_equal(found[0][0].ravel(), x_train.ravel(), equal_nan=x_train.dtype.kind == "f")


def _npy_files(folder: Path) -> list[bytes]:
    made = []
    for array in (np.ones((3, 4), "f4"), np.ones((2, 2, 2), "u1"), np.asfortranarray(np.ones((2, 4), ">f8"))):
        out = io.BytesIO()
        np.save(out, array)
        made.append(out.getvalue())
    return made


def _rows_as_numpy_reads(path: Path, found: Any) -> bool:
    rows, _ = found
    wanted = np.load(path, allow_pickle=False)
    with np.errstate(over="ignore"):
        numbers = wanted if wanted.dtype == np.uint8 else wanted.astype(_FOR_ROWS.dtype)
    return np.array_equal(numbers.ravel(), rows.ravel())


# Run folders ---------------------------------------------------------------------------------------


def _run_files(folder: Path) -> list[bytes]:
    run = RunFolder(folder / "run")
    options = {"target": "kind", "task": None, "drop": ["day"], "seed": 0}
    about = {
        "data": {"name": "t.csv", "sha256": "0" * 64, "rows": 60000, "pixels": True, "table": options},
        "made_with": {"numpy": "2"},
    }
    run.create(
        {
            "settings": new_settings({"hidden": (50, 20), "optimizer": "adam", "engine": "eager"}).to_json(),
            **about,
        }
    )
    return [run.about.read_bytes()]


def _read_run(path: Path) -> Any:
    run = RunFolder(path.parent)
    about = run.read_about()
    return saved_settings(about.get("settings"), str(run.path)), data_of(run, about)


def _as_json_reads(path: Path, found: Any) -> bool:
    settings, (name, *_) = found
    about = json.loads(path.read_bytes())
    seed = int(str(about["settings"]["seed"]))  # a text is read as a flag is
    return bool(about["data"]["name"] == name and seed == settings.seed)


# ONNX ----------------------------------------------------------------------------------------------


def _onnx_files(folder: Path) -> list[bytes]:
    dense = cr.Sequential(cr.Affine(4, 3), cr.Sigmoid(), cr.Affine(3, 2), seed=0)
    images = cr.Sequential(
        cr.Conv2D(1, 2, 3),
        cr.ReLU(),
        cr.MaxPool(2),
        cr.Flatten(),
        cr.Affine(8, 3),
        input_shape=(1, 6, 6),
        seed=0,
    )
    made = [_written(net.to_onnx, folder) for net in (_network(), dense, images)]
    foreign = Path(__file__).parents[1] / "tests" / "interop" / "onnx" / "foreign"  # of other exporters
    return made + [
        file.read_bytes() for file in sorted(foreign.glob("*.onnx")) if file.stat().st_size < 20_000
    ]


def _load_onnx(path: Path) -> Any:
    return cr.onnx.load(path)


def _as_onnx_evaluates(path: Path, found: Any) -> bool:
    """onnx's own evaluator gives the same for one row, where it gives anything.

    Its LogSoftmax is the logarithm of a softmax, minus infinity where that is too small for a float.
    """
    from onnx import load
    from onnx.reference import ReferenceEvaluator

    try:
        x = np.random.default_rng(0).normal(size=(1, *found.input_shape)).astype(np.float32)
        ours = found.run(x)
    except cr.errors.ChainruleError:
        return True  # said in a sentence, if late
    try:
        evaluator = ReferenceEvaluator(load(path))
        with np.errstate(all="ignore"):
            theirs = evaluator.run(None, {evaluator.input_names[0]: x})
    except Exception:
        return True
    return any(
        np.shape(ours) == np.shape(other)
        and np.allclose(
            np.where(np.isneginf(other) & (ours < -80), other, ours), other, 1e-3, 1e-3, equal_nan=True
        )
        for other in theirs
    )


# Tables --------------------------------------------------------------------------------------------


def _columns() -> dict[str, list[Any]]:
    numbers = _rng().normal(size=40).round(3).tolist()
    return {
        "grams": [None if i % 9 == 0 else number for i, number in enumerate(numbers)],
        "skin": ["smooth", "net, rough", "", "smooth"] * 10,
        "day": [f"2026-01-{day:02}" for day in range(1, 21)] * 2,
        "count": list(range(40)),
        "kind": ["plum", "melon"] * 20,
    }


def _csv_files(folder: Path) -> list[bytes]:
    made = []
    for delimiter, encoding in ((",", "utf-8"), (";", "cp1252"), ("\t", "utf-16")):
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter)
        columns = _columns()
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        made.append(out.getvalue().encode(encoding))
    return made


def _parquet_files(folder: Path) -> list[bytes]:
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    table = arrow.table(_columns())
    made = []
    for compression in ("none", "snappy"):
        out = io.BytesIO()
        parquet.write_table(table, out, compression=compression)
        made.append(out.getvalue())
    return made


def _load_table(path: Path) -> Any:
    return load_table(path, target="kind")


def _is_ready(path: Path, found: Any) -> bool:
    """The numbers are finite, each row has its target, and the preprocessing takes the file's rows again."""
    (x_train, t_train), (x_test, t_test) = found
    rows = found.preprocessing.transform(path).x
    return bool(
        len(x_train) == len(t_train)
        and len(x_test) == len(t_test)
        and x_train.shape[1:] == x_test.shape[1:] == rows.shape[1:]
        and all(np.isfinite(a).all() for a in (x_train, x_test, t_train, rows))
    )


def _preprocessing_files(folder: Path) -> list[bytes]:
    return [
        json.dumps(load_table(_columns(), target=target).preprocessing.to_json()).encode()
        for target in ("kind", "count")
    ]


def _read_preprocessing(path: Path) -> Preprocessing:
    return Preprocessing.from_json(RunFolder(path.parent).read_preprocessing())


def _transforms(path: Path, found: Preprocessing) -> bool:
    """It takes rows of the table that it was made for, or says why it does not."""
    with suppress(cr.errors.ChainruleError):
        return len(found.transform(_columns()).x) == 40
    return True


_FOR_ROWS: Any = SimpleNamespace(input_size=4, dtype=np.dtype(np.float32))

_ALL: Mapping[str, Loader] = {
    "arrays": Loader("a.safetensors", "safetensors", _array_files, load_arrays, _as_safetensors_reads),
    "network": Loader(
        "n.safetensors", "safetensors", lambda folder: [_written(_network().save, folder)], cr.load, _predicts
    ),
    "weights": Loader(
        "w.safetensors",
        "safetensors",
        lambda folder: [_written(_network().save_weights, folder)],
        _load_weights,
        _predicts,
    ),
    "checkpoint": Loader("c.safetensors", "safetensors", _checkpoint, _resume, _goes_on),
    "idx": Loader("train-images-idx3-ubyte", "idx", _idx_files, read_idx, _as_the_format_says),
    "npz": Loader("d.npz", "npz", _npz_files, _load_npz, _as_numpy_reads),
    "npy": Loader("x.npy", "npy", _npy_files, lambda path: read_rows(path, _FOR_ROWS, None), _rows_as_numpy_reads),
    "run": Loader("run.json", "json", _run_files, _read_run, _as_json_reads),
    "onnx": Loader(
        "n.onnx", "protobuf", _onnx_files, _load_onnx, _as_onnx_evaluates, besides=36 << 20, needs=("onnx",)
    ),
    "csv": Loader("t.csv", "csv", _csv_files, _load_table, _is_ready, besides=64 << 20),
    "preprocessing": Loader(
        "preprocessing.json", "json", _preprocessing_files, _read_preprocessing, _transforms
    ),
    "parquet": Loader(
        "t.parquet", "bytes", _parquet_files, _load_table, _is_ready, besides=64 << 20, needs=("pyarrow",)
    ),
}  # fmt: skip
LOADERS = {name: loader for name, loader in _ALL.items() if all(map(find_spec, loader.needs))}
"""Those that can be tried here, by the name that the command line gives them."""
