"""What the parsers get to read: drawings of every kind, and names that are written against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

import chainrule as cr
from chainrule.explain import Drawing, draw, expand
from chainrule.graph import Variable
from chainrule.networks import TwoLayerNet
from tests.explain.drawing._graphs import apple, apples_and_oranges, long_chain, softmax_with_loss


def _apple_in_korean() -> Drawing:
    apple, count, tax = cr.variables(사과=100.0, 개수=2, 소비세=1.1)
    total = apple * count * tax
    total.name = "총액"
    return draw(total, lang="ko", title="사과의 값")


def _square() -> Variable:
    x = Variable(3.0, name="x")
    return x * x


def _network(**settings: object) -> Drawing:
    rng = np.random.default_rng(4)
    net = TwoLayerNet(4, 3, 2, seed=4)
    return draw(net, rng.normal(size=(5, 4)), rng.integers(0, 2, 5), **settings)  # type: ignore[arg-type]


def _arrays() -> Variable:
    x, w = cr.variables(X=np.array([[1.0, -2.5], [0.0, 4.0]]), W=np.array([[0.5], [-1.0]]))
    return cr.sum(cr.relu(x @ w + 1e-7).T[0] ** 2 * 1e12)


GALLERY: Mapping[str, Callable[[], Drawing]] = {
    "apple": lambda: draw(apple()),
    "apple in Korean": _apple_in_korean,
    "apple forward": lambda: draw(apple(), passes="forward"),
    "apple backward": lambda: draw(apple(), passes="backward"),
    "apple at a step": lambda: draw(apple(), step=7),
    "apples and oranges": lambda: draw(apples_and_oranges(), title="Apples & oranges: 50 %"),
    "square": lambda: draw(_square()),
    "sigmoid opened": lambda: draw(expand(cr.sigmoid(Variable(0.5, name="x")))),
    "softmax with loss": lambda: draw(softmax_with_loss()),
    "arrays": lambda: draw(_arrays()),
    "network": lambda: _network(),
    "network in Korean": lambda: _network(lang="ko"),
    "network opened": lambda: _network(open="all"),
    "network without data": lambda: draw(TwoLayerNet(4, 3, 2)),
    "160 variables": lambda: draw(long_chain(160)),
}

HOSTILE = (
    *('"', "a\"b'c`d", "\\", "a\\", "\\N\\G\\l", "\\end{document}", "^^5c", "<b>&amp;", "&lt;", "<br/>", "]]><!--"),
    *("a\nb", "a\r\n\tb", "50 %", "%% x", "%", "#", "#35;", "#quot;", "$x$", "$$", "{", "}", "{}", "[", "]", "[]"),
    *("|", ";", ":::a", "style: #a;", "classDef:#b;x", "--", "---", "-->", "end", "click n0", "graph", "_a_", "**a**"),
    *("1. item", "- item", "+", "* item", "# heading", "> quote", "`code`", "```", "[a](b)", "x_1^2~", "//", "/* */"),
    *("😀", "👩‍🔬", "사과", "총액 (원)", "ㄱㄴ", "漢字かな", "العربية", "עברית \u202eabc", "é ñ ß ø", "ħ Ω ∫ ℝ ⇒"),
    *("e\u0301", "a\u00a0b", " ", "\u200b", "?`", "fi ff", "<<>>", ",,", "\x00\x1b[2J", "\ud800", "￾", "ab" * 300),
)  # fmt: skip
"""Names that say something in one language or another, or that hold letters that few fonts have."""


def hostile(name: str) -> Drawing:
    """The same name in every place where one can stand: title, input, intermediate value, result."""
    x = Variable(2.0, name=name)
    inner = x * x
    inner.name = name + "!"
    out = cr.exp(inner)
    out.name = name + "?"
    return draw(out, title=name, passes="both")
