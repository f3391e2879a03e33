"""The GPU check: what travels comes back whole, and a part that fails costs the others nothing."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import srsly
from hypothesis import given
from hypothesis import strategies as st
from paths import ROOT

from scripts.gpu import check, pack, unpack
from scripts.gpu.modules import equality, parts, places, training
from scripts.gpu.modules.pieces import LIST, join_pieces, read_list, write_pieces
from scripts.reproduce import publish

LIMIT = 3000
STARTED = subprocess.Popen


def write(folder: Path, **contents: bytes) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {f"{folder.name}/{name}": folder / name for name in contents}


@pytest.fixture
def groups(tmp_path: Path) -> dict[str, dict[str, Path]]:
    rng = np.random.default_rng(0)
    return {
        "base": write(tmp_path / "corpus", train=rng.bytes(20_000), dev=b"", test=b"x"),
        "transformer": write(tmp_path / "bert", weights=rng.bytes(5_000)),
    }


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_come_back_whole(groups: dict[str, dict[str, Path]], tmp_path: Path) -> None:
    pieces = write_pieces(groups, tmp_path / "pieces", LIMIT)
    assert len(pieces) > 8 and all(piece.size <= LIMIT for piece in pieces)
    assert read_list(tmp_path / "pieces") == pieces
    assert join_pieces(pieces, tmp_path / "pieces", tmp_path / "back") == []
    expected = {name: p.read_bytes() for files in groups.values() for name, p in files.items()}
    assert contents(tmp_path / "back") == expected


@given(sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=5), limit=st.integers(100, 20_000))
def test_any_files_come_back_whole(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limit: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    files = write(folder / "files", **{f"f{k}": bytes([k]) * n for k, n in enumerate(sizes)})
    pieces = write_pieces({"base": files}, folder / "pieces", limit)
    join_pieces(pieces, folder / "pieces", folder / "back")
    assert {name: len(data) for name, data in contents(folder / "back").items()} == {
        f"files/f{k}": n for k, n in enumerate(sizes)
    }


def test_same_files_make_the_same_pieces(
    groups: dict[str, dict[str, Path]], tmp_path: Path
) -> None:
    first = write_pieces(groups, tmp_path / "a", LIMIT)
    for path in groups["base"].values():
        path.touch()
    assert write_pieces(groups, tmp_path / "b", LIMIT) == first
    write_pieces({"base": groups["transformer"]}, tmp_path / "a", LIMIT)
    assert set(contents(tmp_path / "a")) == {LIST, "base.tar.1", "base.tar.2", "base.tar.3"} | {
        f"base.tar.{k}" for k in range(4, len(read_list(tmp_path / "a")) + 1)
    }


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE: list[tuple[Callable[[Path], object], str]] = [
    (flip, "sha256"),
    (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes"),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGE)
def test_damaged_piece_is_named_and_nothing_is_unpacked(
    groups: dict[str, dict[str, Path]],
    tmp_path: Path,
    damage: Callable[[Path], object],
    said: str,
) -> None:
    pieces = write_pieces(groups, tmp_path / "pieces", LIMIT)
    damage(tmp_path / "pieces" / "base.tar.2")
    with pytest.raises(ValueError, match=rf"base\.tar\.2: expected .*{said}"):
        join_pieces(pieces, tmp_path / "pieces", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_group_that_is_complete_is_unpacked_without_the_other(
    groups: dict[str, dict[str, Path]], tmp_path: Path
) -> None:
    pieces = write_pieces(groups, tmp_path / "pieces", LIMIT)
    (tmp_path / "pieces" / "transformer.tar.1").unlink()
    missing = join_pieces(pieces, tmp_path / "pieces", tmp_path / "back")
    assert missing == ["transformer.tar.1"]
    assert {path.name for path in (tmp_path / "back").iterdir()} == {"corpus"}


def test_archive_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    files = write(tmp_path / "files", inside=b"x")
    pieces = write_pieces({"base": {"../outside": files["files/inside"]}}, tmp_path / "p", LIMIT)
    with pytest.raises(tarfile.FilterError):
        join_pieces(pieces, tmp_path / "p", tmp_path / "back")
    assert not (tmp_path / "outside").exists()


def test_what_the_other_machine_has_does_not_travel() -> None:
    needed = pack.find_needed("spacy-rin")
    assert {"spacy", "thinc", "numpy", "jinja2", "weasel"} <= needed
    assert not [name for name in needed if name.startswith(pack.THERE)]
    assert "transformers" not in needed and "transformers" in pack.find_needed("spacy-transformers")


@pytest.mark.processes
@pytest.mark.parametrize("module", ["check", "unpack", "modules.pieces", "modules.places"])
def test_bare_machine_can_begin(module: str) -> None:
    """Nothing that has to be installed is imported by what installs it."""
    code = (
        "import sys; before = set(sys.modules)\n"
        f"import scripts.gpu.{module}\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - sys.stdlib_module_names - {'scripts'}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def take_for_parts(monkeypatch: pytest.MonkeyPatch, folder: Path, **scripts: str) -> None:
    """These scripts are the parts, and the report is written below a folder."""

    def begin(command: list[str], **settings: Any) -> subprocess.Popen[bytes]:
        name, path = command[3], command[6]
        return start([sys.executable, "-c", scripts[name], path], **settings)

    start = subprocess.Popen
    monkeypatch.chdir(folder)
    monkeypatch.setattr(check, "LIMITS", dict.fromkeys(scripts, 6))
    monkeypatch.setattr(subprocess, "Popen", begin)


def keeps(**found: Any) -> str:
    """A part that writes what it has found."""
    return f"import json, sys; json.dump({found}, open(sys.argv[1], 'w'))\n"


@pytest.mark.processes
def test_part_that_fails_is_one_line_and_the_others_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    take_for_parts(
        monkeypatch,
        tmp_path,
        machine=keeps(holds=True, hardware={"gpu": "a card"}, versions={"torch": "2"}),
        equal=keeps(holds=True, forms=[1]) + "sys.exit('ValueError: no kernel')",
        blocks=keeps(holds=True, rows=[2]),
    )
    assert check.main(["--device", "cpu"]) == 1
    report = srsly.read_json(places.REPORT)
    assert report["errors"] == ["equal: ValueError: no kernel"] and report["holds"] is False
    assert report["hardware"] == {"gpu": "a card"} and "hardware" not in report["parts"]["machine"]
    assert report["parts"]["equal"]["forms"] == [1], "what it had measured is kept"
    assert report["parts"]["blocks"] | {"seconds": 0} == {"holds": True, "rows": [2], "seconds": 0}
    assert "equal: DOES NOT HOLD" in capsys.readouterr().out


@pytest.mark.processes
def test_part_that_takes_too_long_is_ended_with_its_trainings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = (
        "import subprocess, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open('training.pid', 'w').write(str(p.pid))\n"
        "time.sleep(600)"
    )
    take_for_parts(monkeypatch, tmp_path, train=keeps(holds=None, rows=[1]) + hangs)
    wait, pid = STARTED.wait, Path("training.pid")

    def expire(process: subprocess.Popen[bytes], limit: float | None = None) -> int:
        while limit is not None and not (pid.exists() and pid.read_text()):
            pass  # until it has started its training
        if limit is not None:
            raise subprocess.TimeoutExpired("train", limit)
        return wait(process)

    monkeypatch.setattr(STARTED, "wait", expire)
    places.PARTS.mkdir(parents=True)
    found = check.run("train", "cuda", 300, 60)
    assert found["holds"] is False and found["rows"] == [1]
    assert found["error"] == "it took more than 60 seconds"
    state = Path(f"/proc/{pid.read_text()}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"
    assert check.run("train", "cuda", 300, 2)["error"] == "no time is left for it"


def test_damaged_piece_is_said_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pieces({"base": write(tmp_path / "wheels", a=b"x" * 99)}, places.PIECES, LIMIT)
    flip(places.PIECES / "base.tar.1")
    found = check.install()
    assert found["holds"] is False and "base.tar.1: expected sha256" in found["error"]
    (places.PIECES / "base.tar.1").unlink()
    assert "base.tar.1 missing" in check.install()["error"]


def test_environment_without_pieces_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert unpack.unpack(places.PIECES) == [] and not (tmp_path / "training").exists()


def test_parts_have_limits_that_fit() -> None:
    assert parts.PARTS.keys() == check.LIMITS.keys()
    assert sum(check.LIMITS.values()) <= 8 * 60 and check.MINUTES < 8


CURVES = [
    ([5.0, 3.0, 2.0], True),
    ([5.4, 3.3, 2.2], True),
    ([5.0, 3.0, float("nan")], False),
    ([5.0, 5.0, 5.1], False),
    ([8.0, 6.0, 4.0], False),
    ([5.0, 3.0], False),
]


@pytest.mark.parametrize(("losses", "expected"), CURVES)
def test_curves_are_compared(losses: list[float], expected: bool) -> None:
    assert training.is_same_curve({"loss": losses}, {"loss": [5.0, 3.0, 2.0]}) is expected


def test_losses_of_a_curve_are_those_of_an_update() -> None:
    rows = [
        {"step": step, "seconds": 0.0, "losses": {"rin": loss}, "scores": {"rel_f": 0.0}}
        for step, loss in [(0, 60.0), (50, 2000.0), (60, 300.0)]
    ]
    assert training.to_curve(rows)["loss"] == [60.0, 40.0, 30.0]


def test_differences_are_shares_of_the_largest_value() -> None:
    found, expected = np.array([10.0, 0.2]), np.array([10.0, 0.1])
    assert equality.difference(found, expected) == pytest.approx(0.01)
    assert equality.max_by_kind({"loss a": 1.0, "loss b": 2.0, "output c": 0.5}) == {
        "loss": 2.0,
        "output": 0.5,
    }


def test_report_is_published(workplace: Path) -> None:
    places.REPORT.parent.mkdir(parents=True)
    places.REPORT.write_text("{}", encoding="utf8")
    publish.main(["gpu"])
    assert Path("results/gpu.json").read_text(encoding="utf8") == "{}"
