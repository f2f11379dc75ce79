import decimal
import math
import re
from fractions import Fraction

import numpy as np
import pandas as pd
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


def scored(truth, prediction, metric):
    """The score of one prediction alone."""
    board = evaluation.Scoreboard(truth, metric=metric, baselines={"it": prediction})
    return board.scores["it"]


@pytest.mark.parametrize(
    ("metric", "oracle"),
    [("MAE", mean_absolute_error), ("RMSE", root_mean_squared_error)],
)
def test_errors_are_those_of_scikit_learn(metric, oracle):
    truth, prediction = RANDOM.normal(size=(2, 50))
    score = scored(truth, prediction, metric)
    assert score == pytest.approx(oracle(truth, prediction))


def in_plain_python(truth, prediction, metric):
    """The score without NumPy, in fractions: nothing overflows, nothing is rounded."""
    pairs = list(zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True))
    if metric == "accuracy":
        return sum(true == said for true, said in pairs) / len(pairs)
    wrong = [abs(Fraction(said) - Fraction(true)) for true, said in pairs]
    if metric == "MAE":
        return sum(wrong) / len(wrong)
    largest = max(wrong) or 1  # squares of small fractions are no floats
    mean = sum((one / largest) ** 2 for one in wrong) / len(wrong)
    return float(largest) * math.sqrt(mean)


NUMBERS = st.one_of(
    [
        arrays(dtype, 6)
        for dtype in (bool, "u1", "i1", "u8", "i8", "f2", "f4", "f8", "c16")
    ]
    + [arrays(float, 6, elements=st.sampled_from([0, 1e-200, 1.0, -1e200, 1e308]))]
    + [arrays(object, 6, elements=st.sampled_from([0, 1.0, True, None, 0.5, "1"]))]
)


@given(NUMBERS, NUMBERS, st.sampled_from(["MAE", "RMSE", "accuracy"]))
@settings(deadline=None, max_examples=500)
def test_a_score_is_that_of_plain_python_or_refused(truth, prediction, metric):
    try:
        score = scored(truth, prediction, metric)
    except ValueError:
        return
    assert math.isfinite(score)
    try:
        due = in_plain_python(truth, prediction, metric)
    except OverflowError:  # beyond the largest float
        return
    assert score == pytest.approx(float(due), rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200, 8e307])
def test_large_and_small_errors_are_right(size):
    for metric in ("MAE", "RMSE"):
        assert scored([size, -size], [-size, size], metric) == 2 * size


def test_the_most_accurate_row_is_the_best():
    truth = RANDOM.integers(0, 2, 100)
    simple = {"zeros": np.zeros(100)}
    board = evaluation.Scoreboard(truth, metric="accuracy", baselines=simple)
    board.add("half right", np.where(np.arange(100) < 80, truth, 1 - truth))
    assert board.best == "half right"
    assert board.scores["zeros"] == accuracy_score(truth, np.zeros(100))
    assert "best" in str(board).splitlines()[-2]


@pytest.mark.parametrize("metric", ["MAE", "RMSE", "accuracy"])
@given(arrays(int, (5, 7), elements=st.integers(0, 2)))
@settings(deadline=None)
def test_skill_is_measured_against_the_best_baseline(metric, values):
    truth, *simple, model = values
    named = {str(place): one for place, one in enumerate(simple)}
    board = evaluation.Scoreboard(truth, metric=metric, baselines=named)
    board.add("model", model)
    perfect = int(metric == "accuracy")
    errors = {name: abs(perfect - score) for name, score in board.scores.items()}
    hardest = min(errors[name] for name in named)
    assert errors[board.best_baseline] == hardest
    assert board.skills[board.best_baseline] == 0
    for name, error in errors.items():
        if hardest:
            assert board.skills[name] == pytest.approx(1 - error / hardest)
        assert (board.skills[name] > 0) == (error < hardest)
    assert f"against {board.best_baseline}, the best" in str(board)


