"""The third pass: what a matrix product does on its way.

BLAS computes  out ← alpha · (x · y) + beta · out  in one go, with transposed factors as flags. So the new W of
``W − lr · (Xᵀ · dY)`` is one product straight into W, and no gradient is ever stored; a velocity
``momentum · v + Xᵀ · dY`` is one product into v, and weight decay a part of beta.

source  Dongarra et al., A set of level 3 basic linear algebra subprograms, ACM TOMS 16 (1990)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...graph import Dimension
from .._node import Node, number_node
from ._lower import Program


@dataclass(frozen=True, slots=True)
class _Linear:
    """alpha · product + beta · base: scalars, a matrix product, and an array of its shape or None."""

    product: Node
    alpha: Node | None = None  # None is 1
    base: Node | None = None
    beta: Node | None = None


def fold(program: Program) -> Program:
    """Products with what is done to their results: nodes "gemm" with arguments x, y, alpha, and beta, base or neither.

    A base is taken only where its memory can be written over: an input that an output of the program replaces.
    """
    uses = Counter(a for node in program.nodes() for a in node.args)
    uses.update(program.outputs.values())
    replaced = {
        node: program.outputs[node.settings["name"]]
        for node in program.nodes()
        if node.op == "input" and node.settings["name"] in program.outputs
    }
    found: dict[Node, _Linear] = {}
    totals: dict[Node, Node] = {}
    for node in program.nodes():
        if _is_total(node) and uses[node.args[0]] == 1:
            totals[node] = Node("matmul_total", node.args[0].args, node.shape, node.dtype, number=node.number)
        linear = _linear(node, found, uses)
        if linear is not None:
            found[node] = linear
    products: dict[Node, Node] = {}
    absorbed: set[Node] = set()
    for node, linear in reversed(found.items()):
        if node in absorbed or not (linear.base is None or replaced.get(linear.base) is node):
            continue
        products[node] = _gemm(node, linear)
        absorbed.update(_chain(node, found))
    return program.replaced({**products, **totals})


def _is_total(node: Node) -> bool:
    """Whether it is the sum of the products of a mini-batch, of which no one is asked for alone."""
    if node.op != "sum" or node.settings["axes"] != (0,) or node.dtype.kind != "f":
        return False
    (product,) = node.args
    rows, *sides = product.shape
    return product.op == "matmul" and isinstance(rows, Dimension) and len(sides) == 2 and 1 not in sides


def _chain(node: Node, found: Mapping[Node, _Linear]) -> Iterator[Node]:
    """What a product passes through on its way to `node`, and the product."""
    product = found[node].product
    while node is not product:
        node = next(a for a in node.args if a in found and found[a].product is product)
        yield node


def _gemm(node: Node, linear: _Linear) -> Node:
    one = number_node(1, node.dtype)
    scalars = [linear.alpha or one]
    if linear.base is not None:
        scalars += [linear.beta or one, linear.base]
    return Node("gemm", (*linear.product.args, *scalars), node.shape, node.dtype, number=node.number)


def _linear(node: Node, found: dict[Node, _Linear], uses: Counter[Node]) -> _Linear | None:
    """What `node` is in terms of a product that nothing else uses, if it is that."""
    if node.op == "matmul" and len(node.shape) == 2 and node.dtype.kind == "f":
        return _Linear(node)
    if node.op not in ("multiply", "divide", "negative", "add", "subtract"):
        return None
    linears = [found.get(a) if uses[a] == 1 else None for a in node.args]
    if node.op == "negative":
        return _scaled(linears[0], number_node(-1, node.dtype), "multiply") if linears[0] else None
    x, y = node.args
    if node.op in ("multiply", "divide"):
        if linears[0] and (scalar := _scalar(y)) is not None:
            return _scaled(linears[0], scalar, node.op)
        if linears[1] and node.op == "multiply" and (scalar := _scalar(x)) is not None:
            return _scaled(linears[1], scalar, "multiply")
        return None
    minus = number_node(-1, node.dtype)
    if linears[0] and not linears[1]:
        coefficient, base = _multiple(y)
        if node.op == "subtract":
            coefficient = _product(minus, coefficient)
        return _plus(linears[0], coefficient, base)
    if linears[1] and not linears[0]:
        linear = linears[1] if node.op == "add" else _scaled(linears[1], minus, "multiply")
        return _plus(linear, *_multiple(x))
    return None


def _scalar(node: Node) -> Node | None:
    """The single number that is broadcast to all of a node."""
    if node.op == "broadcast" and not node.args[0].shape:
        return node.args[0]
    return None


def _multiple(node: Node) -> tuple[Node | None, Node]:
    """A node as a multiple of another one: coefficient (None is 1) and array."""
    if node.op == "multiply":
        for this, other in (node.args, node.args[::-1]):
            if (scalar := _scalar(this)) is not None:
                return scalar, other
    return None, node


def _product(x: Node | None, y: Node | None, op: str = "multiply") -> Node | None:
    if y is None or (x is None and op == "multiply"):
        return x if y is None else y
    return Node(op, (x or number_node(1, y.dtype), y), (), y.dtype)


def _scaled(linear: _Linear, scalar: Node, op: str) -> _Linear:
    beta = linear.beta if linear.base is None else _product(linear.beta, scalar, op)
    return _Linear(linear.product, _product(linear.alpha, scalar, op), linear.base, beta)


def _plus(linear: _Linear, coefficient: Node | None, base: Node) -> _Linear | None:
    if linear.base is None:
        return _Linear(linear.product, linear.alpha, base, coefficient)
    if linear.base is not base:
        return None
    one = number_node(1, base.dtype)
    beta = Node("add", (linear.beta or one, coefficient or one), (), base.dtype)
    return _Linear(linear.product, linear.alpha, base, beta)
