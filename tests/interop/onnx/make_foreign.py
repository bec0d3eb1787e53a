"""Let PyTorch and scikit-learn write ONNX files, with what they themselves compute and how PyTorch differentiates it.

    python -m tests.interop.onnx.make_foreign      from the root, with torch, onnxscript, scikit-learn and skl2onnx

Beside each file lies a safetensors file: ``x``, ``out``; for those of PyTorch also ``t``, ``loss`` and the gradient of
the cross-entropy for each parameter, under its name.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.storage import save_arrays

FOLDER = Path(__file__).parent / "foreign"


def residual() -> Any:
    """Residual blocks, a concatenation, normalisation, and a reshape by the shape of the input."""
    import torch
    from torch import nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
            self.norm, self.last = nn.LayerNorm(8), nn.Linear(8, 3)

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.first(x)) + x
            z = torch.nn.functional.gelu(self.second(y)) * y
            both = torch.cat([y, z], 1).view(x.size(0), -1)
            return torch.log_softmax(self.last(self.norm(both)), -1)

    torch.manual_seed(1)
    return Residual().eval()


def _forget_the_machine(path: Path) -> None:
    """Take out what PyTorch notes of where it ran: stack traces with the paths of somebody's files."""
    import onnx

    model = onnx.load(path)
    graph = model.graph
    for part in (
        model,
        graph,
        *graph.node,
        *graph.value_info,
        *graph.input,
        *graph.output,
        *graph.initializer,
    ):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(model, path)


def write_torch(name: str, **settings: Any) -> None:
    """Export the network, and let PyTorch compute the outputs, the loss and the gradients."""
    import torch

    module = residual()
    x = torch.randn(5, 4)
    t = torch.tensor([0, 2, 1, 1, 0])
    torch.onnx.export(
        module, (x,), FOLDER / f"{name}.onnx", input_names=["x"], external_data=False, **settings
    )
    _forget_the_machine(FOLDER / f"{name}.onnx")
    out = module(x)
    loss = torch.nn.functional.nll_loss(out, t)
    loss.backward()
    arrays = {"x": x, "t": t, "out": out, "loss": loss}
    arrays |= {key: parameter.grad for key, parameter in module.named_parameters()}
    plain = {key: value.detach().numpy() for key, value in arrays.items()}
    save_arrays(
        FOLDER / f"{name}.safetensors", plain, {"made by": "make_foreign.py", "torch": torch.__version__}
    )


def write_sklearn() -> None:
    """scikit-learn's classifier, whose file gives labels and probabilities."""
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype(np.float32)
    t = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
    classifier = MLPClassifier((5,), random_state=0, max_iter=20).fit(x, t)
    model = skl2onnx.to_onnx(
        classifier, initial_types=[("X", FloatTensorType([None, 4]))], options={"zipmap": False}
    )
    (FOLDER / "sklearn.onnx").write_bytes(model.SerializeToString())
    out = classifier.predict_proba(x[:5]).astype(np.float32)
    save_arrays(FOLDER / "sklearn.safetensors", {"x": x[:5], "out": out})


def main() -> None:
    """Write the files."""
    import torch

    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    write_torch("torchscript", dynamo=False, dynamic_axes={"x": {0: "rows"}})
    write_torch("dynamo", dynamo=True, dynamic_shapes=({0: torch.export.Dim("rows")},))
    write_sklearn()
    for file in sorted(FOLDER.iterdir()):
        print(f"{file.name}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
