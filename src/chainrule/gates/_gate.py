"""What a gate is: one primitive of a computation graph, its mathematics written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Literal

from ..errors import GateError

Kind = Literal[
    "elementwise", "reduction", "shape", "matrix", "row-wise", "window", "loss", "comparison", "collective"
]

_ALWAYS = ("xp", "dout", "out")


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of one input, bound to the values that its parameters name.

    function  from the upstream gradient to the gradient of the input
    needs     the names of its parameters, so what must be kept is known before anything runs
    """

    function: Callable[..., Any]
    needs: tuple[str, ...]
    pick: Callable[[tuple[Any, ...]], tuple[Any, ...]]

    def __call__(self, environment: tuple[Any, ...]) -> Any:
        return self.function(*self.pick(environment))


@dataclass(frozen=True, eq=False)
class Gate:
    """One primitive: a forward, and one rule for each input that has a gradient.

    name      short name, unique, the standard term
    symbol    what a drawing shows in the circle
    en, ko    plain-words names
    forward   pure function ``forward(xp, *inputs, **settings)`` against an array namespace `xp` (the Python
              array API standard, https://data-apis.org/array-api). Positional parameters are inputs,
              keyword-only ones are settings (axis, shape, …), one ``*parameter`` stands for any number of inputs
    wrt       for each input that has a gradient its rule: a function whose parameter names say what it needs:
              ``dout`` (the upstream gradient), ``out``, ``xp``, any input, any setting, ``<input>_shape``
              (only the shape is kept, not the values) and whatever `keeps` names. A rule of ``*parameter``
              may also name ``position``: which of the inputs it is for. Rules never write into what they are given
    kind      how the gate treats elements, for those who group, draw or prove gates; what is "collective" waits for
              other processes, so it runs where all of them run it, and nowhere else
    formula   the textbook form, only where the safe form of `forward` hides it
    keeps     values that forward computes on its way and returns behind its result, ``(out, *kept)``; for each
              the gate of the first inputs that it is, so that gradients of gradients go through it too
    check     refuses bad values before forward runs (labels out of range, …)
    doc       what users of the function read

    raises    GateError when a rule names something that does not exist

    >>> double = Gate("double", "2×", "double", "두 배", forward=lambda xp, x: 2 * x, wrt={"x": lambda dout: 2 * dout})
    >>> double.inputs, double.rules["x"].needs
    (('x',), ('dout',))
    """

    name: str
    symbol: str
    en: str
    ko: str
    forward: Callable[..., Any]
    wrt: Mapping[str, Callable[..., Any]]
    kind: Kind = "elementwise"
    formula: str | None = None
    keeps: Mapping[str, Gate] = field(default_factory=dict)
    check: Callable[..., None] | None = None
    doc: str = ""

    inputs: tuple[str, ...] = field(init=False)
    settings: tuple[str, ...] = field(init=False)
    defaults: Mapping[str, Any] = field(init=False)
    variadic: bool = field(init=False)
    rules: Mapping[str, Rule] = field(init=False)
    ordered_rules: Iterable[Rule | None] = field(init=False)  # as many as there are inputs
    simple: bool = field(
        init=False
    )  # its rules name xp, dout, out and inputs only: a short way in the backward pass

    def __post_init__(self) -> None:
        parameters = list(inspect.signature(self.forward).parameters.values())
        if not parameters or parameters[0].name != "xp":
            raise GateError(
                f"gate {self.name!r}: the first parameter of forward must be 'xp', the array namespace"
            )
        positional = [p for p in parameters[1:] if p.kind is not p.KEYWORD_ONLY]
        keyword = [p for p in parameters[1:] if p.kind is p.KEYWORD_ONLY]
        variadic = any(p.kind is p.VAR_POSITIONAL for p in positional)
        if variadic and len(positional) > 1:
            raise GateError(f"gate {self.name!r}: '*{positional[-1].name}' must be the only input of forward")
        derived = {
            "inputs": tuple(p.name for p in positional),
            "settings": tuple(p.name for p in keyword),
            "defaults": MappingProxyType({p.name: p.default for p in keyword if p.default is not p.empty}),
            "variadic": variadic,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "rules", MappingProxyType({i: self._rule(i) for i in self.wrt}))
        in_order = [self.rules.get(i) for i in self.inputs]
        object.__setattr__(self, "ordered_rules", repeat(in_order[0]) if variadic else tuple(in_order))
        basic = (*_ALWAYS, *self.inputs)
        object.__setattr__(
            self,
            "simple",
            not variadic and all(set(rule.needs) <= set(basic) for rule in self.rules.values()),
        )

    def title(self, language: str) -> str:
        """The plain-words name in a language, "en" or "ko"."""
        return self.ko if language == "ko" else self.en

    def __repr__(self) -> str:
        return f"Gate({self.name!r})"

    def __deepcopy__(self, memo: Any) -> Gate:
        """Itself: it is one value, and a copy of a network that has run holds the gates that ran."""
        return self

    @property
    def _environment_names(self) -> tuple[str, ...]:
        """The order in which `environment` lays out what rules may name."""
        shapes = tuple(f"{i}_shape" for i in self.inputs)
        position = ("position",) if self.variadic else ()
        return (*_ALWAYS, *self.inputs, *shapes, *self.keeps, *self.settings, *position)

    def _rule(self, wrt: str) -> Rule:
        where = f"gate {self.name!r}, rule for {wrt!r}"
        if wrt not in self.inputs:
            raise GateError(f"{where}: forward has no such input; its inputs are {', '.join(self.inputs)}")
        function = self.wrt[wrt]
        needs = tuple(inspect.signature(function).parameters)
        known = self._environment_names
        for name in needs:
            if name not in known:
                raise GateError(f"{where}: unknown name {name!r}", fix=f"a rule may name {', '.join(known)}")
        if not needs:
            raise GateError(
                f"{where}: it names nothing", fix="a rule names at least dout, the upstream gradient"
            )
        indices = [known.index(name) for name in needs]
        # itemgetter of one index would give a bare value; of a slice it gives a tuple, as it does of many indices.
        pick = itemgetter(slice(indices[0], indices[0] + 1)) if len(indices) == 1 else itemgetter(*indices)
        return Rule(function, needs, pick)

    def environment(
        self,
        xp: Any,
        dout: Any,
        out: Any,
        inputs: tuple[Any, ...],
        shapes: tuple[Any, ...],
        kept: tuple[Any, ...],
        settings: Mapping[str, Any],
        position: int = 0,
    ) -> tuple[Any, ...]:
        """Everything that a rule may name, laid out for `Rule.__call__`.

        A gate with ``*inputs`` gets them (and their shapes) as one tuple.
        """
        values = tuple(settings.get(name, self.defaults.get(name)) for name in self.settings)
        if self.variadic:
            return (xp, dout, out, inputs, shapes, *kept, *values, position)
        return (xp, dout, out, *inputs, *shapes, *kept, *values)

    @lru_cache(maxsize=1024)  # noqa: B019 - gates live as long as the program
    def needed_for(self, asked: tuple[bool, ...]) -> tuple[bool, ...]:
        """For each input: do the rules of the inputs that are `asked` for read its values?"""
        rules = [rule for rule, wanted in zip(self.ordered_rules, asked, strict=False) if rule and wanted]
        named = {name for rule in rules for name in rule.needs}
        return tuple(self.inputs[0 if self.variadic else position] in named for position in range(len(asked)))
