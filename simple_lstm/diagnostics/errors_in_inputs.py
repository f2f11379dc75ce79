"""What cannot be right about a model and its inputs: one error each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simple_lstm._input_checks import check_texts
from simple_lstm._writing_systems import start, without_spaces
from simple_lstm.diagnostics.as_arrays import (
    Part,
    is_text,
    leave_out,
    missing_values,
    some,
)
from simple_lstm.diagnostics.model_facts import cutter_of, fits, input_names

_LARGEST = 1e30  # so that no loss overflows in float32
_ROUNDED = 1e-4  # of a column's spread: too much for windows, which may be float64
_LOST = 1e-2  # too much for arrays, which fit rounds in any case


def check_model(model: Any, train: Any) -> None:
    """Refuse a model that is not ready to be fitted."""
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"diagnose: the model is a {type(model).__name__}; expected a keras.Model, "
            "compiled: diagnose(model, train, validation)."
        )
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
        _check_shape(tuple(tensor.shape), array, what, part)
        if is_text(array):
            check_texts(array.ravel().tolist(), what)
            _check_spaces(model, array, what)
        else:
            check_finite(array, what, "inputs", part)
            _check_embedding(model, tensor, array, what, part)
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
    due: tuple[int | None, ...], array: np.ndarray, what: str, part: Part
) -> None:
    came = array.shape
    one_number = len(due) == 2 and due[1] == 1 and len(came) == 1  # Keras takes it
    if one_number or fits(came[1:], due[1:]):
        return
    cures = [
        cure for cure, shape in _cures(came, part) if fits(shape[1:], due[1:])
    ] or [f"Begin the model with keras.Input({came[1:]})."]
    raise ValueError(
        f"{what} have shape {came}, but the model takes {due}. {' '.join(cures)}"
    )


def _cures(came: tuple[int, ...], part: Part) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What may mend a shape, and the shape that comes of it."""
    first = part.converted("inputs")
    yield (
        f"If there is one feature, add its axis: {first}inputs = "
        "inputs[..., np.newaxis].",
        (*came, 1),
    )
    if part.batches:
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
        yield f"{_samples_second(part)}.", (came[1], came[0], *came[2:])
    if len(came) > 1 and came[-1] == 1:
        yield f"Drop the last axis: {first}inputs = inputs[..., 0].", came[:-1]


def _samples_second(part: Part) -> str:
    return (
        f"If samples are on the second axis: {part.converted('inputs')}inputs = "
        "inputs.swapaxes(0, 1)"
    )


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
        _samples_second(part)
        if swapped
        else "Give one target for each sample; the first axis of both is the samples"
    )
    raise ValueError(
        f"diagnose: {part.name} has {', '.join(f'{n:,}' for n in inputs)} inputs but "
        f"{', '.join(f'{n:,}' for n in targets)} targets. {mend}."
    )


def check_finite(array: np.ndarray, what: str, name: str, part: Part) -> None:
    """Refuse NaN and infinite numbers, wherever they are."""
    if array.dtype.kind != "f":
        return
    total = array.sum(dtype=np.float64)  # a single one would show in it
    wrong = 0 if np.isfinite(total) else int((~np.isfinite(array)).sum())
    if wrong:
        cure = leave_out(name, "np.isfinite", part)
        raise ValueError(missing_values(wrong, what, cure))
    largest = max(float(array.max()), -float(array.min()))
    if largest > _LARGEST:
        raise ValueError(
            f"{what} hold numbers up to {largest:.3g}. Beyond {_LARGEST:g} they "
            f"overflow in a model. Take another unit: {name} = {name} / {largest:.0e}."
        )


def _check_embedding(
    model: Any, tensor: Any, array: np.ndarray, what: str, part: Part
) -> None:
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
                else "Number the words from 0: "
                f"{part.converted('inputs')}inputs = inputs - inputs.min()"
            )
            raise ValueError(
                f"{what} are numbers from {low:g} to {high:g}, but the embedding "
                f"{layer.name!r} has rows for 0 to {layer.input_dim - 1}. {mend}."
            )


def check_batch_size(model: Any, parts: list[Part], data: Any) -> None:
    """Refuse batches of another size than the one that a model is built for."""
    size, part, last = model.inputs[0].shape[0], parts[0], len(parts[-1])
    if size is None:
        return
    what = f"diagnose: the inputs of {part.name}"
    if not part.batches:
        if last % size:
            raise ValueError(
                f"{what} are {last:,} samples, but the model takes {size:,} at a time, "
                f"and fit would end with a smaller batch. {_divide(last, size, part)}"
            )
        return
    wrong = [len(one) for one in parts if len(one) != size]
    if wrong == [last] and last < size and len(parts) > 1 and _ends(data):
        raise ValueError(
            f"{what} come in batches of {size:,}, but the last batch has {last:,}, and "
            f"the model takes {size:,} at a time. {_even_batches(data, size, last)}"
        )
    if wrong:
        raise ValueError(
            f"{what} come in batches of {wrong[0]:,}, but the model takes {size:,} at "
            f"a time. Make batches of {size:,}, or begin the model with "
            f"keras.Input(batch_shape=({wrong[0]}, ...))."
        )


def _ends(data: Any) -> bool:
    return isinstance(data, tf.data.Dataset) or data.num_batches is not None


def _even_batches(data: Any, size: int, last: int) -> str:
    if isinstance(data, tf.data.Dataset):
        return f"Leave it out: dataset.batch({size}, drop_remainder=True)."
    return _divide((data.num_batches - 1) * size + last, size, None)


def _divide(number: int, size: int, part: Part | None) -> str:
    """Advice for samples that do not fill batches of this size."""
    best = next(n for n in range(min(size, number), 0, -1) if number % n == 0)
    if number < size or best >= max(2, size // 4):
        fit = f"and fit it with batch_size={best}" if part else "and make such batches"
        return (
            f"Build the model for {best}, keras.Input(batch_shape=({best}, ...)), "
            f"{fit}, which divides the {number:,} samples."
        )
    left = number % size
    if part is None:
        return f"Leave out {left:,} of the {number:,} samples, so that none is smaller."
    return (
        f"Leave out the last {left:,}, and fit it with batch_size={size}: keep = "
        f"len(inputs) // {size} * {size}; inputs, targets = inputs[:keep], "
        "targets[:keep]."
    )


def check_digits(array: np.ndarray, dtype: str, what: str, part: Part) -> None:
    """Refuse values that float32 would round, where it makes a difference."""
    most = _ROUNDED if part.batches else _LOST
    if array.dtype != np.float64 or not _loses_digits(some(array), most):
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
            f"change them visibly. Take their level off before: "
            f"{part.converted(name)}{name} = ({name} - "
            f"{name}.mean(axis={axes})) / {name}.std(axis={axes})."
        )


def _loses_digits(array: np.ndarray, most: float) -> bool:
    """Whether float32 moves a value by more than this part of its column's spread."""
    columns = array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1)
    error = np.abs(columns.astype(np.float32) - columns).max(axis=0)
    level, spread = columns.mean(axis=0), columns.std(axis=0)
    changes = spread > 1e-12 * np.abs(level)  # less is rounding of float64
    return bool((changes & ~(error <= most * spread)).any())


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
