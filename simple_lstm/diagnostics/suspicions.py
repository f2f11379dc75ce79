"""What may be right but seldom is: of numbers, labels, and the model itself.

Each check yields rows of three texts: what is suspicious, its remedy, and the page of
the site that explains it. It stays silent where it cannot tell.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers

from simple_lstm.diagnostics.as_arrays import Part, is_text, some
from simple_lstm.diagnostics.model_facts import (
    activation_of,
    last_layer,
    loss_of,
    losses,
    output_names,
    parts_of,
    setting,
)

Row = tuple[str, str, str]

FIRST_LSTM = "gallery/1_understand/plot_1_train_first_lstm.html"
MORE_INPUTS = "gallery/2_forecasting/plot_4_add_more_inputs.html"
PRICES = "gallery/2_forecasting/plot_2_predict_stock_prices.html"
SETTINGS = "how-to/choose_settings.html"
TERM = "explanation/glossary.html#term-"

LARGE = 10  # a mean or standard deviation of inputs that an LSTM learns badly from
FAR = 100  # the same of targets, which a last layer starts near zero of
_READS = (layers.RNN, layers.Bidirectional, layers.Dense, layers.Conv1D)
_RATES = {  # the usual learning rates of an optimizer, generously
    "sgd": (1e-6, 10),
    "muon": (1e-5, 1),
    "adagrad": (1e-5, 10),
    "adadelta": (1e-4, 100),
    "ftrl": (1e-5, 10),
}
_RATES_OF_ADAM_AND_ITS_KIND = (1e-6, 0.1)


def unscaled(model: Any, part: Part) -> Iterator[Row]:
    """Look at what reaches the first layers that learn, after all that scales."""
    if any(isinstance(one, layers.BatchNormalization) for one in parts_of(model)):
        return  # what it will do shows only when it has been trained
    numbers = [one for one in part.inputs if not is_text(one)]
    if not any(_is_large(some(one, 1000)) for one in numbers if one.ndim > 1):
        return
    given = _a_batch(model, part)
    for layer in model.layers:
        if isinstance(layer, _READS) and _is_large(_reaching(model, layer, given)):
            mean, spread = _scale(_reaching(model, layer, given))
            yield (
                f"the inputs reach {layer.name!r} with a mean of {mean:.3g} and a "
                f"standard deviation of {spread:.3g}: they are not scaled",
                "begin the model with a layer that scales: scale = "
                "keras.layers.Normalization(); scale.adapt(inputs)",
                FIRST_LSTM,
            )
            return


def _scale(array: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the column that is farthest from 0 and 1."""
    rows = array.reshape(-1, array.shape[-1]).astype(np.float64)
    means, spreads = rows.mean(axis=0), rows.std(axis=0)
    worst = np.argmax(np.maximum(np.abs(means), spreads))
    return float(means[worst]), float(spreads[worst])


def _is_large(array: np.ndarray) -> bool:
    if array.size == 0 or array.dtype.kind not in "fiu":
        return False
    mean, spread = _scale(array)
    return max(abs(mean), spread) > LARGE


def _reaching(model: Any, layer: Any, given: list[np.ndarray]) -> np.ndarray:
    """What a layer gets if the model is given these inputs; nothing if unknown."""
    with contextlib.suppress(Exception):  # shared, or inside; fit says what fails
        wanted = keras.tree.flatten(layer.input)[0]
        until = keras.Model(model.inputs, wanted)
        if not any(isinstance(one, layers.RNN) for one in parts_of(until)):
            return keras.ops.convert_to_numpy(until(given, training=False))
    return np.zeros(0)


def _a_batch(model: Any, part: Part) -> list[np.ndarray]:
    """Some of the inputs, as many as the model takes."""
    size = model.inputs[0].shape[0]
    return [some(array, 256) if size is None else array[:size] for array in part.inputs]


