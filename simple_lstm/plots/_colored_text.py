"""Words or characters with a number each, as colored HTML and as plain text."""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import groupby
from textwrap import TextWrapper

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex

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
