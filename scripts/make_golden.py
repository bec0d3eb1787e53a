"""Let PyTorch compute the golden vectors that the tests of the gates compare with.

    python -m scripts.make_golden      from the root of the project, with PyTorch installed

Inputs are the examples of `tests/gates/_examples.py`, upstream gradients are random with a fixed seed.
"""

from __future__ import annotations

import json

import numpy as np

from chainrule.gates import ALL
from chainrule.storage import save_arrays
from tests.gates._examples import EXAMPLES
from tests.gates._golden import GOLDEN, Case, encoded
from tests.gates._run import upstream_for
from tests.gates._torch import reference, torch

SEED = 20240501


def main() -> None:
    """Write the file."""
    rng = np.random.default_rng(SEED)
    arrays, metadata = {}, {"made by": "scripts/make_golden.py", "torch": torch.__version__}
    for name, examples in sorted(EXAMPLES.items()):
        for number, given in enumerate(examples):
            case, gate = f"{name}/{number}", ALL[name]
            upstream = np.asarray(upstream_for(gate, given, rng))
            result = reference(gate, given, upstream)
            settings = {key: encoded(setting) for key, setting in given.settings.items()}
            metadata[case] = json.dumps(settings)
            for part, array in Case(given, upstream, result).arrays().items():
                arrays[f"{case}/{part}"] = np.asarray(array)
    save_arrays(GOLDEN, arrays, metadata)
    print(
        f"{GOLDEN.name}: {len(arrays)} arrays, {GOLDEN.stat().st_size:,} bytes, by PyTorch {torch.__version__}"
    )


if __name__ == "__main__":
    main()
