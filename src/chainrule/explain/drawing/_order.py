"""The order of the forward pass among vertices some of which stand for many gates."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ._framing import Key, Tie


def forward_order(keys: Iterable[Key], ties: Sequence[Tie]) -> list[Key]:
    """Keys in an order in which each comes behind all that it depends on; as far as there is a choice, as given.

    source   Kahn, Topological sorting of large networks, Communications of the ACM 5 (1962)
    """
    given = list(keys)
    place = {key: number for number, key in enumerate(given)}
    waiting = dict.fromkeys(given, 0)
    behind: defaultdict[Key, list[Key]] = defaultdict(list)
    for tie in ties:
        if tie.source in place:
            waiting[tie.target] += 1
            behind[tie.source].append(tie.target)
    ready = [place[key] for key in given if not waiting[key]]
    order = []
    while ready:
        key = given[heapq.heappop(ready)]
        order.append(key)
        for after in behind[key]:
            waiting[after] -= 1
            if not waiting[after]:
                heapq.heappush(ready, place[after])
    return order
