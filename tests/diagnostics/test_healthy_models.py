"""A healthy model and healthy data are met by silence, and by little waiting."""

import re
import time

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from conftest import ROOT, SITE
from keras import layers, ops

from simple_lstm import (
    characters,
    datasets,
    diagnostics,
    forecasting,
    text,
)

RNG = np.random.default_rng(0)
REVIEWS = [
    "a well acted film, and funny",
    "the plot is dull and the jokes are old",
    "good",
    "it does not get better than this story",
    "bad bad bad",
    "nobody laughed and I left early",
] * 8
PRAISE = np.array([1, 0, 1, 1, 0, 0] * 8)


def compiled(made, loss="mse", optimizer="adam", **options):
    made.compile(optimizer, loss, **options)
    return made


def sequential(*parts, shape=(12, 1), dtype=None):
    return keras.Sequential([keras.Input(shape, dtype=dtype), *parts])


def windows(level=10.0, **options):
    hours = pd.date_range("2024-01-01", periods=400, freq="h")
    wave = 3 * np.sin(np.arange(400) * 2 * np.pi / 24) + RNG.normal(size=400)
    series = pd.DataFrame({"load": level + wave}, index=hours)
    if options.pop("ahead", False):
        options["future_covariates"] = forecasting.calendar_features(hours)
    split = forecasting.time_split(series)
    return forecasting.make_windows(series, 12, 3, split=split, **options)


def a_forecaster(level=10.0, ahead=False, **options):
    train, validation, _ = windows(level, ahead=ahead)
    made = forecasting.forecaster(train, units=3, **options)
    return made, train.shuffled(seed=0), validation


def a_text_classifier():
    texts = text.separate_words(REVIEWS)
    made = text.text_classifier(texts, units=3)
    inputs = np.array(texts, dtype=object)
    return made, (inputs, PRAISE), text.TextBatches(["so good", "so bad"], [1, 0])


class Stream(keras.utils.PyDataset):
    """Rows that go on in the next batch, so that an index out of turn is refused."""

    def __init__(self, batches=9, seed=0):
        super().__init__()
        rng = np.random.default_rng(seed)
        self._numbers = rng.integers(1, 4, (batches, 4, 6))
        self.last = -1

    def __len__(self):
        return len(self._numbers)

    def __getitem__(self, index):
        if index not in (0, self.last + 1):
            raise IndexError(f"{index} after {self.last}")
        self.last = index
        numbers = self._numbers[index]
        return tf.constant(np.array(list(" abc"))[numbers]), numbers


def a_character_model():
    made = characters.character_model(["abc"], units=3, batch_size=4)
    return made, Stream(), Stream(seed=1)


def the_first_lstm():
    sequences, labels = datasets.make_sequences(200, time_steps=12, noise=0.1)
    scaled = (sequences - sequences.mean()) / sequences.std()
    made = sequential(layers.LSTM(3), layers.Dense(1, activation="sigmoid"))
    compiled(made, "binary_crossentropy", keras.optimizers.Adam(5e-3))
    return made, (scaled[:160], labels[:160]), (scaled[160:], labels[160:])


def three_classes():
    _, (scaled, _), _ = the_first_lstm()
    made = sequential(layers.LSTM(3), layers.Dense(3, activation="softmax"))
    third = scaled[..., 0].argmax(axis=1) // 4
    return compiled(made, "sparse_categorical_crossentropy"), (scaled, third), None


def a_number():
    _, (scaled, _), _ = the_first_lstm()
    made = sequential(layers.LSTM(3), layers.Dense(1))
    return compiled(made), (scaled, scaled[..., 0].argmax(axis=1) / 12), None


def brackets():
    texts, depths = datasets.make_brackets(60, time_steps=20)
    letters = np.array([list(one) for one in texts])
    inputs = (letters[..., np.newaxis] == np.array(list("();x"))).astype(np.float32)
    is_open = (np.asarray(depths) > 0).astype(int)[..., np.newaxis]
    made = sequential(
        layers.LSTM(3, return_sequences=True),
        layers.Dense(1, activation="sigmoid"),
        shape=(None, 4),
    )
    rate = keras.optimizers.schedules.CosineDecay(0.02, 100)
    compiled(made, "binary_crossentropy", keras.optimizers.Adam(rate))
    return made, (inputs[:50], is_open[:50]), (inputs[50:], is_open[50:])


def the_adding_problem(layer=layers.LSTM):
    sequences, targets = datasets.make_adding_problem(200, time_steps=50)
    made = sequential(layer(3), layers.Dense(1), shape=(None, sequences.shape[-1]))
    adam = keras.optimizers.Adam(0.02, global_clipnorm=1.0)
    return compiled(made, "mse", adam), (sequences, targets), None


