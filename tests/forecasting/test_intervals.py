import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simple_lstm import forecasting


def random_intervals(rng, shape):
    """Truth, lower end, middle and upper end; of all widths, and lopsided."""
    middle = rng.normal(size=shape)
    lower = middle - rng.uniform(0.1, 2, shape)
    upper = middle + rng.uniform(0.1, 5, shape)
    return middle + rng.standard_t(3, shape), lower, middle, upper


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
    y_true, *forecasts = random_intervals(
        np.random.default_rng(seed), (samples, *steps)
    )
    factor = forecasting.conformal_factor(y_true, *forecasts, level=percent / 100)
    assert factor.shape == steps
    hair = 1e-9
    assert (held(stretched(*forecasts, factor * (1 + hair)), y_true) == due).all()
    assert (held(stretched(*forecasts, factor * (1 - hair)), y_true) == due - 1).all()


@pytest.mark.parametrize(("samples", "level"), [(9, 0.9), (23, 0.8), (60, 0.55)])
def test_new_windows_are_covered_as_the_theorem_says(samples, level):
    draws = 4000  # each a column, as if it were a step
    windows = random_intervals(np.random.default_rng(0), (samples + 20, draws))
    y_true, *forecasts = (values[:samples] for values in windows)
    factor = forecasting.conformal_factor(y_true, *forecasts, level=level)
    y_true, *forecasts = (values[samples:] for values in windows)
    covered = held(stretched(*forecasts, factor), y_true) / 20
    error = covered.std() / np.sqrt(draws)
    assert covered.mean() > level - 3 * error
    assert covered.mean() < level + 1 / (samples + 1) + 3 * error


def test_the_factor_is_right_for_values_of_any_size():
    huge = 1e308 * np.ones(20)
    assert forecasting.conformal_factor(huge, -huge, 0 * huge, huge) == 1
    assert forecasting.conformal_factor(-huge, -huge, huge / 2, huge) == 1


@given(st.floats(1e-6, 1e6), st.floats(-100, 100), st.integers(0, 1000))
@settings(deadline=None)
def test_the_factor_has_no_unit(scale, shift, seed):
    given_values = random_intervals(np.random.default_rng(seed), (30, 2))
    moved = [scale * (values + shift) for values in given_values]
    np.testing.assert_allclose(
        forecasting.conformal_factor(*moved),
        forecasting.conformal_factor(*given_values),
        rtol=1e-9,
    )


def test_each_side_is_measured_by_its_own_width():
    zeros = np.zeros(9)
    for truth, factor in ((-3.0, 3.0), (3.0, 0.3)):
        assert forecasting.conformal_factor(
            zeros + truth, zeros - 1, zeros, zeros + 10
        ) == pytest.approx(factor)


@pytest.mark.parametrize("percent", [10, 50, 51, 60, 75, 80, 90, 95, 99])
def test_the_number_of_samples_that_is_named_is_enough_and_no_fewer_are(percent):
    def factor(samples):
        ones = np.ones(samples)
        return forecasting.conformal_factor(
            ones, -ones, 0 * ones, ones, level=percent / 100
        )

    enough = math.ceil(Fraction(percent, 100 - percent))
    assert factor(enough) == 1
    if enough > 1:
        with pytest.raises(ValueError, match=f"give at least {enough}\\."):
            factor(enough - 1)


def test_an_interval_without_width_is_refused_only_where_it_matters():
    zeros, ones = np.zeros((20, 2)), np.ones((20, 2))
    with pytest.raises(ValueError, match="no width on the side where the truth lies"):
        forecasting.conformal_factor(ones, -ones, zeros, zeros)
    assert (forecasting.conformal_factor(-ones, -ones, zeros, zeros) == 1).all()
    assert (forecasting.conformal_factor(zeros, zeros, zeros, zeros) == 0).all()


def test_intervals_that_cannot_be_judged_are_refused():
    ones = np.ones(20)
    gap = np.r_[np.nan, np.nan, np.ones(18)]

    def message(*values, **options):
        with pytest.raises(ValueError, match="conformal_factor") as caught:
            forecasting.conformal_factor(*values, **options)
        return str(caught.value)

    assert "y_true (20, 1), lower (20,), middle (20,)" in message(
        ones[:, np.newaxis], ones, ones, ones
    )
    assert message(ones, ones, gap, ones) == (
        "conformal_factor: the values of middle: 2 of 20 are missing (NaN). Leave them "
        "out, and what they are compared with."
    )
    rest = [values[2:] for values in (ones, ones, gap, ones)]
    assert forecasting.conformal_factor(*rest) == 0
    masked = np.ma.masked_array(ones, [True] + [False] * 19)
    assert "lower: 1 of 20 are missing" in message(ones, masked, ones, ones)
    assert "are infinite" in message(ones, ones, ones, ones * np.inf)
    assert "y_true: there are none" in message([], [], [], [])
    text = ones.astype(int).astype(str)
    assert "np.asarray(values, dtype=float)" in message(text, ones, ones, ones)
    for disordered in ((2 * ones, ones, 3 * ones), (ones, 3 * ones, 2 * ones)):
        assert "not in the order lower, middle, upper. Sort" in message(
            ones, *disordered
        )
        sorted_values = np.sort(np.stack(disordered, axis=-1), axis=-1)
        forecasting.conformal_factor(ones, *np.moveaxis(sorted_values, -1, 0))
    for level in (0, 1, 90, np.nan):
        assert message(ones, ones, ones, ones, level=level) == (
            f"conformal_factor(level={level}): must lie between 0 and 1, as 0.9 does."
        )
