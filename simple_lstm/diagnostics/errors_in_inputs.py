"""What cannot be right about a model and its inputs: one error each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from simple_lstm._input_checks import check_texts
from simple_lstm._writing_systems import start, without_spaces
from simple_lstm.diagnostics.as_arrays import Part, is_text, missing_values, some
from simple_lstm.diagnostics.model_facts import cutter_of, fits, input_names

_LARGEST = 1e30  # so that no loss overflows in float32
_SAMPLES_SECOND = "If samples are on the second axis: inputs = inputs.swapaxes(0, 1)"


def check_model(model: Any, train: Any) -> None:
    """Refuse a model that is not ready to be fitted."""
    if not model.compiled:
        raise ValueError(
            "diagnose: the model is not compiled. Say what it is to learn, for "
            'example model.compile("adam", loss="mse") for numbers or '
            'model.compile("adam", loss="binary_crossentropy") for two classes.'
        )
    if model.built and getattr(model, "inputs", None):
        return
    shape = _shape_of_samples(train)
    if not isinstance(model, keras.Sequential):
        raise ValueError(
            f"diagnose: a model of the class {type(model).__name__} does not say what "
            "it takes. Make one around it that does, and compile that: x = "
            f"keras.Input({shape or 'shape'}); model = keras.Model(x, model(x))."
        )
    raise ValueError(
        "diagnose: the model is not built, so its shapes are unknown. Begin it with "
        f"keras.Input({shape or 'shape'})."
    )


def _shape_of_samples(train: Any) -> tuple[int, ...] | None:
    inputs = train[0] if isinstance(train, tuple) else None
    return inputs.shape[1:] if isinstance(inputs, np.ndarray) else None


def check_inputs(model: Any, part: Part) -> None:
    """Refuse inputs that the model does not take, one after the other."""
    if 0 in {array.size for array in part.inputs}:
        raise ValueError(f"diagnose: {part.name} holds no samples.")
    names = input_names(model)
    for name, tensor, array in zip(names, model.inputs, part.inputs, strict=True):
        which = "inputs" if len(names) == 1 else f"inputs {name!r}"
        what = f"diagnose: the {which} of {part.name}"
        _check_kind(tensor, array, what)
        _check_shape(tuple(tensor.shape), array, what, bool(part.batches))
        if is_text(array):
            check_texts(array.ravel().tolist(), what)
            _check_spaces(model, array, what)
        else:
            check_finite(array, what, "inputs")
            _check_embedding(model, tensor, array, what)
        _check_batch_size(tensor.shape, part, what)
        check_digits(array, tensor.dtype, what, part)


def _check_kind(tensor: Any, array: np.ndarray, what: str) -> None:
    takes_text = tensor.dtype == "string"
    if takes_text == is_text(array):
        return
    if takes_text:
        raise ValueError(
            f"{what} are numbers, but the model takes text. Give it the texts "
            "themselves, np.array(texts, dtype=object): it cuts and numbers them."
        )
    raise ValueError(
        f"{what} are text, but the model takes numbers. Begin it with "
        'keras.Input((), dtype="string") and keras.layers.TextVectorization('
        "vocabulary=...), which makes numbers of words, and a keras.layers.Embedding."
    )


def _check_shape(
    due: tuple[int | None, ...], array: np.ndarray, what: str, is_batch: bool
) -> None:
    came = array.shape
    one_number = len(due) == 2 and due[1] == 1 and len(came) == 1  # Keras takes it
    if one_number or fits(came[1:], due[1:]):
        return
    cures = [
        cure for cure, shape in _cures(came, is_batch) if fits(shape[1:], due[1:])
    ] or [f"Begin the model with keras.Input({came[1:]})."]
    raise ValueError(
        f"{what} have shape {came}, but the model takes {due}. {' '.join(cures)}"
    )


def _cures(
    came: tuple[int, ...], is_batch: bool
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What may mend a shape, and the shape that comes of it."""
    yield (
        "If there is one feature, add its axis: inputs = inputs[..., np.newaxis].",
        (*came, 1),
    )
    if is_batch:
        cure = "If these are single samples, make batches: dataset.batch(64)."
    else:
        cure = (
            "If there is one sample, add its axis: inputs, targets = "
            "np.array([inputs]), np.array([targets])."
        )
    yield cure, (1, *came)
    if len(came) == 3:
        cure = "If steps and features are swapped: inputs = inputs.swapaxes(1, 2)."
        yield cure, (came[0], came[2], came[1])
    if len(came) > 1:
        yield f"{_SAMPLES_SECOND}.", (came[1], came[0], *came[2:])
    if len(came) > 1 and came[-1] == 1:
        yield "Drop the last axis: inputs = inputs[..., 0].", came[:-1]


