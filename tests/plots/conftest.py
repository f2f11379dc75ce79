"""What all tests of figures share."""

import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def close_figures():
    with plt.style.context("simple_lstm.simple_lstm"):
        yield
    plt.close("all")
