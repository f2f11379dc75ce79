"""Series far from zero, in tiny or in huge units: nothing depends on them."""

import functools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import evaluation, forecasting

METER = 187_654_321.0
HOURS = pd.date_range("2024-01-01", periods=240, freq="h")


def series(level=0.0, unit=1.0):
    """A wave of height 10 with noise, in multiples of 1/256, which float64 adds up."""
    noise = np.random.default_rng(0).normal(size=240)
    wave = 10 * np.sin(2 * np.pi * np.arange(240) / 24) + noise
    wave = np.round(wave * 256) / 256
    return pd.DataFrame({"meter": level + wave * unit}, HOURS)


def parts(frame, horizon=3, **options):
    split = forecasting.time_split(frame)
    return forecasting.make_windows(
        frame, 12, horizon, split=split, batch_size=32, **options
    )


@functools.cache
def trained(level=0.0, unit=1.0, quantiles=None):
    """A model, what it says of the test part, and that part."""
    train, validation, test = parts(series(level, unit))
    options = {"quantiles": quantiles}
    model = forecasting.forecaster(train, units=4, learning_rate=0.02, **options)
    model.fit(train.shuffled(), validation_data=validation, epochs=2, verbose=0)
    return model, model.predict(test, verbose=0), test


def message(call, *arguments, **options):
    with pytest.raises(ValueError, match="make_windows") as caught:
        call(*arguments, **options)
    return str(caught.value)


# Windows ------------------------------------------------------------------------


@given(
    st.lists(st.integers(-(2**20), 2**20), min_size=12, max_size=60),
    st.integers(-(2**32), 2**32),
    st.sampled_from([2.0**-20, 1.0, 2.0**20]),
)
@settings(deadline=None, max_examples=200)
def test_windows_hold_a_series_as_exactly_as_the_model_needs_it(steps, level, unit):
    values = (level + np.cumsum(steps)) * unit
    windows = forecasting.make_windows(values, 3, 2)
    change = np.abs(np.diff(values))
    usual = np.median(change[change > 0]) if change.any() else 0
    due = np.stack([values[start : start + 2] for start in windows.origins])
    assert np.abs(windows.targets - due).max() <= max(1e-3 * usual, 0)


def test_ordinary_series_stay_float32(hourly):
    windows = forecasting.make_windows(
        hourly, 24, 3, future_covariates=forecasting.calendar_features(hourly.index)
    )
    assert windows.past.dtype == windows.future.dtype == np.float32
    assert "float64" not in repr(windows)


def test_a_meter_far_from_zero_keeps_every_reading():
    readings = METER + 12.0 * np.arange(200)
    windows = forecasting.make_windows(readings, 24, 1)
    np.testing.assert_array_equal(windows.targets[:, 0], readings[24:])
    np.testing.assert_array_equal(windows.past[-1, :, 0], readings[-25:-1])
    assert "float64, because float32 would round their values" in repr(windows)


def test_what_is_future_covariates_keeps_its_digits_too():
    planned = 1e8 + np.arange(240) % 2
    windows = forecasting.make_windows(
        series(), 24, 3, future_covariates=planned[:, np.newaxis]
    )
    assert np.unique(windows.future).tolist() == [1e8, 1e8 + 1]


def test_a_column_that_never_changes_needs_no_digits():
    frame = series().assign(constant=1 / 3, far=123_456_789.1)
    assert forecasting.make_windows(frame, 24, 3).past.dtype == np.float32


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "float64"])
def test_whole_numbers_beyond_float64_are_refused_and_the_advice_works(dtype):
    readings = 2**60 + 12 * np.arange(100)
    frame = pd.DataFrame({"meter": readings}, HOURS[:100]).astype(dtype)
    if dtype == "float64":  # rounded before it came here: nothing can be known
        return
    text = message(forecasting.make_windows, frame, 5, 1)
    assert "column 'meter' of data holds whole numbers beyond" in text
    assert "column / 1e9, or, if they are close together, subtract the first" in text
    forecasting.make_windows(frame / 1e9, 5, 1)
    rest = frame - frame.iloc[0]
    windows = forecasting.make_windows(rest, 5, 1)
    np.testing.assert_array_equal(windows.targets[:, 0], 12 * np.arange(5, 100))


def test_values_that_overflow_are_refused_and_the_advice_works():
    for unit in (1e35, 1e-35):
        frame = series(unit=unit)
        text = message(forecasting.make_windows, frame, 24, 3)
        assert "overflow or vanish in a model. Take another unit: frame / " in text
        divisor = float(text.split("frame / ")[1].removesuffix("."))
        forecasting.make_windows(frame / divisor, 24, 3)


def test_a_target_that_float32_cannot_hold_is_refused_and_the_advice_works():
    counter = 0.25 * np.arange(240) + np.repeat([0, 1e12], 120)
    frame = pd.DataFrame({"meter": counter}, HOURS)
    text = message(forecasting.make_windows, frame, 24, 3)
    assert text.startswith("make_windows: column 'meter' usually changes by 0.25 in a")
    change = frame.diff().iloc[1:]
    change[change["meter"] > 1e6] = np.nan  # the jump cannot be true
    windows = forecasting.make_windows(change, 24, 3)
    assert (windows.targets == 0.25).all()


def test_a_series_that_grows_by_a_factor_is_refused_and_the_advice_works():
    frame = pd.DataFrame({"cases": np.exp(np.arange(240) / 4)}, HOURS)
    text = message(forecasting.make_windows, frame, 24, 3)
    assert "if it grows by a factor, np.log(frame)" in text
    forecasting.make_windows(np.log(frame), 24, 3)


