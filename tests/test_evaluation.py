import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.metrics import accuracy_score, mean_absolute_error, root_mean_squared_error

from simple_lstm import (
    baselines,
    datasets,
    evaluation,
    models,
    preprocessing,
    training,
)

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("metric", "oracle"),
    [("MAE", mean_absolute_error), ("RMSE", root_mean_squared_error)],
)
def test_errors_are_those_of_scikit_learn(metric, oracle):
    truth, prediction = RANDOM.normal(size=(2, 50))
    board = evaluation.Scoreboard(truth, metric=metric, baseline="it")
    board.add("it", prediction)
    assert board.scores["it"] == pytest.approx(oracle(truth, prediction))


def test_the_most_accurate_row_is_the_best():
    truth = RANDOM.integers(0, 2, 100)
    board = evaluation.Scoreboard(truth, metric="accuracy", baseline="zeros")
    board.add("zeros", np.zeros(100))
    board.add("half right", np.where(np.arange(100) < 80, truth, 1 - truth))
    assert board.best == "half right"
    assert board.scores["zeros"] == accuracy_score(truth, np.zeros(100))
    assert "best" in str(board).splitlines()[-1]


def test_the_table_marks_the_best_row_and_escapes_names():
    board = evaluation.Scoreboard([1, 2], metric="MAE", baseline="<b>", unit="a&b")
    board.add("<b>", [1, 3])
    board.add("perfect", [1, 2])
    table = board._repr_html_()
    assert "&lt;b&gt;" in table
    assert "a&amp;b" in table
    assert "<b>" not in table
    assert table.count("font-weight: bold") == 1
    assert "best" in table.split("perfect")[1]


def test_a_row_that_cannot_be_compared_is_refused():
    board = evaluation.Scoreboard([1.0, 2.0], metric="MAE", baseline="it")
    with pytest.raises(ValueError, match=r"shape \(3,\), the truth has \(2,\)"):
        board.add("it", [1, 2, 3])
    with pytest.raises(ValueError, match="1 of the 2 predictions of 'it' are missing"):
        board.add("it", [1, np.nan])
    with pytest.raises(ValueError, match="baseline 'it' has no row yet"):
        str(board.add("other", [1, 2]) or board)
    with pytest.raises(ValueError, match="a row 'other' already"):
        board.add("other", [1, 2])
    with pytest.raises(ValueError, match="1 values of the truth are missing"):
        evaluation.Scoreboard([1, np.nan], metric="MAE", baseline="it")
    labels = evaluation.Scoreboard([1, 0], metric="accuracy", baseline="it")
    with pytest.raises(ValueError, match="Turn probabilities into labels first"):
        labels.add("it", [0.7, 0.1])
    with pytest.raises(ValueError, match="choose one of MAE, RMSE, accuracy"):
        evaluation.Scoreboard([1], metric="loss", baseline="it")


@given(st.floats(0.01, 100), st.floats(0, 100))
def test_skill_is_the_part_of_the_error_that_is_saved(baseline, error):
    assert (1 - evaluation.skill(error, baseline)) * baseline == pytest.approx(error)


def test_a_false_claim_stops_a_documentation_build_alone(monkeypatch, capsys):
    monkeypatch.delenv("SIMPLE_LSTM_DOCS_BUILD", raising=False)
    evaluation.claim("pigs fly", holds=False)
    assert capsys.readouterr().out == "DOES NOT HOLD on this data: pigs fly.\n"
    monkeypatch.setenv("SIMPLE_LSTM_DOCS_BUILD", "1")
    evaluation.claim("one is one", holds=True)
    with pytest.raises(AssertionError, match="did not show: pigs fly"):
        evaluation.claim("pigs fly", holds=False)


@given(st.integers(0, 24), st.integers(0, 100))
@settings(deadline=None)
def test_a_copier_lags_by_what_it_copies(shift, seed):
    walk = np.cumsum(np.random.default_rng(seed).normal(size=400))
    assert evaluation.lag(walk[24 - shift : 400 - shift], walk[24:]) == shift


def test_the_last_value_lags_by_the_step_looked_at():
    walk = np.cumsum(RANDOM.normal(size=500))
    windows = np.lib.stride_tricks.sliding_window_view(walk, 6)
    truth, copied = windows[:, 1:], np.repeat(windows[:, :1], 5, axis=1)
    for step in (1, 3, 5):
        assert evaluation.lag(copied, truth, step=step) == step
        assert evaluation.lag(truth, truth, step=step) == 0


