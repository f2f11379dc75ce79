"""Forecasters under every dtype policy of Keras, and in every file format."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from simple_lstm import forecasting

KNOWN = np.arange(120.0)[:, np.newaxis]


@pytest.fixture(autouse=True)
def usual_policy():
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


# Beyond 65,504, where half precision ends.
LEVEL = 200_000
SERIES = LEVEL + np.round(100 * np.sin(np.arange(120.0)))


@pytest.fixture(scope="module")
def windows():
    return forecasting.make_windows(SERIES, 8, 2, future_covariates=KNOWN)


@pytest.fixture(scope="module")
def past_alone():
    return forecasting.make_windows(SERIES, 8, 2)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize(
    ("quantiles", "ahead"), [(None, True), ((0.9,), False), ((0.1, 0.5, 0.9), True)]
)
def test_a_forecaster_trains_and_answers_in_full_precision(
    policy, quantiles, ahead, windows, past_alone
):
    keras.config.set_dtype_policy(policy)
    data = windows if ahead else past_alone
    model = forecasting.forecaster(data, units=4, quantiles=quantiles)
    model.run_eagerly = True  # quick to start
    history = model.fit(data.shuffled(), validation_data=data, epochs=1, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    said = model.predict(data, verbose=0)
    assert said.dtype == ("float64" if policy == "float64" else "float32")
    assert np.abs(said - LEVEL).max() < 1000


READ = """
import sys
sys.modules["simple_lstm"] = None  # cannot be imported
import keras, numpy
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
inputs = dict(numpy.load(sys.argv[2]))
numpy.save(sys.argv[3], model(inputs if len(inputs) > 1 else inputs["past"]))
"""


@pytest.mark.parametrize("kind", ["plain", "residual", "quantiles"])
@pytest.mark.filterwarnings("ignore:.*HDF5")
def test_a_forecaster_opens_alone_from_the_old_format(kind, windows, tmp_path):
    model = forecasting.forecaster(
        windows,
        units=4,
        residual_of=None if kind == "plain" else "column 0",
        quantiles=(0.1, 0.5, 0.9) if kind == "quantiles" else None,
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=part.shape) for part in model.get_weights()])
    inputs = {"past": windows.past, "future": windows.future}
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
    model = forecasting.forecaster(windows, units=4, residual_of="column 0")
    inputs = {"past": windows.past, "future": windows.future}
    files = [tmp_path / part for part in ("model", "inputs.npz", "said.npy")]
    model.export(files[0], verbose=False)
    np.savez(files[1], **inputs)
    ran = subprocess.run(
        [sys.executable, "-c", SERVE, *files], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    np.testing.assert_allclose(np.load(files[2]), model(inputs), rtol=1e-6)
