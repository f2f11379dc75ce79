import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, mean_absolute_error, root_mean_squared_error

from simple_lstm import evaluation

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
