import decimal
import math
import re
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, mean_absolute_error, root_mean_squared_error

from simple_lstm import evaluation

RANDOM = np.random.default_rng(0)


def board_of(y_true, models, baselines, metric="MAE", **options):
    return evaluation.Scoreboard(
        y_true, models, baselines=baselines, metric=metric, **options
    )


def scored(y_true, y_pred, metric):
    """The score of one prediction alone."""
    return board_of(y_true, {}, {"it": y_pred}, metric).scores["it"]


@pytest.mark.parametrize(
    ("metric", "oracle"),
    [("MAE", mean_absolute_error), ("RMSE", root_mean_squared_error)],
)
def test_errors_are_those_of_scikit_learn(metric, oracle):
    y_true, y_pred = RANDOM.normal(size=(2, 50))
    score = scored(y_true, y_pred, metric)
    assert score == pytest.approx(oracle(y_true, y_pred))


def in_plain_python(y_true, y_pred, metric):
    """The score without NumPy, in fractions: nothing overflows, nothing is rounded."""
    pairs = list(zip(y_true.ravel().tolist(), y_pred.ravel().tolist(), strict=True))
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
def test_a_score_is_that_of_plain_python_or_refused(y_true, y_pred, metric):
    try:
        score = scored(y_true, y_pred, metric)
    except ValueError:
        return
    assert math.isfinite(score)
    try:
        due = in_plain_python(y_true, y_pred, metric)
    except OverflowError:  # beyond the largest float
        return
    assert score == pytest.approx(float(due), rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200, 8e307])
def test_large_and_small_errors_are_right(size):
    for metric in ("MAE", "RMSE"):
        assert scored([size, -size], [-size, size], metric) == 2 * size


def test_the_most_accurate_row_is_the_best():
    y_true = RANDOM.integers(0, 2, 100)
    mostly = np.where(np.arange(100) < 80, y_true, 1 - y_true)
    zeros = np.zeros(100)
    board = board_of(y_true, {"mostly right": mostly}, {"zeros": zeros}, "accuracy")
    assert board.best == "mostly right"
    assert board.scores["zeros"] == accuracy_score(y_true, zeros)
    assert "best" in str(board).splitlines()[-2]


@pytest.mark.parametrize("metric", ["MAE", "RMSE", "accuracy"])
@given(arrays(int, (5, 7), elements=st.integers(0, 2)))
@settings(deadline=None)
def test_skill_is_measured_against_the_best_baseline(metric, values):
    y_true, *simple, model = values
    named = {str(place): one for place, one in enumerate(simple)}
    board = board_of(y_true, {"model": model}, named, metric)
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
    models, simple = {"as good": [2, 2]}, {"simple": [1, 3]}
    board = board_of([1, 2], models, simple)
    assert board.best == board.best_baseline == "simple"
    board = board_of([1, 2], models | {"better": [1, 2]}, simple)
    assert (board.best, board.best_baseline) == ("better", "simple")


def test_baselines_come_first_and_y_true_is_kept():
    models, simple = {"b": [1, 3], "a": [2, 2]}, {"d": [1, 2], "c": [3, 3]}
    board = board_of([1, 2], models, simple)
    assert list(board.scores) == ["d", "c", "b", "a"]
    np.testing.assert_array_equal(board.y_true, [1, 2])


def test_a_perfect_baseline_has_a_board_like_any_other():
    models = {"worse": [1, 3], "perfect, too": [1, 2]}
    board = board_of([1, 2], models, {"simple": [1, 2]})
    assert list(board.skills.values()) == [0, -math.inf, 0]
    assert "nan" not in str(board) + board._repr_html_()


def test_the_table_marks_the_best_row_and_escapes_names():
    simple = {"<b>": [1, 3], "far $ off $": [9, 9]}
    board = board_of([1, 2], {"perfect": [1, 2]}, simple, unit="a&b")
    table = board._repr_html_()
    assert "skill against &lt;b&gt;, the best baseline" in table
    assert "a&amp;b" in table
    assert "<b>" not in table
    assert table.count("font-weight: bold") == 1
    assert "best" in table.split("perfect")[1]


