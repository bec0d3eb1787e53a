"""An explanation as a report: the passes gate by gate, the chains, the check and the meaning, in words and formulas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..graph import Node, Variable
from ..verify import InputCheck
from ..words import Words
from ._backpropagation import Backpropagation, element_name
from ._chains import LONGEST, MOST, Chains, has_chains
from ._element import Hop
from ._expression import Equation, Expression, Gradient, Name, Number, Operation, product, total
from ._meaning import meaning_of
from ._steps import Step, is_exact, shown, summary_of
from .document import Block, Formula, Heading, Paragraph, Table
from .notation import number, text


def narrate(
    passes: Backpropagation, steps: tuple[Step, ...], checks: tuple[InputCheck, ...], say: Words
) -> Iterator[Block]:
    """The whole explanation of a graph.

    steps   its gates, in the order of the forward pass
    checks  of its inputs
    say     the words
    """
    output = passes.nodes[passes.graph.output].name
    yield Heading(say("forward"))
    yield Paragraph(say("forward.text", output=output))
    for node in passes.graph:
        if node.variable.gate is None:
            yield _given(node, passes.values[node.variable])
    for step in steps:
        yield Formula(step.forward)
    yield Heading(say("backward"))
    start = Equation((Gradient(output, output), Number(1)))
    yield Paragraph((say("backward.text", output=output), start))
    for order, step in enumerate(reversed(steps), 1):
        yield from _back_through(step, order, output, say)
    inputs = inputs_of(passes)
    if has_chains(passes):
        yield from _chains(passes, inputs, output, say)
    yield Heading(say("check"))
    yield Paragraph((say("check.text", output=output), _quotient(output)))
    yield check_table(checks, say)
    yield Heading(say("meaning"))
    yield from meaning_of(passes, inputs, {c.name for c in checks if c.verdict == "at a kink"}, say)


def inputs_of(passes: Backpropagation) -> list[Node]:
    """The leaves that have a gradient."""
    return [n for n in passes.graph if n.variable.gate is None and n.variable in passes.gradients]


def check_table(checks: tuple[InputCheck, ...], say: Words) -> Table:
    """Backpropagation beside numerical derivatives, one row for each input."""
    rows, arrays = [], any(check.shape for check in checks)
    for check in checks:
        place = [_compared(check, say), element_name(check.name, check.index or ())] if arrays else []
        sides = (number(x) if x is not None else "–" for x in (check.left, check.right))
        verdict = say(f"verdict.{check.verdict}", **dict(zip(("left", "right"), sides, strict=True)))
        numbers = [number(check.backprop), number(check.numerical), number(check.max_absolute, digits=1)]
        if check.verdict == "at a kink" and check.left is not None:
            numbers[1:] = f"{number(check.left)} … {number(check.right)}", "–"
        elif check.verdict == "not finite":
            numbers[1:] = "–", "–"
        rows.append((check.name, *place, *numbers, verdict))
    header = [
        "input",
        *(["elements", "place"] if arrays else []),
        "gradient",
        "numerical",
        "error",
        "verdict",
    ]
    return Table(
        tuple(say(f"check.{column}") for column in header),
        tuple(rows),
        "l" + ("rl" if arrays else "") + "rrrl",
        tuple("good" if check.ok else "bad" for check in checks),
    )


def _compared(check: InputCheck, say: Words) -> str:
    count, _, whole = check.checked.split()
    return say("check.all" if count == whole else "check.some", count=count, whole=whole)


def _quotient(output: str) -> Expression:
    """(L(x + h) − L(x − h)) / 2h"""
    x, h = Name("x"), Name("h")
    up, down = (Operation("of", (Name(output), Operation(op, (x, h)))) for op in ("add", "subtract"))
    return Operation("divide", (Operation("subtract", (up, down)), product([Number(2), h])))


def _given(node: Node, value: Any) -> Block:
    name = Name(node.name, node.variable.shape or None)
    written = shown(value)
    if written is not None:
        return Formula(Equation((name, written), is_exact(value)))
    return Formula(name)


def _back_through(step: Step, order: int, output: str, say: Words) -> Iterator[Block]:
    gate = step.node.variable.gate
    assert gate is not None
    title = gate.title(say.language)
    yield Heading(say("step", number=order, gate=title, statement=str(step.node)), level=2)
    if step.dout is None:
        yield Paragraph(say("unreached", output=output))
        return
    upstream = shown(step.dout)
    shape = np.shape(step.dout)
    if upstream is not None:
        whole = Gradient(output, step.node.name, bool(shape))
        yield Paragraph((say("upstream"), Equation((whole, upstream), is_exact(step.dout))))
    else:
        yield Paragraph((say("upstream"), Gradient(output, step.node.name, whole=True, shape=shape)))
    if not step.parts:
        yield Paragraph(say("stops"))
    for equation in step.kept:
        yield Formula(equation)
    for part in step.parts:
        branch, count = part.branch
        if count > 1 and part.edge.source is not None:
            yield Paragraph(say("branch", name=part.edge.source.name, count=count, number=branch))
        yield Formula(part.equation)
    for equation in step.sums:
        together = equation.sides[0]
        assert isinstance(together, Gradient)
        yield Paragraph(say("branch.sum", name=together.wrt))
        yield Formula(equation)
    large = list(_large_arrays(step))
    if large:
        yield Paragraph(say("arrays"))
        columns = ("name", "shape", "norm", "smallest", "largest", "zeros")
        yield Table(tuple(say(f"array.{column}") for column in columns), tuple(large), "lrrrrr")


def _large_arrays(step: Step) -> Iterator[tuple[str, ...]]:
    """A row of numbers for each array that is too large to be written."""
    arrays: list[tuple[Expression, Any]] = [
        (Name(step.node.name), step.node.variable._value),
        (Gradient("", step.node.name, whole=True), step.dout),
    ]
    for part in step.parts:
        assert part.edge.source is not None
        arrays.append((Gradient("", part.edge.source.name, whole=True), part.value))
    for name, array in arrays:
        if shown(array) is None:
            of = summary_of(array)
            numbers = (number(x, digits=4) for x in (of.norm, of.smallest, of.largest))
            yield (text(name), str(np.shape(array)), *numbers, f"{of.zeros:.0%}")


def _chains(passes: Backpropagation, inputs: list[Node], output: str, say: Words) -> Iterator[Block]:
    yield Heading(say("chains", output=output))
    yield Paragraph(say("chains.text", output=output))
    chains = Chains(passes)
    for node in inputs:
        count, found = chains.count(node.variable), chains.to(node.variable)
        if count and not found:
            yield Paragraph(say("chains.long", output=output, name=node.name, longest=LONGEST))
            continue
        if count > MOST:
            yield Paragraph(
                say("chains.largest", output=output, name=node.name, count=f"{count:,}", shown=len(found))
            )
        elif count > 1:
            yield Paragraph(say("chains.several", output=output, name=node.name, count=count))
        whole = Gradient(output, node.name)
        links = [
            product([Gradient(above, below) for above, below in zip(c.names, c.names[1:], strict=False)])
            for c in found
        ]
        factors = [product(map(Number, chain.factors)) for chain in found]
        gradient = passes.gradients[node.variable]
        if count > MOST:
            for link, factor, chain in zip(links, factors, found, strict=True):
                yield Formula(Equation((link, factor, Number(chain.product)), is_exact(chain.product)))
        else:
            sides = (whole, total(links), total(factors), Number(gradient))
            yield Formula(Equation(tuple(dict.fromkeys(sides)), is_exact(gradient)))


def narrate_element(
    passes: Backpropagation,
    node: Node,
    index: tuple[int, ...],
    way: tuple[tuple[Hop, ...], ...],
    checks: tuple[InputCheck, ...],
    say: Words,
) -> Iterator[Block]:
    """The explanation of one element: its way to the output."""
    output = passes.nodes[passes.graph.output].name
    element = element_name(node.name, index)
    value = float(np.asarray(passes.values[node.variable])[index])
    gradient = float(np.asarray(passes.gradients[node.variable])[index])
    yield Paragraph((say("element.value"), Equation((Name(element), Number(value)), is_exact(value))))
    whole = Gradient(output, element)
    yield Paragraph((say("element.gradient"), Equation((whole, Number(gradient)), is_exact(gradient))))
    order = 0
    for hops in way:
        for hop in hops:
            order += 1
            yield from _through(hop, order, output, say)
        if len(hops) > 1:
            yield Paragraph(say("branch.sum", name=element_name(hops[0].name, hops[0].index)))
            terms, together = [Number(hop.total) for hop in hops], sum(hop.total for hop in hops)
            whole = Gradient(output, element_name(hops[0].name, hops[0].index))
            yield Formula(Equation((whole, total(terms), Number(together)), is_exact(together)))
    yield Heading(say("check"))
    yield Paragraph((say("check.text", output=output), _quotient(output)))
    yield check_table(checks, say)


def _through(hop: Hop, order: int, output: str, say: Words) -> Iterator[Block]:
    target: Node = hop.edge.target
    variable: Variable = target.variable
    assert variable.gate is not None
    title = variable.gate.title(say.language)
    yield Heading(say("element.hop", number=order, gate=title, statement=str(target)), level=2)
    element = element_name(hop.name, hop.index)
    if not hop.largest:
        yield Paragraph(say("element.none", element=element))
        return
    some = hop.count > len(hop.largest)
    key = "element.most" if some else "element.one" if hop.count == 1 else "element.reach"
    yield Paragraph(say(key, element=element, target=target.name, count=f"{hop.count:,}"))
    rows = [
        (
            element_name(target.name, reached.index),
            *(number(x) for x in (reached.local, reached.upstream, reached.contribution)),
        )
        for reached in hop.largest
    ]
    if some:
        others = say("element.rest", count=f"{hop.count - len(hop.largest):,}")
        rows.append((others, "", "", number(hop.rest)))
    if hop.count > 1:
        rows.append((say("element.total"), "", "", number(hop.total)))
    columns = ("target", "local", "upstream", "contribution")
    yield Table(tuple(say(f"element.{column}") for column in columns), tuple(rows), "lrrr")
    first = hop.largest[0]
    name = element_name(target.name, first.index)
    product_of = product([Gradient(output, name), Gradient(name, element)])
    numbers = product([Number(first.upstream), Number(first.local)])
    exact = is_exact(first.contribution)
    yield Formula(Equation((product_of, numbers, Number(first.contribution)), exact))
    if hop.count > 1:
        yield Paragraph(say("element.follow", element=name))
