"""The shape of the code: names that mean one thing, and files that are read in one sitting."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest
from paths import ROOT

PACKAGE = ROOT / "src" / "spacy_rin"
SOURCES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted((ROOT / "scripts").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf8"))


def definitions(path: Path) -> set[str]:
    """Public classes and functions of a module."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in parse(path).body if isinstance(node, kinds)}
    return {name for name in names if not name.startswith("_")}


def imported(path: Path) -> set[str]:
    """Top-level names of all that a file imports."""
    found: list[str] = []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return {name.partition(".")[0] for name in found}


def test_public_name_is_defined_once() -> None:
    owners: dict[str, list[str]] = defaultdict(list)
    for path in SOURCES:
        for name in definitions(path):
            owners[name].append(name_of(path))
    assert {name: paths for name, paths in owners.items() if len(paths) > 1} == {}


def test_top_of_the_package_has_few_modules() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 8


def test_nothing_is_called_utils() -> None:
    assert [name_of(path) for path in SOURCES + SCRIPTS + TESTS if "util" in path.name] == []


@pytest.mark.parametrize(
    ("paths", "most"), [(SOURCES + SCRIPTS, 400), (TESTS, 600)], ids=["code", "tests"]
)
def test_file_is_read_in_one_sitting(paths: list[Path], most: int) -> None:
    lengths = {name_of(p): len(p.read_text(encoding="utf8").splitlines()) for p in paths}
    assert {name: length for name, length in lengths.items() if length > most} == {}


def test_folders_of_the_tests_are_those_of_the_code() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in TESTS}
    code = {path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*")}
    assert folders - code == {Path(), Path("helpers"), Path("scripts")}


def test_tests_share_helpers_and_not_each_other() -> None:
    files = {path.stem for path in TESTS if path.stem.startswith("test_")}
    assert {name_of(path) for path in TESTS if imported(path) & files} == set()


def test_no_test_looks_at_the_clock() -> None:
    """What is waited for is an event: a busy machine is slow, and no mistake."""
    assert {name_of(path) for path in TESTS if "time" in imported(path)} == set()
