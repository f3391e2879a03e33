"""Which folder may import what, and whether every entry point is there."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, distribution
from pathlib import Path

import pytest
from processes import run_python

import spacy_rin

PACKAGE = Path(spacy_rin.__file__).parent
FOLDERS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file())
# What may be imported by any module of a folder, besides Python's own and the folder's.
PACKAGES = {
    "nn": {"torch", "numpy"},
    "arrays": {"spacy", "numpy"},
    "corpus": {"spacy", "numpy"},
    "pictures": {"spacy", "numpy"},
}
# The folders and top modules of the package that a folder may import.
INNER = {
    "nn": set(),
    "arrays": {"relations", "stores", "errors"},
    "corpus": {"arrays", "relations", "stores", "errors", "files"},
    "pictures": {"relations", "stores", "errors", "files"},
    "layers": {"nn", "arrays", "errors"},
    "facts": {"corpus", "extract", "exchange", "errors", "files"},
    "serve": {"arrays", "component", "extract", "pictures", "relations", "stores", "errors"},
}
# Packages of the extras, each imported by these folders alone: by `import_extra`, or in a module
# that is itself imported inside a function.
EXTRAS = {
    "pyarrow": {"extract", "corpus"},
    "ray": {"extract"},
    "networkx": {"pictures"},
    "rdflib": {"exchange"},
    "transformers": {"recipe"},
    "wordfreq": {"recipe"},
    "duckdb": {"facts"},
    "fastapi": {"serve"},
}
# IPython is what a notebook has, and nothing else; scipy is what networkx needs for large graphs.
LAZY = {*EXTRAS, "IPython", "scipy"}
# What everybody's spaCy imports as soon as the package is installed.
LIGHT = {"spacy_rin", "spacy_rin.component", "spacy_rin.cli"}
ENTRY_POINTS = distribution("spacy-rin").entry_points


def modules(folder: Path = PACKAGE) -> dict[str, Path]:
    """The files of a folder and those below it, by module."""
    paths = {
        path: path.relative_to(PACKAGE.parent).with_suffix("") for path in folder.rglob("*.py")
    }
    return {".".join(p.parts).removesuffix(".__init__"): path for path, p in paths.items()}


def statements(path: Path, lazy: bool = True) -> Iterator[ast.stmt]:
    """The import statements of a file; those inside functions only if `lazy`."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and (lazy or id(node) not in inside):
            yield node


def imports(path: Path, lazy: bool = True) -> Iterator[str]:
    """Every module that a file imports, by its whole name."""
    package = path.relative_to(PACKAGE.parent).parts[:-1]
    for node in statements(path, lazy):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join(package[: len(package) - node.level + 1])
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (f"{base}.{found}" for found in names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def extras(path: Path) -> Iterator[str]:
    """Every package that a file imports by `import_extra`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_extra":
            yield ast.literal_eval(node.args[0])


def packages(folder: str, lazy: bool = True) -> set[str]:
    """The packages that a folder imports, without the standard library."""
    files = modules(PACKAGE / folder).values()
    found = [name for path in files for name in imports(path, lazy)]
    found += [name for path in files if lazy for name in extras(path)]
    tops = {name.split(".")[0] for name in found}
    return tops - set(sys.stdlib_module_names) - {"spacy_rin"}


def inner(folder: str) -> set[str]:
    """The other folders and top modules of this package that a folder imports."""
    files = modules(PACKAGE / folder).values()
    parts = [found.split(".") for path in files for found in imports(path)]
    return {part[1] for part in parts if part[0] == "spacy_rin" and part[1:]} - {folder}


@pytest.mark.parametrize("folder", sorted(PACKAGES))
def test_folder_imports_the_packages_of_its_ring(folder: str) -> None:
    assert packages(folder, lazy=False) <= PACKAGES[folder]
    assert packages(folder) <= PACKAGES[folder] | LAZY


@pytest.mark.parametrize("folder", sorted(INNER))
def test_folder_imports_the_folders_of_its_ring(folder: str) -> None:
    assert inner(folder) <= INNER[folder]


@pytest.mark.parametrize("package", sorted(EXTRAS))
def test_package_of_an_extra_is_imported_by_its_folders(package: str) -> None:
    assert {folder for folder in FOLDERS if package in packages(folder)} == EXTRAS[package]


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    files = modules()
    graph = {name: set(imports(path)) & files.keys() - {name} for name, path in files.items()}
    while graph:
        leaves = {name for name, needed in graph.items() if not needed & graph.keys()}
        assert leaves, f"circle among {sorted(graph)}"
        graph = {name: needed for name, needed in graph.items() if name not in leaves}


def test_folders_do_not_import_each_other_in_a_circle() -> None:
    graph = {folder: inner(folder) & set(FOLDERS) for folder in FOLDERS}
    while graph:
        leaves = {name for name, needed in graph.items() if not needed & graph.keys()}
        assert leaves, f"circle among {sorted(graph)}"
        graph = {name: needed for name, needed in graph.items() if name not in leaves}


@pytest.mark.processes
def test_light_modules_do_not_need_torch() -> None:
    # thinc imports torch by itself where it is installed, so sys.modules would say nothing.
    missing = ("torch", *EXTRAS)
    block = "".join(f"sys.modules[{name!r}] = None\n" for name in missing)
    data = [name for name in modules() if name.split(".")[1:2] in (["arrays"], ["corpus"])]
    code = f"import sys\n{block}import {', '.join(sorted({*LIGHT, *data}))}\n"
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.processes
def test_import_of_the_package_leaves_pictures_alone() -> None:
    code = "import sys, spacy_rin, spacy_rin.component; print(*sys.modules)"
    done = run_python("-c", code, check=True)
    assert not [name for name in done.stdout.split() if name.startswith("spacy_rin.pictures")]


@pytest.mark.processes
def test_importing_the_component_does_not_import_its_torch_parts() -> None:
    code = "import sys, spacy_rin.component; print('spacy_rin.layers.architecture' in sys.modules)"
    found = run_python("-c", code)
    assert found.stdout.strip() == "False", found.stderr


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
