"""What a model is to be fitted on, as arrays, whatever it came as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from simple_lstm._input_checks import check_texts
from simple_lstm.diagnostics.model_facts import align, input_names, output_names

BATCHES = 3  # that are read of a dataset


@dataclass(frozen=True)
class Part:
    """What was looked at of ``train`` or ``validation``.

    Attributes
    ----------
    name : str
        "train" or "validation".
    inputs, targets : list of numpy.ndarray
        One for each input and output of the model; texts are arrays of objects.
    batches : int
        How many batches these are; 0 if they are all there is.
    plain_strings : bool
        Whether inputs came as a list or array of str.
    conversions : dict of str
        For "inputs" and "targets" that are no arrays, the code that makes them one.
    """

    name: str
    inputs: list[np.ndarray]
    targets: list[np.ndarray]
    batches: int = 0
    plain_strings: bool = False
    conversions: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs[0])

    def __str__(self) -> str:
        samples = f"{len(self):,} sample{'s' * (len(self) != 1)}"
        if not self.batches:
            sampled = " (all for missing values, evenly spaced ones for the rest)"
            return f"{samples} of {self.name}{sampled if len(self) > 1000 else ''}"
        batches = "batch" if self.batches == 1 else "batches"
        return f"{self.batches} {batches} of {self.name} ({samples})"

    def converted(self, *names: str) -> str:
        """What the code of a cure begins with if it needs arrays."""
        return "".join(self.conversions.get(name, "") for name in names)


def read(model: keras.Model, data: Any, name: str) -> list[Part]:
    """All of a pair of arrays, or each of some batches of a dataset.

    Parameters
    ----------
    model : keras.Model
        Built.
    data : tuple, keras.utils.PyDataset or tf.data.Dataset
        As ``fit`` takes it.
    name : str
        "train" or "validation".

    Raises
    ------
    ValueError
        If it is something else, or holds what ``fit`` refuses.
    """
    if isinstance(data, keras.utils.PyDataset):
        batches = _some_batches(data)
    elif isinstance(data, tf.data.Dataset):
        batches = list(data.take(BATCHES))
    elif isinstance(data, tuple) and len(data) in (2, 3):  # perhaps with weights
        return [_part(model, data, name, 0)]
    else:
        raise ValueError(
            f"diagnose: {name} is a {type(data).__name__}; expected a pair (inputs, "
            "targets), a keras.utils.PyDataset or a tf.data.Dataset."
        )
    if not batches:
        raise ValueError(f"diagnose: {name} holds no samples.")
    return [_part(model, batch, name, 1) for batch in batches]


def _some_batches(data: keras.utils.PyDataset) -> list[Any]:
    """Batches from all over a dataset, or the first ones of a stream."""
    number = BATCHES if data.num_batches is None else data.num_batches
    places = np.unique(np.linspace(0, number - 1, min(BATCHES, number), dtype=int))
    try:
        return [data[int(place)] for place in places]
    except (IndexError, ValueError):
        first = [data[place] for place in range(len(places))]
        try:
            data[1]
        except (IndexError, ValueError):
            return first  # a stream, which never goes back
        raise  # its own error, such as of a file that it cannot read


def merge(parts: list[Part]) -> Part:
    """Batches as one part; only the first one if they differ in length."""
    first = parts[0]
    shapes = {tuple(x.shape[1:] for x in part.inputs + part.targets) for part in parts}
    if len(parts) == 1 or len(shapes) > 1:
        return first
    return Part(
        first.name,
        [np.concatenate(a) for a in zip(*(p.inputs for p in parts), strict=True)],
        [np.concatenate(a) for a in zip(*(p.targets for p in parts), strict=True)],
        len(parts),
    )


def some(array: np.ndarray, most: int = 10_000) -> np.ndarray:
    """Evenly spaced samples, enough to see what they are like in little time."""
    return array[:: 1 + (len(array) - 1) // most]


def _part(model: keras.Model, pair: Any, name: str, batches: int) -> Part:
    if not isinstance(pair, list | tuple) or len(pair) not in (2, 3):
        raise ValueError(
            f"diagnose: the batches of {name} hold inputs alone; expected pairs "
            "(inputs, targets)."
        )
    given = {"inputs": pair[0], "targets": pair[1]}
    names = {"inputs": input_names(model), "targets": output_names(model)}
    arrays: dict[str, list[np.ndarray]] = {}
    for kind, parts in given.items():
        aligned = align(parts, names[kind])
        if aligned is None:
            raise ValueError(
                f"diagnose: the {kind} of {name} are {_described(parts)}, but the "
                f"model has {', '.join(map(repr, names[kind]))}. Give a dict with an "
                "array for each of these names."
            )
        what = f"diagnose: the {kind} of {name}"
        arrays[kind] = [_array(one, what, kind) for one in aligned]
    conversions = {
        kind: _conversion(parts, arrays[kind][0], kind) for kind, parts in given.items()
    }
    plain = any(map(_is_plain, align(pair[0], names["inputs"]) or []))
    return Part(name, arrays["inputs"], arrays["targets"], batches, plain, conversions)


def _conversion(given: Any, array: np.ndarray, name: str) -> str:
    """The code that makes this array of it; nothing if it is one."""
    if isinstance(given, pd.DataFrame | pd.Series):
        # Of numbers and bool pandas makes objects.
        mixed = array.dtype != object and given.iloc[:1].to_numpy().dtype == object
        return f"{name} = {name}.to_numpy({'float' if mixed else ''}); "
    if isinstance(given, list | tuple):  # of texts, or it is refused
        return f"{name} = np.array({name}, dtype=object); "
    return ""


def _is_plain(given: Any) -> bool:
    """Whether these are texts that are no objects to NumPy, as in a list."""
    if isinstance(given, list | tuple):
        return any(isinstance(one, str) for one in given)
    return isinstance(given, np.ndarray) and given.dtype.kind == "U"


def _described(parts: Any) -> str:
    if isinstance(parts, dict):
        return f"a dict with {', '.join(map(repr, parts))}"
    return (
        f"a {type(parts).__name__} of {len(parts)}"
        if isinstance(parts, list | tuple)
        else f"one {type(parts).__name__}"
    )


def _array(given: Any, what: str, name: str) -> np.ndarray:
    """One input or target as an array, or an error that says why fit refuses it."""
    if isinstance(given, str):
        check_texts(given, what)
    if keras.ops.is_tensor(given):
        return _from_tensor(given)
    if isinstance(given, pd.DataFrame | pd.Series):
        return _from_pandas(given, what, name)
    if isinstance(given, list | tuple):
        array = _from_list(given, what, name)
    else:
        array = np.asarray(given)
    if array.dtype.kind not in "biufOUM" or (array.dtype == object and array.ndim == 0):
        raise ValueError(
            f"{what} are a {type(given).__name__} of type {array.dtype}; expected an "
            "array of numbers or texts."
        )
    if array.dtype == object and not is_text(array):
        _refuse_objects(array, what, name)
    if array.dtype.kind == "M":
        raise ValueError(
            f"{what} are times, but a model takes numbers. Count from the first one: "
            f"{name} = ({name} - {name}.min()) / np.timedelta64(1, 'D')."
        )
    return array


def is_text(array: np.ndarray) -> bool:
    """Whether an array holds texts, perhaps beside what is missing."""
    if array.dtype == object:
        return any(isinstance(one, str) for one in array.flat)
    return array.dtype.kind == "U"


def _from_tensor(tensor: Any) -> np.ndarray:
    if isinstance(tensor, tf.RaggedTensor):
        tensor = tensor.to_tensor()
    values = keras.ops.convert_to_numpy(tensor) if tensor.dtype != tf.string else None
    if values is not None:
        return values
    texts = [text.decode(errors="replace") for text in tensor.numpy().flat]
    return np.array(texts, dtype=object).reshape(tensor.shape)


def _from_list(given: list | tuple, what: str, name: str) -> np.ndarray:
    kind = type(given).__name__
    if any(isinstance(one, str) for one in given):
        if name == "inputs":
            check_texts(given, what)
        return np.array(given, dtype=object)
    _refuse_uneven(given, what, name)
    if len(given) == 0:
        raise ValueError(f"{what} hold no samples.")
    raise ValueError(
        f"{what} are a {kind}, which fit takes for several {name}. Make them one "
        f"array: {name} = np.array({name})."
    )


def _refuse_uneven(given: Any, what: str, name: str) -> None:
    lengths = {len(one) for one in given if hasattr(one, "__len__")}
    if len(lengths) > 1:
        raise ValueError(
            f"{what} are sequences of {min(lengths):,} to {max(lengths):,} steps, but "
            "an array has one length. Fill them up with zeros, "
            f"{name} = keras.utils.pad_sequences({name}, dtype='float32', padding="
            "'post'), and let the model skip these: put keras.layers.Masking() after "
            "keras.Input, or give its Embedding mask_zero=True."
        )


def _refuse_objects(array: np.ndarray, what: str, name: str) -> None:
    _refuse_uneven(array, what, name)
    missing = int(pd.isna(array).sum())
    if missing:
        raise ValueError(missing_values(missing, what, leave_out(name, "pd.notna")))
    raise ValueError(
        f"{what} are an array of objects, which fit refuses. Make them numbers: "
        f"{name} = np.array({name}.tolist(), dtype='float32')."
    )


def missing_values(number: int, what: str, cure: str) -> str:
    """Word an error about missing values."""
    return (
        f"{what}: {number:,} values are missing or infinite. A single one turns every "
        f"later number into NaN. Fill them, or leave out their samples{cure}."
    )


def leave_out(name: str, there: str, part: Part | None = None) -> str:
    """Say how to leave out the samples with a missing value."""
    if part and part.batches:
        return " before you make the dataset"
    return (
        f": {part.converted(name) if part else ''}keep = {there}({name}).reshape("
        f"len({name}), -1).all(axis=1); inputs, targets = inputs[keep], targets[keep]"
    )


def _from_pandas(given: Any, what: str, name: str) -> np.ndarray:
    frame = given.to_frame() if isinstance(given, pd.Series) else given
    numbers = frame.select_dtypes(["number", "bool"])
    if numbers.shape == frame.shape:
        if all(isinstance(kind, np.dtype) for kind in frame.dtypes):
            array = given.to_numpy()
            return array if array.dtype != object else given.to_numpy(dtype=float)
        raise ValueError(
            f"{what} have pandas' type {frame.dtypes.iloc[0]}, which fit refuses. Make "
            f"them numbers: {name} = {name}.to_numpy('float32', na_value=np.nan)."
        )
    values = given.to_numpy(dtype=object)
    others = frame.columns.difference(numbers.columns)
    if name == "targets" and is_text(values):
        return values
    if frame.shape[1] == 1 and is_text(values):
        raise ValueError(
            f"{what} are texts in a {type(given).__name__}, which fit refuses. Make "
            f"them an array of objects: {name} = np.array({name}, dtype=object)."
        )
    raise ValueError(
        f"{what}: column {others[0]!r} does not hold numbers. Leave it out: "
        f"{name} = {name}.drop(columns={list(others)!r})."
    )
