"""What is made from a seed is what its description says."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import datasets


@given(st.integers(1, 60), st.integers(8, 50), st.integers(0, 10_000))
@settings(deadline=None, max_examples=50)
def test_labels_follow_from_the_first_and_last_pulse(samples, time_steps, seed):
    sequences, labels = datasets.make_sequences(
        samples, time_steps=time_steps, noise=0, seed=seed
    )
    assert sequences.shape == (samples, time_steps, 1)
    for sequence, label in zip(sequences[..., 0], labels, strict=True):
        pulses = sequence[sequence != 0]
        assert sorted(pulses) == [-1, -1, 1, 1]
        assert label == (pulses[0] == pulses[-1])
        assert np.diff(np.flatnonzero(sequence)).min() >= 2


def test_sequences_have_both_labels_equally_often():
    _, labels = datasets.make_sequences(1000)
    assert labels.mean() == 0.5


def test_the_same_seed_gives_the_same_sequences():
    first, same, other = (datasets.make_sequences(20, seed=s)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_linear_models_without_memory_only_guess():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    sequences, labels = datasets.make_sequences(4000, seed=1)
    values = sequences[..., 0]
    summary = np.stack([values.mean(1), values.min(1), values.max(1)], axis=1)
    for table in (summary, values):
        accuracy = cross_val_score(LogisticRegression(), table, labels).mean()
        assert abs(accuracy - 0.5) < 0.05


def test_too_short_sequences_are_refused():
    with pytest.raises(ValueError, match=r"time_steps=7.*at least 8 time steps"):
        datasets.make_sequences(3, time_steps=7)
    with pytest.raises(ValueError, match="at least 1 sample"):
        datasets.make_sequences(0)


@given(st.integers(1, 200), st.integers(20, 120), st.integers(0, 10_000))
@settings(deadline=None, max_examples=50)
def test_the_adding_problem_adds_the_two_marked_numbers(samples, time_steps, seed):
    sequences, targets = datasets.make_adding_problem(
        samples, time_steps=time_steps, seed=seed
    )
    assert sequences.shape == (samples, time_steps, 2)
    assert sequences.dtype == targets.dtype == np.float32
    numbers, marks = sequences[..., 0], sequences[..., 1]
    assert ((marks == 1).sum(axis=1) == 2).all()
    assert (marks[:, -1] == -1).all()
    assert np.isin(marks[:, 0], [-1, 1]).all()
    assert (marks[:, 1:-1] >= 0).all()
    marked = np.where(marks == 1, numbers, 0).sum(axis=1)
    np.testing.assert_allclose(targets, 0.5 + marked / 4, atol=1e-6)
    places = np.nonzero(marks == 1)[1].reshape(samples, 2)
    assert (places[:, 0] < 10).all()
    assert (places[:, 1] < time_steps // 2).all()
    assert (np.abs(numbers) <= 1).all()
    assert not numbers[marks[:, 0] == 1, 0].any()


def test_marks_of_the_adding_problem_stand_everywhere_they_may():
    sequences, _ = datasets.make_adding_problem(5000, time_steps=40)
    places = np.nonzero(sequences[..., 1] == 1)[1]
    assert set(places) == set(range(20))


@given(
    st.integers(1, 20), st.integers(1, 80), st.integers(1, 10), st.integers(0, 10_000)
)
@settings(deadline=None, max_examples=50)
def test_depths_are_those_of_the_brackets(samples, time_steps, deepest, seed):
    texts, depths = datasets.make_brackets(
        samples, time_steps=time_steps, deepest=deepest, seed=seed
    )
    assert depths.shape == (samples, time_steps)
    for text, row in zip(texts, depths, strict=True):
        assert len(text) == time_steps
        depth = 0
        for character, after in zip(text, row, strict=True):
            depth += {"(": 1, ")": -1, "x": 0, ";": -depth}[character]
            assert depth == after
            assert 0 <= depth <= deepest


def test_brackets_go_as_deep_as_they_may_and_are_seeded():
    texts, depths = datasets.make_brackets(500, seed=3)
    assert depths.max() == 8
    assert datasets.make_brackets(500, seed=3)[0] == texts
    assert datasets.make_brackets(500, seed=4)[0] != texts


def test_problems_that_cannot_be_made_are_refused():
    with pytest.raises(ValueError, match=r"time_steps=19.*at least 20 time steps"):
        datasets.make_adding_problem(3, time_steps=19)
    with pytest.raises(ValueError, match="at least 1 sample"):
        datasets.make_adding_problem(0)
    with pytest.raises(ValueError, match=r"deepest=0\): each must be at least 1"):
        datasets.make_brackets(3, deepest=0)


@pytest.fixture(scope="module", params=[0.0, 0.98], ids=["even", "clustered"])
def walk(request):
    """How much clustering a long random walk was asked for, and its prices."""
    prices = datasets.make_random_walk(
        50_000, volatility=0.05, clustering=request.param, seed=1
    )
    return request.param, prices["price"].to_numpy()


def autocorrelation(values, lag):
    return np.corrcoef(values[lag:], values[:-lag])[0, 1]


def test_the_expected_price_of_tomorrow_is_the_price_of_today(walk):
    _, prices = walk
    ratios = prices[1:] / prices[:-1]
    assert abs(ratios.mean() - 1) < 3 * ratios.std() / np.sqrt(len(ratios))


def test_no_return_follows_from_the_past(walk):
    _, prices = walk
    returns = prices[1:] / prices[:-1] - 1
    for past in (returns, np.abs(returns), np.sign(returns)):
        for lag in (1, 2, 5):
            products = returns[lag:] * (past - past.mean())[:-lag]
            error = products.std() / np.sqrt(len(products))
            assert abs(products.mean()) < 4 * error


def test_wild_days_stand_together_if_they_are_asked_to(walk):
    clustering, prices = walk
    squares = np.square(np.diff(np.log(prices)))
    for lag in (1, 5):
        related = autocorrelation(squares, lag)
        chance = 4 / np.sqrt(len(squares))
        assert related > 0.1 if clustering else abs(related) < chance


def test_the_volatility_is_in_the_long_run_the_one_asked_for(walk):
    _, prices = walk
    assert np.diff(np.log(prices)).std() == pytest.approx(0.05, rel=0.08)


@given(
    st.integers(2, 300),
    st.floats(1e-3, 1e6),
    st.floats(1e-6, 0.1),
    st.floats(0, 0.999),
    st.integers(0, 10_000),
)
@settings(deadline=None, max_examples=50)
def test_prices_are_positive_and_fall_on_business_days(
    rows, start, volatility, clustering, seed
):
    walk = datasets.make_random_walk(
        rows, start=start, volatility=volatility, clustering=clustering, seed=seed
    )
    assert walk.shape == (rows, 1)
    assert walk["price"].iloc[0] == pytest.approx(start)
    assert np.isfinite(walk["price"]).all()
    assert (walk["price"] > 0).all()
    assert (walk.index.day_of_week < 5).all()


def test_the_same_seed_gives_the_same_prices():
    first, same, other = (datasets.make_random_walk(50, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, same)
    assert not first.equals(other)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rows": 1}, r"make_random_walk\(1\): ask for at least 2 rows"),
        ({"rows": 9, "start": 0}, "start=0, .*start and volatility must be above 0"),
        ({"rows": 9, "volatility": 0}, "volatility=0, .*must be above 0"),
        ({"rows": 9, "volatility": np.nan}, "volatility=nan"),
        ({"rows": 9, "clustering": 1}, "clustering=1.*from 0 to below 1"),
        ({"rows": 9, "clustering": -0.1}, "clustering=-0.1"),
    ],
)
def test_a_random_walk_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        datasets.make_random_walk(**settings)
