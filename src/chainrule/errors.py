"""Every error that chainrule raises on purpose.

Each is also one of Python's own kinds, so ``except ValueError`` keeps working:

ChainruleError
├── ShapeError        (ValueError)       the shapes do not fit together
├── DTypeError        (TypeError)        the numbers are of a kind that has no gradient
├── LabelError        (ValueError)       labels that name no class, or in a form nobody can tell
├── ArgumentError     (ValueError)       an argument outside what is allowed
├── UnsupportedError  (TypeError)        something chainrule cannot differentiate
├── GraphError        (RuntimeError)     a graph that cannot be walked as asked
├── GateError         (TypeError)        a gate that is defined wrongly (found when it is made)
├── ParseError        (ValueError)       an expression that cannot be read; has ``line`` and ``column``
├── DataError         (ValueError)       a file or array of data that is damaged or not what it says
├── CheckpointError   (ValueError)       a saved network or run that cannot be used
├── NonFiniteError    (ArithmeticError)  NaN or inf; has ``gate``, ``variable``, ``phase`` and ``step``
├── RankError         (RuntimeError)     processes of one run that disagree, or one that is gone; has ``lost``
├── GradientError     (AssertionError)   a gradient check that failed; has ``report``
└── MissingExtraError (ImportError)      an optional package that is not installed
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Self

__all__ = [
    "ChainruleError",
    "ShapeError",
    "DTypeError",
    "LabelError",
    "ArgumentError",
    "UnsupportedError",
    "GraphError",
    "GateError",
    "ParseError",
    "DataError",
    "CheckpointError",
    "CheckpointWarning",
    "NonFiniteError",
    "RankError",
    "GradientError",
    "MissingExtraError",
]


def _folder(module_file: str) -> str:
    """The folder of a module with a separator behind it, so that chainrule_apps does not begin like chainrule."""
    return os.path.normcase(os.path.join(os.path.dirname(module_file), ""))


_STANDARD_LIBRARY = _folder(os.__file__)
_SITES = tuple(os.path.join(_STANDARD_LIBRARY, name, "") for name in ("site-packages", "dist-packages"))
_LONGEST = 1000  # characters of what an error quotes of a file
_OURS = (_folder(__file__), "<")  # "<": code without a file


def _is_the_users(file: str) -> bool:
    file = os.path.normcase(file)
    if file.startswith(_STANDARD_LIBRARY) and not file.startswith(_SITES):
        return False
    return not file.startswith((*_OURS, *_folders_of_numpy()))


def _folders_of_numpy() -> list[str]:
    """Where NumPy is, if it is there by now: an error alone does not load it."""
    return [_folder(str(sys.modules["numpy"].__file__))] if "numpy" in sys.modules else []


def _line_of_the_user() -> str | None:
    """The innermost line outside this package, NumPy and the standard library, as ``train.py:31``, or None."""
    frame = sys._getframe(2)
    while frame is not None:
        if _is_the_users(frame.f_code.co_filename):
            return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _printable(text: str) -> str:
    """A text that cannot steer a terminal: names in a file, or of a user, may hold anything."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def _short(text: str) -> str:
    """The beginning and the end of a text that would fill more than a screen."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


class ChainruleError(Exception):
    """What was broken, where, how to mend it and where to read more, one line each.

    what  the rule that was broken, with what was given and what was expected
    fix   what to do about it
    at    the place; found from the call stack when left out

    >>> str(ShapeError("X is (2, 3), W is (4, 5)", fix="X.reshape(-1, 4)", at="train.py:31")).splitlines()
    ... # doctest: +NORMALIZE_WHITESPACE
    ['X is (2, 3), W is (4, 5)', '  at    train.py:31', '  fix   X.reshape(-1, 4)',
     '  more  docs/errors.md#shapeerror']
    """

    quotes_files: ClassVar[bool] = False  # which may come from anywhere, and be long
    key: str | None = None
    facts: Mapping[str, Any] = {}

    def __init__(self, what: str, *, fix: str | None = None, at: str | None = None) -> None:
        if self.quotes_files:
            what, fix = _short(what), fix and _short(fix)
        self.what, self.fix = _printable(what), fix and _printable(fix)
        self.at = at or _line_of_the_user()
        super().__init__(self.what)

    def told_as(self, subject: str, key: str, **facts: Any) -> Self:
        """The same error, with all that it takes to say it in another language.

        subject  of the catalogue words/…/subject.json
        key      of its sentence there; that of key_fix says what to do
        facts    for the places in them, fit for JSON
        """
        self.key, self.facts = f"{subject}.{key}", facts
        return self

    def __str__(self) -> str:
        lines = [self.what]
        if self.at:
            lines.append(f"  at    {self.at}")
        lines += self._details()
        if self.fix:
            lines.append(f"  fix   {self.fix}")
        lines.append(f"  more  docs/errors.md#{type(self).__name__.lower()}")
        return "\n".join(lines)

    def _details(self) -> list[str]:
        """Lines that only one kind of error has."""
        return []

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy, in another process too, is made without looking for the line of the user again."""
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[ChainruleError], args: tuple[Any, ...]) -> ChainruleError:
    error = kind.__new__(kind, *args)
    super(ChainruleError, error).__init__(*args)
    return error


