"""Explaining a gradient: every gate on the way with its rule and its numbers, in words and formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._json import json_ready
from ..graph import Node, Variable
from ..verify import InputCheck
from ..words import words
from ._backpropagation import Backpropagation, Index, backpropagation, element_name
from ._chains import Chain, Chains, has_chains
from ._comparison import compare_with_differences
from ._element import Hop, checked_element, trace_element
from ._meaning import meaning_of, sentences_of
from ._narration import inputs_of, narrate, narrate_element
from ._report import Report
from ._steps import Step, may_have_kink, steps_of, summary_of
from .document import Document
from .notation import text

_MOST_NUMBERS = 1000  # of an array in `Explanation.to_dict`
_MOST_WORK = 100_000  # numbers that are computed again for each move of an input


@dataclass(frozen=True)
class Explanation(Report):
    """How an output depends on its inputs; see `explain`.

    passes     the graph with every value and gradient
    language   "en" or "ko"
    focus      the value and the index of the one element that is explained, None for the whole graph

    Printed it is text; `to_markdown`, `to_html`, `to_latex`, `to_json` and `save` give the same in other forms.

    >>> (x,) = cr.variables(x=3.0)
    >>> explanation = explain(x * x)
    >>> explanation.chains["x"][0].product, [check.verdict for check in explanation.checks]
    (6.0, ['ok'])
    """

    passes: Backpropagation
    language: str
    focus: tuple[Node, Index] | None = None

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every gate with its two formulas, in the order of the forward pass."""
        return steps_of(self.passes)

    @cached_property
    def chains(self) -> Mapping[str, tuple[Chain, ...]]:
        """For each input the chains that lead to it from the output; empty if arrays are on the way."""
        if not has_chains(self.passes):
            return {}
        chains = Chains(self.passes)
        return {node.name: chains.to(node.variable) for node in inputs_of(self.passes)}

    @cached_property
    def hops(self) -> tuple[tuple[Hop, ...], ...]:
        """The way of the one element from gate to gate; empty for the whole graph."""
        return trace_element(self.passes, *self.focus) if self.focus else ()

    @cached_property
    def checks(self) -> tuple[InputCheck, ...]:
        """The gradients beside numerical derivatives."""
        if self.focus:
            node, index = self.focus
            return compare_with_differences(self.passes, [node], index)
        return compare_with_differences(self.passes, inputs_of(self.passes))

    @property
    def title(self) -> str:
        say = words(self.language, "explain")
        output = self.passes.nodes[self.passes.graph.output].name
        if self.focus:
            node, index = self.focus
            return say("title.element", output=output, element=element_name(node.name, index))
        return say("title", output=output, inputs=", ".join(node.name for node in inputs_of(self.passes)))

    @cached_property
    def meaning(self) -> tuple[str, ...]:
        """What the gradients of the inputs mean, in sentences."""
        say = words(self.language, "explain")
        blocks = meaning_of(self.passes, inputs_of(self.passes), self._kinks(), say)
        return tuple(sentence for block in blocks for sentence in sentences_of(block))

    def _kinks(self) -> set[str]:
        """Inputs at which the output has a kink, as far as that takes no long computation to see."""
        numbers = [node for node in inputs_of(self.passes) if not node.variable.shape]
        work = len(numbers) * sum(node.variable.size for node in self.passes.graph)
        has_kinks = any(may_have_kink(part.equation) for step in self.steps for part in step.parts)
        if not has_kinks or work > _MOST_WORK:
            return set()
        checks = compare_with_differences(self.passes, numbers)
        return {check.name for check in checks if check.verdict == "at a kink"}

    def _document(self) -> Document:
        say = words(self.language, "explain")
        if self.focus:
            blocks = narrate_element(self.passes, *self.focus, self.hops, self.checks, say)
        else:
            blocks = narrate(self.passes, self.steps, self.checks, say)
        return Document(self.title, tuple(blocks), self.language)

    def to_dict(self) -> dict[str, Any]:
        ready: dict[str, Any] = json_ready(self._data())
        return ready

    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "output": self.passes.nodes[self.passes.graph.output].name,
            "values": {node.name: _plain(self.passes.values[node.variable]) for node in self.passes.graph},
            "gradients": {
                node.name: _plain(self.passes.gradients[node.variable])
                for node in self.passes.graph
                if node.variable in self.passes.gradients
            },
            "checks": [
                {
                    "name": c.name,
                    "index": c.index,
                    "gradient": c.backprop,
                    "numerical": c.numerical,
                    "verdict": c.verdict,
                }
                for c in self.checks
            ],
        }
        if self.focus:
            node, index = self.focus
            return data | {
                "element": [node.name, list(index)],
                "way": [_hop_data(h) for hops in self.hops for h in hops],
            }
        data["steps"] = [_step_data(step) for step in self.steps]
        data["chains"] = {
            name: [{"through": c.names, "factors": c.factors, "product": c.product} for c in chains]
            for name, chains in self.chains.items()
        }
        return data


