"""The picture of a training run: loss and accuracy after each epoch, as one small SVG.

Written by hand: two lines, two axes and a few words need no plotting library, and the base install has none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count
from zlib import crc32

from ..errors import ArgumentError
from ..training import History
from ._xml import NOT_IN_XML

_WORDS = {
    "en": {
        "heading": "Learning curve",
        "loss": "loss",
        "accuracy": "accuracy (%)",
        "epoch": "epoch",
        "train": "train",
        "test": "test",
        "best loss": "lowest {value} · epoch {epoch}",
        "best accuracy": "highest {value} % · epoch {epoch}",
        "nothing": "nothing to draw",
        "summary loss": "Lowest {series} loss: {value}, after epoch {epoch}.",
        "summary accuracy": "Highest {series} accuracy: {value} %, after epoch {epoch}.",
        "epochs": "Number of epochs: {count}.",
    },
    "ko": {
        "heading": "학습 곡선",
        "loss": "손실",
        "accuracy": "정확도 (%)",
        "epoch": "에폭",
        "train": "학습",
        "test": "시험",
        "best loss": "최저 {value} · {epoch}번째 에폭",
        "best accuracy": "최고 {value} % · {epoch}번째 에폭",
        "nothing": "그릴 값이 없음",
        "summary loss": "가장 낮은 {series} 손실: {epoch}번째 에폭의 {value}.",
        "summary accuracy": "가장 높은 {series} 정확도: {epoch}번째 에폭의 {value} %.",
        "epochs": "에폭 수: {count}.",
    },
}

_WIDTH, _HEIGHT = 880, 380
_TOP, _BOTTOM = 104, 316  # of both panels
_LEFT, _PANEL_WIDTH = (60, 502), 308  # to the right of a panel stand the names of its curves
_FONT = (
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"
)
_INK, _SOFT, _GRID = "#1f2937", "#6b7280", "#e5e7eb"
# Told apart by hue, lightness and dash; blue and vermilion are from Okabe, Ito, "Color Universal Design" (2008).
_STYLE = {"train": ("#0072b2", ""), "test": ("#d55e00", ' stroke-dasharray="7 4"')}
_MOST_DOTS = 30  # epochs up to which each gets a dot
_LARGEST = 1e100  # what is larger is drawn no more than infinity is
_LONGEST_TITLE = 130  # characters

Values = Sequence[float | None]


def learning_curve(history: History, *, title: str = "", lang: str = "en") -> str:
    """Draw loss and accuracy on the training and the test data after each epoch.

    history  as `Trainer.fit` returns it; values that are not finite leave a gap
    title    what run this is: its settings, in one line
    lang     "en" or "ko"
    returns  an SVG document of 880 × 380 pixels, ready for a file or a web page
    raises   ArgumentError for another language

    >>> from chainrule.training import Epoch
    >>> svg = learning_curve(History([Epoch(1, 600, 0.5, 0.3, 0.91, 0.3, 0.92, 1.0)]), title="784-50-10")
    >>> svg[:4], "highest 92.00 % · epoch 1" in svg
    ('<svg', True)
    """
    if lang not in _WORDS:
        raise ArgumentError(f"lang must be one of {', '.join(_WORDS)}; it is {lang!r}")
    words = _WORDS[lang]
    accuracies = {
        series: [None if a is None else 100 * a for a in history[name]]
        for series, name in (("train", "train_accuracy"), ("test", "validation_accuracy"))
    }
    losses = {"train": history["train_loss"], "test": history["validation_loss"]}
    loss = _Chart("loss", losses, _LEFT[0], words)
    accuracy = _Chart("accuracy", accuracies, _LEFT[1], words)
    body = [*loss.draw(), *accuracy.draw()]
    summary = [words["epochs"].format(count=len(history)), *loss.summary(), *accuracy.summary()]
    return _document(words["heading"], _clean(title), " ".join(summary), body, lang)


def _document(heading: str, title: str, summary: str, body: list[str], lang: str) -> str:
    # Several pictures may stand on one page, where an id must be the only one of its name.
    name = f"learning-curve-{crc32(''.join([heading, title, *body]).encode()):08x}"
    shown = title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
    full = f"{heading}: {title}" if title else heading
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
            f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" xml:lang="{lang}" '
            f'aria-labelledby="{name}-title {name}-desc" font-family="{_FONT}" font-size="12">',
            f'<title id="{name}-title">{escape(full, quote=False)}</title>',
            f'<desc id="{name}-desc">{escape(summary, quote=False)}</desc>',
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
            _text(24, 34, heading, size=17, weight=600),
            _text(24, 55, shown, fill=_SOFT),
            *body,
            "</svg>\n",
        ]
    )


@dataclass(frozen=True)
class _Best:
    """The best value of the test data (of the training data, where there is no other)."""

    series: str
    epoch: int
    value: float


class _Chart:
    """One panel: axes, curves, their names, and the best value."""

    def __init__(self, kind: str, curves: Mapping[str, Values], left: int, words: Mapping[str, str]) -> None:
        self.kind, self.words, self.left = kind, words, left
        self.curves = {name: values for name, values in curves.items() if _drawable(values)}
        self.epochs = max(map(len, curves.values()))
        drawn = [value for values in self.curves.values() for _, value in _drawable(values)]
        self.ticks = _ticks(*_span(drawn, kind)) if drawn else []
        self.best = self._find_best()

    def draw(self) -> Iterator[str]:
        """The elements of the panel, those in front last."""
        words, middle = self.words, self.left + _PANEL_WIDTH / 2
        yield _text(self.left, _TOP - 14, words[self.kind], weight=600)
        yield _text(middle, _BOTTOM + 40, words["epoch"], fill=_SOFT, anchor="middle")
        if not self.curves:
            yield _text(middle, (_TOP + _BOTTOM) / 2, words["nothing"], fill=_SOFT, anchor="middle")
            return
        yield from self._axes()
        for name, values in self.curves.items():
            yield from self._curve(name, values)
        yield from self._names()
        if self.best is not None:
            yield from self._mark(self.best)

    def summary(self) -> Iterator[str]:
        """The best value in a sentence, for those who cannot see the picture."""
        if self.best is not None:
            sentence, series = self.words[f"summary {self.kind}"], self.words[self.best.series]
            yield sentence.format(series=series, value=self._number(self.best.value), epoch=self.best.epoch)

    def _x(self, epoch: float) -> float:
        # One epoch alone stands in the middle.
        along = (epoch - 1) / (self.epochs - 1) if self.epochs > 1 else 0.5
        return self.left + _PANEL_WIDTH * along

    def _y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return _BOTTOM - (_BOTTOM - _TOP) * (value - low) / (high - low)

    def _axes(self) -> Iterator[str]:
        right = self.left + _PANEL_WIDTH
        for value in self.ticks:
            y = self._y(value)
            colour = _SOFT if value == self.ticks[0] else _GRID
            yield f'<path d="M{self.left} {y:.2f}H{right}" stroke="{colour}"/>'
            label = _tick_label(value, self.ticks[1] - self.ticks[0])
            yield _text(self.left - 8, y + 4, label, fill=_SOFT, anchor="end")
        for epoch in _epoch_ticks(self.epochs):
            yield f'<path d="M{self._x(epoch):.2f} {_BOTTOM}v4" stroke="{_SOFT}"/>'
            yield _text(self._x(epoch), _BOTTOM + 19, f"{epoch}", fill=_SOFT, anchor="middle")

    def _curve(self, name: str, values: Values) -> Iterator[str]:
        colour, dash = _STYLE[name]
        points = dict(_drawable(values))
        place = {epoch: f"{self._x(epoch):.2f} {self._y(value):.2f}" for epoch, value in points.items()}
        path = "".join(f"{'L' if epoch - 1 in points else 'M'}{at}" for epoch, at in place.items())
        line = f'fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"'
        yield f'<path d="{path}" {line}{dash}/>'
        for epoch, value in points.items():
            stands_alone = epoch - 1 not in points and epoch + 1 not in points
            if len(values) <= _MOST_DOTS or stands_alone:
                yield f'<circle cx="{self._x(epoch):.2f}" cy="{self._y(value):.2f}" r="2.5" fill="{colour}"/>'

    def _names(self) -> Iterator[str]:
        """The name of each curve at its end, the two never on top of each other nor below the axis."""
        ends = {name: self._y(_drawable(values)[-1][1]) for name, values in self.curves.items()}
        if len(ends) == 2:
            upper, lower = sorted(ends, key=lambda name: ends[name])
            apart = max(15.0, ends[lower] - ends[upper])
            ends[lower] = min((ends[upper] + ends[lower] + apart) / 2, _BOTTOM)
            ends[upper] = ends[lower] - apart
        for name, y in ends.items():
            x = self.left + _PANEL_WIDTH + 9
            yield _text(x, y + 4, self.words[name], fill=_STYLE[name][0], weight=600)

    def _find_best(self) -> _Best | None:
        if not self.curves:
            return None
        series, values = list(self.curves.items())[-1]
        sign = 1 if self.kind == "loss" else -1
        epoch, value = min(_drawable(values), key=lambda point: sign * point[1])
        return _Best(series, epoch, value)

    def _mark(self, best: _Best) -> Iterator[str]:
        """A ring around the best point, and what it is: above the panel, where no curve can cross the words."""
        colour = _STYLE[best.series][0]
        ring = f'r="4.5" fill="#ffffff" stroke="{colour}" stroke-width="2"/>'
        yield f'<circle cx="{self._x(best.epoch):.2f}" cy="{self._y(best.value):.2f}" {ring}'
        right = self.left + _PANEL_WIDTH
        yield f'<circle cx="{right - 5}" cy="{_TOP - 18}" {ring}'
        label = self.words[f"best {self.kind}"].format(value=self._number(best.value), epoch=best.epoch)
        yield _text(right - 16, _TOP - 14, label, fill=colour, anchor="end")

    def _number(self, value: float) -> str:
        return f"{value:.4g}".replace("e+", "e") if self.kind == "loss" else f"{value:.2f}"


def _drawable(values: Values) -> list[tuple[int, float]]:
    """Number of the epoch and value, of those values that have a place on an axis."""
    return [
        (epoch, v) for epoch, v in enumerate(values, 1) if v is not None and abs(v) < _LARGEST
    ]  # NaN is not


def _span(values: list[float], kind: str) -> tuple[float, float]:
    """From where to where an axis goes: over all values, and wide enough that noise looks like noise."""
    low, high = min(values), max(values)
    if kind == "loss" and 0 <= low < 0.5 * high:
        low = 0.0
    least = 1.0 if kind == "accuracy" else 0.1 * max(abs(low), abs(high))
    least = least if least > 1 / _LARGEST else 1.0
    margin = max(0.0, least - (high - low)) / 2
    below, above = low - margin, high + margin
    if below < 0 <= low:
        below, above = 0.0, above - below
    if kind == "accuracy" and above > 100:
        below, above = below - (above - 100), 100.0
    return below, above


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from just below `low` to just above `high`, in steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)]


def _tick_label(value: float, step: float) -> str:
    if not 1e-4 < step < 1e5:
        return f"{value:.3g}".replace("e+", "e")
    return f"{value:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"


def _epoch_ticks(epochs: int) -> list[int]:
    """The first epoch and every 1st, 2nd, 5th, 10th, …: at most nine in all."""
    step = next(n * 10**power for power in count() for n in (1, 2, 5) if epochs <= 8 * n * 10**power)
    return sorted({1, *range(step, epochs + 1, step)})


def _text(
    x: float,
    y: float,
    text: str,
    *,
    fill: str = _INK,
    size: int = 12,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    extra = f' font-size="{size}"' if size != 12 else ""
    extra += f' font-weight="{weight}"' if weight != 400 else ""
    extra += f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.2f}" y="{y:.2f}" fill="{fill}"{extra}>{escape(text, quote=False)}</text>'


def _clean(text: str) -> str:
    """The text without what XML cannot hold, in one line."""
    return " ".join(NOT_IN_XML.sub("", text).split())