def test_a_model_that_is_no_better_than_a_baseline_is_not_the_best():
    board = evaluation.Scoreboard([1, 2], metric="MAE", baselines={"simple": [1, 3]})
    board.add("as good", [2, 2])
    assert board.best == board.best_baseline == "simple"
    board.add("better", [1, 2])
    assert (board.best, board.best_baseline) == ("better", "simple")


def test_a_perfect_baseline_has_a_board_like_any_other():
    board = evaluation.Scoreboard([1, 2], metric="MAE", baselines={"simple": [1, 2]})
    board.add("worse", [1, 3])
    board.add("perfect, too", [1, 2])
    assert list(board.skills.values()) == [0, -math.inf, 0]
    assert "nan" not in str(board) + board._repr_html_()


def test_the_table_marks_the_best_row_and_escapes_names():
    simple = {"<b>": [1, 3], "far $ off $": [9, 9]}
    board = evaluation.Scoreboard([1, 2], metric="MAE", baselines=simple, unit="a&b")
    board.add("perfect", [1, 2])
    table = board._repr_html_()
    assert "skill against &lt;b&gt;, the best baseline" in table
    assert "a&amp;b" in table
    assert "<b>" not in table
    assert table.count("font-weight: bold") == 1
    assert "best" in table.split("perfect")[1]


def test_a_notebook_takes_no_dollars_of_a_table_for_formulas():
    simple = {"in US$ or in $": [1, 2]}
    board = evaluation.Scoreboard([1, 2], metric="MAE", baselines=simple)
    kind = re.match(r"<table class='([^']*)'>", board._repr_html_())[1]
    assert {"tex2jax_ignore", "mathjax_ignore"} <= set(kind.split())


def refusal(function, *arguments, **options):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        function(*arguments, **options)
    return str(caught.value)


def test_a_row_that_cannot_be_compared_is_refused():
    board = evaluation.Scoreboard([1.0, 2.0], metric="MAE", baselines={"it": [1, 1]})
    assert refusal(board.add, "other", [1, 2, 3]) == (
        "Scoreboard: the predictions of 'other' have shape (3,), the truth has (2,). "
        "Give one value for each."
    )
    assert (
        refusal(board.add, "it", [1, 2]) == "Scoreboard: there is a row 'it' already."
    )
    assert "rows of different lengths" in refusal(board.add, "other", [[1], [1, 2]])
    assert list(board.scores) == ["it"]
    with pytest.raises(ValueError, match="choose one of MAE, RMSE, accuracy"):
        evaluation.Scoreboard([1], metric="loss", baselines={"it": [1]})
    for none in ({}, "always 0", ["always 0"]):
        with pytest.raises(
            ValueError, match="baselines must be a dict of at least one"
        ):
            evaluation.Scoreboard([1], metric="MAE", baselines=none)


def test_the_advised_baseline_works():
    truth = [3, 1, 0]
    simple = {"always 0": np.zeros_like(truth)}
    assert evaluation.Scoreboard(truth, metric="MAE", baselines=simple).best_baseline


MASKED = np.ma.masked_array([1, 5, 0], [False, True, False])
GAPS = {
    "NaN": [1, np.nan, 0],
    "None": [1, None, 0],
    "pd.NA": pd.array([1, None, 0], dtype="Int64"),
    "masked": MASKED,
    "NaN among text": ["1", np.nan, "0"],
    "missing text": pd.array(["1", None, "0"], dtype="string"),
    "missing category": pd.Categorical(["1", None, "0"]),
    "missing bool": pd.array([True, None, False], dtype="boolean"),
    "no time": np.array(["2020", "NaT", "2021"], dtype="datetime64[D]"),
}


@pytest.mark.parametrize("metric", ["MAE", "accuracy"])
@pytest.mark.parametrize("values", GAPS.values(), ids=GAPS)
def test_gaps_are_counted_and_refused(metric, values):
    for truth, prediction in ((values, [1, 0, 0]), ([1, 0, 0], values)):
        message = refusal(scored, truth, prediction, metric)
        assert "1 of 3 are missing (NaN). Leave them out, and what they are" in message


