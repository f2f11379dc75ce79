import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import preprocessing

HOURS = pd.date_range("2024-01-01", periods=200, freq="h")
sizes = st.integers(1, 12)
fast = settings(deadline=None, max_examples=100)


def message(exception, call, *arguments, **options):
    with pytest.raises(exception) as caught:
        call(*arguments, **options)
    return str(caught.value)


# Gaps ---------------------------------------------------------------------------

values = st.lists(st.one_of(st.none(), st.floats(-9, 9)), min_size=3, max_size=40)


@given(values, st.integers(1, 5), st.integers(0, 39), st.floats(-9, 9))
@fast
def test_a_filled_value_does_not_change_when_later_rows_change(column, limit, cut, new):
    frame = pd.DataFrame({"x": column}, index=HOURS[: len(column)], dtype=float)
    changed = frame.copy()
    changed.iloc[cut:] = new
    before, after = (
        preprocessing.fill_gaps(data, limit=limit).iloc[:cut]
        for data in (frame, changed)
    )
    pd.testing.assert_frame_equal(before, after)


@given(values, st.integers(1, 5))
@fast
def test_only_gaps_are_filled_and_no_longer_than_the_limit(column, limit):
    frame = pd.DataFrame({"x": column}, index=HOURS[: len(column)], dtype=float)
    filled = preprocessing.fill_gaps(frame, limit=limit)["x"].to_numpy()
    for row, value in enumerate(frame["x"]):
        if not np.isnan(value):
            assert filled[row] == value
            continue
        seen = frame["x"].iloc[max(0, row - limit) : row].dropna()
        expected = seen.iloc[-1] if len(seen) else np.nan
        np.testing.assert_equal(filled[row], expected)


def test_gaps_over_the_limit_are_counted(capsys):
    frame = pd.DataFrame({"x": [1, *[np.nan] * 5, 2, 3, np.nan]}, index=HOURS[:9])
    preprocessing.fill_gaps(frame, limit=2)
    assert capsys.readouterr().out == (
        "fill_gaps: filled 3 of 6 missing values; 3 stay missing "
        "(longest gap: 5 steps).\n"
    )
    assert message(ValueError, preprocessing.fill_gaps, frame, limit=0) == (
        "fill_gaps(limit=0): the limit must be at least 1 step."
    )


# Calendar and frequency -----------------------------------------------------------


def test_the_calendar_comes_round():
    table = preprocessing.calendar(pd.date_range("2024-01-01", periods=337, freq="h"))
    np.testing.assert_allclose(
        table["day_sin"][:24], table["day_sin"][24:48], atol=1e-9
    )
    np.testing.assert_allclose(table.iloc[0, :4], table.iloc[168, :4], atol=1e-9)
    assert len(np.unique(table.iloc[:168, :4].round(6), axis=0)) == 168


def test_the_calendar_knows_no_cycle_shorter_than_a_step():
    months = pd.date_range("2024-01-01", periods=24, freq="MS")
    assert list(preprocessing.calendar(months)) == ["year_sin", "year_cos"]


def test_uneven_times_are_refused():
    index = HOURS[[0, 1, 2, 3, 7]]
    assert message(ValueError, preprocessing.frequency, index) == (
        "the times are not evenly spaced: the usual step is 0 days 01:00:00, but "
        "2024-01-01 07:00:00 comes 0 days 04:00:00 after 2024-01-01 03:00:00. 3 rows "
        'are missing: frame.asfreq("h") adds them as NaN.'
    )
    odd = HOURS[:4].append(HOURS[[5]] + pd.Timedelta(minutes=17))
    assert message(ValueError, preprocessing.frequency, odd) == (
        "the times are not evenly spaced: the usual step is 0 days 01:00:00, but "
        "2024-01-01 05:17:00 comes 0 days 02:17:00 after 2024-01-01 03:00:00. Bring "
        'them to even steps first: frame.resample("h").mean().'
    )
    assert "not times" in message(ValueError, preprocessing.frequency, pd.Index([1, 2]))


# Splits -------------------------------------------------------------------------


@given(st.integers(10, 500), st.floats(0.05, 0.45), st.floats(0.05, 0.45))
@fast
def test_the_parts_are_in_order_and_hold_every_row_once(rows, validation, test):
    data = np.arange(rows)
    try:
        split = preprocessing.time_split(data, validation=validation, test=test)
    except ValueError:
        assert round(rows * min(validation, test)) == 0
        return
    parts = [data[part] for part in (split.train, split.validation, split.test)]
    np.testing.assert_array_equal(np.concatenate(parts), data)
    assert all(len(part) for part in parts)


def test_a_split_without_a_part_is_refused():
    assert message(ValueError, preprocessing.time_split, np.arange(100), test=1.0) == (
        "time_split: validation=0.15 and test=1.0 of 100 rows leave a part without "
        "rows. Each must be above 0, their sum below 1, and there must be enough rows."
    )
    few = message(ValueError, preprocessing.time_split, np.arange(3))
    assert "of 3 rows leave a part without rows" in few


# Windows ------------------------------------------------------------------------