def constant_columns(model: Any, part: Part) -> Iterator[Row]:
    """Columns that never change; not those of a one-hot code."""
    if part.batches or len(part) < 10:
        return  # they may change in other batches
    for array in part.inputs:
        if array.ndim < 2 or array.dtype.kind != "f" or _is_code(some(array, 1000)):
            continue
        rows = some(array, 1000).reshape(-1, array.shape[-1])
        still = np.flatnonzero(np.ptp(rows, axis=0) == 0).tolist()
        places = [one for one in still if np.ptp(array[..., one]) == 0]
        if places:
            yield (
                f"column {', '.join(map(str, places))} of the inputs never changes: it "
                f"is always {array[..., places[0]].flat[0]:g}",
                f"leave it out, inputs = np.delete(inputs, {places}, axis=-1), and "
                "build the model for these inputs"
                if len(places) < array.shape[-1]
                else "look at how the inputs were made: nothing can be learned from it",
                MORE_INPUTS,
            )


def _is_code(array: np.ndarray) -> bool:
    return bool(np.isin(array, (0, 1)).all())


def few_long_samples(model: Any, part: Part) -> Iterator[Row]:
    """More time steps than samples, as of a series that was not cut into windows."""
    inputs, targets = part.inputs[0], part.targets[0]
    steps = inputs.shape[1] if inputs.ndim == 3 else 0
    an_answer_each = targets.ndim > 1 and targets.shape[1] == steps
    if not part.batches and steps > len(inputs) and not an_answer_each:
        yield (
            f"there are more time steps ({steps:,}) than samples ({len(inputs):,})",
            "if this is a series, cut it into windows: forecasting.make_windows("
            "series, lookback, horizon)",
            f"{TERM}window",
        )


def padding(model: Any, part: Part) -> Iterator[Row]:
    """Steps filled up at one end of sequences, and no layer that skips them."""
    parts = parts_of(model)
    masks = (isinstance(one, layers.Masking) for one in parts)
    embeddings = [one for one in parts if isinstance(one, layers.Embedding)]
    if any(masks) or any(one.mask_zero for one in embeddings):
        return
    if not any(isinstance(one, layers.RNN | layers.Bidirectional) for one in parts):
        return
    if _pads_texts(parts, part) and embeddings:
        yield _padded("texts are filled up to one length", "Embedding(mask_zero=True)")
    for array in part.inputs:
        filler = _filler(some(array, 2000)) if not is_text(array) else None
        if filler is not None:
            yield _padded(
                f"sequences are filled up with {filler:g} at one end",
                "Embedding(mask_zero=True)"
                if array.ndim == 2
                else f"Masking(mask_value={float(filler)}) after keras.Input",
            )


def _padded(what: str, layer: str) -> Row:
    return (
        f"{what}, and the model reads that, too",
        f"let it skip them: keras.layers.{layer}",
        f"{TERM}masking",
    )


def _pads_texts(parts: list[Any], part: Part) -> bool:
    """Whether the texts of a batch are made one length inside the model."""
    cutters = [one for one in parts if isinstance(one, layers.TextVectorization)]
    settings = cutters[0].get_config() if len(cutters) == 1 else {}
    if settings.get("output_mode") != "int" or settings["ragged"]:
        return False
    texts = [some(array, 100).ravel() for array in part.inputs if is_text(array)]
    return len({len(text.split()) for few in texts for text in few}) > 1


def _filler(array: np.ndarray) -> float | None:
    """What sequences of different length are filled up with at one end, if anything.

    Values that stand in the middle of sequences, too, are data: nights, silence.
    """
    whole_numbers = array.ndim == 2 and array.dtype.kind in "iu"
    if not (array.ndim == 3 or whole_numbers) or array.shape[1] < 2:
        return None
    for value in (0,) if whole_numbers else (0, -1):
        empty = array == value  # (samples, steps) or (samples, steps, features)
        empty = empty.all(axis=2) if empty.ndim == 3 else empty
        for steps in (empty[:, ::-1], empty):
            run = np.logical_and.accumulate(steps, axis=1)
            lengths = run.sum(axis=1)
            lengths = lengths[lengths < steps.shape[1]]
            inside = (steps & ~run).sum()
            often = np.count_nonzero(lengths) >= max(2, len(array) / 20)
            if often and len(np.unique(lengths)) > 1 and inside <= 0.001 * steps.size:
                return value
    return None


