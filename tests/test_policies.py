"""Models under every dtype policy of Keras, and in every file format."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from simple_lstm import models, preprocessing, training

POLICIES = ["mixed_float16", "mixed_bfloat16", "float64"]
KNOWN = np.arange(120.0)[:, np.newaxis]


@pytest.fixture(params=POLICIES)
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


# Beyond 65,504, where half precision ends.
LEVEL = 200_000
SERIES = LEVEL + np.round(100 * np.sin(np.arange(120.0)))


@pytest.fixture(scope="module")
def windows():
    return preprocessing.make_windows(SERIES, 8, 2, known_ahead=KNOWN)


@pytest.fixture(scope="module")
def past_alone():
    return preprocessing.make_windows(SERIES, 8, 2)


@pytest.mark.parametrize(
    ("quantiles", "ahead"), [(None, True), ((0.9,), False), ((0.1, 0.5, 0.9), True)]
)
def test_a_forecaster_trains_and_answers_in_full_precision(
    policy, quantiles, ahead, windows, past_alone
):
    data = windows if ahead else past_alone
    model = models.forecaster(data, units=4, quantiles=quantiles)
    history = training.fit(model, data, validation=data, epochs=1)
    assert np.isfinite(history.table.to_numpy()).all()
    said = model.predict(data.batches(), verbose=0)
    assert said.dtype == ("float64" if policy == "float64" else "float32")
    assert np.abs(said - LEVEL).max() < 1000


def test_classifiers_train_and_answer_in_full_precision(policy):
    due = "float64" if policy == "float64" else "float32"
    sequences = LEVEL + np.random.default_rng(0).normal(size=(32, 5, 1))
    labels = np.arange(32) % 3
    model = models.sequence_classifier(sequences, classes=3, units=4)
    training.fit(model, (sequences, labels), validation=(sequences, labels), epochs=1)
    said = model(sequences)
    assert said.dtype == due
    np.testing.assert_allclose(np.sum(said, axis=1), 1, rtol=1e-5)
    texts = ["a good film", "a bad film"] * 8
    text_model = models.text_classifier(texts, units=4)
    data = texts, np.arange(16) % 2
    training.fit(text_model, data, validation=data, epochs=1)
    assert text_model(tf.constant(texts)).dtype == due


def test_a_model_of_characters_answers_in_full_precision(policy):
    model = models.character_model(["to be or not to be"], units=4)
    said = model(tf.constant([list("not to be")]))
    assert said.dtype == ("float64" if policy == "float64" else "float32")
    np.testing.assert_allclose(np.sum(said, axis=-1), 1, rtol=1e-5)


READ = """
import sys
sys.modules["simple_lstm"] = None  # cannot be imported
import keras, numpy
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
inputs = dict(numpy.load(sys.argv[2]))
numpy.save(sys.argv[3], model(inputs if len(inputs) > 1 else inputs["inputs"]))
"""


@pytest.mark.parametrize("kind", ["plain", "correcting", "quantiles"])
@pytest.mark.filterwarnings("ignore:.*HDF5")
def test_a_forecaster_opens_alone_from_the_old_format(kind, windows, tmp_path):
    model = models.forecaster(
        windows,
        units=4,
        correct=None if kind == "plain" else "column 0",
        quantiles=(0.1, 0.5, 0.9) if kind == "quantiles" else None,
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=part.shape) for part in model.get_weights()])
    inputs = {"inputs": windows.inputs, "known": windows.known}
    files = [tmp_path / part for part in ("model.h5", "inputs.npz", "said.npy")]
    keras.Model(model.input, model.output).save(files[0])
    np.savez(files[1], **inputs)
    ran = subprocess.run(
        [sys.executable, "-c", READ, *files], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    np.testing.assert_allclose(np.load(files[2]), model(inputs), rtol=1e-6)


SERVE = """
import sys
sys.modules["simple_lstm"] = None  # cannot be imported
import numpy, tensorflow as tf
exported = tf.saved_model.load(sys.argv[1])
inputs = dict(numpy.load(sys.argv[2]))
numpy.save(sys.argv[3], exported.serve(inputs))
"""


def test_an_exported_forecaster_opens_alone(windows, tmp_path):
    model = models.forecaster(windows, units=4, correct="column 0")
    inputs = {"inputs": windows.inputs, "known": windows.known}
    files = [tmp_path / part for part in ("model", "inputs.npz", "said.npy")]
    model.export(files[0], verbose=False)
    np.savez(files[1], **inputs)
    ran = subprocess.run(
        [sys.executable, "-c", SERVE, *files], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    np.testing.assert_allclose(np.load(files[2]), model(inputs), rtol=1e-6)


@pytest.mark.parametrize("name", ["model.h5", "model.hdf5"])
def test_a_model_of_texts_asks_for_the_format_that_opens(name, tmp_path):
    texts = ["a good film", "a bad film"]
    model = models.text_classifier(texts, units=4)
    for path in (tmp_path / name, str(tmp_path / name)):
        with pytest.raises(ValueError, match=r"Give it a name that ends in \.keras"):
            model.save(path)
    checkpoint = keras.callbacks.ModelCheckpoint(str(tmp_path / "model.h5"))
    data = texts, np.array([1, 0])
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        training.fit(model, data, validation=data, epochs=1, callbacks=[checkpoint])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    answers = loaded(tf.constant(texts))
    np.testing.assert_allclose(answers, model(tf.constant(texts)), rtol=1e-6)
