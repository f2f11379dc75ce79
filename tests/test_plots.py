import inspect
import re
from html.parser import HTMLParser

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg

from simple_lstm import cell, evaluation, plots, preprocessing, training


@pytest.fixture(autouse=True)
def close_figures():
    with plt.style.context("simple_lstm.simple_lstm"):
        yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "loss": [3.0, 2, 1],
        "val_loss": [3.0, 1, 2],
        "mae": [6.0, 4, 2],
        "val_mae": [7, 5, 6],
    },
    index=pd.RangeIndex(1, 4, name="epoch"),
)


def test_history_marks_the_best_epoch_and_names_the_unit():
    ax = plots.history(training.History(TABLE, 1.0), metric="mae", unit="vehicles/h")
    train, validation, best = ax.lines
    np.testing.assert_array_equal(train.get_ydata(), TABLE["mae"])
    np.testing.assert_array_equal(validation.get_ydata(), TABLE["val_mae"])
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (2, 5)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "MAE (vehicles/h)")
    assert ax.get_title(loc="left") == "MAE in each epoch"


def test_history_takes_what_keras_returns():
    log = keras.callbacks.History()
    log.history = {"loss": [2.0, 1.0]}
    ax = plots.history(log)
    assert len(ax.lines) == 1
    with pytest.raises(ValueError, match="recorded were 'loss'"):
        plots.history(log, metric="accuracy")


def test_windows_are_drawn_where_they_stand_in_time():
    known = np.arange(100.0)[:, np.newaxis] * 2
    windows = preprocessing.make_windows(np.arange(50.0), 5, 3, known_ahead=known[:50])
    ax = plots.windows(windows, number=4, known="column 0", unit="m", step="hours")
    past, targets, ahead = ax.lines
    np.testing.assert_array_equal(past.get_xdata(), [-5, -4, -3, -2, -1])
    np.testing.assert_array_equal(past.get_ydata(), [4, 5, 6, 7, 8])
    np.testing.assert_array_equal(targets.get_ydata(), [9, 10, 11])
    np.testing.assert_array_equal(ahead.get_ydata(), [18, 20, 22])
    assert ax.get_title(loc="left") == "One window: 5 hours in, 3 hours out"
    assert ax.get_ylabel() == "column 0 (m)"


def test_forecasts_follow_the_past():
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    past = pd.Series([1.0, 2, 3], times[:3], name="sales")
    coming = pd.Series([4.0, 5, 6], times[3:])
    ax = plots.forecast(past, {"model": coming}, truth=coming + 1, unit="items")
    assert [line.get_label() for line in ax.lines] == ["past", "truth", "model"]
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), [4, 5, 6])
    assert ax.get_ylabel() == "sales (items)"


def test_an_interval_is_an_area_from_its_first_column_to_its_last():
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    past = pd.Series([1.0, 2, 3], times[:3], name="sales")
    interval = pd.DataFrame(
        {"5 %": [1.0, 2, 0], "50 %": [3.0, 4, 5], "95 %": [8.0, 9, 7]}, times[3:]
    )
    ax = plots.forecast(past, {"model": interval["50 %"]}, interval=interval)
    (area,) = ax.collections
    corners = {tuple(corner) for corner in area.get_paths()[0].vertices}
    days = plt.matplotlib.dates.date2num(interval.index)
    assert corners == {
        *zip(days, interval["5 %"], strict=True),
        *zip(days, interval["95 %"], strict=True),
    }
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "5 % to 95 %" in labels


def board_of(*models, truth=(1.0, 2.0), unit="m", **baselines):
    board = evaluation.Scoreboard(truth, metric="MAE", baselines=baselines, unit=unit)
    for name, prediction in models:
        board.add(name, prediction)
    return board


