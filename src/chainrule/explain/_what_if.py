"""What if an input were another: the graph is run again, beside what its gradients predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ..errors import ArgumentError, GraphError
from ..graph import Node, Variable, describe, rebuild
from ..words import Words, words
from ._backpropagation import Backpropagation, backpropagation, element_name
from ._changes import changed
from ._report import Report
from .document import Block, Document, Heading, Paragraph, Table
from .notation import number

_ELEMENTS = 6  # of an array that is shown by its numbers
_ROUNDING = 16  # units in the last place of the largest number
_EPS = float(np.finfo(np.float64).eps)
_SAME = 1e-9  # of a change: two that are no further apart are the same


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run of the graph with some inputs changed.

    changes        for each changed input its step, what is now minus what was: a number, or an array of its shape
    before, after  for each changed input and each result of a gate, by name, what it was and what it is now
    output_before  the output
    output_after   the output now
    predicted      what the gradient alone says of the change of the output: Σ gradient · step
    """

    changes: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    output_before: float
    output_after: float
    predicted: float

    @property
    def change(self) -> float:
        """What happened to the output."""
        return self.output_after - self.output_before

    @property
    def difference(self) -> float:
        """What happened beyond the prediction."""
        return self.change - self.predicted

    @property
    def is_exact(self) -> bool:
        """Whether the prediction is right, but for rounding."""
        return abs(self.difference) <= self.rounding + _SAME * max(abs(self.change), abs(self.predicted))

    @property
    def rounding(self) -> float:
        """How far two changes may be apart for rounding alone: some units in the last place of the largest number."""
        sizes = [_size_of(v) for values in (self.before, self.after) for v in values.values()]
        return _ROUNDING * max(size for size, _ in sizes) * max(eps for _, eps in sizes)


@dataclass(frozen=True)
class WhatIf(Report):
    """What happens to an output when inputs change; see `what_if`.

    output     its name
    gradients  of the changed inputs, by name
    scenarios  a `Scenario` for each change alone and, if there are several, one for all of them together
    language   "en" or "ko"

    Printed it is text; `to_markdown`, `to_html`, `to_latex`, `to_json` and `save` give the same in other forms.

    >>> (x,) = cr.variables(x=3.0)
    >>> found = what_if(x * x, x=+1)
    >>> [line for line in str(found).splitlines() if "raises" in line]
    ['This raises L from 9 to 16 (+7).']
    """

    output: str
    gradients: Mapping[str, Any]
    scenarios: tuple[Scenario, ...]
    language: str

    def _document(self) -> Document:
        say = words(self.language, "what_if")
        return Document(
            say("title", output=self.output), tuple(self._blocks(say)), self.language, self._data()
        )

    def _blocks(self, say: Words) -> Iterator[Block]:
        alone = [s for s in self.scenarios if len(s.changes) == 1]
        if len(self.scenarios) > 1:
            yield self._overview(say)
            moving = [s for s in alone if np.isfinite(s.change) and s.change != 0]
            if moving:
                most = max(moving, key=lambda s: abs(s.change))
                yield Paragraph(
                    say("most", output=self.output, change=_of_inputs(most, say), size=_signed(most.change))
                )
        for scenario in self.scenarios:
            yield Heading(_of_inputs(scenario, say))
            yield _values(scenario, say)
            yield from self._verdict(scenario, say)
            if len(scenario.changes) > 1 and np.isfinite(scenario.change):
                yield Paragraph(_added_up(scenario, sum(s.change for s in alone), say))

    def _overview(self, say: Words) -> Table:
        columns = ("change", "before", "after", "difference", "predicted", "error")
        rows = [
            (
                _of_inputs(s, say) if len(s.changes) == 1 else say("together"),
                number(s.output_before),
                number(s.output_after),
                *map(_signed, (s.change, s.predicted, _beyond(s))),
            )
            for s in self.scenarios
        ]
        return Table(tuple(say(f"column.{name}") for name in columns), tuple(rows), "lrrrrr")

    def _verdict(self, scenario: Scenario, say: Words) -> Iterator[Paragraph]:
        """What happened, what was predicted, and why the two differ."""
        change, output = scenario.change, self.output
        before, after = number(scenario.output_before), number(scenario.output_after)
        if not np.isfinite(scenario.output_before):
            yield Paragraph(say("not finite.before", output=output, before=before), "warning")
            return
        if not np.isfinite(change):
            name, value = _first_not_finite(scenario)
            key = "not finite.output" if name == output else "not finite"
            yield Paragraph(say(key, name=name, value=value, output=output, after=after), "warning")
            return
        kind = "keeps" if change == 0 else "raises" if change > 0 else "lowers"
        yield Paragraph(say(kind, output=output, before=before, after=after, change=_signed(change)))
        products = f"{self._products(scenario)} = {_signed(scenario.predicted)}"
        sentences = [say("predicted", products=products), self._why(scenario, say)]
        if change * scenario.predicted < 0:
            sentences.append(say("sign"))
        yield Paragraph(" ".join(sentences))

    def _products(self, scenario: Scenario) -> str:
        """Gradient · step, of each changed input."""
        return " + ".join(
            f"Σ d{name} · Δ{name}" if np.ndim(step) else f"{_factor(self.gradients[name])} · {_factor(step)}"
            for name, step in scenario.changes.items()
        )

    def _why(self, scenario: Scenario, say: Words) -> str:
        difference = _beyond(scenario)
        if difference == 0:
            return say("exact")
        kind = "above" if difference > 0 else "below"
        return say(kind, difference=number(abs(difference)))

    def _data(self) -> dict[str, Any]:
        return {"output": self.output, "scenarios": [_scenario_data(s) for s in self.scenarios]}


