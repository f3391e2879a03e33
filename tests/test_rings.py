"""Which module may import what, and whether every entry point is there."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, distribution
from pathlib import Path

import pytest

import spacy_rin

PACKAGE = Path(spacy_rin.__file__).parent
TORCH_RING = {"network", "loss", "table", "row_maximum", "layout", "hardware", "interaction"}
DATA_RING = {
    *("relations", "readers", "convert", "tags", "units", "targets", "decode", "scorer"),
    *("errors", "exchange", "files", "inspection", "overlap", "rounds", "augment"),
    *("pictures", "places", "drawing", "page", "render"),
    *("card", "describe", "markdown"),
    *("documents", "parquet", "rows", "journal", "outputs"),
    *("graph", "graph_page"),
}
# Packages of the extras, each imported by one module, inside its functions.
OPTIONAL = {"parquet": {"pyarrow"}, "engines": {"ray"}, "graph": {"networkx"}}
# What everybody's spaCy imports as soon as the package is installed.
LIGHT = ["spacy_rin", "spacy_rin.component", *(f"spacy_rin.{name}" for name in sorted(DATA_RING))]
ENTRY_POINTS = distribution("spacy-rin").entry_points


def sources(name: str) -> list[Path]:
    """The files of a module, which may be a package."""
    folder = PACKAGE / name
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{name}.py"]


def imports(name: str) -> Iterator[str]:
    """Everything a module imports, wherever in it, by its whole name."""
    for path in sources(name):
        package = path.relative_to(PACKAGE.parent).parts[:-1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level:
                base = ".".join(package[: len(package) - node.level + 1])
                names = [node.module] if node.module else [alias.name for alias in node.names]
                yield from (f"{base}.{found}" for found in names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module)


def own(name: str) -> set[str]:
    """The other modules of this package that a module imports."""
    parts = [found.split(".") for found in imports(name)]
    return {part[1] for part in parts if part[0] == "spacy_rin" and part[1:]} - {name}


def others(name: str) -> set[str]:
    """The packages that a module imports, without the standard library."""
    tops = {found.split(".")[0] for found in imports(name)}
    return tops - set(sys.stdlib_module_names) - {"spacy_rin"}


@pytest.mark.parametrize("name", sorted(TORCH_RING))
def test_torch_ring_imports_torch_only(name: str) -> None:
    assert "torch" in others(name)
    assert others(name) <= {"torch", "numpy"}
    assert own(name) <= TORCH_RING


@pytest.mark.parametrize("name", sorted(DATA_RING))
def test_data_ring_imports_neither_torch_nor_thinc(name: str) -> None:
    # A notebook, and only a notebook, has IPython.
    notebook = {"IPython"} if name == "render" else set()
    assert others(name) <= {"spacy", "numpy"} | notebook | OPTIONAL.get(name, set())


@pytest.mark.parametrize("package", ["pyarrow", "ray", "networkx"])
def test_package_of_an_extra_is_imported_by_one_module(package: str) -> None:
    names = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    users = {name for name in names if package in others(name)}
    assert users == {name for name, packages in OPTIONAL.items() if package in packages}


@pytest.mark.parametrize("name", sorted(DATA_RING))
def test_data_ring_imports_nothing_outside_itself(name: str) -> None:
    assert own(name) <= DATA_RING


def test_nothing_is_called_utils() -> None:
    assert [path.name for path in PACKAGE.rglob("*util*")] == []


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    names = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    names -= {"__init__", "__pycache__"}
    graph = {name: own(name) & names for name in names}
    while graph:
        leaves = {name for name, needed in graph.items() if not needed & graph.keys()}
        assert leaves, f"circle among {sorted(graph)}"
        graph = {name: needed for name, needed in graph.items() if name not in leaves}


def test_light_modules_do_not_need_torch() -> None:
    # thinc imports torch by itself where it is installed, so sys.modules would say nothing.
    missing = ("torch", "pyarrow", "ray", "networkx")
    block = "".join(f"sys.modules[{name!r}] = None\n" for name in missing)
    code = f"import sys\n{block}import spacy_rin.extract_command, {', '.join(LIGHT)}\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("point", ENTRY_POINTS, ids=lambda point: f"{point.group}:{point.name}")
def test_entry_point_resolves(point: EntryPoint) -> None:
    assert callable(point.load())


def test_installed_entry_points_are_those_of_the_project() -> None:
    tomllib = pytest.importorskip("tomllib")
    path = PACKAGE.parents[1] / "pyproject.toml"
    if not path.is_file():
        pytest.skip("the package is not installed from its sources")
    project = tomllib.loads(path.read_text(encoding="utf8"))["project"]
    groups = {"console_scripts": project["scripts"], **project["entry-points"]}
    expected = {
        (group, name, value) for group, names in groups.items() for name, value in names.items()
    }
    assert {(point.group, point.name, point.value) for point in ENTRY_POINTS} == expected