def test_the_scoreboard_colors_the_best_bar():
    ax = plots.scoreboard(board_of(("near", [1, 3]), far=[4, 5]))
    assert [bar.get_width() for bar in ax.patches] == [3, 0.5]
    far, near = (bar.get_facecolor() for bar in ax.patches)
    assert near == plt.matplotlib.colors.to_rgba(plots.MODEL) != far
    assert ax.get_xlabel() == "MAE (m), lower is better"
    assert [text.get_text() for text in ax.get_yticklabels()] == ["far", "near"]


def test_the_dashed_line_stands_at_the_best_baseline():
    ax = plots.scoreboard(board_of(("model", [1, 2]), far=[4, 5], near=[1, 3]))
    (line,) = ax.lines
    assert line.get_xdata() == [0.5, 0.5]
    (text,) = ax.get_legend().get_texts()
    assert text.get_text() == "best baseline: near"


def test_a_board_with_a_perfect_baseline_shows_the_other_errors():
    ax = plots.scoreboard(board_of(("worse", [1, 3]), perfect=[1, 2]))
    assert [bar.get_width() for bar in ax.patches] == [0, 0.5]
    ax.figure.canvas.draw()


def test_a_name_that_begins_with_an_underscore_is_in_the_legend():
    (text,) = plots.scoreboard(board_of(_it=[1, 3])).get_legend().get_texts()
    assert "_it" in text.get_text()


def test_a_figure_goes_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    assert plots.scoreboard(board_of(it=[2, 2]), ax=axes[1]) is axes[1]
    assert plots.history(training.History(TABLE, 1.0), ax=axes[0]) is axes[0]
    assert plt.get_fignums() == [fig.number]


def small_trace(units=4, features=4, time_steps=6):
    x = np.random.default_rng(0).normal(size=(2, time_steps, features))
    return cell.forward(x, cell.Weights.random(features, units))


def test_gates_stand_under_the_input_as_heat_maps():
    trace = small_trace()
    ax = plots.gates(trace, sample=1, units=[2, 0, 3], labels=list("abcdef"))
    panels = ax.child_axes[:6]
    names = [panel.get_ylabel() for panel in panels]
    assert names == [
        "input",
        "forget gate",
        "input gate",
        "candidate",
        "output gate",
        "cell state",
    ]
    shown = [panel.images[0].get_array() for panel in panels]
    parts = [trace.forget, trace.input, trace.candidate, trace.output, trace.cell]
    np.testing.assert_allclose(shown[0], trace.x[1].T)
    for image, part in zip(shown[1:], parts, strict=True):
        np.testing.assert_allclose(image, part[1][:, [2, 0, 3]].T)
    assert [text.get_text() for text in panels[-1].get_xticklabels()] == list("abcdef")
    assert [text.get_text() for text in panels[1].get_yticklabels()] == ["2", "0", "3"]


def test_one_unit_is_drawn_as_lines_in_the_colors_of_the_gates():
    trace = small_trace(features=2)
    panels = plots.gates(trace, units=[1]).child_axes
    assert len(panels[0].lines) == 2
    for panel, name in zip(panels[1:], plots.GATES, strict=True):
        np.testing.assert_array_equal(
            panel.lines[0].get_ydata(), getattr(trace, name)[0, :, 1]
        )
        assert panel.lines[0].get_color() == plots.GATES[name]


def test_units_that_go_together_stand_together():
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.normal(size=(1, 30, 1)), axis=1)
    weights = cell.Weights.random(1, 6)
    kernel = np.tile([1.0, -1, 1, -1, 1, -1], 4)[np.newaxis]
    trace = cell.forward(
        x, cell.Weights(kernel, weights.recurrent_kernel, weights.bias)
    )
    ticks = plots.gates(trace).child_axes[-1].get_yticklabels()
    order = [int(tick.get_text()) % 2 for tick in ticks]
    assert order in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])


