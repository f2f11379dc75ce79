"""Each page of the gallery, as a reader has it: downloaded, in an empty folder."""

import json
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest
from processes import complaints, run

ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("examples/*/plot_*.py"))


def download(site: Path, name: str) -> Path:
    found = list(site.glob(f"_downloads/*/{name}"))
    assert len(found) == 1, f"{name} is offered {len(found)} times"
    return found[0]


@pytest.fixture(scope="session")
def python(tmp_path_factory) -> Path:
    """Python where simple_lstm is installed as a wheel; the rest is this one's."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    subprocess.run(build, check=True, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    place = folder / "venv"
    venv.create(place, with_pip=False)
    (packages,) = place.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    shared = Path(pytest.__file__).parents[1]
    # Listed without its .pth files: the editable checkout stays out of sight.
    (packages / "shared.pth").write_text(str(shared))
    return place / "bin" / "python"


@pytest.mark.downloads
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_script_runs_in_an_empty_folder_and_leaves_nothing(
    site, python, page, tmp_path
):
    script = tmp_path / page.name
    script.write_bytes(download(site, page.name).read_bytes())
    result = run(python, tmp_path, page.name)
    assert result.returncode == 0, result.stderr[-3000:]
    assert complaints(result) == []
    assert "Holds: " in result.stdout
    assert "DOES NOT HOLD" not in result.stdout
    assert list(tmp_path.iterdir()) == [script]


RECIPES = """rng = np.random.default_rng(0)
words = ["Сварить", "рис", "и", "soup\\n"]
texts = [" ".join(rng.choice(words, 120)) for _ in range(60)]"""
OWN_CSV = """Path = __import__("pathlib").Path
hours = pd.date_range("2023-03-01", periods=2300, freq="h", name="hour")
sales = 50 + 20 * np.sin(np.arange(2300) * 2 * np.pi / 24)
sales += np.random.default_rng(0).normal(size=2300)
own = pd.DataFrame({"sales": sales, "shop": 1}, hours).drop(hours[2100:2112])
own.to_csv("own.csv")
traffic = forecasting.read_series("own.csv", columns="sales")
Path("own.csv").unlink()"""
OWN_DATA = {
    "plot_1_train_first_lstm": (
        r"sequences, labels = datasets\.make_sequences\([^)]*\)",
        """rng = np.random.default_rng(0)
sequences = rng.normal(5, 2, (320, 10, 3))
labels = (sequences[:, 0, 1] > 5).astype(int)""",
    ),
    "plot_2_build_the_cell": (
        r"sequences, labels = bits.*",
        """rng = np.random.default_rng(0)
sequences = rng.normal(size=(120, 5, 2))
labels = (sequences[:, 0, 1] > 0).astype(float)""",
    ),
    "plot_3_watch_the_gates": (
        r"texts, depths = datasets\.make_brackets\([^)]*\)",
        """rng = np.random.default_rng(0)
texts = ["".join(row) for row in rng.choice(list("ab"), (300, 40))]
depths = np.array([[text[:k + 1].count("b") for k in range(40)] for text in texts])""",
    ),
    "plot_4_compare_with_simple_rnn": (
        r"sequences, targets = datasets\.make_adding_problem\([^)]*\)",
        """rng = np.random.default_rng(seed)
    sequences = rng.normal(size=(min(samples, 640), 12, 3)).astype("float32")
    targets = rng.normal(size=len(sequences))""",
    ),
    "plot_1_classify_reviews": (
        r"texts, labels = datasets\.load_reviews\(.*\)",
        """rng = np.random.default_rng(0)
labels = rng.permutation(np.arange(400) % 2)
verdicts = np.array(["too salty and cold", "hot and full of taste"])[labels]
texts = [f"the soup <b>at table {n}</b> was {v}!" for n, v in enumerate(verdicts)]""",
    ),
    "plot_2_follow_a_sentence": (
        r"SENTENCES = \[[^\]]*\]",
        'SENTENCES = ["It is cold", "<b>It</b>", "Кино, but 映画", "x " * 70]',
    ),
    "plot_3_more_than_two_classes": (
        r"texts, labels, groups = read_statements\(MODULES\)",
        """rng = np.random.default_rng(0)
labels = rng.choice(["cats", "dogs", "birds"], 240, p=[0.6, 0.3, 0.1])
noise = rng.choice(["a", "day", "with", "food", "rain"], (240, 6))
rows = zip(noise, labels, strict=True)
texts = [" ".join([*row[:k % 7], name[:3]]) for k, (row, name) in enumerate(rows)]
groups = range(len(texts))""",
    ),
    "plot_1_write_python": (r"texts = datasets\.load_python_source\([^)]*\)", RECIPES),
    "plot_2_sample_with_temperature": (
        r"texts = datasets\.load_python_source\([^)]*\)",
        RECIPES,
    ),
    "plot_3_read_the_cells": (
        r"texts = datasets\.load_python_source\([^)]*\)",
        """rng = np.random.default_rng(0)
