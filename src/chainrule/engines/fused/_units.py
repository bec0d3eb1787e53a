"""Before the fourth pass: which nodes are computed once, and which wherever they are needed.

A *unit* is a node with a result of its own: in memory, or in a variable of the loop it is computed in. What is cheap
(a bias that is added, a comparison, a product) has none: it is written into each expression that needs it, since
reading a result back from memory costs more than computing it again. Views (transposition, broadcasting, slices) are
never computed; they say which element is meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...graph import Dimension
from .._node import ELEMENTWISE, PLACEMENTS, REDUCTIONS, VIEWS, Node, Shape
from ._lower import Program

LEAVES = frozenset(("input", "number", "constant", "arange"))
BIG = frozenset(("matmul", "gemm", "matmul_total", "concat", "call"))  # statements of their own

_COSTS = {"divide": 4, "sqrt": 4, "power": 30}
_COSTS.update(dict.fromkeys(("exp", "log", "log1p", "expm1", "tanh", "sin", "cos", "erf", "murmur3"), 20))
_CHEAP = 6  # operations that may be done twice
_DEEP = 30  # operations within one another in one expression


def is_single(node: Node) -> bool:
    """Whether it is one number, whatever the number of its axes."""
    return all(length == 1 and type(length) is int for length in node.shape)


def squeezed(shape: Shape) -> Shape:
    """The axes over which a loop must run."""
    return tuple(n for n in shape if not (type(n) is int and n == 1))


def domain(node: Node) -> Shape:
    """What a loop that computes the node runs over."""
    return squeezed(node.args[0].shape if node.op in REDUCTIONS | PLACEMENTS else node.shape)


def is_alias(node: Node) -> bool:
    """A new shape that is more than axes of length 1 put in or left out: the same memory, counted otherwise."""
    return node.op == "reshape" and squeezed(node.shape) != squeezed(node.args[0].shape)


def is_stretch(node: Node) -> bool:
    """A slice whose numbers lie in memory one after the other: some rows of something that is whole."""
    if node.op != "slice" or any(isinstance(n, Dimension) for n in (*node.shape, *node.args[0].shape)):
        return False
    (_, step), *others = node.settings["start"]
    rest = node.shape[1:] == node.args[0].shape[1:] and all(place == (0, 1) for place in others)
    return bool(step == 1 and rest and _is_whole(node.args[0]))


def start_in_memory(node: Node) -> int:
    """Where the numbers of a view of whole memory begin, or of a stretch of it."""
    start = 0
    while node.op in VIEWS:
        if node.op == "slice":
            start += node.settings["start"][0][0] * math.prod(node.shape[1:])
        node = node.args[0]
    return start


@dataclass(frozen=True, slots=True)
class Units:
    """What `units_of` finds.

    order    the units, in an order in which they can be computed
    reads    for each unit the units and leaves that its expression reads
    """

    program: Program
    order: tuple[Node, ...]
    reads: Mapping[Node, frozenset[Node]]

    def __contains__(self, node: Node) -> bool:
        return node in self.reads


def source(node: Node) -> Node:
    """What a node is a view of."""
    while node.op in VIEWS:
        node = node.args[0]
    return node


def units_of(program: Program) -> Units:
    """Decide for every node whether it is a unit."""
    program = _with_memory(program)
    order = [node for node in program.nodes() if node.op not in LEAVES and node.op not in VIEWS]
    users: dict[Node, set[Node]] = {node: set() for node in order}
    aliased = {source(node) for node in program.nodes() if is_alias(node)}
    for node in order:
        for arg in node.args:
            if source(arg) in users:
                users[source(arg)].add(node)
    outputs = {source(node) for node in program.outputs.values()}
    cost: dict[Node, int] = {}
    depth: dict[Node, int] = {}
    for node in order:
        inside = [source(a) for a in node.args if source(a) in cost]
        total = _COSTS.get(node.op, 1) + sum(cost[a] for a in inside)
        deep = 1 + max((depth[a] for a in inside), default=0)
        may = node.op in ELEMENTWISE and node not in outputs and node not in aliased and deep < _DEEP
        fits = _is_not_big if _is_count(node) else _fits(node)
        if may and (len(users[node]) == 1 or total <= _CHEAP) and all(map(fits, users[node])):
            cost[node], depth[node] = total, deep
    reads: dict[Node, frozenset[Node]] = {}
    seen: dict[Node, frozenset[Node]] = {}
    for node in order:
        found: set[Node] = set()
        for arg in map(source, node.args):
            found |= seen[arg] if arg in cost else {arg}
        seen[node] = frozenset(found)
        if node not in cost:
            reads[node] = seen[node]
    return Units(program, tuple(reads), reads)


def _is_count(node: Node) -> bool:
    """Whether each element is the number of its row or column, in another dtype: known wherever it is needed."""
    return node.op == "astype" and source(node.args[0]).op == "arange"


def _is_not_big(user: Node) -> bool:
    return user.op not in BIG


def _fits(node: Node) -> Callable[[Node], bool]:
    """Whether a user evaluates each element of the node once: neither broadcast nor in one piece."""
    size = sorted(map(int, squeezed(node.shape)))
    single = is_single(node)

    def fits(user: Node) -> bool:
        if user.op in BIG:
            return False
        return (
            is_single(user) and user.op in ELEMENTWISE if single else sorted(map(int, domain(user))) == size
        )

    return fits


def _with_memory(program: Program) -> Program:
    """The program with copies of what must lie in memory in one piece, and does not by itself."""
    by: dict[Node, Node] = {}
    copies: dict[Node, Node] = {}

    def copy(node: Node) -> Node:
        """A copy for all who need it; of windows one for each, which costs less than to keep it so long."""
        if node not in copies or node.op == "windows":
            copies[node] = Node("copy", (node,), node.shape, node.dtype)
        return copies[node]

    def matrix(node: Node) -> Node:
        if _is_whole(node):
            return node
        if node.op == "broadcast" and node.args[0].shape == node.shape[-2:]:  # one matrix for all of a stack
            return node.with_args((matrix(node.args[0]),))
        if node.op == "transpose" and _exchanges_last(node.settings["axes"]):  # which is a flag of BLAS
            return node.with_args((node.args[0] if _is_whole(node.args[0]) else copy(node.args[0]),))
        return copy(node)

    for node in program.nodes():
        if node.op in ("matmul", "gemm", "matmul_total"):
            args = tuple(map(matrix, node.args[:2])) + node.args[2:]
        elif node.op == "call":
            args = tuple(a if _is_whole(a) and not _is_part(a) else copy(a) for a in node.args)
        elif is_alias(node):
            args = tuple(a if _is_whole(a) or is_stretch(a) else copy(a) for a in node.args)
        else:
            continue
        if args != node.args:
            by[node] = node.with_args(args)
    program = program.replaced(by) if by else program
    outputs = {name: node if _is_computed(node) else copy(node) for name, node in program.outputs.items()}
    return Program(outputs, program.origin)


def _is_computed(node: Node) -> bool:
    return node.op not in LEAVES and node.op not in VIEWS and node.op != "part"


def _is_whole(node: Node) -> bool:
    """Whether its numbers lie in memory one after the other, and are those of a mini-batch only if gathered."""
    if node.op == "constant":
        return True
    if node.op == "input":
        return not node.settings.get("gathered") and not node.weak
    if node.op == "reshape":
        return is_alias(node) or _is_whole(node.args[0])  # what is counted otherwise is copied if it must be
    return node.op not in LEAVES and node.op not in VIEWS


def _is_part(node: Node) -> bool:
    """Whether it shows less than its source has."""
    return math.prod(node.shape) != math.prod(source(node).shape)


def _exchanges_last(axes: tuple[int, ...]) -> bool:
    n = len(axes)
    return axes == (*range(n - 2), n - 1, n - 2)
