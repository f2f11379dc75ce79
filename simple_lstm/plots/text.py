"""Words and characters with a color each."""

from __future__ import annotations

from matplotlib.axes import Axes

from simple_lstm.plots._style import axes, figure, with_unit


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
