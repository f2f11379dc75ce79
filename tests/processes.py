"""Run Python as a reader does, in a process of its own, and hear its complaints."""

import os
import subprocess
from pathlib import Path

# Tests run side by side: one thread each does more work in all.
SETTINGS = {
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "PYTHONIOENCODING": "utf-8",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
# TensorFlow greets on stderr with lines that no setting silences.
GREETINGS = ("absl::InitializeLog", "port.cc", "cudart_stub.cc", "cpu_feature_guard.cc")


def run(
    python: str | Path, folder: Path, *arguments: str
) -> subprocess.CompletedProcess:
    """Python with these arguments, in a folder, away from the checkout."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "SIMPLE_LSTM_DOCS_BUILD"}
    }
    return subprocess.run(
        [python, *arguments],
        cwd=folder,
        env=environment | SETTINGS,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def complaints(result: subprocess.CompletedProcess) -> list[str]:
    """What it wrote to stderr that a reader would wonder about."""
    # Without a screen matplotlib says that show() shows nothing.
    expected = (*GREETINGS, "plt.show()", "FigureCanvasAgg")
    return [
        line
        for line in result.stderr.splitlines()
        if line and not any(word in line for word in expected)
    ]