def test_what_is_left_without_its_gaps_is_judged():
    truth, prediction = pd.array([1, None, 0], dtype="Int64"), np.array([1, 0, 1])
    there = pd.notna(truth)
    assert scored(truth[there], prediction[there], "accuracy") == 0.5
    there = ~MASKED.mask
    assert scored(MASKED[there], prediction[there], "MAE") == 0.5


@pytest.mark.parametrize(
    ("metric", "infinite"),
    [("MAE", np.inf), ("RMSE", -np.inf), ("accuracy", np.inf), ("MAE", 10**400)],
    ids=["MAE", "RMSE", "accuracy", "beyond a float"],
)
def test_infinities_are_refused(metric, infinite):
    values = [1, infinite]
    for truth, prediction in ((values, values), ([1, 1], values), (values, [1, 1])):
        message = refusal(scored, truth, prediction, metric)
        assert "infinite" in message or "are not labels" in message


UNFIT = {  # a truth, its predictions, and the mending that the error advises
    "text in numbers": (
        ["1.5", "2"],
        [1, 2],
        "np.asarray(values, dtype=float)",
        lambda values: np.asarray(values, dtype=float),
    ),
    "text as an object": (
        np.array(["1.5", "2"], dtype=object),
        [1, 2],
        "np.asarray(values, dtype=float)",
        lambda values: np.asarray(values, dtype=float),
    ),
    "decimals": (
        [decimal.Decimal("1.5"), decimal.Decimal(2)],
        [1, 2],
        "np.asarray(values, dtype=float)",
        lambda values: np.asarray(values, dtype=float),
    ),
    "times": (
        pd.Series(pd.to_datetime(["2024-01-01 01:30", "2024-01-01 02:00"])),
        pd.Series(pd.to_datetime(["2024-01-01 01:00", "2024-01-01 02:00"])),
        "(values - np.datetime64('2000-01-01')) / np.timedelta64(1, 'h')",
        lambda values: (values - np.datetime64("2000-01-01")) / np.timedelta64(1, "h"),
    ),
    "durations": (
        np.array([90, 120], dtype="timedelta64[m]"),
        np.array([60, 120], dtype="timedelta64[m]"),
        "values / np.timedelta64(1, 'h')",
        lambda values: values / np.timedelta64(1, "h"),
    ),
    "complex": ([1.5 + 0j, 2], [1j, 2], "np.abs(values)", np.abs),
    "beyond a float": (
        np.array([2**62, 2**62 + 1]),
        np.array([2**62, 2**62 + 2]),
        "Subtract the same large whole number",
        lambda values: values - 2**62,
    ),
    "one column": (
        [1.5, 2],
        [[1], [2]],
        "np.squeeze(values, axis=-1)",
        lambda values: np.squeeze(values, axis=-1) if np.ndim(values) > 1 else values,
    ),
}


@pytest.mark.parametrize(
    ("truth", "prediction", "advice", "mend"), UNFIT.values(), ids=UNFIT
)
def test_what_has_no_error_is_refused_with_advice_that_works(
    truth, prediction, advice, mend
):
    assert advice in refusal(scored, truth, prediction, "MAE")
    assert scored(mend(truth), mend(prediction), "MAE") in (0.25, 0.5)


def test_errors_that_no_float_can_hold_are_refused_with_advice_that_works():
    truth, prediction = np.array([1e308, 0]), np.array([-1e308, 0])
    assert "larger unit: values / 1e9" in refusal(scored, truth, prediction, "RMSE")
    assert scored(truth / 1e9, prediction / 1e9, "MAE") == 1e299


def test_an_error_asked_of_labels_names_the_metric_for_them():
    truth = ["good", "bad"]
    assert 'give metric="accuracy"' in refusal(scored, truth, truth, "MAE")
    assert scored(truth, truth, "accuracy") == 1