def each_alone(passes: Backpropagation, changes: Mapping[str, Any]) -> Mapping[str, Scenario]:
    """A run for each change of an input alone.

    passes   of a graph whose inputs have the values that they were computed with
    changes  what is added to inputs, by name

    >>> x = Variable(3.0, name="x")
    >>> each_alone(backpropagation(x * x), {"x": 1.0})["x"].change
    7.0
    """
    inputs = {node.name: node for node in passes.graph if node.variable.gate is None}
    return {
        name: _run(passes, inputs, {name: inputs[name].variable._value + step})
        for name, step in changes.items()
    }


def what_if(
    output: Variable, changes: Mapping[str, Any] | None = None, /, *, lang: str = "en", **more: Any
) -> WhatIf:
    """What happens to an output, and to every value on the way, when inputs change; and what the gradient predicted.

    The graph is run again, once with each change alone and once with all of them. No variable of it is changed. The
    gradient is the slope at the old values, so gradient · step is the change only as far as the output is linear.

    output    a single number that a graph hangs on
    lang      "en" or "ko"
    changes   for inputs, by name, as a mapping or as keyword arguments: a number or an array of the same shape, which
              is added; text: "+1", "-0.01" (add), "=105" (set), "*1.1" (multiply); or, for elements of an array,
              ``{(3, 7): +0.1}``. Inputs without a name are called x1, x2, … as in `Graph`
    returns   a `WhatIf`: print it, show it in a notebook, or ask for its ``scenarios``
    raises    ArgumentError when there is no such input, or a change is none; ShapeError when an array has another
              shape; DTypeError for labels; GraphError when the output is no single number, or no result, or was made
              from other values than its inputs have now
    source    the first-order Taylor polynomial; the example: Saito, Deep Learning from Scratch, section 5.1

    >>> x, m, t = cr.variables(x=100.0, m=2, t=1.1)
    >>> found = what_if(0.5 * (x * m * t - 219) ** 2, x=+1, m=+1, t=+0.01)
    >>> [(round(s.output_after, 6), round(s.change, 6), round(s.predicted, 6)) for s in found.scenarios[:3]]
    [(5.12, 4.62, 2.2), (6160.5, 6160.0, 110.0), (4.5, 4.0, 2.0)]
    """
    words(lang, "what_if")  # refuses other languages before anything is computed
    changes = {**(changes or {}), **more}
    passes = backpropagation(output)
    _check_values(output)
    inputs = {node.name: node for node in passes.graph if node.variable.gate is None}
    _check_names(passes, inputs, changes)
    values = {name: changed(name, inputs[name].variable, change) for name, change in changes.items()}
    ways = [{name: value} for name, value in values.items()]
    scenarios = tuple(_run(passes, inputs, way) for way in (ways if len(ways) == 1 else [*ways, values]))
    gradients = {name: _gradient(passes, inputs[name]) for name in values}
    return WhatIf(passes.nodes[output].name, gradients, scenarios, lang)


def _check_values(output: Variable) -> None:
    """Refuse a graph whose inputs were given new values, or changed in place: "before" would not be what it shows."""
    now = rebuild([output], lambda leaf: leaf)[output]
    if not np.allclose(now._value, output._value, rtol=1e-6, atol=0, equal_nan=True):
        was, new = _one(output._value), _one(now._value)
        raise GraphError(
            f"{describe(output)} was computed as {number(was)}; with the values that its inputs have now "
            f"it is {number(new)}",
            fix="run the expression again, and ask about its result",
        )


def _check_names(passes: Backpropagation, inputs: Mapping[str, Node], changes: Mapping[str, Any]) -> None:
    example = next(iter(inputs))
    fix = f'what_if(output, {{"{example}": +1}}), or --what-if {example}=+1 on the command line'
    if not changes:
        raise ArgumentError("what_if was not told what changes", fix=fix)
    computed = {node.name for node in passes.graph if node.variable.gate is not None}
    for name in changes:
        if name in computed:
            what = f"{name} is computed from the inputs {', '.join(inputs)}, so it changes only as they do"
            raise ArgumentError(what, fix=fix)
        if name not in inputs:
            what = f"there is no input {name!r} in the graph; there are {', '.join(inputs)}"
            raise ArgumentError(what, fix=fix)