class ShapeError(ChainruleError, ValueError):
    """The shapes do not fit together."""


class DTypeError(ChainruleError, TypeError):
    """The numbers are of a kind that has no gradient (integers, booleans, text)."""


class LabelError(ChainruleError, ValueError):
    """Labels that name no class, or whose form cannot be told."""


class ArgumentError(ChainruleError, ValueError):
    """An argument outside what is allowed."""


class UnsupportedError(ChainruleError, TypeError):
    """Something chainrule cannot differentiate."""


class GraphError(ChainruleError, RuntimeError):
    """A graph that cannot be walked as asked."""


class GateError(ChainruleError, TypeError):
    """A gate that is defined wrongly."""


class ParseError(ChainruleError, ValueError):
    """An expression that cannot be read.

    line, column  where, both counted from 1
    """

    def __init__(self, what: str, *, line: int, column: int, fix: str | None = None) -> None:
        self.line, self.column = line, column
        super().__init__(what, fix=fix, at=f"line {line}, column {column}")


class DataError(ChainruleError, ValueError):
    """A file or array of data that is damaged or not what it says it is."""

    quotes_files = True


class CheckpointError(ChainruleError, ValueError):
    """A saved network or run that cannot be used."""

    quotes_files = True


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written or used, and training goes on all the same; the message says how."""


class NonFiniteError(ChainruleError, ArithmeticError):
    """NaN or inf, named where it first arose.

    gate      name of the gate whose result was the first that is not finite
    variable  name of that result, or of the parameter
    phase     "forward", "backward" or "update"
    step      number of the step, counted from 1, or None outside training
    layer     that the gate belongs to, or empty where that is not known
    why       what the gate was given, and what to make of it; empty where that is not known
    """

    def __init__(
        self,
        what: str,
        *,
        gate: str,
        variable: str,
        phase: str,
        step: int | None = None,
        layer: str = "",
        why: str = "",
        **place: Any,
    ) -> None:
        self.gate, self.variable, self.phase, self.step = gate, variable, phase, step
        self.layer, self.why = layer, why
        super().__init__(what, **place)

    def _details(self) -> list[str]:
        details = {"layer": self.layer, "why": self.why}
        return [f"  {name:5} {text}" for name, text in details.items() if text]


class RankError(ChainruleError, RuntimeError):
    """Processes of one run that disagree, or one of them that is gone.

    lost   whether one is gone
    """

    def __init__(self, what: str, *, lost: bool = False, fix: str | None = None) -> None:
        self.lost = lost
        super().__init__(what, fix=fix)


class GradientError(ChainruleError, AssertionError):
    """A gradient check that failed.

    report  the whole report, as ``check_gradients`` gives it
    """

    def __init__(self, what: str, *, report: Any = None, fix: str | None = None) -> None:
        self.report = report
        super().__init__(what, fix=fix)


class MissingExtraError(ChainruleError, ImportError):
    """An optional package that is not installed.

    >>> print(MissingExtraError.for_extra("prove", "sympy", "proving a gate", at="here"))
    proving a gate needs the package sympy, which is not installed
      at    here
      fix   pip install 'chainrule[prove]'
      more  docs/errors.md#missingextraerror
    """

    @classmethod
    def for_extra(cls, extra: str, package: str, purpose: str, at: str | None = None) -> MissingExtraError:
        what = f"{purpose} needs the package {package}, which is not installed"
        return cls(what, fix=f"pip install 'chainrule[{extra}]'", at=at)