def test_masked_steps_are_left_gray():
    trace = small_trace()
    for name in ("input", "forget", "candidate", "output"):
        getattr(trace, name)[:, 4:] = np.nan
    image = plots.gates(trace).child_axes[1].images[0]
    assert image.get_array().mask[:, 4:].all()
    assert image.cmap.get_bad()[0] == 0.8
    one = plots.gates(trace, units=[0]).child_axes[1]
    assert [patch.get_x() for patch in one.patches] == [3.5, 4.5]


def test_labels_may_be_numbers():
    ticks = plots.gates(small_trace(), labels=range(18, 24)).child_axes[5]
    assert ticks.get_xticklabels()[0].get_text() == "18"


def test_a_step_is_drawn_with_its_numbers():
    trace = small_trace()
    ax = plots.cell_step(trace, 3, unit=2, sample=1)
    text = " ".join(item.get_text() for item in ax.texts)
    before, after = trace.cell[1, 2:4, 2]
    for name in ("input", "forget", "candidate", "output", "cell", "hidden"):
        assert f"{getattr(trace, name)[1, 3, 2]:.3f}" in text
    kept = trace.forget[1, 3, 2] * before
    for value in (before, kept, after - kept, np.tanh(after)):
        assert f"{value:.3f}" in text
    first = plots.cell_step(trace, 0)
    assert "before\n0.000" in " ".join(item.get_text() for item in first.texts)
    assert ax.get_title(loc="left") == "Time step 3, unit 2"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda t: plots.gates(t, labels="abc"), "3 labels for 6 time steps"),
        (lambda t: plots.gates(t, units=[4]), "no unit 4; choose one from 0 to 3"),
        (lambda t: plots.gates(t, units=[]), "units is empty"),
        (lambda t: plots.gates(t, units=4), "no unit 4"),
        (lambda t: plots.gates(t.cell), "trace is a ndarray; give what"),
        (lambda t: plots.cell_step(t.cell, 0), "trace is a ndarray; give what"),
        (
            lambda t: plots.gates(t, sample=2),
            r"^plots.gates: there is no sample 2; choose one",
        ),
        (lambda t: plots.cell_step(t, 6), "no step 6; choose one from 0 to 5"),
        (lambda t: plots.cell_step(t, 0, unit=-1), "no unit -1"),
    ],
)
def test_what_is_not_in_a_trace_cannot_be_drawn(draw, message):
    with pytest.raises(ValueError, match=message):
        draw(small_trace())


def counts_shown(ax):
    """The numbers that stand in the cells, (truth, answer)."""
    classes = len(ax.get_xticks())
    counts = np.full((classes, classes), -1)
    for text in ax.texts:
        column, row = text.get_position()
        counts[row, column] = int(text.get_text().replace(",", ""))
    return counts


def test_confusions_are_counted_as_by_hand():
    truth = [0, 0, 0, 1, 2, 2, 2, 2]
    prediction = [0, 1, 1, 1, 0, 2, 2, 2]
    ax = plots.confusion(truth, prediction, classes=["a", "b", "c"])
    np.testing.assert_array_equal(counts_shown(ax), [[1, 2, 0], [0, 1, 0], [1, 0, 3]])


def test_colors_are_parts_of_each_row():
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 4, (2, 500))
    ax = plots.confusion(truth, prediction, classes=list("abcd"))
    shown = ax.images[0].get_array()
    np.testing.assert_allclose(shown.sum(axis=1), 1)
    for row, column in np.ndindex(4, 4):
        due = np.mean(prediction[truth == row] == column)
        assert shown[row, column] == pytest.approx(due)


