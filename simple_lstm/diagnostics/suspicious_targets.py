"""What may be right of targets but seldom is: labels, amounts, and their loss."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers

from simple_lstm.diagnostics.as_arrays import Part, is_text
from simple_lstm.diagnostics.model_facts import (
    activation_of,
    last_layer,
    loss_of,
    losses,
    output_names,
    parts_of,
)
from simple_lstm.diagnostics.suspicions import TERM, Row, a_batch

PRICES = "gallery/2_forecasting/plot_2_predict_stock_prices.html"
FAR = 100  # a mean or standard deviation that a last layer starts far from


def labels(model: Any, part: Part) -> Iterator[Row]:
    """All labels the same, or nearly all."""
    trio = zip(output_names(model), part.targets, losses(model), strict=True)
    for name, targets, loss in trio:
        if loss is None or "crossentropy" not in loss_of(loss)[0] or len(part) < 10:
            continue
        one_each = targets.ndim == 2 and targets.shape[1] > 1
        if one_each and np.all(targets.sum(axis=1) == 1):
            targets = targets.argmax(axis=1)  # one-hot
        in_sequences = targets.ndim == 3 and targets.shape[2] == 1
        if targets.size != len(targets) and not in_sequences:
            continue  # several answers for a sample
        which = f"labels {name!r}" if len(part.targets) > 1 else "labels"
        yield from _uneven(model, part, targets, which)


def _uneven(model: Any, part: Part, targets: np.ndarray, which: str) -> Iterator[Row]:
    classes, counts = np.unique(targets, return_counts=True)
    share = counts.max() / targets.size
    if len(classes) == 1:
        yield (
            f"all {which} are {classes[0]:g}",
            "mix the samples before you split them",
            f"{part.converted('inputs', 'targets')}order = "
            "np.random.default_rng(0).permutation(len(targets)); inputs, targets = "
            "inputs[order], targets[order]",
            f"{TERM}validation-data",
        )
    elif share > 0.9 and not model.get_compile_config()["weighted_metrics"]:
        weights = {
            int(one): round(targets.size / len(classes) / int(count), 3)
            for one, count in zip(classes, counts, strict=True)
        }
        yield (
            f"{share:.0%} of the {which} are {classes[counts.argmax()]:g}: a model "
            "that always gives this answer has such an accuracy",
            *_weighing(weights, targets, len(part.targets) > 1),
            f"{TERM}class-weight",
        )


def _weighing(
    weights: dict[int, float], targets: np.ndarray, several: bool
) -> tuple[str, str]:
    """What makes classes count the same, and its code; Keras takes it in two ways."""
    remedy = (
        "let the classes count the same: compile with weighted_metrics=['accuracy'], "
        "and give model.fit"
    )
    if several:  # each output has its own array, whose name we do not know
        return f"{remedy} a sample_weight for this output, by class {weights}", ""
    if targets.size > len(targets):
        code = f"sample_weight = np.vectorize({weights}.get)(targets[..., 0])"
        return f"{remedy} these weights", code
    return f"{remedy} these weights", f"class_weight = {weights}"


def far_targets(model: Any, part: Part) -> Iterator[Row]:
    """Amounts far from what the last layer starts with, and nothing that scales."""
    names = output_names(model)
    trio = zip(model.outputs, part.targets, losses(model), strict=True)
    for place, (tensor, targets, loss) in enumerate(trio):
        name, author = loss_of(loss) if loss is not None else ("", "")
        last = last_layer(tensor)
        plain = isinstance(last, layers.Dense) and activation_of(last) == "linear"
        if not plain or author != "keras" or "crossentropy" in name:
            continue
        level, spread = float(targets.mean()), float(targets.std())
        large = max(abs(level), spread) > FAR
        if not (large and _starts_far_from(model, part, place, level, spread)):
            continue
        spread = spread or 1.0
        weight = 1 / spread if "absolute" in name or name == "mae" else spread**-2
        which = f"targets {names[place]!r}" if len(names) > 1 else "targets"
        yield (
            f"the {which} have a mean of {level:.4g} and a standard deviation of "
            f"{spread:.4g}, but the last layer starts near zero",
            "scale its answers back: end with this layer, and compile with these "
            "loss_weights",
            f"scale_back = keras.layers.Rescaling({spread:.6g}, offset={level:.6g}); "
            f"loss_weights = {_loss_weights(model, place, float(f'{weight:.6g}'))}",
            PRICES,
        )


def _loss_weights(model: Any, place: int, weight: float) -> Any:
    """What Keras takes: a list for one output, else a dict of all that have a loss."""
    weights = dict.fromkeys(output_names(model), 1.0)
    weights[output_names(model)[place]] = weight
    pairs = zip(weights.items(), losses(model), strict=True)
    trained = {name: one for (name, one), loss in pairs if loss is not None}
    return trained if len(weights) > 1 else [weight]


def _starts_far_from(
    model: Any, part: Part, place: int, level: float, spread: float
) -> bool:
    """Whether the answers are nowhere near; a trained model's are near."""
    given = a_batch(model, part)
    stateful = any(getattr(one, "stateful", False) for one in parts_of(model))
    if any(map(is_text, given)) or len(given) > 1 or stateful:
        return False  # a look at its answers would change the state
    with contextlib.suppress(Exception):  # fit says what fails
        answers = keras.tree.flatten(model(given[0], training=False))[place]
        answers = keras.ops.convert_to_numpy(answers)
        near = abs(level - answers.mean()) <= FAR
        return not near or (spread > FAR and answers.std() < spread / FAR)
    return False


def own_loss(model: Any, part: Part) -> Iterator[Row]:
    """A loss that Keras does not align shapes for, with targets short of an axis."""
    trio = zip(model.outputs, part.targets, losses(model), strict=True)
    for name, (tensor, targets, loss) in zip(output_names(model), trio, strict=True):
        answer = tuple(tensor.shape[1:])
        if loss is None or loss_of(loss)[1] == "keras":
            continue
        if answer != (*targets.shape[1:], 1):
            continue
        few = targets[:3].astype(np.float32)
        answers = np.square(1 + np.arange(few.size, dtype=np.float32))
        answers = answers.reshape(*few.shape, 1)
        longer_ones = few[..., np.newaxis]
        if _mixes(loss, few, answers) and not _mixes(loss, longer_ones, answers):
            yield (
                f"the targets have shape {targets.shape} and {name!r} answers "
                f"{(None, *answer)}: your loss makes a table of all with all of them",
                "give them the same shape",
                f"{part.converted('targets')}targets = targets[..., np.newaxis]",
                f"{TERM}loss",
            )


def _mixes(loss: Any, targets: np.ndarray, answers: np.ndarray) -> bool:
    """Whether the loss of a batch is another than that of its samples, one by one."""

    def value(rows: slice) -> float:
        return float(keras.ops.mean(loss(targets[rows], answers[rows])))

    with contextlib.suppress(Exception):  # what it takes only its author knows
        one_by_one = np.mean([value(slice(n, n + 1)) for n in range(len(targets))])
        return not math.isclose(value(slice(None)), one_by_one, rel_tol=1e-4)
    return False
