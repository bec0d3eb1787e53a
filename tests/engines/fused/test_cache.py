"""The cache on disk: what is in it comes back whole, and whatever else lies there is as good as nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")
pytest.importorskip("scipy")

from chainrule.engines.fused import _cache
from chainrule.engines.fused._cache import Code

CODE = Code("the_symbol", ("memset", "chainrule_sgemm"), bytes(range(256)))
KEY = "0123456789abcdef" * 4
posix = pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")


@pytest.fixture(autouse=True)
def patch(tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Changes that are undone before `sealed` looks for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE_DIR", str(tmp_path / "cache"))
        yield patch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def entry_of(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


def test_what_was_put_is_got() -> None:
    assert _cache.get(KEY) is None
    _cache.put(KEY, CODE)
    assert _cache.get(KEY) == CODE
    _cache.put(KEY, CODE._replace(symbol="other"))
    assert _cache.get(KEY) == CODE._replace(symbol="other")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_of_an_entry_can_change(folder: Path, place: float, bit: int) -> None:
    _cache.put(KEY, CODE)
    path = entry_of(folder)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    assert _cache.get(KEY) in (
        None,
        CODE,
    )  # the same where it is said in another way: \\u0054 for T, or a space
    _cache.put(KEY, CODE)
    assert _cache.get(KEY) == CODE


@pytest.mark.parametrize(
    "field", [b"the_symbol", b"memset", b"chainrule_sgemm", KEY.encode(), bytes([7, 8, 9])]
)
def test_every_field_is_checked(folder: Path, field: bytes) -> None:
    _cache.put(KEY, CODE)
    path = entry_of(folder)
    content = path.read_bytes()
    assert content.count(field) == 1
    path.write_bytes(content.replace(field, bytes([field[0] ^ 1]) + field[1:]))
    assert _cache.get(KEY) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_truncated_entry_is_none(folder: Path, kept: float) -> None:
    _cache.put(KEY, CODE)
    path = entry_of(folder)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    assert _cache.get(KEY) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"{}\n", b"[]\n", b"7\n", b"\xff\xfe\n", b'{"key": 1}\n', b"[" * 100_000, b"null\nx"],
)
def test_what_is_no_entry_is_none(folder: Path, content: bytes) -> None:
    _cache.put(KEY, CODE)
    entry_of(folder).write_bytes(content)
    assert _cache.get(KEY) is None


def test_an_entry_under_another_name_is_none(folder: Path) -> None:
    _cache.put(KEY, CODE)
    other = KEY[::-1]
    path = entry_of(folder)
    shutil.copy(path, path.with_name(path.name.replace(KEY, other)))
    assert _cache.get(other) is None


def test_a_folder_in_place_of_an_entry_is_none(folder: Path) -> None:
    _cache.put(KEY, CODE)
    path = entry_of(folder)
    path.unlink()
    path.mkdir()
    assert _cache.get(KEY) is None
    _cache.put(KEY, CODE)  # which cannot be, and is no error


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_write_is_not_trusted(folder: Path, mode: int) -> None:
    _cache.put(KEY, CODE)
    path = entry_of(folder)
    path.chmod(mode)
    assert _cache.get(KEY) is None
    path.chmod(0o600)
    assert _cache.get(KEY) == CODE
    folder.chmod(0o777)
    assert _cache.get(KEY) is None


@posix
def test_what_another_user_owns_is_not_trusted(patch: pytest.MonkeyPatch) -> None:
    _cache.put(KEY, CODE)
    somebody = os.geteuid() + 1
    patch.setattr(os, "geteuid", lambda: somebody)
    assert _cache.get(KEY) is None


@pytest.fixture
def _group_may_write() -> Iterator[None]:
    before = os.umask(0o002)
    yield
    os.umask(before)


@posix
@pytest.mark.usefixtures("_group_may_write")
def test_own_entries_are_trusted_whatever_the_umask(folder: Path) -> None:
    _cache.put(KEY, CODE)
    assert _cache.get(KEY) == CODE
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_place_that_cannot_be_written_means_no_cache(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    patch.setenv("CHAINRULE_CACHE_DIR", str(file))
    _cache.put(KEY, CODE)
    assert _cache.get(KEY) is None
    assert file.read_text() == "not a folder"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_is_read(folder: Path) -> None:
    _cache.put(KEY, CODE)
    folder.chmod(0o500)
    _cache.put(KEY[::-1], CODE)
    assert _cache.get(KEY) == CODE
    assert _cache.get(KEY[::-1]) is None


def test_empty_means_off(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("CHAINRULE_CACHE_DIR", "")
    _cache.put(KEY, CODE)
    assert _cache.folder() is None
    assert _cache.get(KEY) is None


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux has it")
def test_the_users_folder_for_caches(patch: pytest.MonkeyPatch) -> None:
    patch.delenv("CHAINRULE_CACHE_DIR")
    patch.setenv("HOME", "/somebody")
    patch.delenv("XDG_CACHE_HOME", raising=False)
    assert _cache.folder() == Path("/somebody/.cache/chainrule")
    patch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert _cache.folder() == Path("/elsewhere/chainrule")


def test_the_longest_unused_entries_go_first(folder: Path, patch: pytest.MonkeyPatch) -> None:
    keys = [digit * 64 for digit in "abcd"]
    for key in keys[:3]:
        _cache.put(key, CODE)
    for age, key in enumerate(keys[:3]):
        [path] = folder.glob(f"{key}*")
        os.utime(path, (1000.0 + age, 1000.0 + age))
    bystander = folder / "notes.txt"
    bystander.write_text("of somebody else")
    size = path.stat().st_size
    assert _cache.get(keys[0]) == CODE  # used just now
    patch.setattr(_cache, "_MOST_BYTES", 3 * size)
    _cache.put(keys[3], CODE)
    assert [_cache.get(key) is not None for key in keys] == [True, False, True, True]
    assert bystander.exists()


def test_everything_that_code_depends_on_is_in_the_key(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    here = Path(_cache.__file__).parent
    for name in _cache._COMPILED_IN:
        shutil.copy(here / f"{name}.py", tmp_path)
    patch.setattr(_cache, "__file__", str(tmp_path / "_cache.py"))

    def key(source: str = "text", entry: str = "run", arguments: tuple[str, ...] = ("int64",)) -> str:
        _cache._machine.cache_clear()
        return _cache.key(source, entry, arguments)

    keys = [key(), key(source="other"), key(entry="other"), key(arguments=("int64*",)), key(arguments=())]
    for name in _cache._COMPILED_IN:
        with (tmp_path / f"{name}.py").open("a") as file:
            file.write("# changed\n")
        keys.append(key())
    patch.setattr("llvmlite.binding.get_host_cpu_name", lambda: "another")
    keys.append(key())
    assert len(set(keys)) == len(keys)
    assert key() == key()
    _cache._machine.cache_clear()


TWO = """
import sys, time
import numpy as np
from chainrule.engines.fused._native import native

text = "def run(x, n):\\n    for i in range(n):\\n        x[i] = exp(x[i])\\n"
x = np.zeros(5)
function = native(text, "run", ("float64*", "int64"))
function(x.ctypes.data, 5)
print(function.cached, x.tolist())
"""


def test_two_processes_may_compile_at_once(folder: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", TWO], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [process.communicate()[0].split(" ", 1) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert [values for _, values in said] == ["[1.0, 1.0, 1.0, 1.0, 1.0]\n"] * 2
    assert len(list(folder.iterdir())) == 1
    again = subprocess.run([sys.executable, "-c", TWO], capture_output=True, text=True, check=True)
    assert again.stdout.startswith("True")
