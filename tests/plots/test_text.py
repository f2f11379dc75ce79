import re
from html.parser import HTMLParser

import numpy as np
import pytest
from figures import contrast, luminance
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from simple_lstm import plots


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
        assert contrast((0, 0, 0), to_rgb(color)) >= 4.5


def test_colors_say_how_far_a_number_is_from_the_middle():
    text = plots.colored_text(
        ["word"] * 7, [-9, 0, 2, 5, 8, 10, 99], limits=(0.0, 10.0)
    )
    below, low, lower, middle, higher, high, above = grounds(text)
    assert (below, above) == (low, high)
    bright = [luminance(to_rgb(color)) for color in (low, lower, middle, higher, high)]
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
    bright = [luminance(to_rgb(color)) for color in (low, lower, higher, high)]
    assert bright[0] < bright[1] < 1 > bright[2] > bright[3]


def test_half_way_a_source_is_white():
    assert color_of(0) == "#ffffff"
    assert color_of(15, limits=(10, 20)) == "#ffffff"


def test_black_can_be_read_well_on_every_color_of_a_source():
    colors = {color_of(value) for value in np.linspace(-1, 1, 301)}
    assert {color_of(-1), color_of(1)} < colors
    for color in colors:
        ground = to_rgb(color)
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