def scaled_inside(loss="mae"):
    inputs = RNG.normal(3000, 500, (100, 12, 1))
    level, spread = inputs.mean(), inputs.std()
    made = sequential(
        layers.Normalization(mean=level, variance=spread**2),
        layers.LSTM(3),
        layers.Dense(1),
        layers.Rescaling(spread, offset=level),
    )
    compiled(made, loss, loss_weights=[1 / spread])
    return made, (inputs, inputs[:, -1]), None


def minus_the_last_value():
    past = keras.Input((12, 1))
    last = past[:, -1:]
    read = layers.LSTM(3)(layers.Rescaling(1 / 500)(past - last))
    answer = layers.Rescaling(500.0)(layers.Dense(1)(read)) + last[:, 0]
    inputs = RNG.normal(3000, 500, (100, 12, 1))
    return compiled(keras.Model(past, answer), "mae"), (inputs, inputs[:, -1]), None


def normalized_by_batches():
    inputs = RNG.normal(3000, 500, (100, 12, 1))
    made = sequential(layers.BatchNormalization(), layers.LSTM(3), layers.Dense(1))
    return compiled(made), (inputs, RNG.normal(size=100)), None


def word_numbers(mask_zero=True):
    lengths = RNG.integers(3, 12, 100)
    numbers = RNG.integers(1, 200, (100, 12)) * (np.arange(12) < lengths[:, None])
    made = sequential(
        layers.Embedding(200, 4, mask_zero=mask_zero),
        layers.LSTM(3),
        layers.Dense(1, activation="sigmoid"),
        shape=(12,),
    )
    return compiled(made, "binary_crossentropy"), (numbers, lengths % 2), None


def masked():
    lengths = RNG.integers(3, 12, 100)
    inputs = (
        RNG.normal(size=(100, 12, 1)) * (np.arange(12) < lengths[:, None])[..., None]
    )
    made = sequential(layers.Masking(), layers.LSTM(3), layers.Dense(1))
    return compiled(made), (inputs, inputs.sum(axis=1)), None


def nights_without_sun():
    hours = np.arange(600)
    sun = np.maximum(0, np.sin(hours * 2 * np.pi / 24)) * RNG.uniform(0.5, 1, 600)
    rows = hours[:500, None] + np.arange(12)
    made = sequential(layers.LSTM(3), layers.Dense(1))
    return compiled(made), (sun[rows][..., None], sun[hours[:500] + 12]), None


def pulses_without_noise():
    sequences, labels = datasets.make_sequences(200, time_steps=12, noise=0.0)
    made = sequential(layers.LSTM(3), layers.Dense(1, activation="sigmoid"))
    return compiled(made, "binary_crossentropy"), (sequences, labels), None


def two_inputs():
    series, kind = keras.Input((12, 1), name="series"), keras.Input((1,), name="kind")
    which = layers.Flatten()(layers.Embedding(90, 2)(kind))
    both = layers.Concatenate()([layers.LSTM(3)(series), which])
    made = keras.Model({"series": series, "kind": kind}, layers.Dense(1)(both))
    data = {
        "series": RNG.normal(size=(50, 12, 1)),
        "kind": RNG.integers(0, 90, (50, 1)),
    }
    return compiled(made), (data, RNG.normal(size=50)), None


def two_outputs():
    series = keras.Input((12, 1))
    read = layers.LSTM(3)(series)
    amount = layers.Dense(1, name="amount")(read)
    sign = layers.Dense(1, activation="sigmoid", name="sign")(read)
    made = keras.Model(series, [amount, sign])
    compiled(made, {"amount": "mse", "sign": "binary_crossentropy"})
    targets = {"amount": RNG.normal(size=50), "sign": RNG.integers(0, 2, 50)}
    return made, (RNG.normal(size=(50, 12, 1)), targets), None


def several_labels_at_once():
    made = sequential(layers.LSTM(3), layers.Dense(4, activation="sigmoid"))
    labels = RNG.integers(0, 2, (50, 4))
    data = (RNG.normal(size=(50, 12, 1)), labels)
    return compiled(made, "binary_crossentropy"), data, None


def logits():
    made = sequential(layers.LSTM(3), layers.Dense(3))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    data = (RNG.normal(size=(50, 12, 1)), RNG.integers(-1, 3, 50))
    return compiled(made, loss), data, None


def soft_labels():
    made = sequential(layers.LSTM(3), layers.Dense(1, activation="sigmoid"))
    data = (RNG.normal(size=(50, 12, 1)), RNG.uniform(size=50))
    return compiled(made, "binary_crossentropy"), data, None


def one_hot_and_mse():
    made = sequential(layers.LSTM(3), layers.Dense(3, activation="softmax"))
    data = (RNG.normal(size=(50, 12, 1)), np.eye(3)[RNG.integers(0, 3, 50)])
    return compiled(made, "mse"), data, None


