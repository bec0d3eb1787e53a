"""Documents for the tests of their writers: a small one in both languages, one full of traps, and random ones."""

from __future__ import annotations

from hypothesis import strategies as st

from chainrule.explain._expression import Equation, Expression, Gradient, Name, Number, product
from chainrule.explain.document import (
    Block,
    Bullets,
    Document,
    Formula,
    Heading,
    Inline,
    Paragraph,
    Table,
    Tone,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "a|b || c",
    "$x$ and $$y$$",
    "\\section{x} \\",
    "{ } % # & _ ^ ~ ` ' \"",
    "&lt; &#36; &nbsp;",
    "총액 사과 ㄱ 漢字",
    "🍎👩‍🔬",
    "two\nlines\r\n\n# and more\u2028of them",
    "[link](javascript:alert) ![x](y) <!-- no -->",
    "*bold* __it__ ~~gone~~ **",
    "[red]rich[/red] :smile:",
    "\x1b[2J\x00\x07\u202eabc\ud800\ufffe",
    "- item",
    "1. item",
    "    code",
    "]]> <![CDATA[ <b>",
    "`` `code` ``` ~~~",
    "---",
    "# no heading #",
    "> no quotation",
    "[*] \\\\[3pt]",
)


def sample(language: str) -> Document:
    """One of every block, in English or Korean."""
    names = {"en": ("The price", "Result", "price", "value", "done", "Onward by "),
             "ko": ("값이 얼마인가", "결과", "사과", "값", "끝", "다음: ")}  # fmt: skip
    title, heading, price, value, done, onward = names[language]
    x = Name("x1")
    equation = Equation((Gradient("L", "x1"), product([Number(1.1), Number(2.0)]), Number(2.2)))
    return Document(
        title,
        (
            Heading(heading),
            Paragraph((onward, x)),
            Formula(equation),
            Heading("1", level=2),
            Bullets((price, (onward, x))),
            Bullets((done,), numbered=True),
            Table((price, value), ((x, "100"), (price, "2.5")), "lr", ("plain", "bad")),
            Paragraph(done, "good"),
            Paragraph(done, "warning"),
        ),
        language,
        {"x1": 2.2},
    )


def hostile(words: str) -> Document:
    """The same words in every place where words can stand, names in formulas too."""
    name = Name(words)
    inline: tuple[str | Expression, ...] = (words, name, words)
    return Document(
        words,
        (
            Heading(words),
            Heading(words, level=2),
            Paragraph(words),
            Paragraph(inline, "bad"),
            Formula(Equation((name, Number(1.0)))),
            Bullets((words, inline)),
            Bullets((words, inline), numbered=True),
            Table((words, "b", words), ((words, inline, name), (name, words, "")), "lrl", ("good", "plain")),
        ),
        "en",
        {"name": words, words: [float("nan"), float("inf"), 1.5, None, True]},
    )


words = st.one_of(st.text(max_size=12), st.sampled_from(HOSTILE))
expressions: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Name, words),
    st.builds(Number, st.floats()),
    st.builds(Gradient, words, words, st.booleans()),
    st.lists(st.builds(Name, words), min_size=1, max_size=3).map(product),
)
inlines: st.SearchStrategy[Inline] = st.one_of(
    words, expressions, st.lists(st.one_of(words, expressions), min_size=1, max_size=3).map(tuple)
)
tones: st.SearchStrategy[Tone] = st.sampled_from(("plain", "good", "warning", "bad"))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns, rows = draw(st.integers(1, 4)), draw(st.integers(0, 4))
    cells = draw(st.lists(st.tuples(*[inlines] * columns), min_size=rows, max_size=rows))
    of_rows = draw(st.one_of(st.just(()), st.tuples(*[tones] * rows)))
    align = "".join(draw(st.tuples(*[st.sampled_from("lr")] * columns)))
    return Table(draw(st.tuples(*[words] * columns)), tuple(cells), align, of_rows)


blocks: st.SearchStrategy[Block] = st.one_of(
    st.builds(Heading, words, st.integers(1, 7)),
    st.builds(Paragraph, inlines, tones),
    st.builds(Formula, expressions),
    st.builds(Bullets, st.lists(inlines, min_size=1, max_size=3).map(tuple), st.booleans()),
    tables(),
)
documents = st.builds(Document, words, st.lists(blocks, max_size=6).map(tuple), st.sampled_from(("en", "ko")))
