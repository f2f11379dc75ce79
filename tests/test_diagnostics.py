"""What cannot be right is one error, and what the error advises ends well."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from simple_lstm.diagnostics import diagnose

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 4, 1))
Y = RNG.normal(size=24)
THREE = np.arange(24) % 3
TWO = np.arange(24) % 2
TEXTS = ["a good film", "a bad film"] * 12
CHINESE = np.array(["这部电影非常好看", "剧情太糟糕了"] * 12, dtype=object)


def model(
    *last,
    shape=(4, 1),
    loss="mse",
    units=1,
    activation=None,
    sequences=False,
    first=(),
    **options,
):
    """A compiled LSTM between what comes first and a dense layer."""
    end = last or (layers.Dense(units, activation=activation),)
    lstm = layers.LSTM(2, return_sequences=sequences)
    made = keras.Sequential([keras.Input(shape, **options), *first, lstm, *end])
    made.compile("adam", loss, run_eagerly=True)  # quick to start
    return made


def sparse(*last, **options):
    loss = "sparse_categorical_crossentropy"
    return model(*last, **{"units": 3, "activation": "softmax", "loss": loss} | options)


def binary(*last, **options):
    loss = "binary_crossentropy"
    return model(*last, **{"activation": "sigmoid", "loss": loss} | options)


def of_texts(**options):
    cutter = layers.TextVectorization(
        vocabulary=["good", "bad", "film"], output_sequence_length=8, **options
    )
    embedding = layers.Embedding(5, 2, mask_zero=True)
    first = (cutter, embedding)
    return binary(shape=(), dtype="string", first=first)


def stateful(size):
    made = keras.Sequential(
        [
            keras.Input(batch_shape=(size, 4, 1)),
            layers.LSTM(2, stateful=True),
            layers.Dense(1),
        ]
    )
    made.compile("adam", "mse", run_eagerly=True)
    return made


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


AS_NUMBERS = "; targets = targets.astype(float)"  # the next error asks for it
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
    "NaN in inputs": Case(
        model,
        holed(X),
        Y,
        "the inputs of train: 1 values are missing or infinite",
        "keep = np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1); inputs, "
        "targets = inputs[keep], targets[keep]",
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
    "a list of str": Case(
        of_texts,
        TEXTS,
        TWO,
        "are a list of str, which fit refuses",
        "inputs = np.array(inputs, dtype=object)",
    ),
    "an array of str": Case(
        of_texts,
        np.array(TEXTS),
        TWO,
        "are an array of type <U11, which fit refuses",
        "inputs = np.array(inputs, dtype=object)",
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


def compiled(made):
    made.compile("adam", "mse", run_eagerly=True)
    return made


def dense(columns):
    return compiled(keras.Sequential([keras.Input((columns,)), layers.Dense(1)]))


def refused(*arguments):
    with pytest.raises(ValueError, match="diagnose: ") as caught:
        diagnose(*arguments)
    return str(caught.value)


def follow(code, inputs, targets):
    """Run a line of advice on the data; what it makes, and the data after it."""
    names = {"np": np, "pd": pd, "keras": keras, "texts": TEXTS, "model": model()}
    names |= {"inputs": inputs, "targets": targets}
    try:
        return eval(code, names), (inputs, targets)
    except SyntaxError:  # no expression
        exec(code, names)
        return None, (names["inputs"], names["targets"])


@pytest.mark.parametrize("kind", CASES)
def test_what_cannot_be_right_is_an_error_that_says_what_mends_it(kind, capsys):
    case = CASES[kind]
    text = refused(case.build(), (case.inputs, case.targets))
    assert case.says in text
    assert case.code.removesuffix(AS_NUMBERS) in text
    assert capsys.readouterr().out == ""
    made, data = follow(case.code, case.inputs, case.targets)
    data = (made, data[1]) if isinstance(made, np.ndarray) else data
    mended = case.again(made) if case.again else case.build()
    diagnose(mended, data)
    size = mended.inputs[0].shape[0]
    history = mended.fit(*data, batch_size=size or 8, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
