"""Checks of what a model is given, shared by all that runs one."""

import math
import re
from collections.abc import Sequence
from typing import Any

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


def check_targets(model: Any, shape: tuple[int, ...], what: str) -> None:
    """Refuse targets that match the model's output only by broadcasting.

    Keras broadcasts shapes that differ, and the model then silently learns from wrong
    pairs. What a loss of one's own expects only its author knows, so it is not checked.

    Parameters
    ----------
    model : keras.Model
        Compiled, with one output.
    shape : tuple of int
        Of the targets, the first axis being the samples.
    what : str
        Who asks for what, to begin the error with: "fit: the labels of train".

    Raises
    ------
    ValueError
        If the shapes differ, except for a last axis of length 1 that is there or not,
        and for the axis of classes or quantiles that the loss does not ask of targets.
    """
    answer, came = tuple(model.output_shape[1:]), shape[1:]
    loss, author = loss_of(model)
    if author not in ("keras", "simple_lstm"):
        return
    sparse, quantiles = loss.startswith("sparse_"), author == "simple_lstm"
    fitting = [(*answer[:-1], 1)] if sparse else [answer]
    if sparse or quantiles or answer[-1:] == (1,):
        fitting.append(answer[:-1])
    if any(fits(came, due) for due in fitting):
        return
    raise ValueError(
        f"{what} have shape {shape}, but the model's output has {(None, *answer)}, and "
        f"its loss, {loss}, expects {(None, *fitting[-1])}. Keras would broadcast one "
        "to the other, and the model would learn from wrong pairs. "
        f"{_remedy(loss, came, answer)}"
    )


def loss_of(model: Any) -> tuple[str, str]:
    """The name of a model's loss as Keras writes it, and the package it is from."""
    loss = model.loss
    if isinstance(loss, dict):
        loss = list(loss.values())
    if isinstance(loss, list | tuple) and len(loss) == 1:
        (loss,) = loss
    if isinstance(loss, str):
        return loss, "keras"
    kind = loss if hasattr(loss, "__name__") else type(loss)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower().strip("_")
    return name, kind.__module__.split(".")[0]


def fits(came: tuple[int, ...], due: tuple[int | None, ...]) -> bool:
    """Whether a shape is the one that is due, where None stands for any size."""
    return len(came) == len(due) and all(
        size in (None, length) for length, size in zip(came, due, strict=True)
    )


def _remedy(loss: str, came: tuple[int, ...], answer: tuple[int | None, ...]) -> str:
    one_less = len(came) == len(answer) - 1
    as_many = math.prod(came) == math.prod(size or 0 for size in answer)
    if as_many and not loss.startswith("sparse_"):
        return f"Give them that shape: labels.reshape{(-1, *answer)}."
    one_hot = loss.startswith("sparse_") or loss.startswith("binary_") * (
        answer[-1] == 1
    )
    if one_hot and not one_less and came[-1:] != (1,):
        return "Turn one-hot labels into class numbers: labels.argmax(-1)."
    if loss.startswith("categorical_") and one_less:
        return (
            "For class numbers use loss='sparse_categorical_crossentropy', or make "
            "them one-hot: keras.utils.to_categorical(labels)."
        )
    return "Give the model as many outputs as there are targets."


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
