"""How time and memory grow with what is given: ``python tests/benchmarks/growth.py``.

For Linux and macOS. Each line is measured in a fresh process. MB is what the work added
to the most memory that the process had held before. × is the ratio to the line above:
as large as that of the sizes means linear growth, its square means quadratic.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
RANDOM = np.random.default_rng(0)
WRITTEN = 2_000  # characters

# Each case imports functions by name before the clock starts: a room loads its modules
# when a name is first used, and TensorFlow with them.


def read_series(rows: int) -> Callable[[], Any]:
    """Read a file of so many rows."""
    from simple_lstm.forecasting import read_series

    times = pd.date_range("1980-01-01", periods=rows, freq="h", name="time")
    text = pd.DataFrame({"sales": RANDOM.normal(size=rows)}, times).to_csv()

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sales.csv"
            path.write_text(text)
            read_series(path, columns="sales")

    return work


def one_pass(rows: int) -> Callable[[], Any]:
    """Cut windows of 48 + 24 steps of 4 columns, and read all batches, shuffled."""
    from simple_lstm.forecasting import make_windows

    series = RANDOM.normal(size=(rows, 4)).astype(np.float32)

    def work() -> None:
        batches = make_windows(series, 48, 24).shuffled(seed=0)
        for number in range(len(batches)):
            batches[number]

    return work


def fit_texts(texts: int) -> Callable[[], Any]:
    """Count in so many texts of 40 characters out of 60."""
    return counting(texts, 60)


def fit_alphabet(characters: int) -> Callable[[], Any]:
    """Count in 10,000 texts of 40 characters out of so many."""
    return counting(10_000, characters)


def counting(texts: int, alphabet: int) -> Callable[[], Any]:
    from simple_lstm.characters import NGram

    codes = RANDOM.integers(99, 99 + alphabet, (texts, 40))
    given = ["".join(map(chr, row)) for row in codes]
    return lambda: NGram(4).fit(given)


def write_by_counts(context: int) -> Callable[[], Any]:
    """Write, looking back on so many characters."""
    from simple_lstm.characters import NGram, generate

    text = "".join(random.Random(0).choices("abcdefgh \n", k=20)) * 500
    model = NGram(context).fit([text])
    return lambda: generate(model, text[:100], WRITTEN, seed=0)


def write_by_lstm(units: int) -> Callable[[], Any]:
    """Write with an LSTM of so many units."""
    from simple_lstm.characters import character_model, generate

    model = character_model(["abcdefgh \n"], units=units)
    return lambda: generate(model, "abc", WRITTEN, seed=0)


def boost(rows: int) -> Callable[[], Any]:
    """Learn from so many rows of 4 columns: lookback 48, horizon 24, only 2 trees."""
    import sklearn.ensemble

    from simple_lstm.forecasting import gradient_boosting, make_windows

    series = RANDOM.normal(size=(rows, 4))
    train = make_windows(series, 48, 24)
    few = make_windows(series, 48, 24, stride=100)
    trees = sklearn.ensemble.HistGradientBoostingRegressor
    sklearn.ensemble.HistGradientBoostingRegressor = partial(trees, max_iter=2)
    return lambda: gradient_boosting(train, few)


def count_words(texts: int) -> Callable[[], Any]:
    """Count word vectors in so many texts of 20 words."""
    from simple_lstm.text import word_vectors

    often = RANDOM.zipf(1.3, (texts, 20)) % 20_000
    given = [" ".join(f"w{word}" for word in row) for row in often]
    word_vectors(given[:50], embedding_dim=1)  # it starts TensorFlow at its first call
    return lambda: word_vectors(given, embedding_dim=50)


CASES = {
    "read_series": (read_series, "rows", (100_000, 200_000, 500_000)),
    "one pass": (one_pass, "rows", (50_000, 100_000, 200_000)),
    "NGram.fit": (fit_texts, "texts", (5_000, 10_000, 20_000)),
    "NGram.fit, characters": (fit_alphabet, "characters", (500, 1_000, 2_000)),
    "NGram writes": (write_by_counts, "context", (4, 8, 16)),
    "LSTM writes": (write_by_lstm, "units", (80, 160, 320)),
    "gradient_boosting": (boost, "rows", (2_000, 4_000, 8_000, 16_000)),
    "word_vectors": (count_words, "texts", (5_000, 10_000, 20_000)),
}


def held() -> float:
    """The most that this process has held so far, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def measure(name: str, size: int) -> dict[str, float]:
    """Seconds and MB of one case, in this process."""
    with contextlib.redirect_stdout(io.StringIO()):  # what the package prints
        work = CASES[name][0](size)
        before, started = held(), time.perf_counter()
        work()
    return {"s": time.perf_counter() - started, "MB": held() - before}


def in_its_own_process(name: str, size: int) -> dict[str, float]:
    """The same, in a fresh one."""
    command = [sys.executable, __file__, "--case", name, "--size", str(size)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def show(name: str) -> None:
    """Measure a case at each size and print its table."""
    build, unit, sizes = CASES[name]
    table = pd.DataFrame([in_its_own_process(name, size) for size in sizes])
    table.insert(0, unit, sizes)
    if build in (write_by_counts, write_by_lstm):
        table["characters/s"] = (WRITTEN / table["s"]).round()
    for place, column in ((1, unit), (3, "s"), (5, "MB")):
        table.insert(place, "×", table[column] / table[column].shift(), True)
    print(f"\n{name}: {build.__doc__}")
    print(table.round(2).to_string(index=False, na_rep=""), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, help="only this one")
    parser.add_argument("--size", type=int, help="measure it here, at this size alone")
    asked = parser.parse_args()
    if asked.size:
        print(json.dumps(measure(asked.case, asked.size)))
        return
    for name in [asked.case] if asked.case else CASES:
        show(name)


if __name__ == "__main__":
    main()
