"""Counting crossings fast."""

from __future__ import annotations

from ._columns import Layers


def crossings(graph: Layers, order: list[list[int]]) -> int:
    """How many pairs of edges cross between neighbouring layers.

    The accumulator tree of Barth, Jünger and Mutzel, "Simple and Efficient Bilayer Cross Counting" (2002):
    O(E log V) for E edges between layers of V vertices.
    """
    count = 0
    for left, right in zip(order, order[1:], strict=False):
        place = {vertex: index for index, vertex in enumerate(right)}
        ends = [end for vertex in left for end in sorted(place[other] for other in graph.rights[vertex])]
        count += _inversions(ends, len(right))
    return count


def _inversions(numbers: list[int], size: int) -> int:
    """How many pairs of numbers, all from range(size), stand in falling order."""
    leaves = 1
    while leaves < size:
        leaves *= 2
    tree = [0] * (
        2 * leaves
    )  # how many numbers so far lie under each node; the children of i are 2i and 2i + 1
    count = 0
    for number in numbers:
        node = number + leaves
        while node > 1:
            tree[node] += 1
            if node % 2 == 0:
                count += tree[node + 1]
            node //= 2
    return count
