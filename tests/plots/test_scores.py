import matplotlib.pyplot as plt
import numpy as np
import pytest
from figures import board_of, contrast
from matplotlib.colors import to_rgb, to_rgba

from simple_lstm import plots
from simple_lstm.plots import _style


def test_the_scoreboard_colors_the_best_bar():
    ax = plots.scoreboard(board_of({"near": [1, 3]}, {"far": [4, 5]}))
    assert [bar.get_width() for bar in ax.patches] == [3, 0.5]
    far, near = (bar.get_facecolor() for bar in ax.patches)
    assert near == to_rgba(_style.MODEL) != far
    assert ax.get_xlabel() == "MAE (m), lower is better"
    assert [text.get_text() for text in ax.get_yticklabels()] == ["far", "near"]


def test_the_dashed_line_stands_at_the_best_baseline():
    ax = plots.scoreboard(board_of({"model": [1, 2]}, {"far": [4, 5], "near": [1, 3]}))
    (line,) = ax.lines
    assert line.get_xdata() == [0.5, 0.5]
    (text,) = ax.get_legend().get_texts()
    assert text.get_text() == "best baseline: near"


def test_a_board_with_a_perfect_baseline_shows_the_other_errors():
    ax = plots.scoreboard(board_of({"worse": [1, 3]}, {"perfect": [1, 2]}))
    assert [bar.get_width() for bar in ax.patches] == [0, 0.5]
    ax.figure.canvas.draw()


def test_a_name_that_begins_with_an_underscore_is_in_the_legend():
    ax = plots.scoreboard(board_of({}, {"_it": [1, 3]}))
    (text,) = ax.get_legend().get_texts()
    assert "_it" in text.get_text()


def counts_shown(ax):
    """The numbers that stand in the cells, (true class, predicted class)."""
    classes = len(ax.get_xticks())
    counts = np.full((classes, classes), -1)
    for text in ax.texts:
        column, row = text.get_position()
        counts[row, column] = int(text.get_text().replace(",", ""))
    return counts


def test_confusions_are_counted_as_by_hand():
    y_true = [0, 0, 0, 1, 2, 2, 2, 2]
    y_pred = [0, 1, 1, 1, 0, 2, 2, 2]
    ax = plots.confusion(y_true, y_pred, classes=["a", "b", "c"])
    np.testing.assert_array_equal(counts_shown(ax), [[1, 2, 0], [0, 1, 0], [1, 0, 3]])


def test_colors_are_shares_of_each_true_class():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, 4, (2, 500))
    ax = plots.confusion(y_true, y_pred, classes=list("abcd"))
    shown = ax.images[0].get_array()
    np.testing.assert_allclose(shown.sum(axis=1), 1)
    for row, column in np.ndindex(4, 4):
        due = np.mean(y_pred[y_true == row] == column)
        assert shown[row, column] == pytest.approx(due)


def test_axes_of_a_confusion_name_the_classes():
    ax = plots.confusion([0, 1], [1, 1], classes=["against", "for"])
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["against", "for"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    assert ax.get_title(loc="left") == "Confusion matrix"
    assert ax.images[0].colorbar.ax.get_ylabel() == "share of the true class"


def test_a_class_that_never_comes_has_a_row_of_zeros():
    ax = plots.confusion([0, 0], [0, 2], classes=["a", "b", "c"])
    np.testing.assert_array_equal(counts_shown(ax)[1], [0, 0, 0])
    np.testing.assert_array_equal(ax.images[0].get_array()[1], [0, 0, 0])
    ax.figure.canvas.draw()


def test_counts_can_be_read_on_their_colors():
    ax = plots.confusion([0] * 9 + [1] * 2, [0] * 9 + [0, 1], classes=["a", "b"])
    image = ax.images[0]
    for text in ax.texts:
        column, row = text.get_position()
        ground = image.to_rgba(image.get_array())[row, column, :3]
        ink = to_rgb(text.get_color())
        assert contrast(ink, ground) >= 4.5


def test_a_confusion_goes_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    assert plots.confusion([0], [0], classes=["a", "b"], ax=axes[1]) is axes[1]
    assert plt.get_fignums() == [fig.number]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ([0, 1], [0], "2 values of y_true, but 1 of y_pred"),
        ([0, 1], [[0], [1]], r"\(2, 1\); expected \(samples,\). Give np.ravel"),
        ([0, 1], [[0.2], [0.9]], "Turn probabilities into labels"),
        ([0, 1], np.array([0.2, 0.9], dtype=object), "Turn probabilities into labels"),
        ([], [], "the values of y_true: there are none"),
        ([0, 1], [0, None], r"y_pred: 1 of 2 are missing"),
        ([0, 1], np.ma.masked_array([0, 1], [1, 0]), "y_pred: 1 of 2 are missing"),
        ([0, 3], [0, 1], "the label 3 has no name among the 2 classes"),
        ([0, 1], [-1, 1], "the label -1 has no name"),
        ([0, 1], [0.4, 1], "Turn probabilities into labels"),
        (["a", "b"], ["a", "b"], "y_true are text; .*classes.index"),
        ([0, 1], ["0", "1"], "y_pred are text; expected numbers from 0"),
    ],
)
def test_labels_without_a_name_have_no_place(y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        plots.confusion(y_true, y_pred, classes=["against", "for"])


def test_named_labels_are_counted_as_advised():
    classes, values = ["against", "for"], ["for", "against", "for"]
    labels = [classes.index(text) for text in values]
    ax = plots.confusion(labels, np.float32(labels), classes=classes)
    np.testing.assert_array_equal(counts_shown(ax), [[1, 0], [0, 2]])