@given(sizes, sizes, st.integers(1, 7))
@fast
def test_the_last_input_is_the_step_before_the_first_target(lookback, horizon, stride):
    windows = preprocessing.make_windows(
        np.arange(60.0), lookback, horizon, stride=stride
    )
    np.testing.assert_array_equal(windows.inputs[:, -1, 0] + 1, windows.targets[:, 0])
    np.testing.assert_array_equal(windows.targets[:, 0], windows.starts)
    assert (np.diff(windows.inputs[..., 0], axis=1) == 1).all()
    assert (np.diff(windows.targets, axis=1) == 1).all()
    assert (np.diff(windows.starts) == stride).all()


@given(sizes, sizes, st.integers(1, 7))
@fast
def test_every_target_lies_in_its_part(lookback, horizon, stride):
    split = preprocessing.time_split(np.arange(200))
    for part in (split.train, split.validation, split.test):
        windows = preprocessing.make_windows(
            np.arange(200.0), lookback, horizon, rows=part, stride=stride
        )
        assert windows.targets.min() >= part.start
        assert windows.targets.max() < part.stop
        assert windows.targets.min() == max(part.start, lookback)


@given(sizes, sizes, st.floats(-1e6, 1e6))
@fast
def test_later_rows_change_nothing_about_training(lookback, horizon, new):
    data = np.random.default_rng(0).normal(size=(200, 2))
    changed = data.copy()
    split = preprocessing.time_split(data)
    changed[split.train.stop :] = new
    first, second = (
        preprocessing.make_windows(array, lookback, horizon, rows=split.train)
        for array in (data, changed)
    )
    for before, after in [
        (first.inputs, second.inputs),
        (first.targets, second.targets),
        (first.values[first.rows], second.values[second.rows]),
    ]:  # but for the digits that a later large value may need
        assert before.astype("f4").tobytes() == after.astype("f4").tobytes()


@given(st.sets(st.integers(0, 59), max_size=8), sizes, st.integers(1, 5))
@fast
def test_windows_that_touch_a_gap_are_left_out_and_counted(gaps, lookback, horizon):
    data = np.column_stack([np.arange(60.0), np.arange(60.0)])
    data[list(gaps), 1] = np.nan  # a gap in an input that is not the target
    starts = range(lookback, 60 - horizon + 1)
    whole = [s for s in starts if not gaps & set(range(s - lookback, s))]
    if not whole:
        return
    windows = preprocessing.make_windows(data, lookback, horizon)
    assert windows.starts.tolist() == whole
    assert windows.left_out == len(starts) - len(whole)
    assert not np.isnan(windows.inputs).any()


def test_what_is_known_ahead_belongs_to_the_targets(hourly):
    known = preprocessing.calendar(hourly.index).iloc[:, :2]
    windows = preprocessing.make_windows(
        hourly, 24, 6, target="noise", known_ahead=known, stride=7
    )
    assert windows.known.shape == (len(windows), 6, 2)
    for number in (0, 3):
        span = slice(windows.starts[number], windows.starts[number] + 6)
        np.testing.assert_allclose(windows.known[number], known[span], rtol=1e-6)
        np.testing.assert_allclose(
            windows.targets[number], hourly["noise"].iloc[span], rtol=1e-6
        )


def test_evenly_spaced_windows_are_views_of_the_series():
    series = np.zeros((1000, 1), dtype=np.float32)
    windows = preprocessing.make_windows(series, 10, 2, stride=3)
    assert np.shares_memory(windows.inputs, series)
    assert np.shares_memory(windows.targets, series)
    assert np.shares_memory(windows.targets_at(windows.starts[:5]), series)
    assert windows.values is series


def test_wrong_data_is_refused(hourly):
    make = preprocessing.make_windows
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
    doubled = hourly.iloc[[0, 1, 1, *range(2, 500)]]
    twice = message(ValueError, make, hourly, 24, 6, known_ahead=doubled)
    assert twice.startswith(
        "there are duplicate timestamps (1), first 2024-01-01 01:00:00 (row 2 of known"
    )
    short = preprocessing.calendar(hourly.index[:-5])
    assert message(ValueError, make, hourly, 24, 6, known_ahead=short) == (
        "make_windows: known_ahead lacks 5 of the times of data, first "
        "2024-01-21 15:00:00."
    )


@given(st.integers(1, 40), st.integers(0, 9))
@fast
def test_a_shuffled_pass_gives_every_window_once(batch_size, seed):
    windows = preprocessing.make_windows(np.arange(100.0), 5, 2)
    batches = windows.batches(batch_size, shuffle=True, seed=seed)
    for _ in range(2):
        pairs = [batches[number] for number in range(len(batches))]
        inputs, targets = (np.concatenate(part) for part in zip(*pairs, strict=True))
        np.testing.assert_array_equal(inputs[:, -1, 0] + 1, targets[:, 0])
        np.testing.assert_array_equal(np.sort(targets[:, 0]), windows.starts)
        batches.on_epoch_end()


def test_light_modules_load_no_tensorflow():
    program = (
        "import sys, simple_lstm.datasets, simple_lstm.preprocessing, "
        "simple_lstm.baselines, simple_lstm.evaluation;"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'matplotlib') "
        "if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert re.sub(r"\s", "", answer.stdout) == "[]"


def test_the_calendar_goes_on_beyond_the_last_row():
    months = pd.date_range("2024-01-01", periods=30, freq="MS", name="month")
    whole = preprocessing.calendar(months)
    pd.testing.assert_frame_equal(preprocessing.calendar(months[:25], ahead=5), whole)
    assert "must be 0 or more" in message(
        ValueError, preprocessing.calendar, months, ahead=-1
    )
