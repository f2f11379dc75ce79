import matplotlib.pyplot as plt
import numpy as np
import pytest
from figures import chances, drawn_strings

from simple_lstm import plots


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
