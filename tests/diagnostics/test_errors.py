"""What cannot be right is one error, and what the error advises ends well."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers
from small_models import (
    RNG,
    TEXTS,
    THREE,
    TWO,
    X,
    Y,
    binary,
    compiled,
    dense,
    model,
    of_texts,
    refused,
    sparse,
    stateful,
)

from simple_lstm.diagnostics import diagnose

CHINESE = np.array(["这部电影非常好看", "剧情太糟糕了"] * 12, dtype=object)


def holed(array, value=np.nan):
    array = array.astype(float)
    array.flat[7] = value
    return array


@dataclass(frozen=True)
class Case:
    """A model and data, the error they meet, and the line of it that mends them."""

    build: Callable[..., Any]
    inputs: Any
    targets: Any
    says: str
    code: str
    # How the model is built again: with what the line makes, or as it says.
    again: Callable[..., Any] | None = None


# The next error asks for it.
AS_NUMBERS = "; targets = targets.astype(float)"
NUMBERED = "; classes = np.unique(targets); targets = np.searchsorted(classes, targets)"
KEEP_NOTNA = (
    "keep = pd.notna(targets).reshape(len(targets), -1).all(axis=1); inputs, "
    "targets = inputs[keep], targets[keep]"
)
CASES = {
    "not compiled": Case(
        lambda: keras.Sequential(
            [keras.Input((4, 1)), layers.LSTM(2), layers.Dense(1)]
        ),
        X,
        Y,
        "the model is not compiled",
        'model.compile("adam", loss="mse")',
        lambda _: model(),
    ),
    "not built": Case(
        lambda: compiled(keras.Sequential([layers.LSTM(2), layers.Dense(1)])),
        X,
        Y,
        "the model is not built",
        "keras.Input((4, 1))",
        lambda first: compiled(
            keras.Sequential([first, layers.LSTM(2), layers.Dense(1)])
        ),
    ),
    "a class of its own": Case(
        lambda: compiled(OfItsOwn()),
        X,
        Y,
        "a model of the class OfItsOwn does not say what it takes",
        "x = keras.Input((4, 1)); model = keras.Model(x, model(x))",
        lambda _: compiled(around(OfItsOwn())),
    ),
    "no numbers": Case(
        model,
        X + 0j,
        Y,
        "are a ndarray of type complex128; expected an array of numbers or texts",
        "",
        lambda _: None,
    ),
    "times": Case(
        model,
        X.astype("datetime64[s]"),
        Y,
        "the inputs of train are times",
        "inputs = (inputs - inputs.min()) / np.timedelta64(1, 'D')",
    ),
    "too large for a model": Case(
        model,
        X * 1e300,
        Y,
        "the inputs of train hold numbers up to 2",
        "inputs = inputs / 2e+300",
    ),
    "more words than an embedding has": Case(
        lambda: words(9),
        np.arange(96).reshape(24, 4) % 20,
        Y,
        "are numbers from 0 to 19, but the embedding",
        "keras.layers.Embedding(20, 2)",
        lambda layer: words(layer.input_dim),
    ),
    "negative words": Case(
        lambda: words(20),
        np.arange(96).reshape(24, 4) % 20 - 1,
        Y,
        "are numbers from -1 to 18, but the embedding",
        "inputs = inputs - inputs.min()",
    ),
    "empty texts alone": Case(
        of_texts,
        np.array([""] * 24, dtype=object),
        TWO,
        "the inputs of train are all empty",
        "keep = inputs != ''",
        lambda _: None,
    ),
    "texts and gaps": Case(
        of_texts,
        np.array([None, *TEXTS[1:]], dtype=object),
        TWO,
        "1 of the 24 texts are not text; the first is None. Leave out what is missing",
        "",
        lambda _: None,
    ),
    "NaN in inputs": Case(
        model,
        holed(X),
        Y,
        "the inputs of train: 1 values are missing or infinite",
        "keep = np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1); inputs, "
        "targets = inputs[keep], targets[keep]",
    ),
    "NaN beside bool in a frame": Case(
        lambda: dense(2),
        pd.DataFrame({"a": holed(Y), "b": Y > 0}),
        Y,
        "the inputs of train: 1 values are missing",
        "inputs = inputs.to_numpy(float); keep = np.isfinite(inputs).reshape("
        "len(inputs), -1).all(axis=1); inputs, targets = inputs[keep], targets[keep]",
    ),
    "infinite inputs": Case(
        model,
        holed(X, np.inf),
        Y,
        "missing or infinite",
        "keep = np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1); inputs, "
        "targets = inputs[keep], targets[keep]",
    ),
    "NaN in targets": Case(
        model,
        X,
        holed(Y),
        "the targets of train: 1 values are missing",
        "keep = np.isfinite(targets).reshape(len(targets), -1).all(axis=1); inputs, "
        "targets = inputs[keep], targets[keep]",
    ),
    "None among objects": Case(
        lambda: model(layers.Dense(1), shape=(4, 1)),
        X,
        np.array([None, *Y[1:]], dtype=object),
        "the targets of train: 1 values are missing",
        "keep = pd.notna(targets).reshape(len(targets), -1).all(axis=1); inputs, "
        "targets = inputs[keep], targets[keep]" + AS_NUMBERS,
    ),
    "an axis too few": Case(
        model,
        X[..., 0],
        Y,
        "have shape (24, 4), but the model takes (None, 4, 1)",
        "inputs = inputs[..., np.newaxis]",
    ),
    "one sample": Case(
        model,
        X[0],
        Y[0],
        "have shape (4, 1)",
        "inputs, targets = np.array([inputs]), np.array([targets])",
    ),
    "an axis too many": Case(
        lambda: model(shape=(4, 1)),
        X[..., np.newaxis],
        Y,
        "have shape (24, 4, 1, 1)",
        "inputs = inputs[..., 0]",
    ),
    "steps and features swapped": Case(
        lambda: model(shape=(4, 3)),
        RNG.normal(size=(24, 3, 4)),
        Y,
        "have shape (24, 3, 4), but the model takes (None, 4, 3)",
        "inputs = inputs.swapaxes(1, 2)",
    ),
    "another number of steps": Case(
        model,
        X[:, :3],
        Y,
        "have shape (24, 3, 1), but the model takes (None, 4, 1)",
        "keras.Input((3, 1))",
        lambda first: model(shape=first.shape[1:]),
    ),
    "samples on the second axis": Case(
        model,
        X.swapaxes(0, 1),
        Y,
        "have shape (4, 24, 1), but the model takes (None, 4, 1)",
        "inputs = inputs.swapaxes(0, 1)",
    ),
    "samples on the second axis, any number of steps": Case(
        lambda: model(shape=(None, 1)),
        X.swapaxes(0, 1),
        Y,
        "train has 4 inputs but 24 targets",
        "inputs = inputs.swapaxes(0, 1)",
    ),
    "numbers written as text": Case(
        model,
        X,
        np.array([f"{y:.3f}" for y in Y]),
        "the targets of train are numbers written as text",
        "targets = np.array(targets, dtype='float32')",
    ),
    "names of classes": Case(
        sparse,
        X,
        np.array(["cat", "dog", "owl"])[THREE],
        "are text, such as 'cat'",
        "classes = np.unique(targets); targets = np.searchsorted(classes, targets)",
    ),
    "names of classes in a series": Case(
        sparse,
        X,
        pd.Series(["cat", "dog", "owl"] * 8),
        "are text, such as 'cat'",
        "classes = np.unique(targets); targets = np.searchsorted(classes, targets)",
    ),
    "names of two classes in a list": Case(
        binary,
        X,
        ["no", "yes"] * 12,
        "are text, such as 'no'",
        "classes = np.unique(targets); targets = np.searchsorted(classes, targets)",
    ),
    "names of classes and a gap": Case(
        binary,
        X,
        np.array([None, "yes", np.nan, *["yes", "no", "no"] * 7], dtype=object),
        "the targets of train: 2 values are missing",
        KEEP_NOTNA + NUMBERED,
    ),
    "names of classes and a gap in a list": Case(
        binary,
        X,
        ["yes", "no", np.nan, *["yes", "no", "no"] * 7],
        "the targets of train: 1 values are missing",
        "targets = np.array(targets, dtype=object); " + KEEP_NOTNA + NUMBERED,
    ),
    "names of classes and a gap in a series": Case(
        binary,
        X,
        pd.Series([None, "yes", "no", *["yes", "no", "no"] * 7]),
        "the targets of train: 1 values are missing",
        "targets = targets.to_numpy(); " + KEEP_NOTNA + NUMBERED,
    ),
    "one-hot labels": Case(
        sparse,
        X,
        np.eye(3)[THREE],
        "Turn one-hot labels into class numbers",
        "targets = targets.argmax(-1)",
    ),
    "classes from 1": Case(
        sparse,
        X,
        THREE + 1,
        "are 1, 2, 3, but a model with 3 outputs knows the classes 0 to 2",
        "targets = targets - 1",
    ),
    "negative classes": Case(
        sparse,
        X,
        THREE - 1,
        "are -1, 0, 1, but a model with 3 outputs",
        "classes = np.unique(targets); targets = np.searchsorted(classes, targets)",
    ),
    "more classes than outputs": Case(
        sparse,
        X,
        np.arange(24) % 5,
        "are 0, 1, 2, 3, …, but a model with 3 outputs",
        'keras.layers.Dense(5, activation="softmax")',
        sparse,
    ),
    "amounts for classes": Case(
        sparse,
        X,
        Y,
        "There are 24 different ones",
        "keras.layers.Dense(1)",
        model,
    ),
    "two classes, 1 and 2": Case(
        binary,
        X,
        TWO + 1,
        "are 1, 2, but binary_crossentropy takes 0 and 1",
        "classes = np.unique(targets); targets = np.searchsorted(classes, targets)",
    ),
    "two classes, -1 and 1": Case(
        binary,
        X,
        2 * TWO - 1,
        "are -1, 1, but binary_crossentropy takes 0 and 1",
        "classes = np.unique(targets); targets = np.searchsorted(classes, targets)",
    ),
    "three classes for one output": Case(
        binary,
        X,
        THREE,
        "are 0, 1, 2, but binary_crossentropy takes 0 and 1",
        'keras.layers.Dense(3, activation="softmax")',
        sparse,
    ),
    "numbers for a model of texts": Case(
        of_texts,
        np.zeros(24),
        TWO,
        "are numbers, but the model takes text",
        "np.array(texts, dtype=object)",
        lambda _: of_texts(),
    ),
    "texts for a model of numbers": Case(
        binary,
        np.array(TEXTS, dtype=object),
        TWO,
        "are text, but the model takes numbers",
        'keras.Input((), dtype="string")',
        lambda _: of_texts(),
    ),
    "a series of str": Case(
        of_texts,
        pd.Series(TEXTS),
        TWO,
        "are texts in a Series, which fit refuses",
        "inputs = np.array(inputs, dtype=object)",
    ),
    "texts as a column": Case(
        of_texts,
        np.array(TEXTS, dtype=object)[:, np.newaxis],
        TWO,
        "have shape (24, 1), but the model takes (None,)",
        "inputs = inputs[..., 0]",
    ),
    "no spaces between words": Case(
        of_texts,
        CHINESE,
        TWO,
        "most of the texts have no spaces between their words: '这部电影非常好看'",
        'split="character"',
        lambda _: of_texts(split="character"),
    ),
    "a list of targets": Case(
        model,
        X,
        list(Y),
        "the targets of train are a list, which fit takes for several targets",
        "targets = np.array(targets)",
    ),
    "a list of samples": Case(
        model,
        list(X),
        Y,
        "the inputs of train are a list",
        "inputs = np.array(inputs)",
    ),
    "nested lists": Case(
        model,
        X.tolist(),
        Y,
        "the inputs of train are a list",
        "inputs = np.array(inputs)",
    ),
    "sequences of different length": Case(
        model,
        [x[: 2 + n % 3] for n, x in enumerate(X)],
        Y,
        "are sequences of 2 to 4 steps",
        "inputs = keras.utils.pad_sequences(inputs, dtype='float32', padding='post')",
        lambda _: model(first=[layers.Masking()]),
    ),
    "uneven sequences in an array": Case(
        model,
        np.array([x[: 2 + n % 3] for n, x in enumerate(X)], dtype=object),
        Y,
        "are sequences of 2 to 4 steps",
        "inputs = keras.utils.pad_sequences(inputs, dtype='float32', padding='post')",
        lambda _: model(first=[layers.Masking()]),
    ),
    "numbers as objects": Case(
        model,
        X.astype(object),
        Y,
        "are an array of objects",
        "inputs = np.array(inputs.tolist(), dtype='float32')",
    ),
    "nullable targets": Case(
        model,
        X,
        pd.Series(Y, dtype="Float64"),
        "have pandas' type Float64, which fit refuses",
        "targets = targets.to_numpy('float32', na_value=np.nan)",
    ),
    "a nullable frame": Case(
        lambda: dense(2),
        pd.DataFrame({"a": Y, "b": Y**2}, dtype="Float64"),
        Y,
        "have pandas' type Float64",
        "inputs = inputs.to_numpy('float32', na_value=np.nan)",
    ),
    "a frame with a column of text": Case(
        lambda: dense(1),
        pd.DataFrame({"city": TEXTS, "a": Y}),
        Y,
        "column 'city' does not hold numbers",
        "inputs = inputs.drop(columns=['city'])",
    ),
    "a batch size that does not divide": Case(
        lambda: stateful(7),
        X,
        Y,
        "are 24 samples, but the model takes 7 at a time",
        "batch_size=6",
        lambda _: stateful(6),
    ),
    "float64 that float32 would round": Case(
        model,
        X + 1e8,
        Y,
        "fit rounds arrays to float32, which would change them visibly",
        "inputs = (inputs - inputs.mean(axis=(0, 1))) / inputs.std(axis=(0, 1))",
    ),
    "targets that float32 would round": Case(
        model,
        X,
        Y + 1e8,
        "the targets of train hold float64",
        "targets = (targets - targets.mean(axis=0)) / targets.std(axis=0)",
    ),
}


class OfItsOwn(keras.Model):
    """A model whose layers nobody can see from outside."""

    def __init__(self):
        super().__init__()
        self.last = layers.Dense(1)

    def call(self, inputs):
        return self.last(inputs[:, -1])


def around(model):
    x = keras.Input((4, 1))
    return keras.Model(x, model(x))


def words(rows):
    return model(shape=(4,), first=[layers.Embedding(rows, 2)])


def follow(code, inputs, targets):
    """Run a line of advice on the data; what it makes, and the data after it."""
    names = {"np": np, "pd": pd, "keras": keras, "texts": TEXTS, "model": model()}
    names |= {"inputs": inputs, "targets": targets}
    try:
        return eval(code, names), (inputs, targets)
    except SyntaxError:  # no expression
        exec(code, names)
        return None, (names["inputs"], names["targets"])


def passes(case, code, inputs, targets):
    """Follow the code of an error, and fit what comes of it."""
    made, data = follow(code, inputs, targets)
    data = (made, data[1]) if isinstance(made, np.ndarray) else data
    mended = case.again(made) if case.again else case.build()
    diagnose(mended, data)
    size = mended.inputs[0].shape[0]
    history = mended.fit(*data, batch_size=size or 24, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def advised(code):
    """The code without what the error after this one asks for."""
    gap = "notna" in code
    return code.removesuffix(NUMBERED if gap else "").removesuffix(AS_NUMBERS)


@pytest.mark.parametrize("kind", CASES)
def test_what_cannot_be_right_is_an_error_that_says_what_mends_it(kind, capsys):
    case = CASES[kind]
    text = refused(case.build(), (case.inputs, case.targets))
    assert case.says in text
    assert advised(case.code) in text
    assert capsys.readouterr().out == ""
    if kind in ("no numbers", "empty texts alone", "texts and gaps"):
        return  # nothing to mend it with
    passes(case, case.code, case.inputs, case.targets)


def of_pandas(array):
    kinds = {1: pd.Series, 2: pd.DataFrame}
    is_flat = isinstance(array, np.ndarray) and array.dtype.kind in "fi"
    return kinds[array.ndim](array) if is_flat and array.ndim in kinds else array


SAME_IN_PANDAS = [
    kind
    for kind, case in CASES.items()
    if (of_pandas(case.inputs) is not case.inputs or "targets" in case.code)
    and kind not in ("numbers for a model of texts", "one sample")
]


@pytest.mark.parametrize("kind", SAME_IN_PANDAS)
def test_frames_and_series_are_mended_by_what_their_error_says(kind):
    case = CASES[kind]
    data = of_pandas(case.inputs), of_pandas(case.targets)
    text = refused(case.build(), data)
    assert case.says in text
    first = r"(?:\w+ = \w+\.to_numpy\(\); )?"
    code = re.search(first + re.escape(advised(case.code)), text)[0]
    passes(case, code + case.code.removeprefix(advised(case.code)), *data)
