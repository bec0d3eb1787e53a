"""Display in notebooks. How things are drawn is known further down; here is only the place where it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .._above import provided


class Shown:
    """A thing that notebooks show in more than text. It adds nothing to an object, neither space nor time.

    >>> class Answer(Shown):
    ...     def __repr__(self):
    ...         return "42"
    >>> Answer()._repr_mimebundle_(include=["text/plain"])
    {'text/plain': '42'}
    """

    __slots__ = ()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        return chosen(provided("in_a_notebook")(self), include, exclude)


def chosen(
    bundle: Mapping[str, str], include: Collection[str] | None, exclude: Collection[str] | None
) -> dict[str, str]:
    """The forms that a notebook asks for.

    include  MIME types, of which alone it wants any that there are; None or empty for all
    exclude  MIME types that it does not want
    source   IPython, "Rich display" of its documentation (``_repr_mimebundle_``)
    """
    return {
        kind: form
        for kind, form in bundle.items()
        if (not include or kind in include) and not (exclude and kind in exclude)
    }
