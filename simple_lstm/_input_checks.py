"""Checks of what a model is given, shared by all that runs one."""

from collections.abc import Sequence

import numpy as np


def check_numbers(inputs: np.ndarray, due: tuple[int | None, ...], what: str) -> None:
    """Refuse inputs of another shape than the model takes, or with missing values.

    Parameters
    ----------
    inputs : numpy.ndarray
        Numbers, the first axis being the samples.
    due : tuple of int or None
        The shape that the model takes, None where any size will do.
    what : str
        Who asks for what, to begin the error with: "fit: the inputs of train".

    Raises
    ------
    ValueError
        If the shape does not fit, or values are missing (NaN).
    """
    if inputs.ndim == len(due) - 1 == 2:
        raise ValueError(
            f"{what} have shape {inputs.shape}; expected (samples, time_steps, "
            "features). If there is one feature, add its axis: "
            "inputs[..., np.newaxis]; if there is one sample: inputs[np.newaxis]."
        )
    one_number = len(due) == 2 and due[1] == 1  # Keras takes (samples,) for it
    other_rank = inputs.ndim != len(due) and not one_number
    sizes = zip(due, inputs.shape, strict=False)
    if other_rank or any(size not in (None, came) for size, came in sizes):
        raise ValueError(
            f"{what} have shape {inputs.shape}, but the model takes {due}."
        )
    missing = int(np.isnan(inputs).sum())
    if missing:
        raise ValueError(
            f"{what}: {missing:,} values are missing (NaN). A single one turns every "
            "later number into NaN. Fill or leave out those samples."
        )


def check_texts(texts: Sequence[str], what: str) -> None:
    """Refuse what is not a sequence of texts.

    Parameters
    ----------
    texts : sequence of str
        What came.
    what : str
        Who asks, to begin the error with: "fit: the inputs of train".

    Raises
    ------
    ValueError
        If it is a single text, or holds something that is no text.
    """
    if isinstance(texts, str):
        raise ValueError(
            f"{what}: this is one text; give a list of them: [text], or its lines, "
            "text.splitlines()."
        )
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise ValueError(
            f"{what}: {len(wrong):,} of the {len(texts):,} texts are not text; the "
            f"first is {wrong[0]!r}. Leave out what is missing."
        )


def check_text(text: str, what: str) -> None:
    """Refuse what is not one text with at least one character.

    Parameters
    ----------
    text : str
        What came.
    what : str
        Who asks, to begin the error with: "generate: the prompt".

    Raises
    ------
    ValueError
        If it is something else, or empty.
    """
    if not isinstance(text, str):
        raise ValueError(f"{what}: expected a text (str), not a {type(text).__name__}.")
    if not text:
        raise ValueError(f"{what}: the text is empty. Give at least one character.")
