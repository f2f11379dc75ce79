"""What seldom is right is listed, and no longer once its remedy has been followed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from simple_lstm import forecasting, text
from simple_lstm.diagnostics import Diagnosis, Suspicion, diagnose

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 12, 1))
Y = RNG.normal(size=60)
FEATURES = RNG.normal(size=(60, 12, 3))
TWO, THREE = np.arange(60) % 2, np.arange(60) % 3
RARE = (np.arange(60) % 20 == 0).astype(int)
LENGTHS = 3 + np.arange(60) % 9
FILLED = X * (np.arange(12) < LENGTHS[:, None])[..., None]
FILLED_BEFORE = np.where((np.arange(12) < LENGTHS[:, None])[..., None], -1, X)
WORDS = RNG.integers(1, 50, (60, 12)) * (np.arange(12) < LENGTHS[:, None])
REVIEWS = np.array(["a good film", "a bad film and a dull story"] * 30, dtype=object)
GLUED = np.array(["good,bad story", "it's a well-made film"] * 30, dtype=object)
CHINESE = np.array([*REVIEWS[:-2], "这部电影非常好看", "太糟糕了吧"], dtype=object)
LONG = np.array(["good " * 20, "bad"] * 30, dtype=object)


def model(
    *last, shape=(12, 1), loss="mse", first=(), rate=0.001, dtype=None, optimizer=None
):
    """A compiled LSTM between what comes first and last."""
    end = last or (layers.Dense(1),)
    start = keras.Input(shape, dtype=dtype)
    made = keras.Sequential([start, *first, layers.LSTM(2), *end])
    adam = optimizer or keras.optimizers.Adam
    made.compile(adam(rate), loss, run_eagerly=True)  # quick to start
    return made


def classes(units=1, activation="sigmoid", loss="binary_crossentropy", **options):
    return model(layers.Dense(units, activation=activation), loss=loss, **options)


def of_texts(mask_zero=True, steps=10):
    cutter = layers.TextVectorization(
        vocabulary=["good", "bad", "film"], output_sequence_length=steps
    )
    first = (cutter, layers.Embedding(5, 2, mask_zero=mask_zero))
    return classes(shape=(), dtype="string", first=first)


def of_numbers(**options):
    return classes(shape=(None,), first=[layers.Embedding(50, 2, **options)])


def table_of_squares(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred))


@dataclass(frozen=True)
class Case:
    """A model and data, what is suspicious, and the part of the remedy that is code."""

    build: Callable[..., Any]
    inputs: Any
    targets: Any
    what: str
    code: str
    # How the model is built again: with what the code makes, or as it says.
    again: Callable[..., Any] | None = None
    validation: Any = None


def balanced():
    made = classes()
    made.compile(
        "adam", "binary_crossentropy", weighted_metrics=["accuracy"], run_eagerly=True
    )
    return made


def scaled_back(layer):
    made = model(layers.Dense(1), layer)
    spread = np.std(1000 + 500 * Y)
    made.compile("adam", "mse", loss_weights=[spread**-2], run_eagerly=True)
    return made


def ending(layer, loss="mse"):
    return model(layer, loss=loss)


SPARSE = "sparse_categorical_crossentropy"
CASES = {
    "inputs not scaled": Case(
        model,
        1000 + 50 * X,
        Y,
        "the inputs reach 'lstm",
        "scale = keras.layers.Normalization(); scale.adapt(inputs)",
        lambda scale: model(first=[scale]),
    ),
    "a normalization without adapt": Case(
        lambda: model(first=[layers.Normalization()]),
        1000 + 50 * X,
        Y,
        "they are not scaled",
        "scale = keras.layers.Normalization(); scale.adapt(inputs)",
        lambda scale: model(first=[scale]),
    ),
    "a table not scaled": Case(
        lambda: model(shape=(12, 3)),
        FEATURES * [1, 400, 1],
        Y,
        "they are not scaled",
        "scale = keras.layers.Normalization(); scale.adapt(inputs)",
        lambda scale: model(shape=(12, 3), first=[scale]),
    ),
    "a constant column": Case(
        lambda: model(shape=(12, 3)),
        FEATURES * [1, 0, 1] + [0, 5, 0],
        Y,
        "column 1 of the inputs never changes: it is always 5",
        "inputs = np.delete(inputs, [1], axis=-1)",
        lambda _: model(shape=(12, 2)),
    ),
    "constant inputs": Case(
        model,
        np.full_like(X, 0.5),
        Y,
        "column 0 of the inputs never changes",
        "",
        lambda _: model(),
    ),
    "all labels the same": Case(
        classes,
        X,
        np.ones(60),
        "all labels are 1",
        "order = np.random.default_rng(0).permutation(len(targets)); inputs, targets ="
        " inputs[order], targets[order]",
    ),
    "nearly all labels the same": Case(
        classes,
        X,
        RARE,
        "95% of the labels are 0",
        "class_weight = {0: 0.526, 1: 10.0}",
        lambda _: balanced(),
    ),
    "a softmax of one": Case(
        lambda: classes(activation="softmax"),
        X,
        TWO,
        "a softmax of one unit, which is always 1",
        'keras.layers.Dense(1, activation="sigmoid")',
        lambda layer: ending(layer, "binary_crossentropy"),
    ),
    "no activation for two classes": Case(
        lambda: classes(activation=None),
        X,
        TWO,
        'activation="linear" and 1 unit, which does not fit the loss binary_',
        'keras.layers.Dense(1, activation="sigmoid")',
        lambda layer: ending(layer, "binary_crossentropy"),
    ),
    "a layer of activation after the last": Case(
        lambda: model(
            layers.Dense(1), layers.Activation("tanh"), loss="binary_crossentropy"
        ),
        X,
        TWO,
        'activation="tanh" and 1 unit',
        'keras.layers.Dense(1, activation="sigmoid")',
        lambda layer: ending(layer, "binary_crossentropy"),
    ),
    "sigmoid for one of three classes": Case(
        lambda: classes(3, loss=SPARSE),
        X,
        THREE,
        'activation="sigmoid" and 3 units, which does not fit the loss sparse_',
        'keras.layers.Dense(3, activation="softmax")',
        lambda layer: ending(layer, SPARSE),
    ),
    "no activation for three classes": Case(
        lambda: classes(3, None, "categorical_crossentropy"),
        X,
        np.eye(3)[THREE],
        'activation="linear" and 3 units',
        'keras.layers.Dense(3, activation="softmax")',
        lambda layer: ending(layer, "categorical_crossentropy"),
    ),
    "softmax for several labels at once": Case(
        lambda: classes(3, "softmax"),
        X,
        RNG.integers(0, 2, (60, 3)),
        'activation="softmax" and 3 units, which does not fit the loss binary_',
        'keras.layers.Dense(3, activation="sigmoid")',
        lambda layer: ending(layer, "binary_crossentropy"),
    ),
    "sigmoid and from_logits": Case(
        lambda: classes(loss=keras.losses.BinaryCrossentropy(from_logits=True)),
        X,
        TWO,
        'activation="sigmoid" and 1 unit, which does not fit the loss binary_',
        'keras.layers.Dense(1, activation="linear")',
        lambda layer: ending(layer, keras.losses.BinaryCrossentropy(from_logits=True)),
    ),
    "softmax for amounts": Case(
        lambda: classes(3, "softmax", "mse"),
        X,
        FEATURES[:, 0],
        "does not fit the loss mse and its targets",
        'keras.layers.Dense(3, activation="linear")',
        ending,
    ),
    "relu for negative amounts": Case(
        lambda: classes(1, "relu", "mae"),
        X,
        Y,
        'activation="relu" and 1 unit, which does not fit the loss mae',
        'keras.layers.Dense(1, activation="linear")',
        ending,
    ),
    "a learning rate too large": Case(
        lambda: model(rate=1.0),
        X,
        Y,
        "a learning rate of 1 is far from usual for Adam",
        "model.optimizer.learning_rate = 0.001",
        lambda made: made,
    ),
    "a learning rate too small": Case(
        lambda: model(rate=1e-9, optimizer=keras.optimizers.SGD),
        X,
        Y,
        "a learning rate of 1e-09 is far from usual for SGD",
        "model.optimizer.learning_rate = 0.01",
        lambda made: made,
    ),
    "amounts in thousands": Case(
        model,
        X,
        1000 + 500 * Y,
        "but the last layer starts near zero",
        r"scale_back = .*Rescaling\([\d.]+, offset=[\d.]+\); loss_weights = \[.*\]",
        scaled_back,
    ),
    "a loss that makes a table": Case(
        lambda: model(loss=table_of_squares),
        X,
        Y,
        "your loss makes a table of all with all",
        "targets = targets[..., np.newaxis]",
    ),
    "zeros at the end": Case(
        model,
        FILLED,
        Y,
        "sequences are filled up with 0 at one end",
        "keras.layers.Masking(mask_value=0.0)",
        lambda layer: model(first=[layer]),
    ),
    "minus ones at the start": Case(
        model,
        FILLED_BEFORE,
        Y,
        "sequences are filled up with -1 at one end",
        "keras.layers.Masking(mask_value=-1.0)",
        lambda layer: model(first=[layer]),
    ),
    "words filled up": Case(
        of_numbers,
        WORDS,
        TWO,
        "sequences are filled up with 0 at one end",
        "keras.layers.Embedding(50, 2, mask_zero=True)",
        lambda _: of_numbers(mask_zero=True),
    ),
    "texts filled up": Case(
        lambda: of_texts(mask_zero=False),
        REVIEWS,
        TWO,
        "texts are filled up to one length",
        "keras.layers.Embedding(5, 2, mask_zero=True)",
        lambda _: of_texts(),
    ),
    "a list of str": Case(
        of_texts,
        REVIEWS.tolist(),
        TWO,
        "the texts of train are a list or array of str, which fit refuses",
        "inputs = np.array(inputs, dtype=object)",
    ),
    "an array of str": Case(
        of_texts,
        REVIEWS.astype(str),
        TWO,
        "the texts of train are a list or array of str, which fit refuses",
        "inputs = np.array(inputs, dtype=object)",
    ),
    "glued words": Case(
        of_texts,
        GLUED,
        TWO,
        "in 60 of 60 texts of train looked at, words are glued together: 'good,bad' is "
        "read as 'goodbad'",
        "texts = text.separate_words(texts)",
    ),
    "spaces that nothing cuts at": Case(
        of_texts,
        np.array(["good\xa0film", "bad\u3000film"] * 30, dtype=object),
        TWO,
        "in 60 of 60 texts of train looked at, words are glued together",
        "texts = text.separate_words(texts)",
    ),
    "texts too long": Case(
        of_texts,
        LONG,
        TWO,
        "30 of 60 texts of train looked at are longer than the model reads: 300 words",
        "",
        lambda _: of_texts(steps=20),
    ),
    "a few texts without spaces": Case(
        of_texts,
        CHINESE,
        TWO,
        "2 of 60 texts of train looked at have no spaces between their words",
        "",
    ),
}


def listed(found):
    return [row.what for row in found.suspicions]


def follow(code, made, inputs, targets):
    """Run the code of a remedy: what it makes, and the data after it."""
    names = {"np": np, "keras": keras, "text": text, "model": made, "layer": made}
    names |= {"inputs": inputs, "targets": targets, "texts": inputs}
    try:
        return eval(code, names), (inputs, targets)
    except SyntaxError:  # statements
        exec(code, names)
    texts = names["texts"]
    if texts is not inputs:  # fit refuses lists of str
        names["inputs"] = np.array(texts, dtype=object)
    layer = names.get("scale", names.get("scale_back", made))
    return layer, (names["inputs"], names["targets"])


BY_HAND = {  # remedies that are no code: the data after them
    "constant inputs": (X, Y),
    "texts too long": (LONG, TWO),
    "a few texts without spaces": (CHINESE[:-2], TWO[:-2]),
    "nearly all labels the same": (X, RARE),
    "words filled up": (WORDS, TWO),
    "texts filled up": (REVIEWS, TWO),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_suspicion_is_listed_until_its_remedy_has_been_followed(kind):
    case = CASES[kind]
    keras.utils.set_random_seed(0)
    made = case.build()
    found = diagnose(made, (case.inputs, case.targets))
    (row,) = [row for row in found.suspicions if case.what in row.what]
    pattern = case.code if "\\" in case.code else re.escape(case.code)
    code = re.fullmatch(pattern, row.code)
    assert code is not None, row.code
    if kind in BY_HAND:
        result, data = made, BY_HAND[kind]
    elif kind == "all labels the same":
        # Where they were cut from.
        whole = np.concatenate([X, X]), np.repeat([0, 1], 60)
        _, (inputs, targets) = follow(code[0], made, *whole)
        result, data = made, (inputs[:60], targets[:60])
    else:
        result, data = follow(code[0], made, case.inputs, case.targets)
    mended = case.again(result) if case.again else case.build()
    again = diagnose(mended, data)
    assert not [what for what in listed(again) if case.what in what]
    history = mended.fit(*data, batch_size=60, verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("kind", CASES)
def test_nothing_else_is_suspected(kind):
    case = CASES[kind]
    keras.utils.set_random_seed(0)
    others = {"a softmax of one"}  # it does not fit its loss, either
    found = listed(diagnose(case.build(), (case.inputs, case.targets)))
    assert len(found) == 1 + (kind in others)


def test_class_weights_of_the_remedy_make_classes_count_the_same():
    found = diagnose(classes(), (X, RARE))
    weights = eval(found.suspicions[0].code.removeprefix("class_weight = "))
    rare, common = weights[1] * RARE.sum(), weights[0] * (1 - RARE).sum()
    assert rare == pytest.approx(common, rel=1e-2)
    balanced().fit(X, RARE, class_weight=weights, verbose=0)


def test_a_series_that_was_not_cut_is_cut_by_the_remedy():
    series = np.sin(np.arange(100.0))
    made = model(shape=(None, 1))
    found = diagnose(made, (series.reshape(1, 100, 1), np.zeros(1)))
    assert listed(found) == ["there are more time steps (100) than samples (1)"]
    names = {"series": series, "lookback": 12, "horizon": 1, "forecasting": forecasting}
    exec(found.suspicions[0].code, names)
    assert listed(diagnose(made, names["train"])) == []
    made.fit(names["train"], verbose=0)


def test_batches_are_looked_at_all_over_a_dataset():
    labels = np.repeat([0, 1], 32)  # all of one kind first
    batches = text.TextBatches(["a good film"] * 64, labels, batch_size=8)
    assert listed(diagnose(of_texts(), batches)) == []


@pytest.mark.parametrize("level", [5, 1000])
def test_a_column_that_never_changes_is_found_in_windows(level):
    table = np.column_stack([np.sin(np.arange(200.0) ** 1.5), np.full(200, level)])
    made = model(shape=(12, 2), first=[layers.Normalization()])
    made.layers[0].adapt(forecasting.make_windows(table, 12, 1).past)
    (row,) = diagnose(made, forecasting.make_windows(table, 12, 1)).suspicions
    assert row.what == (
        "column 1 of the inputs never changes in the batches looked at: it is always "
        f"{level}"
    )
    without = forecasting.make_windows(table[:, :1], 12, 1)
    assert listed(diagnose(model(), without)) == []


def test_a_column_of_whole_numbers_that_never_changes_is_found():
    inputs = RNG.integers(0, 9, (60, 12, 3))
    inputs[..., 1] = 7
    (row,) = diagnose(model(shape=(12, 3)), (inputs, Y)).suspicions
    assert row.what.startswith("column 1 of the inputs never changes: it is always 7")
    names = {"np": np, "inputs": inputs}
    exec(row.code, names)
    assert listed(diagnose(model(shape=(12, 2)), (names["inputs"], Y))) == []


@pytest.mark.parametrize("depth", [1, 2])
def test_layers_inside_other_models_are_looked_at(depth):
    inner = keras.Sequential([keras.Input((12, 1)), layers.LSTM(2), layers.Dense(1)])
    for _ in range(depth):
        inner = keras.Sequential([keras.Input((12, 1)), layers.Rescaling(1.0), inner])
    inner.compile("adam", "mse", run_eagerly=True)
    inputs = 1000 + 50 * X
    (row,) = diagnose(inner, (inputs, Y)).suspicions
    assert "they are not scaled" in row.what
    scale, _ = follow(row.code, inner, inputs, Y)
    mended = keras.Sequential([keras.Input((12, 1)), scale, inner])
    mended.compile("adam", "mse", run_eagerly=True)
    assert listed(diagnose(mended, (inputs, Y))) == []


def two_answers(scale=(), loss_weights=None, **options):
    given = keras.Input((12, 1))
    read = layers.LSTM(2)(given)
    sign = layers.Dense(1, activation="sigmoid", name="sign")(read)
    amount = layers.Dense(1, name="dense")(read)
    for layer in scale:
        amount = layer(amount)
    amount = layers.Identity(name="amount")(amount) if scale else amount
    made = keras.Model(given, {"sign": sign, "amount": amount})
    losses = {"sign": "binary_crossentropy", "amount": "mse"}
    made.compile("adam", losses, loss_weights=loss_weights, **options)
    return made


def test_amounts_of_each_output_are_looked_at():
    targets = {"sign": TWO, "amount": 1000 + 500 * Y}
    (row,) = diagnose(two_answers(), (X, targets)).suspicions
    assert row.what.startswith("the targets 'amount' have a mean of ")
    names = {"keras": keras}
    exec(row.code, names)
    mended = two_answers([names["scale_back"]], names["loss_weights"])
    assert listed(diagnose(mended, (X, targets))) == []
    mended.fit(X, targets, verbose=0)


def test_labels_of_each_output_are_looked_at():
    targets = {"sign": RARE, "amount": Y}
    (row,) = diagnose(two_answers(), (X, targets)).suspicions
    assert row.what.startswith("95% of the labels 'sign' are 0")
    assert "a sample_weight for this output" in row.remedy
    weighted = two_answers(weighted_metrics={"sign": ["accuracy"], "amount": ["mae"]})
    assert listed(diagnose(weighted, (X, targets))) == []


def test_labels_in_sequences_are_looked_at():
    def each_step(**options):
        given = keras.Input((12, 1))
        read = layers.LSTM(2, return_sequences=True)(given)
        made = keras.Model(given, layers.Dense(1, activation="sigmoid")(read))
        made.compile("adam", "binary_crossentropy", **options)
        return made

    targets = np.zeros((60, 12, 1))
    targets[::3, 5] = 1
    (row,) = diagnose(each_step(), (X, targets)).suspicions
    assert row.what.startswith("97% of the labels are 0")
    names = {"np": np, "targets": targets}
    exec(row.code, names)
    weights = names["sample_weight"]
    rare = weights[targets[..., 0] == 1].sum()
    assert rare == pytest.approx(weights[targets[..., 0] == 0].sum(), rel=1e-2)
    made = each_step(weighted_metrics=["accuracy"])
    assert listed(diagnose(made, (X, targets, weights))) == []
    made.fit(X, targets, sample_weight=weights, verbose=0)


def test_suspicions_about_frames_have_code_for_frames():
    frame = pd.DataFrame(RNG.normal(size=(60, 2)))
    labels = pd.Series(np.repeat([0, 1], 30))

    def build():
        start = keras.Input((2,))
        made = keras.Sequential([start, layers.Dense(1, activation="sigmoid")])
        made.compile("adam", "binary_crossentropy")
        return made

    (row,) = diagnose(build(), (frame[:30], labels[:30])).suspicions
    _, (inputs, targets) = follow(row.code, build(), frame, labels)
    assert listed(diagnose(build(), (inputs[:30], targets[:30]))) == []


def test_what_is_found_is_printed_and_is_a_table(capsys):
    found = diagnose(model(rate=1.0), (X, Y))
    printed = (
        "diagnose: 1 suspicion in 60 samples of train.\n"
        "1. a learning rate of 1 is far from usual for Adam\n"
        "   start with the usual one:\n"
        "       model.optimizer.learning_rate = 0.001\n"
        "   how-to/choose_settings.html"
    )
    assert capsys.readouterr().out == f"{printed}\n"
    assert repr(found) == printed
    due = Suspicion(
        "a learning rate of 1 is far from usual for Adam",
        "start with the usual one",
        "model.optimizer.learning_rate = 0.001",
        "how-to/choose_settings.html",
    )
    assert found == Diagnosis((due,), "60 samples of train")
    assert found.table.equals(pd.DataFrame([vars(due)]))
    columns = ["what", "remedy", "code", "page"]
    assert list(diagnose(model(), (X, Y)).table) == columns


@pytest.mark.parametrize("kind", CASES)
def test_code_can_be_copied_from_what_is_printed(kind, capsys):
    case = CASES[kind]
    keras.utils.set_random_seed(0)
    found = diagnose(case.build(), (case.inputs, case.targets))
    printed = capsys.readouterr().out.splitlines()
    lines = [line[7:] for line in printed if line.startswith(" " * 7)]
    assert lines == [
        line for row in found.suspicions for line in row.code.split("; ") if line
    ]
    compile("\n".join(lines), "<printed>", "exec")
