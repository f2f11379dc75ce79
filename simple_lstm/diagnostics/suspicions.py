"""What may be right but seldom is: of inputs, and of the model itself.

Each check yields rows of four texts: what is suspicious, its remedy, the code of that
(or nothing), and the page of the site that explains it. It stays silent where it cannot
tell.
"""

from __future__ import annotations

import contextlib
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
    parts_of,
    setting,
)

Row = tuple[str, str, str, str]

FIRST_LSTM = "gallery/1_understand/plot_1_train_first_lstm.html"
MORE_INPUTS = "gallery/2_forecasting/plot_4_add_more_inputs.html"
SETTINGS = "how-to/choose_settings.html"
TERM = "explanation/glossary.html#term-"

LARGE = 10  # a mean or standard deviation of inputs that an LSTM learns badly from
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
    given = a_batch(model, part)
    for name, array in _read_first(model, given):
        if _is_large(array):
            mean, spread = _scale(array)
            yield (
                f"the inputs reach {name!r} with a mean of {mean:.3g} and a "
                f"standard deviation of {spread:.3g}: they are not scaled",
                "begin the model with a layer that scales",
                f"{part.converted('inputs')}scale = keras.layers.Normalization(); "
                "scale.adapt(inputs)",
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


def _read_first(
    model: Any, given: list[np.ndarray]
) -> Iterator[tuple[str, np.ndarray]]:
    """The layers that learn, also inside other models, and what reaches each."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _read_first(layer, [_reaching(model, layer, given)])
        elif isinstance(layer, _READS):
            yield layer.name, _reaching(model, layer, given)


def _reaching(model: Any, layer: Any, given: list[np.ndarray]) -> np.ndarray:
    """What a layer gets if the model is given these inputs; nothing if unknown."""
    with contextlib.suppress(Exception):  # shared, or inside; fit says what fails
        wanted = keras.tree.flatten(layer.input)[0]
        until = keras.Model(model.inputs, wanted)
        if not any(isinstance(one, layers.RNN) for one in parts_of(until)):
            return keras.ops.convert_to_numpy(until(given, training=False))
    return np.zeros(0)


def a_batch(model: Any, part: Part) -> list[np.ndarray]:
    """Some of the inputs, as many as the model takes."""
    size = model.inputs[0].shape[0]
    return [some(array, 256) if size is None else array[:size] for array in part.inputs]


def constant_columns(model: Any, part: Part) -> Iterator[Row]:
    """Columns that never change; not those of a one-hot code."""
    words = any(isinstance(one, layers.Embedding) for one in parts_of(model))
    for array in part.inputs if len(part) >= 10 else []:
        if array.ndim < 2 or array.dtype.kind not in ("f" if words else "fiu"):
            continue
        places = _constant(array, part)
        if not places:
            continue
        where = " in the batches looked at" if part.batches else ""
        yield (
            f"column {', '.join(map(str, places))} of the inputs never changes{where}: "
            f"it is always {array[..., places[0]].flat[0]:g}",
            *_without(places, array.shape[-1], bool(part.batches)),
            MORE_INPUTS,
        )


def _constant(array: np.ndarray, part: Part) -> list[int]:
    """The columns that are the same in all samples; a flag may change elsewhere."""
    rows = some(array, 1000).reshape(-1, array.shape[-1])
    if np.isin(rows, (0, 1)).all():
        return []
    still = np.flatnonzero(np.ptp(rows, axis=0) == 0).tolist()
    is_flag = np.isin(rows[0], (0, 1)) & bool(part.batches)
    return [one for one in still if np.ptp(array[..., one]) == 0 and not is_flag[one]]


def _without(places: list[int], columns: int, in_batches: bool) -> tuple[str, str]:
    if len(places) == columns:
        return "look at how the inputs were made: nothing can be learned from it", ""
    if in_batches:
        return "if it never changes, leave it out before you make the dataset", ""
    return (
        "leave it out, and build the model for these inputs",
        f"inputs = np.delete(inputs, {places}, axis=-1)",
    )


def few_long_samples(model: Any, part: Part) -> Iterator[Row]:
    """More time steps than samples, as of a series that was not cut into windows."""
    inputs, targets = part.inputs[0], part.targets[0]
    steps = inputs.shape[1] if inputs.ndim == 3 else 0
    an_answer_each = targets.ndim > 1 and targets.shape[1] == steps
    if not part.batches and steps > len(inputs) and not an_answer_each:
        yield (
            f"there are more time steps ({steps:,}) than samples ({len(inputs):,})",
            "if this is a series, cut it into windows",
            "train = forecasting.make_windows(series, lookback, horizon)",
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
        yield _padded("texts are filled up to one length", _masking(embeddings[0]))
    for array in part.inputs:
        filler = _filler(some(array, 2000)) if not is_text(array) else None
        if filler is not None and (array.ndim == 3 or embeddings):
            yield _padded(
                f"sequences are filled up with {filler:g} at one end",
                _masking(embeddings[0])
                if array.ndim == 2
                else f"keras.layers.Masking(mask_value={float(filler)})",
            )


def _masking(embedding: Any) -> str:
    sizes = f"{embedding.input_dim}, {embedding.output_dim}"
    return f"keras.layers.Embedding({sizes}, mask_zero=True)"


def _padded(what: str, code: str) -> Row:
    place = "after keras.Input" if "Masking" in code else "in place of its Embedding"
    return (
        f"{what}, and the model reads that, too",
        f"let it skip them: put this {place}",
        code,
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
            "end with this layer",
            f'keras.layers.Dense({units}, activation="{due[0]}")',
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
                "end with this layer, and use loss='binary_crossentropy'",
                'keras.layers.Dense(1, activation="sigmoid")',
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
            "start with the usual one",
            f"model.optimizer.learning_rate = {usual}",
            SETTINGS,
        )
