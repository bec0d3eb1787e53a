"""MNIST, whose four files come with the package."""

from __future__ import annotations

from pathlib import Path

from chainrule.datasets._forms import Split
from chainrule.datasets._idx import load_idx
from chainrule.errors import DataError

_FOLDER = Path(__file__).parent / "mnist"
_REINSTALL = "pip install --force-reinstall --no-deps chainrule"


def load_mnist(
    normalize: bool = True, flatten: bool = True, one_hot_label: bool = False
) -> tuple[Split, Split]:
    """Load MNIST: 60,000 training and 10,000 test images of handwritten digits, 28 x 28 pixels.

    normalize      pixels as float32 from 0 to 1, else as uint8 from 0 to 255
    flatten        images (N, 784), else (N, 1, 28, 28)
    one_hot_label  labels (N, 10) float32, else class numbers (N,) int64
    returns        (x_train, t_train), (x_test, t_test)
    raises         DataError if a file is not the one that came with the package
    source         LeCun, Cortes: "The MNIST database of handwritten digits"; the arguments are those of
                   load_mnist in WegraLee/deep-learning-from-scratch, dataset/mnist.py

    >>> (x_train, t_train), (x_test, t_test) = load_mnist()
    >>> x_train.shape, x_train.dtype, t_train[:5], x_test.shape
    ((60000, 784), dtype('float32'), array([5, 0, 4, 1, 9]), (10000, 784))
    """
    _check_files(_FOLDER)
    return load_idx(_FOLDER, normalize=normalize, flatten=flatten, one_hot_label=one_hot_label)


def _check_files(folder: Path) -> None:
    """Compare the files with SHA256SUMS, which has a line ``checksum  name`` for each."""
    from hashlib import sha256  # OpenSSL is slow to import

    try:
        for line in (folder / "SHA256SUMS").read_text().splitlines():
            checksum, name = line.split()
            if sha256((folder / name).read_bytes()).hexdigest() != checksum:
                raise DataError(f"{folder / name} is damaged: its checksum is not {checksum}", fix=_REINSTALL)
    except OSError as error:
        raise DataError(f"a file of MNIST cannot be read: {error}", fix=_REINSTALL) from error
