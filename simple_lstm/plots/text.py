"""Words and characters with a color each, as HTML and as plain text."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import TextWrapper
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from numpy.typing import ArrayLike

# Light enough at both ends for black text (a contrast of 7 to 1 or better).
_COLORS = LinearSegmentedColormap.from_list("", ["#f2a65a", "#ffffff", "#7fb8de"])
_LINE = "margin: 0.6em 0; line-height: 1.3;"
_WORD = (
    "display: inline-block; max-width: 100%; margin: 0.1em 0; padding: 0.1em 0.3em; "
    "border-radius: 3px; text-align: center; white-space: pre-wrap; "
    "overflow-wrap: anywhere; color: #000; background: "
)
_NUMBER = "display: block; font-size: 0.75em;"
_SOURCE = (
    "margin: 0.6em 0; padding: 0.6em; overflow-x: auto; line-height: 1.5; color: #000; "
    "background: #fff; border: 1px solid #b9bec4; border-radius: 3px;"
)
# In a notebook, MathJax then takes no dollars of theirs for formulas.
_NO_MATH = "tex2jax_ignore mathjax_ignore"
_SHADES = 16  # steps from orange to blue; even, so that one is white
_LEVELS = "▁▂▃▄▅▆▇█"


def colored_text(
    words: Sequence[str] | Sequence[Sequence[str]],
    values: ArrayLike | Sequence[ArrayLike],
    *,
    limits: tuple[float, float] = (0.0, 1.0),
) -> ColoredText:
    """Show a number for each word of a text, in color and as digits under the word.

    Unlike the other functions here, this one returns no Axes but text: a notebook and
    the gallery show it in color, ``print`` without. What stands in the words is never
    taken for HTML.

    Parameters
    ----------
    words : sequence of str, or sequence of sequences of str
        The words of one text, or of several, each on a line of its own.
    values : array_like, or sequence of array_like
        A number for each word, for example the probability after it.
    limits : tuple of float
        Numbers at or below the first are orange, at or above the second blue, those
        half-way white.

    Returns
    -------
    simple_lstm.plots.ColoredText
        To be the last line of a cell, or to print.

    Raises
    ------
    ValueError
        If there is not one number for each word, a number is missing (NaN), or the
        limits are not in order.

    Examples
    --------
    >>> from simple_lstm import plots
    >>> plots.colored_text(["not", "bad"], [0.31, 0.64])
    not  bad
    0.31 0.64
    """
    if isinstance(words, str):
        raise ValueError("plots.colored_text: words is one text; give text.split().")
    if not limits[0] < limits[1]:
        raise ValueError(
            f"plots.colored_text(limits={limits}): the first must be the smaller one."
        )
    several = any(not isinstance(word, str) for word in words)
    texts: Any = words if several else [words]
    rows: Any = values if several else [values]
    if len(texts) != len(rows):
        raise ValueError(
            f"plots.colored_text: {len(texts)} texts but values for {len(rows)}."
        )
    lines = []
    for text, row in zip(texts, rows, strict=True):
        numbers = np.asarray(row, dtype=float)
        if numbers.shape != (len(text),):
            raise ValueError(
                f"plots.colored_text: {len(text)} words but values of shape "
                f"{numbers.shape}; give one number for each word."
            )
        if np.isnan(numbers).any():
            first = text[int(np.isnan(numbers).argmax())]
            raise ValueError(
                f"plots.colored_text: the number of {first!r} is missing (NaN)."
            )
        lines.append(list(zip(text, numbers.tolist(), strict=True)))
    return ColoredText(lines, limits)


def colored_source(
    text: str, values: ArrayLike, *, limits: tuple[float, float] = (-1.0, 1.0)
) -> ColoredSource:
    """Show a number for each character of a text by the color behind it.

    Line breaks and spaces stay as they are. Like `colored_text`, this returns no Axes
    but text: a notebook and the gallery show it in color, ``print`` writes marks of
    different height under each line. Nothing in the text is taken for HTML.

    Parameters
    ----------
    text : str
        For example the source code of a program.
    values : array_like, shape (characters,)
        A number for each character, for example the hidden state of one unit.
    limits : tuple of float
        Numbers at or below the first are orange, at or above the second blue, those
        half-way white.

    Returns
    -------
    simple_lstm.plots.ColoredSource
        To be the last line of a cell, or to print.

    Raises
    ------
    ValueError
        If there is not one number for each character, a number is missing (NaN), or the
        limits are not in order.

    References
    ----------
    Karpathy, A., Johnson, J., & Fei-Fei, L. (2015). Visualizing and understanding
    recurrent networks. https://arxiv.org/abs/1506.02078

    Examples
    --------
    >>> from simple_lstm import plots
    >>> plots.colored_source("f(x)", [-1, 1, 1, 0.2])
    f(x)
    ▁██▅
    """
    numbers = np.asarray(values, dtype=float)
    if not isinstance(text, str) or numbers.shape != (len(text),):
        what = f"{len(text)} characters" if isinstance(text, str) else type(text)
        raise ValueError(
            f"plots.colored_source: {what} but values of shape {numbers.shape}; give "
            "one text, and one number for each of its characters."
        )
    if not limits[0] < limits[1]:
        raise ValueError(
            f"plots.colored_source(limits={limits}): the first must be the smaller one."
        )
    if np.isnan(numbers).any():
        raise ValueError(
            f"plots.colored_source: {int(np.isnan(numbers).sum()):,} of the numbers "
            "are missing (NaN)."
        )
    return ColoredSource(text, numbers, limits)


@dataclass(frozen=True, repr=False)
class ColoredText:
    """Lines of words, each with its number under it.

    A notebook shows it in color; ``print`` writes the numbers under the words.

    Attributes
    ----------
    lines : list of list of (str, float)
        Words with their numbers.
    limits : tuple of float
        The numbers that get the full colors: orange for the first, blue for the
        second, white half-way.
    """

    lines: list[list[tuple[str, float]]]
    limits: tuple[float, float]

    def _repr_html_(self) -> str:
        lines = (
            f"<p style='{_LINE}'>{' '.join(self._word(*pair) for pair in line)}</p>"
            for line in self.lines
        )
        return f"<div class='colored-text {_NO_MATH}'>{''.join(lines)}</div>"

    def _word(self, word: str, number: float) -> str:
        color = _color(_place(number, self.limits))
        return (
            f"<span style='{_WORD}{color}'>{html.escape(word)}"
            f"<small style='{_NUMBER}'>{number:.2f}</small></span>"
        )

    def __str__(self) -> str:
        return "\n\n".join(_as_columns(line) for line in self.lines)

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class ColoredSource:
    """A text as it stands, line by line, with a number for each character.

    A notebook shows the numbers as colors behind the characters; ``print`` writes under
    each line how high they are, from ``▁`` to ``█``.

    Attributes
    ----------
    text : str
        The text, with its line breaks.
    values : numpy.ndarray, shape (characters,)
        A number for each character.
    limits : tuple of float
        The numbers that get the full colors: orange for the first, blue for the
        second, white half-way.
    """

    text: str
    values: np.ndarray
    limits: tuple[float, float]

    def _repr_html_(self) -> str:
        places = np.round(_place(self.values, self.limits) * _SHADES).astype(int)
        runs = groupby(zip(self.text, places, strict=True), key=lambda pair: pair[1])
        parts = []
        for place, pairs in runs:
            text = html.escape("".join(character for character, _ in pairs))
            if place == _SHADES // 2:  # half-way, white
                parts.append(text)
                continue
            color = _color(place / _SHADES)
            parts.append(f"<span style='background:{color}'>{text}</span>")
        return (
            # HTML drops a line break that stands right behind the tag.
            f"<pre class='colored-source {_NO_MATH}' tabindex='0' style='{_SOURCE}'>\n"
            f"{''.join(parts)}</pre>"
        )

    def __str__(self) -> str:
        heights = np.round(_place(self.values, self.limits) * (len(_LEVELS) - 1))
        marks = "".join(_LEVELS[int(height)] for height in heights)
        written, start = [], 0
        for line in self.text.split("\n"):
            written += [line, marks[start : start + len(line)]]
            start += len(line) + 1
        return "\n".join(written)

    __repr__ = __str__


def _place(number: float | np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Where numbers stand between the limits, from 0 to 1."""
    low, high = limits
    return np.clip((np.asarray(number) - low) / (high - low), 0, 1)


def _color(place: float | np.ndarray) -> str:
    return to_hex(_COLORS(float(place)))


def _as_columns(line: list[tuple[str, float]]) -> str:
    """Numbers under their words, in rows of at most 80 characters."""
    cells = [(" ".join(word.split()), f"{number:.2f}") for word, number in line]
    widths = [max(map(len, cell)) for cell in cells]
    # Wrapped as if each column were one word of its width.
    rows = TextWrapper(80, break_long_words=False, break_on_hyphens=False).wrap(
        " ".join("x" * width for width in widths)
    )
    columns = iter(zip(cells, widths, strict=True))
    written = []
    for row in rows:
        taken = [next(columns) for _ in row.split()]
        for part in (0, 1):
            text = " ".join(cell[part].ljust(width) for cell, width in taken)
            written.append(text.rstrip())
    return "\n".join(written)
