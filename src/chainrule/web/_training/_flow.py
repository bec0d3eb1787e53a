"""How gradients flow through a network that is learning, measured on one mini-batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...explain import GradientFlow, gradient_flow
from ...explain.document import Paragraph
from ...networks import Network
from ...runs import Data, Settings
from ...words import LANGUAGES, words

MOST_ROWS = 200
_SHOWN = ("name", "activation", "zeros", "gradient", "of_last", "saturated", "dead", "update", "verdict")


def flow_of(network: Network, settings: Settings, data: Data) -> dict[str, Any]:
    """The layers with their verdicts, and the verdict on the whole.

    network   with the parameters it has now
    returns   loss, rows, layers and text, what people read of it by language; see `chainrule.gradient_flow`
    """
    rows = slice(min(settings.batch_size, MOST_ROWS))
    with np.errstate(all="ignore"):  # what overflows gets its verdict
        flow = gradient_flow(
            network, data.x_train[rows], data.t_train[rows], optimizer=settings.update_rule()
        )
    found = flow.to_dict()
    layers = [
        {**{name: layer[name] for name in _SHOWN}, "text": _texts(f"verdict.{layer['verdict']}")}
        for layer in found["layers"]
    ]
    text = {language: _whole(replace(flow, language=language)) for language in LANGUAGES}
    return {"loss": found["loss"], "rows": found["rows"], "layers": layers, "text": text}


def _whole(flow: GradientFlow) -> str:
    """The verdict on the whole network, with which its report begins."""
    first = flow._document().blocks[0]
    assert isinstance(first, Paragraph)
    return str(first.content)


def _texts(key: str) -> dict[str, str]:
    return {language: words(language, "flow")(key) for language in LANGUAGES}
