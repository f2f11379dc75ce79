import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import forecasting

HOURS = pd.date_range("2024-01-01", periods=200, freq="h")
sizes = st.integers(1, 12)
fast = settings(deadline=None, max_examples=100)


def message(exception, call, *arguments, **options):
    with pytest.raises(exception) as caught:
        call(*arguments, **options)
    return str(caught.value)


# Windows ------------------------------------------------------------------------


@given(sizes, sizes, st.integers(1, 7))
@fast
def test_the_last_input_is_the_step_before_the_first_target(lookback, horizon, stride):
    windows = forecasting.make_windows(
        np.arange(60.0), lookback, horizon, stride=stride
    )
    np.testing.assert_array_equal(windows.past[:, -1, 0] + 1, windows.targets[:, 0])
    np.testing.assert_array_equal(windows.targets[:, 0], windows.origins)
    assert (np.diff(windows.past[..., 0], axis=1) == 1).all()
    assert (np.diff(windows.targets, axis=1) == 1).all()
    assert (np.diff(windows.origins) == stride).all()


@given(sizes, sizes, st.integers(1, 7))
@fast
def test_every_target_lies_in_its_part(lookback, horizon, stride):
    split = forecasting.time_split(np.arange(200))
    parts = forecasting.make_windows(
        np.arange(200.0), lookback, horizon, split=split, stride=stride
    )
    rows = split.train, split.validation, split.test
    for part, windows, step in zip(rows, parts, (stride, 1, 1), strict=True):
        alone = forecasting.make_windows(
            np.arange(200.0), lookback, horizon, rows=part, stride=step
        )
        np.testing.assert_array_equal(windows.origins, alone.origins)
        assert windows.targets.min() >= part.start
        assert windows.targets.max() < part.stop
        assert windows.targets.min() == max(part.start, lookback)


@given(sizes, sizes, st.floats(-1e6, 1e6))
@fast
def test_later_rows_change_nothing_about_training(lookback, horizon, new):
    data = np.random.default_rng(0).normal(size=(200, 2))
    changed = data.copy()
    split = forecasting.time_split(data)
    changed[split.train.stop :] = new
    first, second = (
        forecasting.make_windows(array, lookback, horizon, rows=split.train)
        for array in (data, changed)
    )
    for before, after in [
        (first.past, second.past),
        (first.targets, second.targets),
        (first.values[first.rows], second.values[second.rows]),
    ]:  # but for the digits that a later large value may need
        assert before.astype("f4").tobytes() == after.astype("f4").tobytes()


@given(st.sets(st.integers(0, 59), max_size=8), sizes, st.integers(1, 5))
@fast
def test_windows_that_touch_a_gap_are_dropped_and_counted(gaps, lookback, horizon):
    data = np.column_stack([np.arange(60.0), np.arange(60.0)])
    data[list(gaps), 1] = np.nan  # a gap in an input that is not the target
    origins = range(lookback, 60 - horizon + 1)
    whole = [s for s in origins if not gaps & set(range(s - lookback, s))]
    if not whole:
        return
    windows = forecasting.make_windows(data, lookback, horizon)
    assert windows.origins.tolist() == whole
    assert windows.dropped == len(origins) - len(whole)
    assert not np.isnan(windows.past).any()


def test_what_is_future_covariates_belongs_to_the_targets(hourly):
    known = forecasting.calendar_features(hourly.index).iloc[:, :2]
    windows = forecasting.make_windows(
        hourly, 24, 6, target="noise", future_covariates=known, stride=7
    )
    assert windows.future.shape == (len(windows.origins), 6, 2)
    for number in (0, 3):
        span = slice(windows.origins[number], windows.origins[number] + 6)
        np.testing.assert_allclose(windows.future[number], known[span], rtol=1e-6)
        np.testing.assert_allclose(
            windows.targets[number], hourly["noise"].iloc[span], rtol=1e-6
        )