def labels(model: Any, part: Part) -> Iterator[Row]:
    """All labels the same, or nearly all."""
    loss, targets = losses(model)[0], part.targets[0]
    if loss is None or "crossentropy" not in loss_of(loss)[0] or len(part) < 10:
        return
    if targets.ndim == 2 and targets.shape[1] > 1 and np.all(targets.sum(axis=1) == 1):
        targets = targets.argmax(axis=1)  # one-hot
    if targets.size != len(targets):
        return  # several answers for a sample
    classes, counts = np.unique(targets, return_counts=True)
    share = counts.max() / len(targets)
    if len(classes) == 1:
        yield (
            f"all labels are {classes[0]:g}",
            "mix the samples before you split them: order = "
            "np.random.default_rng(0).permutation(len(targets)); inputs, targets = "
            "inputs[order], targets[order]",
            f"{TERM}validation-data",
        )
    elif share > 0.9 and not model.get_compile_config()["weighted_metrics"]:
        weights = {
            int(one): round(len(targets) / len(classes) / int(count), 3)
            for one, count in zip(classes, counts, strict=True)
        }
        yield (
            f"{share:.0%} of the labels are {classes[counts.argmax()]:g}: a model that "
            "always gives this answer has such an accuracy",
            "let the classes count the same: model.compile(..., weighted_metrics="
            f"['accuracy']) and model.fit(..., class_weight={weights})",
            f"{TERM}class-weight",
        )


def activation(model: Any, part: Part) -> Iterator[Row]:
    """A last layer that cannot give what its loss takes or its targets hold."""
    trio = zip(model.outputs, part.targets, losses(model), strict=True)
    for tensor, targets, loss in trio:
        if loss is None or loss_of(loss)[1] != "keras":
            continue
        came, units = activation_of(last_layer(tensor)), tensor.shape[-1]
        name, logits = loss_of(loss)[0], bool(setting(loss, "from_logits"))
        if "crossentropy" in name:
            due = _activation_due(name, units, logits)
        else:
            due = _range_due(came, targets)
        if came is None or due is None or came in due:
            continue
        yield (
            f'the last layer ends with activation="{came}" and {units} '
            f"{'unit' if units == 1 else 'units'}, which does not fit the loss {name}"
            + (" and its targets" if due == ("linear",) and not logits else ""),
            f'end with keras.layers.Dense({units}, activation="{due[0]}")',
            FIRST_LSTM,
        )


def _activation_due(name: str, units: int, logits: bool) -> tuple[str, ...] | None:
    if logits:
        return ("linear",)
    if name.startswith("binary_"):
        return "sigmoid", "hard_sigmoid", "sparse_sigmoid"
    return None if units == 1 else ("softmax", "sparsemax")


def _range_due(came: str | None, targets: np.ndarray) -> tuple[str, ...] | None:
    """What a last layer must be if its answers cannot reach these amounts."""
    low, high = (float(one) for one in (targets.min(), targets.max()))
    sums = some(targets, 1000).sum(axis=-1) if targets.ndim > 1 else np.zeros(1)
    reached = {
        "softmax": low >= 0 and np.allclose(sums, 1),
        "sigmoid": low >= 0 and high <= 1,
        "hard_sigmoid": low >= 0 and high <= 1,
        "tanh": low >= -1 and high <= 1,
        "relu": low >= 0,
        "softplus": low >= 0,
        "exponential": low >= 0,
    }
    return None if reached.get(came or "", True) else ("linear",)


