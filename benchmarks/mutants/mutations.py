"""The kinds of planted mistakes as rules, and the mutants that they make of the subjects."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .independent import where_wrong
from .rewriting import Site, node_at, replaced, results, sites
from .subject import Point, Rng, Subject
from .subjects import subjects


@dataclass(frozen=True)
class Rule:
    """A mistake: what stands there is replaced by something else.

    kind      the row of the table
    right     the diagnoses that tell a learner what is wrong
    before    a pattern; empty for a whole gradient, which the template calls `_g`
    after     the template that takes its place
    where     "backward", "forward" or "update"
    target    a regular expression for what the statement assigns to
    only      a regular expression for names of subjects
    every     all places at once, instead of one mutant for each
    scale     of the values, which are float32 where it is not 1
    """

    kind: str
    right: tuple[str, ...]
    before: str
    after: str
    where: str = "backward"
    target: str = ""
    only: str = ""
    every: bool = False
    scale: float = 1.0


@dataclass(frozen=True)
class Mutant:
    """Code with one planted mistake.

    changed_lines  the lines that the right code does not have
    point          one at which it is wrong, once one is found
    """

    rule: Rule
    label: str
    subject: Subject
    changed_lines: frozenset[str]
    point: Point | None = None

    @property
    def at(self) -> Point:
        assert self.point is not None, "a mutant that is judged has been found to be wrong somewhere"
        return self.point


_ROLES: dict[str, Callable[[str], bool]] = {
    "backward": lambda name: name in ("backward", "gradient") or name.startswith("d_"),
    "forward": lambda name: name in ("forward", "loss"),
    "update": lambda name: name == "update",
}
_IN_ONE = ("rosenbrock", "ridge_regression", "logistic_regression")


def mutants_of(rule: Rule, subject: Subject, number: int) -> Iterator[Mutant]:
    """All mutants that a rule makes of a subject, equivalent ones and those that raise among them.

    number  of the rule: a rule for whole gradients takes one of them, and which one changes with the rule
    """
    if not re.search(rule.only, subject.name):
        return
    root = ast.parse(subject.text())
    for places in _places(rule, root, number):
        source = ast.unparse(replaced(root, [(site, rule.after) for site in places]))
        changed = _lines(source) - _lines(ast.unparse(root))
        label = f"{subject.name}, {places[0].target or 'code'}: {rule.before or '_g'} → {rule.after}"
        mutant = subject.rewritten(source, label)
        if rule.scale != 1:
            mutant = _in_float32(mutant, rule.scale)
        yield Mutant(rule, label, mutant, changed)


def _lines(source: str) -> frozenset[str]:
    return frozenset(line.strip() for line in source.splitlines())


def _places(rule: Rule, root: ast.AST, number: int) -> Iterator[list[Site]]:
    def within(function: str) -> bool:
        return _ROLES[rule.where](function) or (function in _IN_ONE and rule.where == "backward")

    if rule.before:
        found = [s for s in sites(root, rule.before, within) if _is_aimed_at(rule, s, root)]
        if rule.every:
            for target in sorted({s.target for s in found}):
                yield [s for s in found if s.target == target]
        else:
            yield from ([site] for site in found)
        return
    whole = [s for s in results(root, within) if re.search(rule.target, s.target)]
    if whole:
        site = whole[number % len(whole)]
        yield [site._replace(bound={"_g": node_at(root, site.path)})]


def _is_aimed_at(rule: Rule, site: Site, root: ast.AST) -> bool:
    functions = {node.name for node in ast.walk(root) if isinstance(node, ast.FunctionDef)}
    if not functions.isdisjoint(_IN_ONE) and site.target != "gradient":
        return False
    return bool(re.search(rule.target, site.target))


def _in_float32(subject: Subject, scale: float) -> Subject:
    def point(rng: Rng) -> Point:
        usual = subject.point(rng)
        claimed = [scale * value for value in usual.inputs[: usual.claimed]]
        inputs = (*claimed, *usual.inputs[usual.claimed :])
        return usual._replace(inputs=tuple(value.astype(np.float32) for value in inputs))

    return replace(subject, point=point)


def mutants(rules: Sequence[Rule], every: int = 1) -> Iterator[Mutant]:
    """All mutants that are truly wrong.

    every  look at each so manieth only
    """
    candidates = (
        mutant
        for number, rule in enumerate(rules)
        for subject in subjects()
        for mutant in mutants_of(rule, subject, number)
    )
    return filter(None, map(_located, itertools.islice(candidates, 0, None, every)))


def _located(mutant: Mutant) -> Mutant | None:
    """With a point at which it is wrong; None if it is nowhere."""
    try:
        point = where_wrong(mutant.subject, single=mutant.rule.scale != 1)
    except Exception:  # code that raises needs no checker
        return None
    return None if point is None else replace(mutant, point=point)
