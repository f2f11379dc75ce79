import subprocess
import sys

import keras
import numpy as np
import pytest

from simple_lstm import models, preprocessing, training


@pytest.fixture
def windows():
    wave = np.sin(np.arange(200) / 3)
    split = preprocessing.time_split(wave)
    return [
        preprocessing.make_windows(wave, 8, 2, rows=rows)
        for rows in (split.train, split.validation)
    ]


def test_the_best_weights_come_back(windows):
    train, validation = windows
    model = models.forecaster(train, units=4, learning_rate=0.3)
    history = training.fit(
        model, train, validation=validation, epochs=12, patience=2, batch_size=16
    )
    best = history.table["val_loss"].min()
    loss = model.evaluate(validation.batches(16), verbose=0)[0]
    assert loss == pytest.approx(best, rel=1e-4)
    assert history.table["val_loss"][history.best_epoch] == best
    assert len(history.table) <= history.best_epoch + 2
    assert f"best epoch {history.best_epoch}" in repr(history)


def test_the_same_seed_trains_the_same_model(windows):
    train, validation = windows
    losses = [
        training.fit(
            models.forecaster(train, units=4),
            train,
            validation=validation,
            epochs=2,
            seed=seed,
        ).table["loss"]
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(losses[0], losses[1])
    assert not np.array_equal(losses[0], losses[2])


def text_model():
    words = ["good", "bad", "film"]
    model = keras.Sequential(
        [
            keras.Input((), dtype="string"),
            keras.layers.TextVectorization(
                vocabulary=words, output_mode="multi_hot", pad_to_max_tokens=False
            ),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


def test_lists_of_texts_are_taken():
    texts, labels = ["a good film", "a bad film"] * 8, [1, 0] * 8
    history = training.fit(
        text_model(), (texts, labels), validation=(texts, labels), epochs=2
    )
    assert np.isfinite(history.table.to_numpy()).all()


@pytest.mark.parametrize(
    ("inputs", "labels", "expected"),
    [
        (
            np.zeros((9, 8)),
            np.zeros(9),
            "fit: the inputs of train have shape (9, 8); expected (samples, "
            "time_steps, features). If there is one feature, add its axis: "
            "inputs[..., np.newaxis]; if there is one sample: inputs[np.newaxis].",
        ),
        (
            np.zeros((9, 8, 1)),
            np.zeros(7),
            "fit: train has 9 inputs but 7 labels.",
        ),
        (
            np.full((9, 8, 1), np.nan),
            np.zeros(9),
            "fit: the inputs of train: 72 values are missing (NaN). A single one turns "
            "every later number into NaN. Fill or leave out those samples.",
        ),
        (
            ["good"] * 9,
            np.zeros(9),
            "fit: the model takes numbers, but train holds text.",
        ),
    ],
)
def test_wrong_data_is_met_before_training(windows, inputs, labels, expected):
    model = models.forecaster(windows[0], units=4)
    with pytest.raises(ValueError, match="fit") as caught:
        training.fit(model, (inputs, labels), validation=windows[1], epochs=1)
    assert str(caught.value) == expected


def test_numbers_are_refused_by_a_model_of_texts(windows):
    data = (np.zeros(4), np.zeros(4))
    with pytest.raises(ValueError, match="takes text, but train holds numbers"):
        training.fit(text_model(), data, validation=data, epochs=1)
    with pytest.raises(ValueError, match="expected windows, or a pair"):
        training.fit(text_model(), data[0], validation=data, epochs=1)


def test_two_classes_need_the_labels_0_and_1():
    sequences, labels = np.random.default_rng(0).normal(size=(8, 4, 1)), np.arange(8)
    model = models.sequence_classifier(sequences, units=2)
    data = (sequences, 1 + labels % 2)
    with pytest.raises(ValueError, match=r"labels of train are 1, 2; a model of two"):
        training.fit(model, data, validation=data, epochs=1)


def test_progress_is_silent_where_nobody_watches(windows, capfd, monkeypatch):
    train, validation = windows
    model = models.forecaster(train, units=4)
    monkeypatch.setenv("SIMPLE_LSTM_DOCS_BUILD", "1")
    training.fit(model, train, validation=validation, epochs=1)
    assert capfd.readouterr().out == ""
    training.fit(model, train, validation=validation, epochs=1, progress=True)
    assert "val_loss" in capfd.readouterr().out


class Calls(keras.callbacks.Callback):
    """Note down when Keras calls."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("begin")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append((epoch, "val_loss" in logs))

    def on_train_end(self, logs=None):
        self.calls.append("end")


@pytest.mark.parametrize("kind", [list, tuple])
def test_callbacks_are_called(windows, kind):
    train, validation = windows
    model, callbacks = models.forecaster(train, units=2), [Calls(), Calls()]
    training.fit(
        model, train, validation=validation, epochs=2, callbacks=kind(callbacks)
    )
    due = ["begin", (0, True), (1, True), "end"]
    assert [callback.calls for callback in callbacks] == [due, due]


def test_a_callback_can_end_the_training(windows):
    train, validation = windows
    model = models.forecaster(train, units=2)
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(model, "stop_training", epoch == 1)
    )
    history = training.fit(
        model, train, validation=validation, epochs=9, patience=9, callbacks=[stop]
    )
    assert len(history.table) == 2


def test_a_stateful_layer_inside_a_model_starts_each_pass_from_zero():
    inner = keras.Sequential([keras.layers.LSTM(2, stateful=True)])
    given = keras.Input(batch_shape=(4, 3, 1))
    model = keras.Model(given, keras.layers.Dense(1)(inner(given)))
    model.compile("sgd", "mse")
    x = np.ones((4, 3, 1))
    seen = []

    class Look(keras.callbacks.Callback):
        def on_test_batch_begin(self, batch, logs=None):
            seen.append([state.numpy() for state in inner.layers[0].states])

    data = x, np.zeros((4, 1))
    training.fit(
        model, data, validation=data, epochs=2, batch_size=4, callbacks=[Look()]
    )
    assert len(seen) == 2
    assert not np.any(seen)


MEASURE = """
import resource, sys
import keras, numpy as np
from simple_lstm import preprocessing, training

def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4, 1)), keras.layers.Flatten(),
                              keras.layers.Dense(1)])
    model.compile("sgd", "mae")
    return model

def fit(series):
    windows = preprocessing.make_windows(series, 4, 1)
    few = preprocessing.make_windows(series[:50_000], 4, 1)
    training.fit(model(), windows, validation=few, epochs=1, batch_size=16_384)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux

series = np.random.default_rng(0).random((10_000_000, 1), dtype=np.float32)
fit(series[:500_000])
before = peak()
fit(series)
print(peak() - before)
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="memory is measured in KiB on Linux"
)
def test_a_shuffled_pass_over_ten_million_rows_needs_little_memory():
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, timeout=300
    )
    assert answer.returncode == 0, answer.stderr
    assert float(answer.stdout.split()[-1]) < 150  # MiB beyond the series
