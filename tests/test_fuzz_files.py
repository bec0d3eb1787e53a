"""Damaged files through every loader; scripts/fuzz_files.py says what is looked for, and tries as many as one likes."""

from __future__ import annotations

import struct
import sys
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

pytest.importorskip("safetensors")  # which tells what is in a file, too
if not sys.platform.startswith("linux"):
    pytest.skip("limits of memory are those of Linux", allow_module_level=True)

import fuzz_files
from fuzz_loaders import LOADERS, Loader
from fuzz_mutations import STRUCTURES, damage

import chainrule as cr
from chainrule.errors import DataError
from chainrule.storage import save_arrays
from tests._memory import limited_memory

FILES = 1000


def test_every_damaged_file_is_refused_in_a_sentence_or_loaded_as_what_it_says() -> None:
    verdicts: Counter[str] = Counter()
    findings = []
    for name, verdict, finding in fuzz_files.fuzz(list(LOADERS), -(-FILES // len(LOADERS)), fuzz_files.SEED):
        verdicts[f"{name} {verdict}"] += 1
        findings += [finding] if finding else []
    assert not findings, "python scripts/fuzz_files.py --loader … --at …"
    assert sum(verdicts.values()) >= FILES
    for name in LOADERS:  # both, or the damage is too little or too much
        assert verdicts[f"{name} refused"] > 0
        assert verdicts[f"{name} loaded"] > 0


def _large_idx(path: Path) -> None:
    path.write_bytes(bytes([0, 0, 8, 3]) + struct.pack(">3I", 20_000, 28, 28) + bytes(20_000 * 784))


def _large_weights(path: Path) -> None:
    network = cr.Sequential(cr.Affine(1000, 4000, seed=0), cr.ReLU(), cr.Affine(4000, 2), dtype=np.float32)
    network.save_weights(path)


def _large_npz(path: Path) -> None:
    x = np.zeros((20_000, 784), np.uint8)
    np.savez(path, x_train=x, t_train=np.zeros(20_000, int), x_test=x[:1], t_test=np.zeros(1, int))


LARGE = {
    "arrays": lambda path: save_arrays(path, {f"a{n}": np.zeros((1000, 500)) for n in range(4)}),
    "network": lambda path: cr.Sequential(cr.Affine(2000, 2000)).save(path),
    "weights": _large_weights,
    "idx": _large_idx,
    "npz": _large_npz,
    "npy": lambda path: np.save(path, np.zeros((500_000, 4), ">f8")),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_takes_no_more_than_twice_its_size(name: str, tmp_path: Path) -> None:
    loader = LOADERS[name]
    path = tmp_path / loader.name
    LARGE[name](path)
    size = path.stat().st_size
    assert size > 15e6
    load = loader.load
    if name == "weights":
        load = cr.Sequential(
            cr.Affine(1000, 4000), cr.ReLU(), cr.Affine(4000, 2), dtype=np.float64
        ).load_weights
    load(path)  # what is imported and kept is there now
    with limited_memory(2 * size + (4 << 20)):
        load(path)


@pytest.mark.parametrize("kind", STRUCTURES)
def test_damage_follows_from_the_seed(kind: str) -> None:
    data = b'{"a": [1, 2]}\n1,2\n'
    assert damage(kind, data, Random("7")) == damage(kind, data, Random("7"))
    assert len({damage(kind, data, Random(seed)) for seed in range(20)}) > 10


def _hungry(path: Path) -> bytes:
    return bytes(5 << 20)


def _wordy(path: Path) -> None:
    raise DataError("x").told_as("a", "b") if path.stat().st_size else KeyError("no such thing")


def _wrong(path: Path) -> int:
    return 1


@pytest.mark.parametrize(
    ("load", "agrees", "content", "verdict"),
    [
        (_hungry, lambda path, found: True, b"", "memory"),
        (_wordy, lambda path, found: True, b"", "exception"),
        (_wordy, lambda path, found: True, b"1", "refused"),
        (_wrong, lambda path, found: found == 2, b"", "disagreement"),
        (_wrong, lambda path, found: 1 / 0 > 1, b"", "disagreement"),
        (_wrong, lambda path, found: True, b"", "loaded"),
    ],
)
def test_what_is_wrong_is_seen(load, agrees, content, verdict, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "f"
    path.write_bytes(content)
    found, _ = fuzz_files.try_one(Loader("f", "bytes", lambda folder: [b""], load, agrees), path)
    assert found == verdict