def test_a_notebook_takes_no_dollars_of_a_table_for_formulas():
    board = board_of([1, 2], {}, {"in US$ or in $": [1, 2]})
    kind = re.match(r"<table class='([^']*)'>", board._repr_html_())[1]
    assert {"tex2jax_ignore", "mathjax_ignore"} <= set(kind.split())


def refusal(function, *arguments, **options):
    with pytest.raises(ValueError, match=r"\S") as caught:
        function(*arguments, **options)
    return str(caught.value)


def test_a_row_that_cannot_be_compared_is_refused():
    simple = {"it": [1, 1]}
    assert refusal(board_of, [1.0, 2.0], {"other": [1, 2, 3]}, simple) == (
        "Scoreboard: the predictions of 'other' have shape (3,), y_true has (2,). Give "
        "one value for each."
    )
    uneven = {"other": [[1], [1, 2]]}
    assert "rows of different lengths" in refusal(board_of, [1, 2], uneven, simple)
    message = refusal(board_of, [1], {}, {"it": [1]}, "loss")
    assert "choose one of MAE, RMSE, accuracy" in message


@pytest.mark.parametrize(
    ("models", "simple"),
    [({"it": [1]}, {"it": [1]}), ({"a": [1], 1: [1], "1": [1]}, {"it": [1]})],
    ids=["model and baseline", "two models"],
)
def test_no_two_rows_have_the_same_name(models, simple):
    message = refusal(board_of, [1], models, simple)
    name = re.search(r"two rows are called '(.*)'\. Give each", message)[1]
    assert name in ("it", "1")
    own = {f"{name}, mine": [1]}
    rest = {key: value for key, value in models.items() if str(key) != name}
    assert f"{name}, mine" in board_of([1], rest | own, simple).scores


@pytest.mark.parametrize("none", [{}, "always 0", ["always 0"], None])
def test_at_least_one_baseline_is_needed(none):
    message = refusal(board_of, [3, 1, 0], {"model": [1, 1, 1]}, none)
    assert "baselines must be a dict of at least one" in message
    assert '{"always 0": np.zeros_like(y_true)}' in message


def test_the_advised_baseline_works():
    y_true = [3, 1, 0]
    simple = {"always 0": np.zeros_like(y_true)}
    assert board_of(y_true, {"model": y_true}, simple).best == "model"


@pytest.mark.parametrize("y_pred", [np.ones(3), [1, 1, 1], "LSTM"])
def test_a_prediction_without_a_name_is_refused_with_advice_that_works(y_pred):
    simple = {"always 0": np.zeros(3)}
    message = refusal(board_of, [3, 1, 0], y_pred, simple)
    assert 'for example {"LSTM": y_pred}' in message
    if not isinstance(y_pred, str):
        assert board_of([3, 1, 0], {"LSTM": y_pred}, simple).scores["LSTM"]


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
    for y_true, y_pred in ((values, [1, 0, 0]), ([1, 0, 0], values)):
        message = refusal(scored, y_true, y_pred, metric)
        assert "1 of 3 are missing (NaN). Leave them out, and what they are" in message


def test_what_is_left_without_its_gaps_is_judged():
    y_true, y_pred = pd.array([1, None, 0], dtype="Int64"), np.array([1, 0, 1])
    there = pd.notna(y_true)
    assert scored(y_true[there], y_pred[there], "accuracy") == 0.5
    there = ~MASKED.mask
    assert scored(MASKED[there], y_pred[there], "MAE") == 0.5


@pytest.mark.parametrize(
    ("metric", "infinite"),
    [("MAE", np.inf), ("RMSE", -np.inf), ("accuracy", np.inf), ("MAE", 10**400)],
    ids=["MAE", "RMSE", "accuracy", "beyond a float"],
)
def test_infinities_are_refused(metric, infinite):
    values = [1, infinite]
    for y_true, y_pred in ((values, values), ([1, 1], values), (values, [1, 1])):
        message = refusal(scored, y_true, y_pred, metric)
        assert "infinite" in message or "are not labels" in message