def test_evenly_spaced_windows_are_views_of_the_series():
    series = np.zeros((1000, 1), dtype=np.float32)
    windows = forecasting.make_windows(series, 10, 2, stride=3)
    assert np.shares_memory(windows.past, series)
    assert np.shares_memory(windows.targets, series)
    assert np.shares_memory(windows.targets_at(windows.origins[:5]), series)
    assert windows.values is series


def test_wrong_data_is_refused(hourly):
    make = forecasting.make_windows
    assert message(ValueError, make, np.zeros((5, 4, 3)), 2, 1) == (
        "make_windows: data has shape (5, 4, 3); expected (rows, features), the series "
        "before it is cut into windows."
    )
    assert message(ValueError, make, np.arange(50.0), 48, 24) == (
        "make_windows: too few rows. A window needs 48 rows of lookback and then 24 "
        "rows of horizon; the targets may use rows 0 to 49 of 50. Take a shorter "
        "lookback or horizon, or more data."
    )
    assert message(ValueError, make, hourly, 24, 6, target="sale") == (
        "make_windows: there is no column 'sale' to forecast. The columns are 'sales', "
        "'noise'."
    )
    assert message(ValueError, make, np.array(["a", "b"]), 1, 1).endswith(
        "not numbers."
    )
    text = hourly.assign(weather="wet")
    assert "column 'weather' of data holds" in message(ValueError, make, text, 24, 6)
    gaps = hourly.copy()
    gaps.iloc[::5] = np.nan
    assert message(ValueError, make, gaps, 24, 6) == (
        "make_windows: every one of the 471 windows touches a gap (NaN). Fill short "
        "gaps with fill_gaps(frame, limit=...), or take a shorter lookback."
    )
    unsorted = message(ValueError, make, hourly[::-1], 24, 6)
    assert unsorted.startswith("the times are not sorted")
    duplicates = hourly.iloc[[0, 1, 1, *range(2, 500)]]
    twice = message(ValueError, make, hourly, 24, 6, future_covariates=duplicates)
    assert twice.startswith(
        "there are duplicate timestamps (1), first 2024-01-01 01:00:00 (row 2 of future"
    )
    short = forecasting.calendar_features(hourly.index[:-5])
    assert message(ValueError, make, hourly, 24, 6, future_covariates=short) == (
        "make_windows: future_covariates lacks 5 of the times of data, first "
        "2024-01-21 15:00:00."
    )


def test_a_split_given_as_rows_is_refused_and_the_advice_works(hourly):
    split = forecasting.time_split(hourly)
    text = message(ValueError, forecasting.make_windows, hourly, 24, 6, rows=split)
    assert "give it as split=" in text
    assert "rows=split.train" in text
    forecasting.make_windows(hourly, 24, 6, split=split)
    forecasting.make_windows(hourly, 24, 6, rows=split.train)


@pytest.mark.parametrize("data", [np.arange(30.0), pd.Series(range(30), HOURS[:30])])
def test_a_list_of_future_covariates_is_taken(data):
    windows = forecasting.make_windows(data, 3, 2, future_covariates=list(range(30)))
    np.testing.assert_array_equal(windows.future[..., 0], windows.targets)


def test_a_batch_that_is_not_there_is_refused():
    windows = forecasting.make_windows(np.arange(100.0), 5, 2)
    for dataset in (windows, windows.shuffled()):
        for place in (-1, len(windows)):
            with pytest.raises(IndexError, match=f"no batch {place} of 2"):
                dataset[place]
        assert len(list(dataset)) == 2
        assert repr(dataset).startswith("94 windows, in batches of 64")


@pytest.mark.parametrize("shift", ["fewer rows", "other times"])
def test_a_split_of_other_rows_is_refused_and_the_advice_works(hourly, shift):
    split = forecasting.time_split(hourly)
    frame = hourly[:-9] if shift == "fewer rows" else hourly.shift(freq="h")
    text = message(ValueError, forecasting.make_windows, frame, 24, 6, split=split)
    assert "Split the rows that you cut: time_split(data)." in text
    split = forecasting.time_split(frame)
    assert len(forecasting.make_windows(frame, 24, 6, split=split)) == 3


