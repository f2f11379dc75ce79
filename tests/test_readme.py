"""The README: its Python runs as a reader copies it."""

import re
import sys
from pathlib import Path

import pandas as pd
from processes import complaints, run

from simple_lstm import datasets

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def test_its_python_compares_the_lstm_and_forecasts_past_the_last_row(tmp_path):
    blocks = BLOCK.findall(README.read_text(encoding="utf-8"))
    script = tmp_path / "readme.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    result = run(sys.executable, tmp_path, script.name)
    assert result.returncode == 0, result.stderr[-3000:]
    assert complaints(result) == []
    score, forecast = result.stdout.split("the best baseline\n")
    assert re.search(r"^LSTM +\d", score, re.M)
    last = datasets.load_traffic().index[-1]
    coming = pd.date_range(last, periods=25, freq="h")[1:]
    assert re.findall(r"^\d{4}\S+ \S+", forecast, re.M) == coming.astype(str).tolist()