def check_number(model: Any, part: Part) -> None:
    """Refuse inputs and targets that are not as many."""
    arrays = {"inputs": part.inputs, "targets": part.targets}
    numbers = {
        name: [a.shape[0] if a.ndim else 1 for a in arrays[name]] for name in arrays
    }
    (inputs, targets), came = numbers.values(), numbers["inputs"] + numbers["targets"]
    if len(set(came)) == 1:
        return
    first, due = part.inputs[0].shape, tuple(model.inputs[0].shape[1:])
    swapped = first[1:2] == tuple(targets) and fits((first[0], *first[2:]), due)
    mend = (
        _SAMPLES_SECOND
        if swapped
        else "Give one target for each sample; the first axis of both is the samples"
    )
    raise ValueError(
        f"diagnose: {part.name} has {', '.join(f'{n:,}' for n in inputs)} inputs but "
        f"{', '.join(f'{n:,}' for n in targets)} targets. {mend}."
    )


def check_finite(array: np.ndarray, what: str, name: str) -> None:
    """Refuse NaN and infinite numbers, wherever they are."""
    if array.dtype.kind != "f":
        return
    total = array.sum(dtype=np.float64)  # a single one would show in it
    wrong = 0 if np.isfinite(total) else int((~np.isfinite(array)).sum())
    if wrong:
        raise ValueError(missing_values(wrong, what, name, "np.isfinite"))
    largest = max(float(array.max()), -float(array.min()))
    if largest > _LARGEST:
        raise ValueError(
            f"{what} hold numbers up to {largest:.3g}. Beyond {_LARGEST:g} they "
            f"overflow in a model. Take another unit: {name} = {name} / {largest:.0e}."
        )


def _check_embedding(model: Any, tensor: Any, array: np.ndarray, what: str) -> None:
    """Refuse numbers that an embedding has no row for; a GPU would not complain."""
    for layer in model.layers:
        # One that was never called by itself has no input.
        reads = getattr(layer, "input", None) is tensor
        if not (reads and isinstance(layer, keras.layers.Embedding)):
            continue
        if not 0 <= array.min() <= array.max() < layer.input_dim:
            low, high = array.min(), array.max()
            mend = (
                f"Make it keras.layers.Embedding({int(high) + 1}, {layer.output_dim})"
                if low >= 0
                else "Number the words from 0: inputs = inputs - inputs.min()"
            )
            raise ValueError(
                f"{what} are numbers from {low:g} to {high:g}, but the embedding "
                f"{layer.name!r} has rows for 0 to {layer.input_dim - 1}. {mend}."
            )


def _check_batch_size(shape: Any, part: Part, what: str) -> None:
    size, came = shape[0], len(part)
    if size is None or (came == size if part.batches else came % size == 0):
        return
    if part.batches:
        raise ValueError(
            f"{what} come in batches of {came:,}, but the model takes {size:,} at a "
            f"time. Make batches of {size:,}, or begin the model with "
            f"keras.Input(batch_shape=({came}, ...))."
        )
    best = next(n for n in range(min(size, came), 0, -1) if came % n == 0)
    raise ValueError(
        f"{what} are {came:,} samples, but the model takes {size:,} at a time, and "
        f"fit would end with a smaller batch. Build the model for {best}, "
        f"keras.Input(batch_shape=({best}, ...)), and fit it with batch_size={best}."
    )


def check_digits(array: np.ndarray, dtype: str, what: str, part: Part) -> None:
    """Refuse values that float32 would round, where it makes a difference."""
    if array.dtype != np.float64 or not _loses_digits(some(array)):
        return
    if part.batches and dtype != "float64":
        shape = array.shape[1:]
        raise ValueError(
            f"{what} hold float64, because float32 would round their values, but the "
            f"model takes {dtype}. Begin it with "
            f'keras.Input({shape}, dtype="float64") and '
            'keras.layers.Normalization(dtype="float64"), end it with '
            'keras.layers.Rescaling(spread, offset=level, dtype="float64"), and '
            'compile it with keras.losses.MeanAbsoluteError(dtype="float64").'
        )
    if not part.batches and keras.config.floatx() != "float64":
        name = "targets" if "the targets" in what else "inputs"
        axes = tuple(range(array.ndim - 1)) or 0
        raise ValueError(
            f"{what} hold float64, and fit rounds arrays to float32, which would "
            f"change them visibly. Take their level off before: {name} = ({name} - "
            f"{name}.mean(axis={axes})) / {name}.std(axis={axes})."
        )


def _loses_digits(array: np.ndarray) -> bool:
    """Whether float32 moves a value by a ten-thousandth of its column's spread."""
    columns = array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)
    error = np.abs(columns.astype(np.float32) - columns).max(axis=0)
    level, spread = columns.mean(axis=0), columns.std(axis=0)
    changes = spread > 1e-12 * np.abs(level)  # less is rounding of float64
    return bool((changes & ~(error <= 1e-4 * spread)).any())


def _check_spaces(model: Any, array: np.ndarray, what: str) -> None:
    settings = cutter_of(model)
    if settings.get("split") != "whitespace":
        return
    if not any(map(str.strip, array.ravel())):
        raise ValueError(
            f"{what} are all empty. Look at how they were read, and leave out what "
            "has no text: keep = inputs != ''."
        )
    texts = some(array.ravel(), 1000).tolist()
    pieces = without_spaces(texts)
    if 2 * len(pieces) > len(texts):
        raise ValueError(
            f"{what}: most of the texts have no spaces between their words: "
            f"{start(pieces[0])} would be one word. Cut them into characters: give "
            'the TextVectorization split="character".'
        )