def test_axes_of_a_confusion_name_the_classes():
    ax = plots.confusion([0, 1], [1, 1], classes=["against", "for"])
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["against", "for"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("the model says", "truth")


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
        ink = plt.matplotlib.colors.to_rgb(text.get_color())
        assert contrast(ink, ground) >= 4.5


def test_a_confusion_goes_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    assert plots.confusion([0], [0], classes=["a", "b"], ax=axes[1]) is axes[1]
    assert plt.get_fignums() == [fig.number]


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([0, 1], [0], "2 values of the truth, but 1 of the prediction"),
        ([0, 1], [[0], [1]], r"\(2, 1\); expected \(samples,\). Give np.ravel"),
        ([0, 1], [[0.2], [0.9]], "Turn probabilities into labels"),
        ([0, 1], np.array([0.2, 0.9], dtype=object), "Turn probabilities into labels"),
        ([], [], "the values of truth: there are none"),
        ([0, 1], [0, None], r"prediction: 1 of 2 are missing"),
        ([0, 1], np.ma.masked_array([0, 1], [1, 0]), "prediction: 1 of 2 are missing"),
        ([0, 3], [0, 1], "the label 3 has no name among the 2 classes"),
        ([0, 1], [-1, 1], "the label -1 has no name"),
        ([0, 1], [0.4, 1], "Turn probabilities into labels"),
        (["a", "b"], ["a", "b"], "truth are text; .*classes.index"),
        ([0, 1], ["0", "1"], "prediction are text; expected numbers from 0"),
    ],
)
def test_labels_without_a_name_have_no_place(truth, prediction, message):
    with pytest.raises(ValueError, match=message):
        plots.confusion(truth, prediction, classes=["against", "for"])


def test_named_labels_are_counted_as_advised():
    classes, values = ["against", "for"], ["for", "against", "for"]
    labels = [classes.index(text) for text in values]
    ax = plots.confusion(labels, np.float32(labels), classes=classes)
    np.testing.assert_array_equal(counts_shown(ax), [[1, 0], [0, 2]])