def test_a_model_of_the_traffic_comes_in_time_but_its_last_value_late():
    vehicles = preprocessing.fill_gaps(datasets.load_traffic()[["vehicles"]], limit=3)
    vehicles = vehicles.tail(3000)
    split = preprocessing.time_split(vehicles)
    train, validation, test = (
        preprocessing.make_windows(vehicles, 24, 1, rows=rows)
        for rows in (split.train, split.validation, split.test)
    )
    assert (np.diff(test.starts) == 1).all()
    model = models.forecaster(train, units=24, learning_rate=0.01)
    training.fit(model, train, validation=validation, epochs=5)
    forecast = model(test.inputs)
    copied = baselines.repeat_last(vehicles["vehicles"], test.starts, 1)
    assert evaluation.lag(forecast, test.targets) == 0
    assert evaluation.lag(copied, test.targets) == 1


def test_small_integers_do_not_wrap_around():
    board = evaluation.Scoreboard(np.uint8([10]), metric="MAE", baseline="it")
    board.add("it", np.uint8([20]))
    assert board.scores["it"] == 10


def test_lag_needs_enough_that_varies():
    with pytest.raises(ValueError, match="20 samples are too few"):
        evaluation.lag(np.arange(20), np.arange(20))
    with pytest.raises(ValueError, match="constant series has no lag"):
        evaluation.lag(np.ones(50), np.arange(50))
    with pytest.raises(ValueError, match="missing"):
        evaluation.lag(np.r_[np.nan, np.arange(49)], np.arange(50))
    with pytest.raises(ValueError, match=r"steps 1 to 3"):
        evaluation.lag(np.ones((50, 3)), np.ones((50, 3)), step=4)
    with pytest.raises(ValueError, match="the truth"):
        evaluation.lag(np.ones(50), np.ones(49))


@pytest.mark.parametrize(
    "line",
    [
        "try:",
        "except E:",
        "finally:",
        "else:",
        "elif x:",
        "@f",
        "class A:",
        "x = 1",
        "(",
    ],
)
def test_a_line_of_a_block_parses_by_itself(line):
    right = line != "("
    assert evaluation.lines_that_parse(f"\n    {line}\n# (\n") == right


def test_a_text_without_a_line_of_code_has_no_part_that_parses():
    assert np.isnan(evaluation.lines_that_parse("\n# only a comment\n"))


@given(
    arrays(
        float,
        array_shapes(min_dims=1, max_dims=2, max_side=6).map(lambda shape: (3, *shape)),
        elements=st.integers(-3, 3),  # few values: many truths are on an end
    )
)
def test_coverage_is_the_part_between_the_ends(values):
    lower, upper = np.sort(values[:2], axis=0)
    truth = values[2]
    inside = np.mean(~((truth < lower) | (truth > upper)))
    assert evaluation.coverage(lower, upper, truth) == inside


def test_the_ends_belong_to_the_interval():
    assert evaluation.coverage([0, 0], [1, 1], [0, 1]) == 1
    assert evaluation.coverage([2], [2], [2]) == 1


def random_intervals(rng, shape):
    """Lower end, middle, upper end and truth; of all widths, and lopsided."""
    middle = rng.normal(size=shape)
    lower = middle - rng.uniform(0.1, 2, shape)
    upper = middle + rng.uniform(0.1, 5, shape)
    return lower, middle, upper, middle + rng.standard_t(3, shape)


def stretched(lower, middle, upper, factor):
    return middle - factor * (middle - lower), middle + factor * (upper - middle)


def held(intervals, truth):
    """How many truths lie in their intervals, for each step."""
    lower, upper = intervals
    return ((lower <= truth) & (truth <= upper)).sum(axis=0)


@given(
    st.integers(1, 150),
    st.sampled_from([(), (1,), (3,)]),
    st.integers(1, 99),
    st.integers(0, 1000),
)
@example(99, (), 55, 0)  # in floats 100 * 0.55 is more than 55
@settings(deadline=None, max_examples=150)
def test_the_factor_is_just_enough_on_the_windows_it_comes_from(
    samples, steps, percent, seed
):
    samples = max(samples, math.ceil(Fraction(percent, 100 - percent)))
    due = math.ceil((samples + 1) * Fraction(percent, 100))
    *forecasts, truth = random_intervals(np.random.default_rng(seed), (samples, *steps))
    factor = evaluation.conformal_factor(*forecasts, truth, level=percent / 100)
    assert factor.shape == steps
    hair = 1e-9
    assert (held(stretched(*forecasts, factor * (1 + hair)), truth) == due).all()
    assert (held(stretched(*forecasts, factor * (1 - hair)), truth) == due - 1).all()