def a_dataset():
    made, train, validation = the_first_lstm()
    batched = (tf.data.Dataset.from_tensor_slices(one) for one in (train, validation))
    return made, *(one.shuffle(200, seed=0).batch(32) for one in batched)


def a_frame():
    made = sequential(layers.Dense(4, activation="relu"), layers.Dense(1), shape=(2,))
    frame = pd.DataFrame({"a": RNG.normal(size=50), "b": RNG.normal(size=50) > 0})
    return compiled(made), (frame, pd.Series(RNG.normal(size=50))), None


def of_type(dtype):
    def build():
        made = sequential(layers.LSTM(3), layers.Dense(1))
        inputs = RNG.integers(0, 2, (50, 12, 1)).astype(dtype)
        return compiled(made), (inputs, inputs.sum(axis=(1, 2))), None

    return build


def tokens_of_any_kind():
    cutter = layers.TextVectorization(vocabulary=["x", "=", "if"], standardize=None)
    source = keras.Input((), dtype="string")
    numbers = ops.pad(cutter(source), [[0, 0], [0, 1]])[:, :20]
    embedded = layers.SpatialDropout1D(0.2)(
        layers.Embedding(5, 3, mask_zero=True)(numbers)
    )
    both = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(embedded)
    answer = layers.Dense(2, activation="softmax")(ops.max(both, axis=1))
    texts = np.array(["if x . y == 1", "x = y ( 3.5 )", ""] * 10, dtype=object)
    made = compiled(keras.Model(source, answer), "sparse_categorical_crossentropy")
    return made, (texts, np.arange(30) % 2), None


def a_loss_of_ones_own():
    def spread_and_mean(y_true, y_pred):
        error = ops.reshape(y_true, (-1, 1)) - y_pred[:, :1]
        return y_pred[:, 1:] + ops.square(error) * ops.exp(-2 * y_pred[:, 1:]) / 2

    made = sequential(layers.LSTM(3), layers.Dense(2))
    data = (RNG.normal(size=(50, 12, 1)), RNG.normal(size=50))
    return compiled(made, spread_and_mean), data, None


def a_loss_that_adds_an_axis():
    def pinball(y_true, y_pred):  # of one quantile, beside others that are not there
        above = ops.expand_dims(ops.cast(y_true, y_pred.dtype), -1) - y_pred
        return ops.maximum(0.9 * above, -0.1 * above)

    made = sequential(layers.LSTM(3), layers.Dense(4), layers.Reshape([4, 1]))
    data = (RNG.normal(size=(50, 12, 1)), RNG.normal(size=(50, 4)))
    return compiled(made, pinball), data, None


def a_loss_of_the_whole_batch():
    def correlation(y_true, y_pred):
        y_true, y_pred = ops.reshape(y_true, (-1,)), ops.reshape(y_pred, (-1,))
        both = (y_true - ops.mean(y_true)) * (y_pred - ops.mean(y_pred))
        return -ops.mean(both) / (ops.std(y_true) * ops.std(y_pred) + 1e-6)

    made = sequential(layers.LSTM(3), layers.Dense(1))
    data = (RNG.normal(size=(50, 12, 1)), RNG.normal(size=50))
    return compiled(made, correlation), data, None