def one_softmax(model: Any, part: Part) -> Iterator[Row]:
    """The softmax of one number is 1, whatever the number."""
    for tensor in model.outputs:
        if tensor.shape[-1] == 1 and activation_of(last_layer(tensor)) == "softmax":
            yield (
                "the last layer is a softmax of one unit, which is always 1",
                'end with keras.layers.Dense(1, activation="sigmoid") and use '
                "loss='binary_crossentropy'",
                FIRST_LSTM,
            )


def learning_rate(model: Any, part: Part) -> Iterator[Row]:
    """A learning rate far from what is usual for this optimizer."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    name, rate = type(optimizer).__name__, optimizer._learning_rate
    if not isinstance(rate, keras.Variable):
        return  # a schedule may start from zero
    low, high = _RATES.get(name.lower(), _RATES_OF_ADAM_AND_ITS_KIND)
    rate = float(rate)
    if not low <= rate <= high * (1 + 1e-6):
        usual = {"SGD": 0.01, "Muon": 0.02}.get(name, 0.001)
        yield (
            f"a learning rate of {rate:g} is far from usual for {name}",
            f"start with model.optimizer.learning_rate = {usual}",
            SETTINGS,
        )


def far_targets(model: Any, part: Part) -> Iterator[Row]:
    """Amounts far from what the last layer starts with, and nothing that scales."""
    loss, targets = losses(model)[0], part.targets[0]
    name, author = loss_of(loss) if loss is not None else ("", "")
    last = last_layer(model.outputs[0])
    plain = isinstance(last, layers.Dense) and activation_of(last) == "linear"
    if not plain or author != "keras" or "crossentropy" in name:
        return
    level, spread = float(targets.mean()), float(targets.std())
    if max(abs(level), spread) > FAR and _starts_far_from(model, part, level, spread):
        spread = spread or 1.0
        weight = 1 / spread if "absolute" in name or name == "mae" else spread**-2
        yield (
            f"the targets have a mean of {level:.4g} and a standard deviation of "
            f"{spread:.4g}, but the last layer starts near zero",
            "scale its answers back: end with keras.layers.Rescaling("
            f"{spread:.6g}, offset={level:.6g}), and compile with "
            f"loss_weights=[{weight:.6g}]",
            PRICES,
        )


def _starts_far_from(model: Any, part: Part, level: float, spread: float) -> bool:
    """Whether the answers are nowhere near; a trained model's are near."""
    given = _a_batch(model, part)
    stateful = any(getattr(one, "stateful", False) for one in parts_of(model))
    if any(map(is_text, given)) or len(model.outputs + given) > 2 or stateful:
        return False  # a look at its answers would change the state
    with contextlib.suppress(Exception):  # fit says what fails
        answers = keras.ops.convert_to_numpy(model(given[0], training=False))
        near = abs(level - answers.mean()) <= FAR
        return not near or (spread > FAR and answers.std() < spread / FAR)
    return False


def own_loss(model: Any, part: Part) -> Iterator[Row]:
    """A loss that Keras does not align shapes for, with targets short of an axis."""
    trio = zip(model.outputs, part.targets, losses(model), strict=True)
    for name, (tensor, targets, loss) in zip(output_names(model), trio, strict=True):
        answer = tuple(tensor.shape[1:])
        if (
            loss is None
            or loss_of(loss)[1] == "keras"
            or answer
            != (
                *targets.shape[1:],
                1,
            )
        ):
            continue
        few = targets[:3].astype(np.float32)
        answers = np.square(1 + np.arange(few.size, dtype=np.float32))
        answers = answers.reshape(*few.shape, 1)
        longer_ones = few[..., np.newaxis]
        if _mixes(loss, few, answers) and not _mixes(loss, longer_ones, answers):
            yield (
                f"the targets have shape {targets.shape} and {name!r} answers "
                f"{(None, *answer)}: your loss makes a table of all with all of them",
                "give them the same shape: targets = targets[..., np.newaxis]",
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