def explain(output: Variable, *, lang: str = "en", element: tuple[str, Any] | None = None) -> Explanation:
    """Explain how an output depends on everything it was made from.

    Gate by gate, forward and backward: the formula that the gate runs, its rule, the local derivative and the
    multiplication with the numbers of this graph; the branches of a value that is used more than once and their sum;
    the chain from the output to each input; the check against numerical derivatives; and what it all means. Formulas
    come out of the gates' own code, run on symbols. No ``grad`` is touched, and no `backward` is needed before.

    output   a single number that a graph hangs on
    lang     "en" or "ko"
    element  of an array, as ``("W1", (3, 7))``: explain this element alone, by following it from gate to gate
    returns  an `Explanation`: print it, show it in a notebook, or ask for another form of it
    raises   ArgumentError when it is no variable, or has no such element; GraphError when it is no single number
    source   the chain rule in a computational graph: Saito, Deep Learning from Scratch, sections 5.1 to 5.3

    >>> x, m, t = cr.variables(x=100.0, m=2, t=1.1)
    >>> z = x * m
    >>> z.name = "z"
    >>> f = z * t
    >>> f.name = "f"
    >>> explanation = explain(0.5 * (f - 219) ** 2)
    >>> [line for line in str(explanation).splitlines() if "∂L/∂f · ∂f/∂z · ∂z/∂x" in line]
    ['  ∂L/∂x = ∂L/∂f · ∂f/∂z · ∂z/∂x = 1 · 1.1 · 2 = 2.2']
    """
    words(lang, "explain")  # refuses other languages before anything is computed
    passes = backpropagation(output)
    focus = None if element is None else checked_element(passes, element)
    return Explanation(passes, lang, focus)


def _plain(value: Any) -> Any:
    """A number, or nested lists of numbers; of a large array what there is to say of it."""
    if np.size(value) > _MOST_NUMBERS:
        return {"shape": list(np.shape(value)), **summary_of(value)._asdict()}
    return np.asarray(value).tolist()


def _step_data(step: Step) -> dict[str, Any]:
    gate = step.node.variable.gate
    assert gate is not None
    return {
        "name": step.node.name,
        "gate": gate.name,
        "formula": text(step.forward),
        "upstream": None if step.dout is None else _plain(step.dout),
        "parts": [
            {
                "to": part.edge.source.name,
                "gradient": _plain(part.value),
                "formula": text(part.equation),
                "branch": part.branch,
            }
            for part in step.parts
            if part.edge.source is not None
        ],
    }


def _hop_data(hop: Hop) -> dict[str, Any]:
    return {
        "from": element_name(hop.name, hop.index),
        "into": hop.edge.target.name,
        "reaches": hop.count,
        "largest": [
            {"element": list(r.index), "local": r.local, "upstream": r.upstream, "sent_back": r.contribution}
            for r in hop.largest
        ],
        "rest": hop.rest,
        "total": hop.total,
    }
