"""The accumulator tree against looking at every pair."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.explain.layout import Box, Link
from chainrule.explain.layout._columns import layers
from chainrule.explain.layout._crossings import crossings


@given(st.integers(1, 9), st.data())
@settings(max_examples=50, deadline=None)
def test_crossings_are_counted_as_by_looking_at_every_pair(size: int, data: st.DataObject) -> None:
    ends = data.draw(
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(size, 2 * size - 1)), max_size=20)
    )
    graph = layers([Box(1, 1)] * (2 * size), [Link(*pair, 1, 1) for pair in ends])
    order = [
        data.draw(st.permutations([vertex for vertex, at in enumerate(graph.layer) if at == layer]))
        for layer in range(graph.depth)
    ]
    place = {vertex: index for row in order for index, vertex in enumerate(row)}
    expected = 0
    edges = [(left, right) for left, rights in enumerate(graph.rights) for right in rights]
    for (a, b), (c, d) in combinations(edges, 2):
        same_layer = graph.layer[a] == graph.layer[c]
        expected += same_layer and (place[a] - place[c]) * (place[b] - place[d]) < 0
    assert crossings(graph, order) == expected