texts = ["".join(f"{a} = f('{a}', {b})  # of {b}\\n" for a, b in
         rng.choice(list("xyz"), (60 + n, 2))) for n in range(70)]""",
    ),
    "plot_4_use_your_own_text": (
        r'text = file\.read_text\(encoding="utf-8"\)',
        'text = "Кто там? Это я, почтальон Печкин.\\n" * 900',
    ),
    "plot_2_predict_stock_prices": (
        r"prices = datasets\.make_random_walk\([^)]*\)",
        """pd = __import__("pandas")
days = pd.bdate_range("2021-01-01", periods=700, name="day")
close = 99 + np.random.default_rng(0).normal(size=700).cumsum()
own = pd.DataFrame({"close": close}, days)
own.drop(days[300:303]).to_csv("own.csv")
prices = forecasting.read_series("own.csv", columns="close")
__import__("pathlib").Path("own.csv").unlink()""",
    ),
    "plot_3_forecast_with_uncertainty": (r"traffic = .*", OWN_CSV),
    "plot_4_add_more_inputs": (
        r"table = datasets\.load_traffic\(\)",
        """hours = pd.date_range("2023-03-01", periods=6000, freq="h")
bikes = 50 + 20 * np.sin(hours.hour * 2 * np.pi / 24)
table = pd.DataFrame({"bikes": bikes, "wind": 1.0, "hail": 0.0}, hours)
table += np.random.default_rng(0).normal(size=table.shape)""",
    ),
    "plot_5_use_your_own_csv": (
        r"path = example",
        """path = Path(folder.name, "own.csv")
hours = pd.date_range("2023-03-01", periods=2300, freq="h", name="hour")
rates = 50 + 20 * np.sin(np.arange(2300) * 2 * np.pi / 24)
own = pd.DataFrame({"bikes": np.random.default_rng(0).poisson(rates)}, hours)
own.drop(hours[2100:2112]).to_csv(path)""",
    ),
    "plot_1_forecast_traffic": (r"traffic = .*", OWN_CSV),
}


SAVES_A_MODEL = {
    path.stem for path in PAGES if "the loaded model" in path.read_text("utf-8")
}
RUN_NOTEBOOK = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, kernel_name="page").execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.name == "stdout":
            print(output.text, end="")
"""


@pytest.fixture
def run_notebook(python, tmp_path, monkeypatch):
    """Run a notebook alone in a folder: nothing is left there but itself."""
    kernel = tmp_path / "jupyter" / "kernels" / "page"
    kernel.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "page", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))

    def run_it(content: nbformat.NotebookNode) -> str:
        folder = tmp_path / "empty"
        folder.mkdir()
        notebook = folder / "page.ipynb"
        nbformat.write(content, notebook)
        result = run(python, folder, "-c", RUN_NOTEBOOK, notebook.name)
        assert result.returncode == 0, result.stderr[-3000:]
        assert list(folder.iterdir()) == [notebook]
        return result.stdout

    return run_it


@pytest.mark.downloads
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_notebook_runs_from_its_first_cell_to_its_last(site, page, run_notebook):
    content = nbformat.read(download(site, f"{page.stem}.ipynb"), as_version=4)
    said = run_notebook(content)
    assert "Holds: " in said
    assert "DOES NOT HOLD" not in said


@pytest.mark.downloads
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_notebook_runs_on_other_data_when_its_one_line_is_changed(
    site, page, run_notebook
):
    content = nbformat.read(download(site, f"{page.stem}.ipynb"), as_version=4)
    line, other = OWN_DATA[page.stem]
    changes = 0
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.source, changed = re.subn(line, lambda _: other, cell.source, count=1)
            changes += changed
    assert changes == 1
    said = run_notebook(content)
    if page.stem in SAVES_A_MODEL:
        assert "Holds: the loaded" in said


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_notebook_holds_the_code_of_its_script(site, page):
    notebook = nbformat.read(download(site, f"{page.stem}.ipynb"), as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    script = download(site, page.name).read_text(encoding="utf-8")
    assert code_of("\n".join(cells)) == code_of(script.split('"""', 2)[2])


def code_of(text: str) -> list[str]:
    """The lines of a page that are neither blank nor comments alone."""
    return [line for line in text.splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_notebook_shows_no_markup_of_the_site(site, page):
    notebook = nbformat.read(download(site, f"{page.stem}.ipynb"), as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert ".. " not in cell.source
            for role in (":doc:", ":term:", ":math:"):
                assert role not in cell.source


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_zip_holds_script_and_notebook(site, page):
    with zipfile.ZipFile(download(site, f"{page.stem}.zip")) as archive:
        assert {Path(name).name for name in archive.namelist()} == {
            page.name,
            f"{page.stem}.ipynb",
        }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_keeps_the_habits_of_the_gallery(page):
    text = page.read_text(encoding="utf-8")
    assert "claim(" in text
    assert "plt.show()" in text.splitlines()[-1]
    for word in ("__file__", "input(", "argparse", "http.client", "urllib"):
        assert word not in text
    for cell in text.split("# %%\n")[1:]:
        code = code_of(cell)
        assert len(code) <= 15, code[0]
