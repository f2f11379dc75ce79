"""The README: its Python runs as a reader copies it, and as it says to change it."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from processes import complaints, run

from simple_lstm import datasets

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)


def forecast_of(code: str, folder: Path) -> list[str]:
    """The times of the forecast that code prints after its scoreboard."""
    (folder / "readme.py").write_text(code, encoding="utf-8")
    result = run(sys.executable, folder, "readme.py")
    assert result.returncode == 0, result.stderr[-3000:]
    assert complaints(result) == []
    scores, forecast = result.stdout.split("the best baseline\n")
    assert re.search(r"^LSTM +\d", scores, re.M)
    return re.findall(r"^\d{4}\S+ \S+", forecast, re.M)


def hours_after(last: pd.Timestamp) -> list[str]:
    return pd.date_range(last, periods=25, freq="h")[1:].astype(str).tolist()


@pytest.mark.downloads
def test_its_python_forecasts_the_hours_after_the_last_row(tmp_path):
    last = datasets.load_traffic().index[-1]
    assert forecast_of(CODE, tmp_path) == hours_after(last)


@pytest.mark.downloads
def test_its_python_takes_other_data_as_it_says(tmp_path):
    times = pd.date_range("2024-01-01", periods=2000, freq="h", name="time")
    noise = np.random.default_rng(0).normal(size=2000)
    sales = 50 + 20 * np.sin(2 * np.pi * times.hour / 24) + noise
    pd.DataFrame({"sales": sales.round(2)}, times).to_csv(tmp_path / "sales.csv")
    advice = re.search(r"^For your own data, replace .*?\n\n", README, re.M | re.S)[0]
    old_load, new_load, old, new = re.findall("`([^`]+)`", advice)
    code = CODE.replace(old_load, new_load).replace(old, new).replace("168", "24")
    assert "vehicles" not in code
    assert forecast_of(code, tmp_path) == hours_after(times[-1])