@pytest.mark.parametrize(("samples", "level"), [(9, 0.9), (23, 0.8), (60, 0.55)])
def test_new_windows_are_covered_as_the_theorem_says(samples, level):
    draws = 4000  # each a column, as if it were a step
    windows = random_intervals(np.random.default_rng(0), (samples + 20, draws))
    *forecasts, truth = (values[:samples] for values in windows)
    factor = evaluation.conformal_factor(*forecasts, truth, level=level)
    *forecasts, truth = (values[samples:] for values in windows)
    covered = held(stretched(*forecasts, factor), truth) / 20
    error = covered.std() / np.sqrt(draws)
    assert covered.mean() > level - 3 * error
    assert covered.mean() < level + 1 / (samples + 1) + 3 * error


@given(st.floats(1e-6, 1e6), st.floats(-100, 100), st.integers(0, 1000))
@settings(deadline=None)
def test_the_factor_has_no_unit(scale, shift, seed):
    given_values = random_intervals(np.random.default_rng(seed), (30, 2))
    moved = [scale * (values + shift) for values in given_values]
    np.testing.assert_allclose(
        evaluation.conformal_factor(*moved),
        evaluation.conformal_factor(*given_values),
        rtol=1e-9,
    )


def test_each_side_is_measured_by_its_own_width():
    zeros = np.zeros(9)
    for truth, factor in ((-3.0, 3.0), (3.0, 0.3)):
        assert evaluation.conformal_factor(
            zeros - 1, zeros, zeros + 10, zeros + truth
        ) == pytest.approx(factor)


@pytest.mark.parametrize("percent", [10, 50, 51, 60, 75, 80, 90, 95, 99])
def test_the_number_of_samples_that_is_named_is_enough_and_no_fewer_are(percent):
    def factor(samples):
        ones = np.ones(samples)
        return evaluation.conformal_factor(
            -ones, 0 * ones, ones, ones, level=percent / 100
        )

    enough = math.ceil(Fraction(percent, 100 - percent))
    assert factor(enough) == 1
    if enough > 1:
        with pytest.raises(ValueError, match=f"give at least {enough}\\."):
            factor(enough - 1)


def test_an_interval_without_width_is_refused_only_where_it_matters():
    zeros, ones = np.zeros((20, 2)), np.ones((20, 2))
    with pytest.raises(ValueError, match="no width on the side where the truth lies"):
        evaluation.conformal_factor(-ones, zeros, zeros, ones)
    assert (evaluation.conformal_factor(-ones, zeros, zeros, -ones) == 1).all()
    assert (evaluation.conformal_factor(zeros, zeros, zeros, zeros) == 0).all()


def test_intervals_that_cannot_be_judged_are_refused():
    ones = np.ones(20)
    gap = np.r_[np.nan, np.nan, np.ones(18)]

    def message(function, *arguments, **options):
        with pytest.raises(ValueError, match=function.__name__) as caught:
            function(*arguments, **options)
        return str(caught.value)

    assert message(evaluation.coverage, ones, ones, ones[:3]) == (
        "coverage: the shapes differ: lower (20,), upper (20,), truth (3,). Give one "
        "of each."
    )
    assert message(evaluation.coverage, ones, gap, ones) == (
        "coverage: 2 values of upper are missing (NaN). Leave those windows out."
    )
    assert (
        message(evaluation.coverage, [], [], []) == "coverage: lower holds no values."
    )
    assert message(evaluation.coverage, [0, 2, 3], [1, 1, 1], [1, 1, 1]) == (
        "coverage: 2 intervals end before they begin, first 2 to 1. Is lower given "
        "first?"
    )
    calibrate = evaluation.conformal_factor
    assert "middle (20,), upper (20,), truth (20, 1)" in message(
        calibrate, ones, ones, ones, ones[:, np.newaxis]
    )
    assert "2 values of middle are missing" in message(calibrate, ones, gap, ones, ones)
    for disordered in ((2 * ones, ones, 3 * ones), (ones, 3 * ones, 2 * ones)):
        assert "not in the order lower, middle, upper. Sort" in message(
            calibrate, *disordered, ones
        )
    for level in (0, 1, 90, np.nan):
        assert message(calibrate, ones, ones, ones, ones, level=level) == (
            f"conformal_factor(level={level}): must lie between 0 and 1, as 0.9 does."
        )
