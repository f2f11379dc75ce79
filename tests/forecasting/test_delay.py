import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simple_lstm import datasets, evaluation, forecasting

RANDOM = np.random.default_rng(0)


def refusal(function, *arguments, **options):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        function(*arguments, **options)
    return str(caught.value)


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
def test_a_perfect_forecast_is_not_late(shape, seed, scale, level):
    truth = (shape(np.random.default_rng(seed)) + level) * scale
    assert forecasting.forecast_delay(truth, truth) == 0


@given(arrays(float, 60, elements=st.floats(allow_nan=False, allow_infinity=False)))
@settings(deadline=None, max_examples=300)
def test_no_truth_is_later_than_itself(truth):
    if (truth != truth[0]).any():
        assert forecasting.forecast_delay(truth, truth) == 0


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@given(SEEDS)
@settings(deadline=None, max_examples=40)
def test_a_nearly_perfect_forecast_is_not_late(shape, seed):
    rng = np.random.default_rng(seed)
    truth = shape(rng)
    noise = 1e-9 * truth.std() * rng.normal(size=90)
    assert forecasting.forecast_delay(truth, truth + noise) == 0


@given(st.integers(0, 24), SEEDS, st.sampled_from(["noise", "walk"]))
@settings(deadline=None)
def test_a_copy_is_late_by_its_shift(shift, seed, kind):
    values = np.random.default_rng(seed).normal(size=24 + 54)
    values = values.cumsum() if kind == "walk" else values
    copied, truth = values[24 - shift : len(values) - shift], values[24:]
    assert forecasting.forecast_delay(truth, copied) == shift
    assert (
        forecasting.forecast_delay(truth, 0.1 * copied - 7) == shift
    )  # damped, and too low


@pytest.mark.parametrize("kind", ["noise", "walk"])
def test_a_fair_forecast_seldom_seems_late_with_as_few_samples_as_are_taken(kind):
    rng, draws = np.random.default_rng(0), 300
    late = 0
    for _ in range(draws):
        steps, noise = rng.normal(size=(2, 54))
        truth = steps.cumsum() if kind == "walk" else steps
        late += forecasting.forecast_delay(truth, truth + noise) != 0
    assert late / draws < 0.02


def test_a_shift_at_which_nothing_varies_never_wins():
    truth = np.repeat([1.0, 0.0], [20, 70])
    against = 1 - truth
    assert forecasting.forecast_delay(truth, against) < 20


def test_the_last_value_is_late_by_the_step_looked_at():
    walk = np.cumsum(RANDOM.normal(size=500))
    windows = np.lib.stride_tricks.sliding_window_view(walk, 6)
    truth, copied = windows[:, 1:], np.repeat(windows[:, :1], 5, axis=1)
    for step in (1, 3, 5):
        assert forecasting.forecast_delay(truth, copied, step=step) == step
        assert forecasting.forecast_delay(truth, truth, step=step) == 0


def test_a_model_of_the_traffic_comes_in_time_but_its_last_value_late():
    vehicles = forecasting.fill_gaps(datasets.load_traffic()[["vehicles"]], limit=3)
    vehicles = vehicles.tail(3000)
    split = forecasting.time_split(vehicles)
    train, validation, test = forecasting.make_windows(vehicles, 24, 1, split=split)
    assert (np.diff(test.origins) == 1).all()
    model = forecasting.forecaster(train, units=24, learning_rate=0.01)
    model.fit(train.shuffled(), validation_data=validation, epochs=5, verbose=0)
    forecast = model(test.past)
    copied = forecasting.naive(test)
    assert forecasting.forecast_delay(test.targets, forecast) == 0
    assert forecasting.forecast_delay(test.targets, copied) == 1


def test_small_integers_do_not_wrap_around():
    wet = np.uint8([200, 0] + [0] * 60)
    assert forecasting.forecast_delay(wet, wet) == 0


@given(st.integers(1, 80), st.integers(1, 60))
@settings(deadline=None)
def test_with_too_few_samples_the_error_says_how_many_are_needed(samples, max_delay):
    values = np.random.default_rng(0).normal(size=500)
    few = values[:samples]
    if samples >= max_delay + 30:
        assert forecasting.forecast_delay(few, few, max_delay=max_delay) == 0
        return
    message = refusal(forecasting.forecast_delay, few, few, max_delay=max_delay)
    enough = values[: int(re.search(r"at least (\d+) samples", message)[1])]
    assert forecasting.forecast_delay(enough, enough, max_delay=max_delay) == 0
    smaller = re.search(r", or max_delay=(\d+)\.$", message)
    assert bool(smaller) == (samples > 30)
    if smaller:
        assert forecasting.forecast_delay(few, few, max_delay=int(smaller[1])) == 0


def test_a_constant_series_has_no_delay_but_an_error():
    varying, constant = np.arange(60.0), np.ones(60)
    for pair, what in (
        ((constant, varying), "y_true"),
        ((varying, constant), "y_pred"),
    ):
        message = refusal(forecasting.forecast_delay, *pair)
        assert f"{what} is constant, so there is no delay" in message
        assert "with evaluation.Scoreboard" in message
        board = evaluation.Scoreboard(
            pair[0], {}, metric="MAE", baselines={"it": pair[1]}
        )
        assert board.scores["it"] == pytest.approx(np.mean(np.abs(varying - 1)))


def test_what_cannot_be_judged_is_refused():
    fifty = np.arange(60.0)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"y_pred: 1 of 60 are (missing|inf)"):
            forecasting.forecast_delay(fifty, np.r_[bad, fifty[1:]])
    with pytest.raises(ValueError, match=r"steps 1 to 3"):
        forecasting.forecast_delay(np.ones((60, 3)), np.ones((60, 3)), step=4)
    with pytest.raises(ValueError, match=r"y_true \(60,\), y_pred \(59,\)"):
        forecasting.forecast_delay(fifty, fifty[1:])
    with pytest.raises(ValueError, match="must be 1 or more, as 24 is"):
        forecasting.forecast_delay(fifty, fifty, max_delay=0)
    with pytest.raises(ValueError, match=r"dtype=float\)"):
        forecasting.forecast_delay(fifty, fifty.astype(str))


def test_one_quantile_is_taken_as_advised():
    values = RANDOM.normal(size=(60, 2, 3))
    assert "values[..., 0]" in refusal(forecasting.forecast_delay, values, values)
    assert forecasting.forecast_delay(values[..., 0], values[..., 0]) == 0