@pytest.mark.parametrize("kind", [float, object])
def test_probabilities_are_no_labels(kind):
    truth, probability = [0, 1, 1], np.array([0.2, 0.7, 0.4], dtype=kind)
    for pair in ((truth, probability), (probability, truth)):
        message = refusal(scored, *pair, "accuracy")
        assert "(probability > 0.5).astype(int)" in message
    assert scored(truth, (probability > 0.5).astype(int), "accuracy") == 2 / 3


def test_probabilities_of_each_class_become_labels_as_advised():
    truth, probabilities = [0, 1], np.array([[0.9, 0.1], [0.8, 0.2]])
    assert "probabilities.argmax(axis=-1)" in refusal(
        scored, truth, probabilities, "accuracy"
    )
    assert scored(truth, probabilities.argmax(axis=-1), "accuracy") == 0.5


def test_text_and_numbers_are_not_compared_as_labels():
    truth, said = [0, 1, 1], ["0", "1", "1"]
    for pair in ((truth, said), (said, truth)):
        message = refusal(scored, *pair, "accuracy")
        assert "none of them could be right" in message
        assert "np.asarray(values, dtype=int)" in message
    assert scored(truth, np.asarray(said, dtype=int), "accuracy") == 1


def test_named_classes_become_numbers_as_advised():
    truth, values, classes = [0, 1, 1], ["bad", "good", "bad"], ["bad", "good"]
    message = refusal(scored, truth, values, "accuracy")
    assert "[classes.index(text) for text in values]" in message
    assert scored(truth, [classes.index(text) for text in values], "accuracy") == 2 / 3


@pytest.mark.parametrize(
    "values",
    [[1, "a"], [b"a", b"b"], np.array(["2020", "2021"], dtype="datetime64[Y]")],
)
def test_other_labels_become_text_as_advised(values):
    message = refusal(scored, values, values, "accuracy")
    assert "np.asarray(values).astype(str)" in message
    said = np.asarray(values).astype(str)
    assert scored(said, said, "accuracy") == 1


@pytest.mark.parametrize(
    "said",
    [
        np.array([0.0, 1, 1]),
        np.array([False, True, True]),
        np.uint8([0, 1, 1]),
        np.array([0, 1.0, True], dtype=object),
        pd.array([0, 1, 1], dtype="Int64"),
        pd.array([False, True, True], dtype="boolean"),
        pd.Categorical([0, 1, 1]),
        np.ma.masked_array([0, 1, 1]),
    ],
)
def test_labels_of_any_type_are_compared_by_value(said):
    assert scored([0, 1, 0], said, "accuracy") == 2 / 3


def test_labels_that_a_float_cannot_tell_apart_are_different():
    truth, said = np.array([2**53 + 1]), np.array([2.0**53])
    assert scored(truth, said, "accuracy") == 0


@given(st.floats(0.01, 100), st.floats(0, 100))
def test_skill_is_the_part_of_the_error_that_is_saved(baseline, error):
    assert (1 - evaluation.skill(error, baseline)) * baseline == pytest.approx(error)


def test_against_a_perfect_baseline_there_is_no_skill():
    assert evaluation.skill(0, 0) == 0
    assert evaluation.skill(1, 0) == -math.inf


@pytest.mark.parametrize("errors", [(-1, 2), (1, -2), (np.nan, 1), (1, np.inf)])
def test_what_is_no_error_has_no_skill(errors):
    assert "np.abs(prediction - truth).mean()" in refusal(evaluation.skill, *errors)


def test_a_false_claim_stops_a_documentation_build_alone(monkeypatch, capsys):
    monkeypatch.delenv("SIMPLE_LSTM_DOCS_BUILD", raising=False)
    evaluation.claim("pigs fly", holds=False)
    assert capsys.readouterr().out == "DOES NOT HOLD on this data: pigs fly.\n"
    monkeypatch.setenv("SIMPLE_LSTM_DOCS_BUILD", "1")
    evaluation.claim("one is one", holds=True)
    with pytest.raises(AssertionError, match="did not show: pigs fly"):
        evaluation.claim("pigs fly", holds=False)