def luminance(color):
    """Relative luminance of red, green and blue from 0 to 1, as WCAG 2 defines it."""
    color = np.asarray(color)
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(color, other):
    light, dark = sorted([luminance(color), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Words(HTMLParser):
    """Words and the numbers under them, as a reader sees them without color."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.numbers, self._into = set(), [], [], None
        self.feed(text._repr_html_())

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "span":
            self.words.append("")
            self.numbers.append("")
            self._into = self.words
        elif tag == "small":
            self._into = self.numbers

    def handle_endtag(self, tag):
        self._into = {"small": self.words}.get(tag)

    def handle_data(self, data):
        if self._into is not None:
            self._into[-1] += data


@pytest.mark.parametrize(
    "shown",
    [plots.colored_text(["$x$"], [0.5]), plots.colored_source("$x$", [0, 0, 1])],
)
def test_a_notebook_takes_no_dollars_of_a_text_for_formulas(shown):
    (kind,) = re.findall(r"^<\w+ class='([^']*)'", shown._repr_html_())
    assert {"tex2jax_ignore", "mathjax_ignore"} <= set(kind.split())


WRITTEN = [
    "<script>alert(1)</script>",
    "<b>",
    "a&b",
    "&lt;",
    "it's",
    '"quoted"',
    "</span>",
    "' onclick='x",
]


def test_words_are_never_taken_for_html():
    page = Words(plots.colored_text(WRITTEN, np.full(len(WRITTEN), 0.5)))
    assert page.words == WRITTEN
    assert page.tags == {"div", "p", "span", "small"}


def test_numbers_can_be_read_without_color():
    page = Words(plots.colored_text(["not", "bad", "at"], [0.314, -2, 1e4]))
    assert page.words == ["not", "bad", "at"]
    assert page.numbers == ["0.31", "-2.00", "10000.00"]


def test_each_text_has_a_line_of_its_own():
    text = plots.colored_text([["not", "bad"], ["fine"]], [[0.25, 0.5], [0.75]])
    assert str(text) == "not  bad\n0.25 0.50\n\nfine\n0.75"
    assert text._repr_html_().count("<p ") == 2


words_to_print = st.lists(
    st.tuples(
        st.text(st.characters(codec="ascii"), max_size=20), st.floats(-1000, 1000)
    ),
    max_size=40,
)


@given(words_to_print)
@settings(deadline=None)
def test_printed_numbers_stand_under_their_words(pairs):
    words, numbers = [word for word, _ in pairs], [number for _, number in pairs]
    rows = str(plots.colored_text(words, numbers)).split("\n") if pairs else []
    found = []
    for above, below in zip(rows[::2], rows[1::2], strict=True):
        starts = [match.start() for match in re.finditer(r"\S+", below)]
        ends = [*starts[1:], None]
        cells = [
            above[start:end].rstrip() for start, end in zip(starts, ends, strict=True)
        ]
        found += zip(cells, below.split(), strict=True)
    due = [(" ".join(word.split()), f"{number:.2f}") for word, number in pairs]
    assert found == due


@given(words_to_print)
@settings(deadline=None)
def test_printed_rows_have_at_most_80_characters(pairs):
    text = plots.colored_text([word for word, _ in pairs], [n for _, n in pairs])
    assert all(len(row) <= 80 for row in str(text).split("\n"))


@pytest.mark.parametrize(
    "words", [["映画", "ＡＢＣ"], ["", " "], ["e\u0301", "🎬"], []]
)
def test_words_of_any_script_and_none_are_shown(words):
    text = plots.colored_text(words, [0.5] * len(words))
    assert str(text).count("0.50") == len(words)
    assert Words(text).words == words


def grounds(text):
    return re.findall(r"background: (#[0-9a-f]{6})", text._repr_html_())


def test_black_can_be_read_on_every_color():
    text = plots.colored_text(["word"] * 301, np.linspace(-1, 2, 301))
    for color in grounds(text):
        assert contrast((0, 0, 0), plt.matplotlib.colors.to_rgb(color)) >= 4.5


def test_colors_say_how_far_a_number_is_from_the_middle():
    text = plots.colored_text(
        ["word"] * 7, [-9, 0, 2, 5, 8, 10, 99], limits=(0.0, 10.0)
    )
    below, low, lower, middle, higher, high, above = grounds(text)
    assert (below, above) == (low, high)
    bright = [
        luminance(plt.matplotlib.colors.to_rgb(color))
        for color in (low, lower, middle, higher, high)
    ]
    assert bright[0] < bright[1] < bright[2] > bright[3] > bright[4]
    assert bright[2] > 0.98  # all but white


@pytest.mark.parametrize(
    ("words", "values", "options", "message"),
    [
        ("not bad", [0.1, 0.2], {}, "words is one text; give text.split()"),
        (["not", "bad"], [0.1], {}, r"2 words but values of shape \(1,\)"),
        (["not"], [[0.1]], {}, r"1 words but values of shape \(1, 1\)"),
        ([["not"], ["bad"]], [[0.1]], {}, "2 texts but values for 1"),
        (["not", "bad"], [0.1, np.nan], {}, r"number of 'bad' is missing \(NaN\)"),
        (["not"], [0.1], {"limits": (1, 0)}, r"limits=\(1, 0\)\): the first must"),
        (["not"], [0.1], {"limits": (1, 1)}, "the first must be the smaller one"),
    ],
)
def test_a_text_without_a_number_for_each_word_is_refused(
    words, values, options, message
):
    with pytest.raises(ValueError, match=message):
        plots.colored_text(words, values, **options)


class Source(HTMLParser):
    """A colored source as a browser takes it: runs of text with their colors."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.runs, self.color = set(), [], "#ffffff"
        # A line break right after <pre> is no part of the text in HTML.
        self.feed(re.sub(r"(<pre[^>]*>)\n", r"\1", source._repr_html_(), count=1))

    @property
    def text(self):
        return "".join(text for _, text in self.runs)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "span":
            (self.color,) = re.findall(
                r"background:\s*(#[0-9a-f]{6})", dict(attrs)["style"]
            )
            self.runs.append((self.color, ""))

    def handle_endtag(self, tag):
        self.color = "#ffffff"
        self.runs.append((self.color, ""))

    def handle_data(self, data):
        if not self.runs:
            self.runs.append((self.color, ""))
        self.runs[-1] = self.color, self.runs[-1][1] + data


SOURCES = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=30)


@given(SOURCES, st.integers(0, 10_000))
@settings(deadline=None)
def test_a_source_is_never_taken_for_html(text, seed):
    values = np.random.default_rng(seed).uniform(-1, 1, len(text))
    page = Source(plots.colored_source(text, values))
    assert page.text == text
    assert page.tags <= {"pre", "span"}


@pytest.mark.parametrize("text", WRITTEN)
def test_tags_in_a_source_are_shown_as_they_stand(text):
    page = Source(plots.colored_source(text, np.ones(len(text))))
    assert page.text == text
    assert page.tags == {"pre", "span"}


@pytest.mark.parametrize("value", [-1, 0, 1])
def test_a_first_line_that_is_empty_is_shown(value):
    text = "\n\nx = 1\n"
    assert Source(plots.colored_source(text, np.full(len(text), value))).text == text


def test_neighbors_of_one_color_share_an_element():
    html = plots.colored_source("aabbbc", [1, 1, -1, -1, -1, 1])._repr_html_()
    assert html.count("<span") == 3
    assert [len(text) for text in re.findall(r"<span[^>]*>(\w+)</span>", html)] == [
        2,
        3,
        1,
    ]


def color_of(value, **options):
    ((color, _),) = (
        run
        for run in Source(plots.colored_source("x", [value], **options)).runs
        if run[1]
    )
    return color


def test_colors_of_a_source_say_how_far_a_number_is_from_the_middle():
    limits = {"limits": (10.0, 20.0)}
    below, low, lower, higher, high, above = (
        color_of(value, **limits) for value in (-9, 10, 12, 18, 20, 99)
    )
    assert (below, above) == (low, high)
    bright = [
        luminance(plt.matplotlib.colors.to_rgb(color))
        for color in (low, lower, higher, high)
    ]
    assert bright[0] < bright[1] < 1 > bright[2] > bright[3]


def test_half_way_a_source_is_white():
    assert color_of(0) == "#ffffff"
    assert color_of(15, limits=(10, 20)) == "#ffffff"


def test_black_can_be_read_well_on_every_color_of_a_source():
    colors = {color_of(value) for value in np.linspace(-1, 1, 301)}
    assert {color_of(-1), color_of(1)} < colors
    for color in colors:
        ground = plt.matplotlib.colors.to_rgb(color)
        assert contrast((0, 0, 0), ground) >= 7


@given(SOURCES, st.integers(0, 10_000))
@settings(deadline=None)
def test_marks_of_a_source_stand_under_their_characters(text, seed):
    values = np.random.default_rng(seed).uniform(-1, 1, len(text))
    lines = str(plots.colored_source(text, values)).split("\n")
    assert lines[::2] == text.split("\n")
    for line, marks in zip(lines[::2], lines[1::2], strict=True):
        assert len(marks) == len(line)
    values = [value for value, one in zip(values, text, strict=True) if one != "\n"]
    heights = ["▁▂▃▄▅▆▇█".index(mark) for mark in "".join(lines[1::2])]
    order = np.argsort(values)
    assert (np.diff(np.array(heights, dtype=int)[order]) >= 0).all()


def test_marks_go_from_the_lowest_to_the_highest():
    source = plots.colored_source("a\nbcde", [-9, 0, -1, 0.99, 1, 9])
    assert str(source) == repr(source) == "a\n▁\nbcde\n▁███"


@pytest.mark.parametrize(
    ("text", "values", "options", "message"),
    [
        ("abc", [0, 1], {}, r"3 characters but values of shape \(2,\)"),
        ("abc", [[0, 1, 0]], {}, r"3 characters but values of shape \(1, 3\)"),
        ("", [0], {}, r"0 characters but values of shape \(1,\)"),
        (["a", "b"], [0, 1], {}, "list.*but values .* give one text"),
        (None, [], {}, "NoneType.* give one text"),
        ("abc", [0, np.nan, np.nan], {}, r"2 of the numbers are missing \(NaN\)"),
        ("a", [0], {"limits": (1, -1)}, r"limits=\(1, -1\)\): the first must be the"),
        ("a", [0], {"limits": (0, 0)}, "the first must be the smaller one"),
        ("a", [0], {"limits": (np.nan, 1)}, "the first must be the smaller one"),
    ],
)
def test_a_source_without_a_number_for_each_character_is_refused(
    text, values, options, message
):
    with pytest.raises(ValueError, match=rf"plots\.colored_source.*{message}"):
        plots.colored_source(text, values, **options)


def chances(characters, seed=0):
    drawn = np.random.default_rng(seed).dirichlet(np.ones(len(characters)))
    return pd.Series(drawn, index=list(characters), name="probability")


def written_under(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


@pytest.mark.parametrize("most", [1, 3, 12])
def test_every_way_to_draw_has_a_bar_for_each_of_the_likeliest(most):
    series = {
        "LSTM": chances("abcdefghijklmno"),
        "n-gram": chances("onmlkjihgfedcba", 1),
    }
    ax = plots.next_characters(series, most=most)
    likeliest = series["LSTM"].sort_values(ascending=False).index[:most].tolist()
    assert written_under(ax) == likeliest
    assert [bars.get_label() for bars in ax.containers] == list(series)
    for bars, due in zip(ax.containers, series.values(), strict=True):
        assert [bar.get_height() for bar in bars] == [due[one] for one in likeliest]


def test_fewer_characters_than_bars_are_all_drawn():
    ax = plots.next_characters({"LSTM": chances("abc")}, most=12)
    assert sorted(written_under(ax)) == ["a", "b", "c"]


def test_bars_of_one_character_stand_side_by_side_around_its_tick():
    series = {name: chances("abcd", seed) for seed, name in enumerate("xyz")}
    ax = plots.next_characters(series)
    for tick, group in enumerate(zip(*ax.containers, strict=True)):
        left = [bar.get_x() for bar in group]
        right = [bar.get_x() + bar.get_width() for bar in group]
        np.testing.assert_allclose(left[1:], right[:-1])
        assert (left[0] + right[-1]) / 2 == pytest.approx(tick)
        assert right[-1] - left[0] < 1


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\r", "\x0c", "\xa0"])
def test_blank_characters_have_a_name(blank):
    ax = plots.next_characters({"LSTM": chances(["a", blank])})
    assert all(name.strip() for name in written_under(ax))
    ax.figure.canvas.draw()  # a missing glyph would be warned of


def drawn_strings(ax, monkeypatch):
    """What is drawn of the text of a figure, and whether it is taken for a formula."""
    found = {}

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        found[s] = found.get(s, False) or bool(ismath)
        return original(self, gc, x, y, s, prop, angle, ismath, mtext)

    original = RendererAgg.draw_text
    monkeypatch.setattr(RendererAgg, "draw_text", draw_text)
    ax.figure.canvas.draw()
    return found


def draw_windows(name):
    times = pd.date_range("2024-01-01", periods=50, freq="h")
    frame = pd.DataFrame({name: np.arange(50.0)}, times)
    windows = preprocessing.make_windows(frame, 5, 3, known_ahead=frame)
    return plots.windows(windows, known=name, unit=name, step=name)


def draw_forecast(name):
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    past = pd.Series([1.0, 2, 3], times[:3], name=name)
    band = pd.DataFrame({name: [1.0, 2, 3], "high": [4.0, 5, 6]}, times[3:])
    forecasts = {name: band["high"]}
    return plots.forecast(past, forecasts, interval=band, unit=name, title=name)


def draw_scoreboard(name):
    return plots.scoreboard(board_of(("model", [1, 3]), unit=name, **{name: [4, 5]}))


HOSTILE = ["a $ b $ c", "$x_1$", "\\$", "{", "%", "&", "<b>", "\n", "$5$", "$", "US$"]
FIGURES = {
    "history": lambda name: plots.history(training.History(TABLE, 1.0), unit=name),
    "windows": draw_windows,
    "forecast": draw_forecast,
    "scoreboard": draw_scoreboard,
    "confusion": lambda name: plots.confusion([0, 1], [1, 1], classes=[name, "b"]),
    "next_characters": lambda name: plots.next_characters({name: chances("ab")}),
    "gates": lambda name: plots.gates(small_trace(), labels=[name] * 6),
    "gates, one unit": lambda name: plots.gates(
        small_trace(features=2), units=[0], labels=[name] * 6
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_no_name_is_taken_for_a_formula(draw, name, monkeypatch):
    found = drawn_strings(draw(name), monkeypatch)
    assert not any(found.values())
    for line in name.split("\n"):
        assert any(line in text for text in found)


def test_every_figure_is_tested_with_names_that_are_not_formulas():
    drawn = {
        name
        for name, function in vars(plots).items()
        if getattr(function, "__module__", "") == "simple_lstm.plots"
        and not name.startswith("_")
        and "ax" in inspect.signature(function).parameters
    }
    assert drawn == {name.split(",")[0] for name in FIGURES} | {"cell_step"}


def test_names_of_two_units_are_not_joined_to_a_formula(monkeypatch):
    times = pd.date_range("2024-01-01", periods=3, freq="h")
    past = pd.Series([1.0, 2, 3], times, name="price in US$")
    found = drawn_strings(plots.forecast(past, {}, unit="$"), monkeypatch)
    assert found["price in US$ ($)"] is False


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_logarithmic_axes_keep_their_exponents(axis, when, monkeypatch):
    _, ax = plt.subplots()
    scale = {f"{axis}scale": "log"}
    if when == "before":
        ax.set(**scale)
    plots.history(training.History(TABLE * 1000, 1.0), ax=ax)
    ax.set(**scale, **{f"{axis}lim": (1e-3, 1e4)})
    found = drawn_strings(ax, monkeypatch)
    exponents = [text for text in found if "mathdefault" in text]
    assert exponents
    assert all(found[text] for text in exponents)


def test_formulas_that_somebody_else_wrote_stay_formulas(monkeypatch):
    _, ax = plt.subplots()
    ax.text(2, 2, r"$\sigma$")
    found = drawn_strings(
        plots.history(training.History(TABLE, 1.0), ax=ax), monkeypatch
    )
    assert found[r"$\sigma$"] is True


def test_signs_that_mean_something_in_formulas_are_drawn_as_they_are(monkeypatch):
    ax = plots.next_characters({"LSTM": chances("$_^\\{}%#&~'")})
    found = drawn_strings(ax, monkeypatch)
    assert set("$_^\\{}%#&~'") <= set(found)
    assert not any(found.values())


def test_next_characters_go_where_they_are_told():
    fig, axes = plt.subplots(1, 2)
    assert plots.next_characters({"LSTM": chances("ab")}, ax=axes[1]) is axes[1]
    assert plt.get_fignums() == [fig.number]


def test_no_way_to_draw_what_comes_next_is_refused():
    with pytest.raises(ValueError, match="next_characters: there is no series to draw"):
        plots.next_characters({})


@pytest.mark.parametrize("hours", [1, 4, 50, 96, 110, 1000, 32_000])
def test_a_forecast_of_any_length_has_dates_without_a_warning(hours):
    times = pd.date_range("2024-01-01", periods=2 * hours + 2, freq="30min")
    values = pd.Series(1.0, times, name="x")
    ax = plots.forecast(values[:-1], {"model": values[-2:]})
    ax.figure.canvas.draw()  # a warning is an error here
    assert 3 <= len(ax.get_xticks()) <= 9
