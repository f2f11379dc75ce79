"""What all tests share."""

import os
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Tests run side by side: one thread each does more work in all.
for name in ("OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(name, "1")
matplotlib.use("Agg")

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "_build" / "html"


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site; skipped with the command that makes it."""
    if not (SITE / "index.html").exists():
        pytest.skip(
            "the site is not built: python -m sphinx -b html docs docs/_build/html"
        )
    return SITE


@pytest.fixture
def hourly() -> pd.DataFrame:
    """Two columns over 500 hours: a wave with noise, and the noise."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=500)
    index = pd.date_range("2024-01-01", periods=500, freq="h", name="time")
    wave = 10 + 3 * np.sin(np.arange(500) * 2 * np.pi / 24) + 0.3 * noise
    return pd.DataFrame({"sales": wave, "noise": noise}, index=index)