SEEDS = st.integers(0, 10_000)
SHAPES = {
    "wet and dry": lambda rng: np.r_[rng.gamma(2, 3, 20), np.zeros(70)],
    "all wet, all dry": lambda rng: np.repeat([1.0, 0.0], [20, 70]),
    "one spike": lambda rng: np.eye(90)[rng.integers(0, 90)],
    "two spikes": lambda rng: np.eye(90)[rng.choice(90, 2, replace=False)].sum(axis=0),
    "sparse": lambda rng: rng.poisson(0.05, 90) + np.eye(90)[0],
    "periodic": lambda rng: np.tile(rng.normal(size=7), 13)[:90],
    "trend": lambda rng: np.arange(90.0),
    "noise": lambda rng: rng.normal(size=90),
    "walk": lambda rng: rng.normal(size=90).cumsum(),
    "integers": lambda rng: rng.integers(0, 3, 90) + np.eye(90, dtype=int)[0] * 5,
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@given(SEEDS, st.sampled_from([1e-200, 1e-3, 1, 1e200]), st.sampled_from([0, 1e8]))
@settings(deadline=None, max_examples=40)
def test_a_perfect_forecast_does_not_lag(shape, seed, scale, level):
    truth = (shape(np.random.default_rng(seed)) + level) * scale
    assert evaluation.lag(truth, truth) == 0


@given(arrays(float, 60, elements=st.floats(allow_nan=False, allow_infinity=False)))
@settings(deadline=None, max_examples=300)
def test_no_truth_lags_behind_itself(truth):
    if (truth != truth[0]).any():
        assert evaluation.lag(truth, truth) == 0


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@given(SEEDS)
@settings(deadline=None, max_examples=40)
def test_a_nearly_perfect_forecast_does_not_lag(shape, seed):
    rng = np.random.default_rng(seed)
    truth = shape(rng)
    noise = 1e-9 * truth.std() * rng.normal(size=90)
    assert evaluation.lag(truth + noise, truth) == 0


@given(st.integers(0, 24), SEEDS, st.sampled_from(["noise", "walk"]))
@settings(deadline=None)
def test_a_copier_lags_by_what_it_copies(shift, seed, kind):
    values = np.random.default_rng(seed).normal(size=24 + 54)
    values = values.cumsum() if kind == "walk" else values
    copied, truth = values[24 - shift : len(values) - shift], values[24:]
    assert evaluation.lag(copied, truth) == shift
    assert evaluation.lag(0.1 * copied - 7, truth) == shift  # damped, and too low


@pytest.mark.parametrize("kind", ["noise", "walk"])
def test_a_fair_forecast_seldom_seems_late_with_as_few_samples_as_are_taken(kind):
    rng, draws = np.random.default_rng(0), 300
    late = 0
    for _ in range(draws):
        steps, noise = rng.normal(size=(2, 54))
        truth = steps.cumsum() if kind == "walk" else steps
        late += evaluation.lag(truth + noise, truth) != 0
    assert late / draws < 0.02


def test_a_shift_at_which_nothing_varies_never_wins():
    truth = np.repeat([1.0, 0.0], [20, 70])
    against = 1 - truth
    assert evaluation.lag(against, truth) < 20


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
    assert scored(np.uint8([10]), np.uint8([20]), "MAE") == 10
    assert scored(np.uint64([20]), np.int64([10]), "RMSE") == 10
    wet = np.uint8([200, 0] + [0] * 60)
    assert evaluation.lag(wet, wet) == 0


@given(st.integers(1, 80), st.integers(1, 60))
@settings(deadline=None)
def test_lag_with_too_few_samples_says_how_many_it_needs(samples, max_lag):
    values = np.random.default_rng(0).normal(size=500)
    few = values[:samples]
    if samples >= max_lag + 30:
        assert evaluation.lag(few, few, max_lag=max_lag) == 0
        return
    message = refusal(evaluation.lag, few, few, max_lag=max_lag)
    enough = values[: int(re.search(r"at least (\d+) samples", message)[1])]
    assert evaluation.lag(enough, enough, max_lag=max_lag) == 0
    smaller = re.search(r", or max_lag=(\d+)\.$", message)
    assert bool(smaller) == (samples > 30)
    if smaller:
        assert evaluation.lag(few, few, max_lag=int(smaller[1])) == 0


def test_a_constant_series_has_no_lag_but_an_error():
    varying, constant = np.arange(60.0), np.ones(60)
    for pair, what in (
        ((constant, varying), "forecast"),
        ((varying, constant), "truth"),
    ):
        message = refusal(evaluation.lag, *pair)
        assert f"the {what} is constant, so it has no lag" in message
        assert "with evaluation.Scoreboard" in message
        assert scored(*pair, "MAE") == pytest.approx(np.mean(np.abs(varying - 1)))


def test_lag_refuses_what_it_cannot_judge():
    fifty = np.arange(60.0)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"prediction: 1 of 60 are (missing|inf)"):
            evaluation.lag(np.r_[bad, fifty[1:]], fifty)
    with pytest.raises(ValueError, match=r"steps 1 to 3"):
        evaluation.lag(np.ones((60, 3)), np.ones((60, 3)), step=4)
    with pytest.raises(ValueError, match=r"prediction \(60,\), truth \(59,\)"):
        evaluation.lag(fifty, fifty[1:])
    with pytest.raises(ValueError, match="must be 1 or more, as 24 is"):
        evaluation.lag(fifty, fifty, max_lag=0)
    with pytest.raises(ValueError, match=r"dtype=float\)"):
        evaluation.lag(fifty.astype(str), fifty)