def test_changes_that_mean_nothing_are_refused_and_the_advice_works():
    noise = np.random.default_rng(0).normal(size=240)
    sun = 900 * np.maximum(np.sin(2 * np.pi * np.arange(240) / 24), 0)
    night = pd.DataFrame({"power": np.where(sun > 700, sun, 1e-9 * noise)}, HOURS)
    text = message(forecasting.make_windows, night, 24, 3)
    assert "round away changes that mean nothing: frame.round(3)" in text
    forecasting.make_windows(night.round(3), 24, 3)


def test_a_column_without_a_number_is_named_and_the_advice_works():
    frame = series().assign(empty=np.nan)
    text = message(forecasting.make_windows, frame, 24, 3)
    assert "column 'empty' holds no number" in text
    forecasting.make_windows(frame.drop(columns=["empty"]), 24, 3)


def test_a_target_that_never_changes_keeps_its_digits():
    windows = forecasting.make_windows(np.full(50, 123_456_789.125), 12, 3)
    assert (windows.targets == 123_456_789.125).all()


def test_columns_of_one_name_are_told_apart_by_their_place():
    whole = np.random.default_rng(0).integers(0, 9, (240, 2))
    frame = pd.DataFrame(whole, HOURS, columns=["a", "a"])
    windows = forecasting.make_windows(frame, 24, 3)
    np.testing.assert_array_equal(windows.values, whole)


# Models, scores and forecasts ---------------------------------------------------


@pytest.mark.parametrize(
    ("level", "unit", "quantiles"),
    [(METER, 1.0, None), (-1e8, 0.25, None), (2e10, 1.0, (0.1, 0.5, 0.9))],
)
def test_a_level_changes_neither_training_nor_forecasts(level, unit, quantiles):
    plain_model, plain, test = trained(quantiles=quantiles)
    model, moved, moved_test = trained(level, unit, quantiles)
    np.testing.assert_allclose((moved - level) / unit, plain, atol=2e-2)
    np.testing.assert_array_equal((moved_test.targets - level) / unit, test.targets)
    far = forecasting.forecast(model, series(level, unit), quantiles=quantiles)
    near = forecasting.forecast(plain_model, series(), quantiles=quantiles)
    np.testing.assert_allclose((far - level) / unit, near, atol=2e-2)


@pytest.mark.parametrize("unit", [1e-20, 1e-10, 1e20])
def test_a_unit_changes_neither_training_nor_forecasts(unit):
    plain_model, plain, _ = trained()
    model, moved, _ = trained(unit=unit)
    np.testing.assert_allclose(moved / unit, plain, atol=2e-2)
    far, near = (
        forecasting.forecast(model, series(unit=unit)),
        forecasting.forecast(plain_model, series()),
    )
    np.testing.assert_allclose(far / unit, near, atol=2e-2)


@pytest.mark.parametrize("level", [METER, 2e10])
def test_a_level_changes_no_baseline_and_no_score(level):
    def scores(frame):
        train, _, test = parts(frame)
        said = {
            "naive": forecasting.naive(test),
            "ridge": forecasting.ridge(train, test),
            "boosting": forecasting.gradient_boosting(train, test),
        }
        return {
            name: float(np.abs(forecast - test.targets).mean())
            for name, forecast in said.items()
        }

    assert scores(series(level)) == pytest.approx(scores(series()), rel=2e-2)


def test_a_first_guess_far_from_zero_is_corrected_as_well():
    def answer(level):
        frame = series(level)
        guess = forecasting.seasonal_median_covariate(
            frame["meter"], 3, period=24
        ).to_frame()
        train, validation, test = parts(frame[96:], future_covariates=guess)
        model = forecasting.forecaster(train, units=4, residual_of=guess.columns[0])
        model.fit(train.shuffled(), validation_data=validation, epochs=1, verbose=0)
        return model.predict(test, verbose=0)

    np.testing.assert_allclose(answer(METER) - METER, answer(0.0), atol=2e-2)


READ = """
import sys
sys.modules["simple_lstm"] = None  # cannot be imported
import keras, numpy
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
inputs = numpy.load(sys.argv[2])
numpy.savez(sys.argv[3], call=model(inputs), batch=model.predict_on_batch(inputs))
"""


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
@pytest.mark.filterwarnings("ignore:.*HDF5")
def test_a_saved_model_reads_readings_in_their_own_units_alone(name, tmp_path):
    model, said, test = trained(METER)
    model.save(tmp_path / name)
    np.save(tmp_path / "inputs.npy", test.past)
    files = [tmp_path / part for part in (name, "inputs.npy", "answers.npz")]
    ran = subprocess.run(
        [sys.executable, "-c", READ, *files], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    for answer in np.load(files[-1]).values():
        np.testing.assert_allclose(answer - METER, said - METER, atol=1e-3)


def test_what_keras_rounds_is_said_where_it_can_be_read():
    model, said, test = trained(METER)
    rounded = model.predict(test.past, verbose=0)
    assert np.abs(rounded - said).max() > 0.1  # what the docstring warns of
    assert "``model(array)``" in (forecasting.make_windows.__doc__ or "")
    np.testing.assert_allclose(model(test.past), said, atol=1e-3)


def test_scores_of_a_series_far_from_zero_are_its_own():
    truth = 1e8 + np.arange(10.0) % 2
    one_too_high = {"one too high": truth + 1}
    board = evaluation.Scoreboard(
        truth, {"perfect": truth}, metric="MAE", baselines=one_too_high
    )
    assert board.scores == {"one too high": 1.0, "perfect": 0.0}
