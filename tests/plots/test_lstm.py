import numpy as np
import pytest
from figures import small_trace

from simple_lstm import cell, plots


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