UNFIT = {  # true values, their predictions, and the mending that the error advises
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
    ("y_true", "y_pred", "advice", "mend"), UNFIT.values(), ids=UNFIT
)
def test_what_has_no_error_is_refused_with_advice_that_works(
    y_true, y_pred, advice, mend
):
    assert advice in refusal(scored, y_true, y_pred, "MAE")
    assert scored(mend(y_true), mend(y_pred), "MAE") in (0.25, 0.5)


def test_errors_that_no_float_can_hold_are_refused_with_advice_that_works():
    y_true, y_pred = np.array([1e308, 0]), np.array([-1e308, 0])
    assert "larger unit: values / 1e9" in refusal(scored, y_true, y_pred, "RMSE")
    assert scored(y_true / 1e9, y_pred / 1e9, "MAE") == 1e299


def test_an_error_asked_of_labels_names_the_metric_for_them():
    y_true = ["good", "bad"]
    assert 'give metric="accuracy"' in refusal(scored, y_true, y_true, "MAE")
    assert scored(y_true, y_true, "accuracy") == 1


@pytest.mark.parametrize("kind", [float, object])
def test_probabilities_are_no_labels(kind):
    y_true, probability = [0, 1, 1], np.array([0.2, 0.7, 0.4], dtype=kind)
    for pair in ((y_true, probability), (probability, y_true)):
        message = refusal(scored, *pair, "accuracy")
        assert "(probability > 0.5).astype(int)" in message
    assert scored(y_true, (probability > 0.5).astype(int), "accuracy") == 2 / 3


def test_probabilities_of_each_class_become_labels_as_advised():
    y_true, probabilities = [0, 1], np.array([[0.9, 0.1], [0.8, 0.2]])
    assert "probabilities.argmax(axis=-1)" in refusal(
        scored, y_true, probabilities, "accuracy"
    )
    assert scored(y_true, probabilities.argmax(axis=-1), "accuracy") == 0.5


def test_text_and_numbers_are_not_compared_as_labels():
    y_true, said = [0, 1, 1], ["0", "1", "1"]
    for pair in ((y_true, said), (said, y_true)):
        message = refusal(scored, *pair, "accuracy")
        assert "none of them could be right" in message
        assert "np.asarray(values, dtype=int)" in message
    assert scored(y_true, np.asarray(said, dtype=int), "accuracy") == 1


def test_named_classes_become_numbers_as_advised():
    y_true, values, classes = [0, 1, 1], ["bad", "good", "bad"], ["bad", "good"]
    message = refusal(scored, y_true, values, "accuracy")
    assert "[classes.index(text) for text in values]" in message
    assert scored(y_true, [classes.index(text) for text in values], "accuracy") == 2 / 3


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
    y_true, said = np.array([2**53 + 1]), np.array([2.0**53])
    assert scored(y_true, said, "accuracy") == 0


def test_a_false_claim_stops_a_documentation_build_alone(monkeypatch, capsys):
    monkeypatch.delenv("SIMPLE_LSTM_DOCS_BUILD", raising=False)
    evaluation.claim("pigs fly", holds=False)
    assert capsys.readouterr().out == "DOES NOT HOLD on this data: pigs fly.\n"
    monkeypatch.setenv("SIMPLE_LSTM_DOCS_BUILD", "1")
    evaluation.claim("one is one", holds=True)
    with pytest.raises(AssertionError, match="did not show: pigs fly"):
        evaluation.claim("pigs fly", holds=False)


def test_scores_need_numpy_and_pandas_alone():
    program = (
        "import sys; from simple_lstm import evaluation; evaluation.Scoreboard; "
        "print(*(name in sys.modules for name in "
        "['tensorflow', 'keras', 'sklearn', 'matplotlib', 'pandas']))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [*["False"] * 4, "True"]