def _run(passes: Backpropagation, inputs: Mapping[str, Node], values: Mapping[str, Any]) -> Scenario:
    """The graph with other values in the places of some inputs."""
    output = passes.graph.output
    moved = {inputs[name].variable: Variable(value) for name, value in values.items()}
    now = rebuild([output], lambda leaf: leaf, instead=moved)
    shown = [node for node in passes.graph if node.variable.gate is not None or node.name in values]
    before = {node.name: node.variable._value for node in shown}
    after = {node.name: now[node.variable]._value for node in shown}
    with np.errstate(all="ignore"):
        steps = {name: np.subtract(after[name], before[name], dtype=np.float64)[()] for name in values}
        predicted = sum(float(np.sum(_gradient(passes, inputs[name]) * step)) for name, step in steps.items())
    return Scenario(steps, before, after, _one(output._value), _one(now[output]._value), predicted)


def _gradient(passes: Backpropagation, node: Node) -> Any:
    """Of the output for an input; 0 where nothing flows."""
    return passes.gradients.get(node.variable, 0.0)


def _size_of(value: Any) -> tuple[float, float]:
    """The largest finite number of a value, and the distance from 1 to the next number of its kind."""
    if type(value) is float:
        return (abs(value) if isfinite(value) else 0.0), _EPS
    array = np.asarray(value)
    if array.dtype.kind != "f" or not array.size:
        return 0.0, 0.0
    largest = np.max(np.abs(array), initial=0, where=np.isfinite(array))
    return float(largest), float(np.finfo(array.dtype).eps)


def _one(value: Any) -> float:
    return float(np.reshape(value, ()))


def _beyond(scenario: Scenario) -> float:
    """The difference that people are told: 0 where it is rounding."""
    return 0.0 if scenario.is_exact else scenario.difference


def _values(scenario: Scenario, say: Words) -> Table:
    """The changed inputs and every result of a gate, before and after."""
    header = tuple(say(f"column.{name}") for name in ("name", "before", "after", "difference"))
    rows = tuple(_row(name, scenario.before[name], scenario.after[name]) for name in scenario.before)
    return Table(header, rows, "lrrr")


def _row(name: str, before: Any, after: Any) -> tuple[str, ...]:
    if np.asarray(before).dtype.kind != "f":  # the answers of a comparison
        return name, _cell(before), _cell(after), ""
    with np.errstate(all="ignore"):
        change = np.subtract(after, before)
    if np.size(before) > _ELEMENTS:
        name = f"{name} {np.shape(before)}"
    return name, _cell(before), _cell(after), _cell(change, _signed)


def _cell(value: Any, write: Callable[[Any], str] = number) -> str:
    """A number, a small array by its numbers, a large one by its norm."""
    if np.ndim(value) == 0:
        return write(np.asarray(value)[()])
    if np.size(value) > _ELEMENTS:
        return f"‖·‖ = {number(float(np.linalg.norm(np.ravel(value))))}"
    return f"[{' '.join(_cell(part, write) for part in value)}]"


def _of_inputs(scenario: Scenario, say: Words) -> str:
    """The changes of a scenario on one line: x: 100 → 101."""
    return ", ".join(_of_input(name, scenario, say) for name in scenario.changes)


def _of_input(name: str, scenario: Scenario, say: Words) -> str:
    step, before, after = (np.asarray(x[name]) for x in (scenario.changes, scenario.before, scenario.after))
    moved = np.argwhere(step)
    if len(moved) == 1 or step.ndim == 0:
        index = tuple(map(int, moved[0])) if step.ndim else ()
        return f"{element_name(name, index)}: {number(before[index])} → {number(after[index])}"
    if step.size and np.allclose(step, step.flat[0], rtol=_SAME, atol=0):
        return f"{name}: {say('every', step=_signed(step.flat[0]))}"
    return f"{name}: {say('elements', count=len(moved))}"


def _added_up(scenario: Scenario, alone: float, say: Words) -> str:
    rest = scenario.change - alone
    if abs(rest) <= scenario.rounding + _SAME * abs(alone):
        return say("sum.same")
    return say("sum.other", alone=_signed(alone), rest=_signed(rest))


def _first_not_finite(scenario: Scenario) -> tuple[str, str]:
    """The first value that has become infinite or NaN, and which of the two."""
    for name, value in scenario.after.items():
        bad = np.ravel(value)[~np.isfinite(np.ravel(value))]
        if bad.size:
            return name, number(bad[0])
    raise AssertionError("all values are finite")


def _signed(change: Any) -> str:
    return f"+{number(change)}" if change > 0 else number(change)


def _factor(value: Any) -> str:
    written = number(_one(value))
    return f"({written})" if written.startswith("−") else written


def _scenario_data(scenario: Scenario) -> dict[str, Any]:
    plain = {
        key: {name: np.asarray(value).tolist() for name, value in getattr(scenario, key).items()}
        for key in ("changes", "before", "after")
    }
    numbers = ("output_before", "output_after", "change", "predicted", "difference")
    return plain | {key: getattr(scenario, key) for key in numbers}
