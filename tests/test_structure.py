"""The picture of the package: who may import whom, and how large a module may be.

Imports are read from the source, also those inside functions, those for types alone,
and those of the stubs (``.pyi``) from which the names of a room are loaded lazily.
"""

import ast
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "simple_lstm"
# Each module imports only what stands to the left of it in its room.
ROOMS = {
    "forecasting": [
        "_time_index",
        "_reading",
        "series",
        "_float_precision",
        "_window_batches",
        "windows",
        "baselines",
        "delay",
        "intervals",
        "models",
    ],
    "text": ["words", "_splitting", "vectors", "batches", "models", "baselines"],
    "characters": [
        "_lookup",
        "streams",
        "models",
        "ngram",
        "_model_layers",
        "sampling",
    ],
}
FILES = sorted(path for path in PACKAGE.rglob("*.py*") if path.suffix != ".pyc")
SOURCES = [path for path in FILES if path.suffix in {".py", ".pyi"}]


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path) for path in SOURCES}


def imports_in(source: str, package: str) -> set[str]:
    """Everything that code imports, anywhere in it: modules by their full names."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = [package] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else base for name in names}
    return found


def imports_of(path: Path) -> set[str]:
    package = ".".join(path.parent.relative_to(PACKAGE.parent).parts)
    return imports_in(path.read_text(encoding="utf-8"), package)


def picture() -> dict[str, set[str]]:
    """For each module of ours those of ours that it imports."""
    arrows: dict[str, set[str]] = {name: set() for name in MODULES}
    for path in SOURCES:
        arrows[name_of(path)] |= imports_of(path) & MODULES - {name_of(path)}
    return arrows


def room_of(module: str) -> str:
    """The task a module belongs to, ``plots``, or nothing for the top level."""
    first = module.split(".")[1] if "." in module else ""
    return first if first in {*ROOMS, "plots"} else ""


def inner_arrows() -> dict[str, set[str]]:
    """Without the package itself, whose stub names all rooms."""
    return {name: to for name, to in picture().items() if name != "simple_lstm"}


LATE = """
if TYPE_CHECKING:
    from simple_lstm.forecasting.windows import Windows
def late():
    from simple_lstm import plots, cell
    import keras.layers
    from .batches import TextBatches
    from . import words
"""


def test_lazy_and_type_only_imports_are_seen():
    assert imports_in(LATE, "simple_lstm.text") == {
        "simple_lstm.forecasting.windows",
        "simple_lstm.plots",
        "simple_lstm.cell",
        "keras.layers",
        "simple_lstm.text.batches",
        "simple_lstm.text.words",
    }
    stub = imports_of(PACKAGE / "forecasting" / "__init__.pyi")
    assert "simple_lstm.forecasting.windows" in stub


@pytest.mark.parametrize("module", sorted(MODULES - {"simple_lstm"}))
def test_arrows_run_one_way(module):
    room, allowed = room_of(module), {"", room_of(module)}
    for other in inner_arrows()[module]:
        assert room_of(other) in allowed, f"{module} imports {other}"
        assert room == "plots" or room_of(other) != "plots"
        assert other.count(".") > 0, f"{module} imports the whole package"


def test_there_is_no_circle():
    tuple(TopologicalSorter(inner_arrows()).static_order())  # or a CycleError


@pytest.mark.parametrize("room", ROOMS)
def test_inside_a_room_arrows_run_from_left_to_right(room):
    order = [f"simple_lstm.{room}.{name}" for name in ROOMS[room]]
    inside = {name for name in MODULES if name.startswith(f"simple_lstm.{room}.")}
    assert set(order) == inside
    for place, module in enumerate(order):
        later = inner_arrows()[module] & set(order[place:])
        assert not later, f"{module} imports {later}"
        assert f"simple_lstm.{room}" not in inner_arrows()[module]


def test_the_cell_imports_numpy_alone():
    standard = {"__future__", "dataclasses", "typing"}
    assert imports_of(PACKAGE / "cell.py") <= {"numpy", *standard}


def test_evaluation_imports_numpy_and_pandas_alone():
    for name in ("evaluation", "_compared_values"):
        third = {one.split(".")[0] for one in imports_of(PACKAGE / f"{name}.py")}
        assert third - set(sys.stdlib_module_names) <= {
            "numpy",
            "pandas",
            "simple_lstm",
        }


def test_the_package_tests_nothing():
    for path in SOURCES:
        assert not any("unittest" in one for one in imports_of(path)), path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: name_of(path))
def test_a_module_is_short_enough_to_be_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


def stubs() -> list[Path]:
    return [path for path in SOURCES if path.name == "__init__.pyi"]


@pytest.mark.parametrize("stub", stubs(), ids=lambda path: name_of(path))
def test_no_module_has_the_name_of_a_function_of_its_package(stub):
    if stub.parent == PACKAGE:
        return  # it exports modules
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    modules = {path.stem for path in stub.parent.glob("*.py")}
    assert names
    assert not names & modules


EVERYTHING = """
import importlib, simple_lstm
for name in simple_lstm.__all__:
    module = getattr(simple_lstm, name)
    for public in getattr(module, "__all__", []):
        assert getattr(module, public) is not None, (name, public)
    assert set(getattr(module, "__all__", [])) <= set(dir(module))
print(*sorted(simple_lstm.__all__))
"""


def run(program: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize("eager", ["0", "1"])
def test_every_public_name_can_be_loaded(eager):
    rooms = run(EVERYTHING, EAGER_IMPORT=eager).split()
    public = {name.split(".")[1] for name in MODULES if name.count(".") == 1}
    assert rooms == sorted(name for name in public if name[0] != "_")


HEAVY = "tensorflow", "keras", "sklearn", "matplotlib", "scipy"


@pytest.mark.parametrize(
    "use",
    [
        "simple_lstm.datasets.load_traffic()",
        "simple_lstm.evaluation.claim('it is so', True)",
        "simple_lstm.cell.Weights",
        "simple_lstm.forecasting.read_series",
        "simple_lstm.forecasting.time_split([1] * 20)",
        "simple_lstm.forecasting.forecast_delay",
        "simple_lstm.text.separate_words(['a,b'])",
    ],
)
def test_what_needs_no_tensorflow_loads_none(use):
    program = f"import sys, simple_lstm; {use}; print(*sorted(sys.modules))"
    loaded = run(program).splitlines()[-1].split()
    assert not set(loaded) & set(HEAVY)


REFERENCE = PACKAGE.parent / "docs" / "reference"


@pytest.mark.parametrize("stub", stubs(), ids=lambda path: name_of(path))
def test_the_reference_names_everything_public(stub):
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    if stub.parent == PACKAGE:
        assert names <= {path.stem for path in REFERENCE.glob("*.rst")}
        return
    page = (REFERENCE / f"{stub.parent.name}.rst").read_text(encoding="utf-8")
    entry = r"^\.\. (?:autofunction|autoclass|py:data):: (\w+)$"
    named = set(re.findall(entry, page, re.M))
    assert named == names


@pytest.mark.parametrize("stub", stubs(), ids=lambda path: name_of(path))
def test_names_come_from_the_stub(stub):
    """It is read at run time, so an installed package needs it."""
    assert "attach_stub" in stub.with_suffix(".py").read_text(encoding="utf-8")
