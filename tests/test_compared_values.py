"""Values that are compared, and the units in which they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simple_lstm import _compared_values

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(arrays(float, st.integers(1, 9), elements=FLOATS))
def test_values_are_brought_in_reach_and_back_without_rounding(values):
    scaled, exponent = _compared_values.in_reach(values)
    largest = np.abs(scaled).max()
    assert 0.5 <= largest < 1 or not values.any()
    normal = (values == 0) | (np.abs(scaled) > 1e-300)  # the rest may vanish beside it
    np.testing.assert_array_equal(np.ldexp(scaled, exponent)[normal], values[normal])


def test_arrays_of_one_shape_come_back_as_floats_in_their_order():
    one, other = _compared_values.same_shape("f", a=[[1, 2]], b=np.float32([[3, 4]]))
    np.testing.assert_array_equal([one, other], [[[1, 2]], [[3, 4]]])
    assert one.dtype == other.dtype == np.float64


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1], r"f: the shapes differ: a \(2,\), b \(1,\). Give one of each."),
        ([1, np.nan], r"f: the values of b: 1 of 2 are missing \(NaN\)"),
        (np.ma.masked_array([1, 1], [0, 1]), "b: 1 of 2 are missing"),
        ([1, np.inf], "b: 1 of 2 are infinite"),
        (["1", "2"], r"b must be numbers; .* np.asarray\(values, dtype=float\)"),
        ([], "b: there are none. Give at least one"),
    ],
)
def test_values_that_cannot_be_compared_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        _compared_values.same_shape("f", a=[1, 2], b=values)
