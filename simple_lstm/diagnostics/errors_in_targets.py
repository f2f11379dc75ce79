"""What cannot be right about targets, by the loss they are given to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from simple_lstm.diagnostics.as_arrays import (
    Part,
    is_text,
    leave_out,
    missing_values,
)
from simple_lstm.diagnostics.errors_in_inputs import check_digits, check_finite
from simple_lstm.diagnostics.model_facts import (
    fits,
    loss_of,
    losses,
    output_names,
    parts_of,
    setting,
)

Shape = tuple[int | None, ...]


def check_targets(model: Any, part: Part) -> None:
    """Refuse targets that the loss of their output cannot mean."""
    names = output_names(model)
    trio = zip(names, model.outputs, part.targets, losses(model), strict=True)
    for name, tensor, targets, loss in trio:
        if loss is None:
            continue
        which = "targets" if len(names) == 1 else f"targets {name!r}"
        what = f"diagnose: the {which} of {part.name}"
        if is_text(targets):
            _refuse_text(targets, what, part)
        check_finite(targets, what, "targets", part)
        _check_shape(model, loss, tuple(tensor.shape[1:]), targets, what, part)
        _check_classes(loss, tensor.shape[-1], targets, what)
        check_digits(targets, tensor.dtype, what, part)


def _refuse_text(targets: np.ndarray, what: str, part: Part) -> None:
    missing = int(pd.isna(targets).sum())
    if missing:
        cure = leave_out("targets", "pd.notna", part)
        raise ValueError(missing_values(missing, what, cure))
    first = next(str(one) for one in targets.flat if isinstance(one, str))
    try:
        targets.astype(float)
    except (TypeError, ValueError):
        raise ValueError(
            f"{what} are text, such as {first!r}, but a loss takes numbers. "
            f"{_numbered('targets')}"
        ) from None
    raise ValueError(
        f"{what} are numbers written as text, such as {first!r}. Make them numbers: "
        "targets = np.array(targets, dtype='float32')."
    )


def _numbered(name: str) -> str:
    return (
        "Number the classes from 0, in the same way for train and validation: "
        f"classes = np.unique({name}); {name} = np.searchsorted(classes, {name})."
    )


def _check_shape(
    model: Any, loss: Any, answer: Shape, targets: np.ndarray, what: str, part: Part
) -> None:
    """Refuse targets that match the model's output only by broadcasting.

    Keras broadcasts shapes that differ, and the model then silently learns from wrong
    pairs. What a loss of one's own expects only its author knows, so it is not checked.
    """
    (name, author), came = loss_of(loss), targets.shape[1:]
    sparse = name.startswith("sparse_")
    quantiles = getattr(loss, "drops_last_axis", False)
    if author != "keras" and not quantiles:
        return
    fitting = [(*answer[:-1], 1)] if sparse else [answer]
    if sparse or quantiles or answer[-1:] == (1,):
        fitting.append(answer[:-1])
    if any(fits(came, due) for due in fitting):
        return
    due = fitting[-1] if sparse or quantiles else answer
    remedy = _about_sequences(model, came, answer) or _remedy(
        name, targets, answer, part.converted("targets")
    )
    raise ValueError(
        f"{what} have shape {targets.shape}, but the model's output has "
        f"{(None, *answer)}, and its loss, {name}, expects {(None, *due)}. "
        "Keras would broadcast one to the other, and the model would learn from wrong "
        f"pairs. {remedy}"
    )


def _about_sequences(model: Any, came: tuple[int, ...], answer: Shape) -> str:
    """Advice where one has an answer at each time step and the other one in all."""
    settings = [getattr(part, "return_sequences", None) for part in parts_of(model)]
    one = () if answer[-1:] == (1,) else answer[-1:]
    if len(answer) == 2 and came in ((), (1,), one) and True in settings:
        return (
            "For one answer to a whole sequence, leave return_sequences=True out of "
            "the last LSTM."
        )
    if len(came) == 2 and came[0] > 1 and came[1:] == answer and False in settings:
        return (
            "For an answer at each time step, give the last LSTM return_sequences=True."
        )
    return ""


def _remedy(loss: str, targets: np.ndarray, answer: Shape, first: str) -> str:
    came = targets.shape[1:]
    one_less = len(came) == len(answer) - 1
    as_many = math.prod(came) == math.prod(size or 0 for size in answer)
    if as_many and not loss.startswith("sparse_"):
        return f"Give them that shape: {first}targets = targets.reshape{(-1, *answer)}."
    two = loss.startswith("binary_") and answer[-1] == 1
    if (two or loss.startswith("sparse_")) and not one_less and came[-1:] != (1,):
        return (
            f"Turn one-hot labels into class numbers: {first}targets = "
            "targets.argmax(-1)."
        )
    if loss.startswith("categorical_") and one_less:
        return (
            "For class numbers use loss='sparse_categorical_crossentropy', or make "
            "them one-hot: targets = keras.utils.to_categorical(targets)."
        )
    if loss.startswith("binary_") and one_less:
        return (
            'For class numbers end the model with activation="softmax" and use '
            "loss='sparse_categorical_crossentropy'."
        )
    line = ""
    if len(answer) == 1 and len(came) < 2 and "crossentropy" not in loss:
        line = f": keras.layers.Dense({math.prod(came)})"
    return f"Give the model as many outputs as there are targets{line}."


def _check_classes(
    loss: Any, outputs: int | None, targets: np.ndarray, what: str
) -> None:
    """Refuse labels that are not those of the classes that the loss counts."""
    name, author = loss_of(loss)
    if author != "keras" or "crossentropy" not in name or outputs is None:
        return
    if name.startswith("sparse_"):
        _check_class_numbers(targets, outputs, setting(loss, "ignore_class"), what)
    elif targets.min() < 0 or targets.max() > 1:
        raise ValueError(
            f"{what} are {_first_few(targets)}, but {name} takes 0 and 1. "
            f"{_to_two_classes(targets, outputs)}"
        )


def _to_two_classes(targets: np.ndarray, outputs: int) -> str:
    different = len(np.unique(targets))
    if different <= 2 or outputs > 1:
        return _numbered("targets")
    return (
        f"There are {different:,} different ones. For classes, end the model with "
        f'keras.layers.Dense({different}, activation="softmax"), use '
        f"loss='sparse_categorical_crossentropy', and number them from 0: classes = "
        "np.unique(targets); targets = np.searchsorted(classes, targets). For amounts, "
        "end it with keras.layers.Dense(1) and use loss='mse'."
    )


def _check_class_numbers(
    targets: np.ndarray, outputs: int, ignored: int | None, what: str
) -> None:
    counted = targets[targets != ignored] if ignored is not None else targets
    if counted.size == 0:
        return
    low, high = counted.min(), counted.max()
    if low >= 0 and high < outputs and _are_whole(counted):
        return
    different = np.unique(counted)
    if _are_whole(counted) and low >= 1 and high == outputs:
        remedy = "Count from 0: targets = targets - 1."
    elif len(different) <= outputs:
        remedy = _numbered("targets")
    elif _are_whole(counted) and low >= 0:
        remedy = (
            "Give the model an output for each class: "
            f'keras.layers.Dense({int(high) + 1}, activation="softmax").'
        )
    else:
        remedy = (
            f"There are {len(different):,} different ones. For amounts, end the model "
            "with keras.layers.Dense(1) and use loss='mse'."
        )
    raise ValueError(
        f"{what} are {_first_few(counted)}, but a model with {outputs} outputs knows "
        f"the classes 0 to {outputs - 1}. {remedy}"
    )


def _are_whole(numbers: np.ndarray) -> bool:
    return numbers.dtype.kind in "biu" or bool((numbers % 1 == 0).all())


def _first_few(numbers: np.ndarray) -> str:
    different = np.unique(numbers)
    few = [f"{number:g}" for number in different[:4].astype(float)]
    return ", ".join(few + ["…"] * (len(different) > 4))