HEALTHY = {
    "forecaster": a_forecaster,
    "forecaster of thousands": lambda: a_forecaster(30_000.0),
    "forecaster of a meter": lambda: a_forecaster(187_654_321.0),
    "forecaster with a calendar": lambda: a_forecaster(ahead=True),
    "forecaster of quantiles": lambda: a_forecaster(quantiles=(0.1, 0.5, 0.9)),
    "forecaster of one quantile": lambda: a_forecaster(quantiles=(0.9,)),
    "a loss that adds an axis": a_loss_that_adds_an_axis,
    "a loss of the whole batch": a_loss_of_the_whole_batch,
    "text_classifier": a_text_classifier,
    "character_model": a_character_model,
    "page 1: the first LSTM": the_first_lstm,
    "page 1: three classes": three_classes,
    "page 1: a number": a_number,
    "page 3: brackets": brackets,
    "page 4: the adding problem": the_adding_problem,
    "page 4: simple RNN": lambda: the_adding_problem(layers.SimpleRNN),
    "scaled inside": scaled_inside,
    "minus the last value": minus_the_last_value,
    "batch normalization": normalized_by_batches,
    "embedding": word_numbers,
    "masked": masked,
    "nights": nights_without_sun,
    "pulses": pulses_without_noise,
    "two inputs": two_inputs,
    "two outputs": two_outputs,
    "several labels": several_labels_at_once,
    "logits": logits,
    "soft labels": soft_labels,
    "one-hot and mse": one_hot_and_mse,
    "tf.data": a_dataset,
    "frame": a_frame,
    "float16": of_type("float16"),
    "bool": of_type("bool"),
    "int64": of_type("int64"),
    "tokens": tokens_of_any_kind,
    "a loss of one's own": a_loss_of_ones_own,
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_model_is_met_by_silence(name, capsys):
    keras.utils.set_random_seed(0)
    found = diagnostics.diagnose(*HEALTHY[name]())
    assert [row.what for row in found.suspicions] == []
    said = capsys.readouterr().out
    assert re.fullmatch(r"diagnose: nothing suspicious in .+\.\n", said, re.S)
    assert max(map(len, said.splitlines())) < 80


def test_it_says_how_much_was_looked_at(capsys):
    made, train, validation = a_character_model()
    diagnostics.diagnose(made, train, validation)
    assert capsys.readouterr().out == (
        "diagnose: nothing suspicious in 3 batches of train (12 samples) and 3 "
        "batches\n   of validation (12 samples).\n"
    )


def test_it_says_that_of_many_samples_some_were_looked_at():
    inputs = RNG.normal(size=(1001, 12, 1))
    found = diagnostics.diagnose(a_number()[0], (inputs, inputs[:, -1]))
    assert found.looked_at == (
        "1,001 samples of train (all for missing values, evenly spaced ones for the "
        "rest)"
    )


def test_what_is_missing_is_found_wherever_it_is():
    inputs = RNG.normal(size=(20_000, 12, 1))
    for place in (1, 10_001, 19_999):
        holed = inputs.copy()
        holed[place, 3] = np.nan
        with pytest.raises(ValueError, match="1 values are missing"):
            diagnostics.diagnose(a_number()[0], (holed, inputs[:, -1]))


def test_a_stream_can_be_read_afterwards_and_the_model_is_unchanged():
    made, train, validation = a_character_model()
    made(train[0][0])
    states = [state.numpy() for state in made.layers[2].states]
    weights = made.get_weights()
    diagnostics.diagnose(made, train, validation)
    assert train.last == 2
    assert [len(train[place][1]) for place in range(len(train))] == [4] * 9
    assert all(map(np.array_equal, weights, made.get_weights()))
    after = [state.numpy() for state in made.layers[2].states]
    assert np.any(states[0])
    assert all(map(np.array_equal, states, after))


def test_a_dataset_is_read_for_three_batches_only():
    class Long(keras.utils.PyDataset):
        read = 0

        def __len__(self):
            return 10**9

        def __getitem__(self, index):
            self.read += 1
            return RNG.normal(size=(4, 12, 1)), RNG.normal(size=4)

    data = Long()
    diagnostics.diagnose(a_number()[0], data)
    assert data.read == 3


@pytest.mark.parametrize("kind", ["numbers", "texts"])
def test_a_hundred_thousand_samples_take_less_than_a_second(kind):
    if kind == "numbers":
        made = compiled(sequential(layers.LSTM(3), layers.Dense(1), shape=(60, 1)))
        inputs = RNG.normal(size=(100_000, 60, 1)).astype(np.float32)
        data = [
            (inputs[:80_000], inputs[:80_000, -1]),
            (inputs[80_000:], inputs[80_000:, 0]),
        ]
    else:
        made = a_text_classifier()[0]
        texts = np.array([f"a film of {n} words" for n in range(100_000)], dtype=object)
        labels = np.arange(100_000) % 2
        data = [(texts[:80_000], labels[:80_000]), (texts[80_000:], labels[80_000:])]
    diagnostics.diagnose(made, *data)  # Keras loads some parts when first used
    seconds = []
    for _ in range(3):
        began = time.process_time()
        diagnostics.diagnose(made, *data)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 1


SOURCES = {
    path: path.read_text("utf-8")
    for path in (ROOT / "simple_lstm" / "diagnostics").glob("*.py")
}
PAGES = sorted(
    {
        page
        for source in SOURCES.values()
        for page in re.findall(r'"([\w/-]+\.html)"', source)
    }
    | {
        f"explanation/glossary.html#term-{term}"
        for source in SOURCES.values()
        for term in re.findall(r"\{TERM\}([\w-]+)", source)
    }
)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_exists(page):
    path, _, anchor = page.partition("#")
    stem = path.removesuffix(".html")
    source = (
        ROOT / f"{stem.replace('gallery/', 'examples/')}.py"
        if stem.startswith("gallery/")
        else ROOT / "docs" / f"{stem}.rst"
    )
    assert source.is_file()
    if anchor:
        term = anchor.removeprefix("term-").replace("-", " ")
        assert f"\n   {term}\n" in source.read_text("utf-8")
    if (SITE / "index.html").exists():
        html = (SITE / path).read_text("utf-8")
        assert not anchor or f'id="{anchor}"' in html


def test_pages_are_found():
    assert len(PAGES) > 8
