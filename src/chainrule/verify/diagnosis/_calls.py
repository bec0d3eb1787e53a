"""Mistakes that one call does not show: what is kept between calls, what is written into, what float32 breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .._claim import Session, copies
from .._slopes import Array
from ._evidence import Evidence
from ._found import Found, rounded
from ._point import Sample, largest

_FLOAT32 = 1e-3  # of the size of its terms: what a gradient in float32 may be off, with much to spare


def state(e: Evidence) -> Iterator[tuple[int, Found]]:
    """The first call is right and the second is not, with other values and another upstream gradient."""
    first = e.first
    # Signs turned round, so that a mask that was kept is another one; and larger, since y(1 − y) of −x is that of x.
    turned = e.point([-1.5 * value for value in first.point.values], ())
    second = e.samples[-1] if turned is None else e.sample(turned, e.samples[-1].dout)
    again = None if second is None else _claims(e, second.point.values, second.dout)
    if second is None or again is None or not _all_same(second.claimed, again):
        return  # random: what differs says nothing
    if second.point is first.point:
        return
    session = e.claim.open()
    try:
        earlier = _call(session, first.point.values, first.dout)
        later = _call(session, second.point.values, second.dout)
    except Exception:  # the code is somebody's; if it cannot be called twice, nobody keeps anything
        return
    for i, (a, b, fresh) in enumerate(zip(earlier, later, second.claimed, strict=True)):
        if b is None or fresh is None or _close(b, fresh):
            continue
        is_sum = a is not None and a.shape == fresh.shape and _close(b, a + fresh)
        yield i, Found("accumulates" if is_sum else "state")


def overwritten(e: Evidence) -> Iterator[tuple[int, Found]]:
    """Arrays that do not belong to the code and are other ones after a call."""
    point, first_parameter = e.first.point, len(e.claim.names) - e.claim.parameters
    given = copies(point.values)
    session = e.claim.open()
    out = session.forward(given)
    result = np.array(out) if isinstance(out, np.ndarray) else None
    yield from _changed(e, given, point.values, first_parameter, "forward")
    given_now, dout = copies(given), np.array(e.first.dout)
    session.backward(dout if dout.ndim else float(dout))
    yield from _changed(e, given, given_now, first_parameter, "backward")
    if dout.ndim and not np.array_equal(dout, e.first.dout):
        yield -1, Found("dout_overwritten", {"number": int(np.sum(dout != e.first.dout))})
    if result is not None and not np.array_equal(out, result, equal_nan=True):
        yield -1, Found("output_overwritten", {"number": int(np.sum(out != result))})


def _changed(
    e: Evidence, now: Sequence[Array], before: Sequence[Array], first_parameter: int, when: str
) -> Iterator[tuple[int, Found]]:
    for i, (a, b) in enumerate(zip(now, before, strict=True)):
        if not np.array_equal(a, b, equal_nan=True):
            kind = "parameter_changed" if i >= first_parameter else "input_overwritten"
            yield i, Found(kind, {"number": int(np.sum(a != b)), "when": when})


def float32(e: Evidence) -> Iterator[tuple[int, Found]]:
    """Right in float64 and wrong in float32, at values that both hold exactly."""
    s = e.first
    if not np.isfinite(s.point.out).all():
        return
    singles = [value.astype(np.float32) for value in s.point.values]
    claims = _claims(e, singles, s.dout.astype(np.float32))
    exact = _claims(e, [value.astype(np.float64) for value in singles], s.dout)
    if claims is None or exact is None:
        return
    for i in filter(e.is_right, e.wrong):
        claimed, fine = claims[i], exact[i]
        if claimed is None or fine is None or claimed.shape != fine.shape:
            continue
        allowed = _FLOAT32 * _size_of_terms(s, i)
        error = np.max(np.abs(claimed - fine), initial=0.0)
        if not error <= allowed:
            yield i, Found("float32", {"error": rounded(error) if np.isfinite(error) else str(error)})


def _size_of_terms(s: Sample, i: int) -> float:
    """The largest sum that a gradient is, without the signs: rounding is relative to this."""
    return largest(np.abs(np.ravel(s.dout)) @ np.abs(s.point.derivatives(i)[1])) + 1e-6


def _call(session: Session, values: Sequence[Array], dout: Array) -> list[Array | None]:
    session.forward(copies(values))
    given: Any = np.array(dout) if dout.ndim else float(dout)
    return [None if g is None else np.array(g, dtype=np.float64) for g in session.backward(given)]


def _claims(e: Evidence, values: Sequence[Array], dout: Array) -> list[Array | None] | None:
    try:
        return _call(e.claim.open(), values, dout)
    except Exception:  # as above
        return None


def _all_same(a: Sequence[Array | None], b: Sequence[Array | None]) -> bool:
    pairs = zip(a, b, strict=True)
    return all(x is y is None or x is not None and y is not None and _close(x, y) for x, y in pairs)


def _close(a: Array, b: Array) -> bool:
    if a.shape != b.shape:
        return False
    rounding = 1e-9 * (largest(a) + largest(b))
    return bool(np.all(np.abs(a - b) <= rounding))


FAMILY = (state, overwritten, float32)