def test_a_split_and_rows_are_not_given_together(hourly):
    split = forecasting.time_split(hourly)
    options = {"split": split, "rows": split.test}
    text = message(ValueError, forecasting.make_windows, hourly, 24, 6, **options)
    assert "rows=split.test" in text
    forecasting.make_windows(hourly, 24, 6, rows=split.test)


# Windows and Keras --------------------------------------------------------------


def read(dataset):
    """All batches of one pass, put together."""
    pairs = [dataset[number] for number in range(len(dataset))]
    return [np.concatenate(part) for part in zip(*pairs, strict=True)]


@given(st.integers(1, 40), st.integers(0, 9))
@fast
def test_a_shuffled_pass_gives_every_window_once(batch_size, seed):
    windows = forecasting.make_windows(np.arange(100.0), 5, 2, batch_size=batch_size)
    shuffled = windows.shuffled(seed=seed)
    for _ in range(2):
        past, targets = read(shuffled)
        np.testing.assert_array_equal(past[:, -1, 0] + 1, targets[:, 0])
        np.testing.assert_array_equal(np.sort(targets[:, 0]), windows.origins)
        shuffled.on_epoch_end()


@given(st.integers(1, 40))
@fast
def test_windows_stay_in_the_order_of_time(batch_size):
    windows = forecasting.make_windows(np.arange(100.0), 5, 2, batch_size=batch_size)
    for _ in range(2):
        np.testing.assert_array_equal(read(windows)[1], windows.targets)
        windows.on_epoch_end()


def test_the_order_of_a_pass_repeats_with_the_seed_and_changes_with_each_epoch():
    windows = forecasting.make_windows(np.arange(100.0), 5, 2)
    first, same, other = (windows.shuffled(seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(read(first)[1], read(same)[1])
    assert not np.array_equal(read(first)[1], read(other)[1])
    before = read(first)[1]
    first.on_epoch_end()
    assert not np.array_equal(read(first)[1], before)


class Copy(keras.layers.Layer):
    """Answers with the last value of the past, plus a weight that can learn."""

    def build(self, shape):
        self.bias = self.add_weight(shape=(1,), initializer="zeros")

    def call(self, past):
        return past[:, -1] + self.bias


def test_predict_agrees_with_the_targets_after_a_fit_and_twice():
    """Keras calls ``on_epoch_end`` after predict and evaluate, too."""
    series = np.arange(200.0)
    split = forecasting.time_split(series)
    train, validation, _ = forecasting.make_windows(
        series, 3, 1, split=split, batch_size=16
    )
    model = keras.Sequential([keras.Input((3, 1)), Copy()])
    model.compile(keras.optimizers.SGD(0.1), "mae")
    history = model.fit(
        train.shuffled(seed=0), validation_data=validation, epochs=20, verbose=0
    )
    assert history.history["val_loss"][-1] < 0.2  # one step on is one more
    for _ in range(2):
        np.testing.assert_allclose(
            model.predict(train, verbose=0), train.targets, atol=0.2
        )
        model.evaluate(train, verbose=0)


def test_the_same_seed_trains_the_same_model():
    wave = np.sin(np.arange(200) / 3)
    split = forecasting.time_split(wave)
    train, validation, _ = forecasting.make_windows(wave, 8, 2, split=split)
    losses = []
    for seed in (1, 1, 2):
        model = forecasting.forecaster(train, units=4, seed=0)
        history = model.fit(
            train.shuffled(seed=seed),
            validation_data=validation,
            epochs=2,
            verbose=0,
        )
        losses.append(history.history["val_loss"])
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


MEASURE = """
import resource
import keras, numpy as np
from simple_lstm import forecasting

def fit(series):
    layers = [keras.Input((4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("sgd", "mae")
    size = {"batch_size": 16_384}
    windows = forecasting.make_windows(series, 4, 1, **size)
    few = forecasting.make_windows(series[:50_000], 4, 1, **size)
    model.fit(windows.shuffled(), validation_data=few, epochs=1, verbose=0)

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