def test_lag_takes_one_quantile_as_advised():
    values = RANDOM.normal(size=(60, 2, 3))
    assert "values[..., 0]" in refusal(evaluation.lag, values, values)
    assert evaluation.lag(values[..., 0], values[..., 0]) == 0


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


def test_the_factor_is_right_for_values_of_any_size():
    huge = 1e308 * np.ones(20)
    assert evaluation.conformal_factor(-huge, 0 * huge, huge, huge) == 1
    assert evaluation.conformal_factor(-huge, huge / 2, huge, -huge) == 1


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
        "coverage: the values of upper: 2 of 20 are missing (NaN). Leave them out, and "
        "what they are compared with."
    )
    assert evaluation.coverage(ones[2:], gap[2:], ones[2:]) == 1
    assert "are infinite" in message(evaluation.coverage, [0], [np.inf], [1])
    assert "np.asarray(values, dtype=float)" in message(
        evaluation.coverage, ["0"], ["9"], ["1"]
    )
    assert "1 of 2 are missing" in message(
        evaluation.coverage, [0, 0], np.ma.masked_array([1, 1], [False, True]), [0, 0]
    )
    assert (
        message(evaluation.coverage, [], [], [])
        == "coverage: the values of lower: there are none. Give at least one."
    )
    assert message(evaluation.coverage, [0, 2, 3], [1, 1, 1], [1, 1, 1]) == (
        "coverage: 2 intervals end before they begin, first 2 to 1. Is lower given "
        "first?"
    )
    calibrate = evaluation.conformal_factor
    assert "middle (20,), upper (20,), truth (20, 1)" in message(
        calibrate, ones, ones, ones, ones[:, np.newaxis]
    )
    assert "middle: 2 of 20 are missing" in message(calibrate, ones, gap, ones, ones)
    for disordered in ((2 * ones, ones, 3 * ones), (ones, 3 * ones, 2 * ones)):
        assert "not in the order lower, middle, upper. Sort" in message(
            calibrate, *disordered, ones
        )
    for level in (0, 1, 90, np.nan):
        assert message(calibrate, ones, ones, ones, ones, level=level) == (
            f"conformal_factor(level={level}): must lie between 0 and 1, as 0.9 does."
        )
