"""Let PyTorch compute the golden vectors that tests compare with, and write weights that they load.

    python -m scripts.make_golden      from the root of the project, with PyTorch installed

Of gates inputs are the examples of `tests/gates/_examples.py`, upstream gradients are random with a fixed seed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.gates import ALL
from chainrule.storage import save_arrays
from tests.gates._examples import EXAMPLES
from tests.gates._golden import GOLDEN, Case, encoded
from tests.gates._run import upstream_for
from tests.gates._torch import reference, torch

SEED = 20240501
WEIGHTS = Path(__file__).parents[1] / "tests" / "networks" / "pytorch.safetensors"


def main() -> None:
    """Write the files."""
    write_gates()
    write_weights(WEIGHTS, torch.float32)
    write_weights(WEIGHTS.with_name("pytorch-bfloat16.safetensors"), torch.bfloat16)


def write_weights(path: Path, dtype: Any) -> None:
    """Weights of a small network as safetensors.torch writes them, with inputs and their scores in float64."""
    from safetensors.torch import save_file

    nn = torch.nn
    torch.manual_seed(SEED)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Sigmoid(), nn.Linear(4, 2)).to(dtype)
    x = torch.randn(5, 3, dtype=torch.float64)
    metadata = {"x": json.dumps(x.tolist())}
    state = {name: w.clone() for name, w in net.state_dict().items()}
    metadata["y"] = json.dumps(net.double()(x).tolist())
    save_file(state, path, metadata)
    print(f"{path.name}: {path.stat().st_size:,} bytes, by PyTorch {torch.__version__}")


def write_gates() -> None:
    """Golden vectors of all gates."""
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
