"""The run matrix: what is run, what is skipped, and what a stop leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from paths import ROOT
from processes import HANGS

from scripts.reproduce import reproduce
from scripts.reproduce.modules import matrix as run_matrix
from scripts.reproduce.modules import reports, reproduction_plots
from scripts.reproduce.modules.matrix import Run, read_matrix
from scripts.reproduce.modules.reports import read_report
from scripts.reproduce.reproduce import main
from spacy_rin.files import write_json

MATRIX = """
a:
  {config: a.cfg, datasets: {x: {m.rounds: 2}, y: }, epochs: 2, seeds: 3, settings: {m.rounds: 1},
   published: {x: {rel_f: [50.0, 0.5]}}}
b: {config: a.cfg, datasets: {x: }, epochs: 3, seeds: 3, settings: {m.rounds: 0, m.er: false}}
"""
CONFIG = """
[paths]
vectors = null

[m]
rounds = 0
er = true

[training]
max_epochs = 1
"""


@pytest.fixture
def matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.cfg").write_text(CONFIG, encoding="utf8")
    for needed in (run_matrix.TAGGER, run_matrix.OTHERS, Path("corpus/x"), Path("corpus/y")):
        needed.mkdir(parents=True)
    path = tmp_path / "matrix.yml"
    path.write_text(MATRIX, encoding="utf8")
    return path


def write_result(run: Run, score: float) -> None:
    run.folder.mkdir(parents=True)
    record = dict.fromkeys(reports.KEPT) | {"by_threshold": [{"threshold": 0.5, "rel_f": score}]}
    history = [
        {
            "epoch": k,
            "score": dev,
            "losses": {"rin": 1.0},
            "watched": {f"authors_{m}_f": test for m in ("exact", "partial")},
        }
        for k, (dev, test) in enumerate([(0.25, 0.3), (0.75, score / 2), (0.5, score)])
    ]
    own = {"seed": run.seed, "scores": {"rel_f": score}, "history": history}
    write_json(run.result, record | own)


def test_matrix_is_rows_by_data_by_seeds(matrix: Path) -> None:
    runs = read_matrix(matrix)
    assert len(runs) == len(set(runs)) == 9
    assert [run.name for run in runs[:3]] == ["a/x/0", "a/y/0", "b/x/0"]
    assert [dict(run.settings)["m.rounds"] for run in runs[:2]] == [2, 1]


def test_commands_say_what_the_row_says(matrix: Path) -> None:
    (run,) = (run for run in read_matrix(matrix) if run.name == "b/x/2")
    train, evaluate = (" ".join(command) for command in run.commands())
    further = Run("b", "webnlg", 0, "a.cfg", 1, ()).commands()
    assert len(further) == 3 and "corpus/webnlg_authors/test" in further[1]
    for part in (
        "--m.rounds 0",
        "--m.er false",
        "--system.seed 2",
        "--training.max_epochs 3",
    ):
        assert part in train
    assert str(Path("corpus/x/test")) in evaluate and "--dev" in evaluate


def test_gpu_is_used_where_there_is_one(matrix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, used = read_matrix(matrix)[0], []

    def pretend(run: Run, gpu_id: int) -> bool:
        used.append(gpu_id)
        write_result(run, 0.5)
        return True

    def run_anew(gpu_id: int | None = None) -> None:
        main(matrix, "out", "b", 1, gpu_id=gpu_id)
        shutil.rmtree(reproduce.RUNS)

    monkeypatch.setattr(reproduce, "train_and_score", pretend)
    monkeypatch.setattr(reproduce, "has_cupy_gpu", True)
    monkeypatch.setattr(reproduce, "has_torch_cuda_gpu", True)
    # room for two
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda _: (5 * reproduce.GPU_MEMORY // 2, None))
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert reproduce.count_processes(0) == 2 and reproduce.count_processes(-1) == 16
    run_anew()
    run_anew(gpu_id=-1)
    monkeypatch.setattr(reproduce, "has_cupy_gpu", False)
    run_anew()
    assert used == [0] * 3 + [-1] * 6
    assert all(command[-2:] == ["--gpu-id", "0"] for command in run.commands(0))


def test_comments_do_not_make_another_run(matrix: Path) -> None:
    run = read_matrix(matrix)[0]
    before = run.folder
    Path("a.cfg").write_text(f"# why\n{CONFIG}\n", encoding="utf8")
    assert run.folder == before


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the runs that are trained: each has its result at once."""
    names: list[str] = []

    def pretend(run: Run, gpu_id: int) -> bool:
        names.append(run.name)
        write_result(run, 0.5)
        return True

    monkeypatch.setattr(reproduce, "train_and_score", pretend)
    return names


def report(name: str) -> Path:
    return reproduce.RUNS / f"{name}.jsonl"


def publish(name: str) -> None:
    reproduce.PUBLISHED.mkdir(exist_ok=True)
    shutil.copy(report(name), reproduce.PUBLISHED)


def test_rows_are_chosen_by_name(matrix: Path, asked: list[str]) -> None:
    main(matrix, "out", "b", 1)
    assert asked == ["b/x/0", "b/x/1", "b/x/2"]
    main(matrix, "out", "*", 1)
    assert len(asked) == 3 + 6
    with pytest.raises(SystemExit):
        main(matrix, "out", "c", 1)


def test_report_has_a_line_a_run_below_training(matrix: Path, asked: list[str]) -> None:
    main(matrix, "out", "*", 1)
    lines = read_report(report("out"))
    found = [(line["row"], line["dataset"], line["seed"]) for line in lines]
    assert found == [(*run, seed) for run in ("ax", "ay", "bx") for seed in range(3)]
    assert {line["settings"]["m.rounds"] for line in lines if line["row"] == "b"} == {0}
    written = {path for path in Path().iterdir() if path.is_dir()}
    assert written == {Path("corpus"), Path("training")}


def test_report_is_named_as_its_matrix(matrix: Path, asked: list[str]) -> None:
    main(matrix, processes=1)
    assert len(read_report(report(matrix.stem))) == 9


def test_published_runs_are_not_trained_again(matrix: Path, asked: list[str]) -> None:
    main(matrix, "out", "a", 1)
    before = read_report(report("out"))
    assert len(asked) == 6
    publish("out")
    shutil.rmtree(reproduce.RUNS)
    main(matrix, "out", "*", 1)
    assert sorted(asked[6:]) == ["b/x/0", "b/x/1", "b/x/2"]
    after = read_report(report("out"))
    assert after[:6] == before and len(after) == 9
    # a row with other settings is run anew, and what it gave before is gone
    matrix.write_text(MATRIX.replace("epochs: 2", "epochs: 4"), encoding="utf8")
    main(matrix, "out", "a", 1)
    assert len(asked) == 9 + 6
    assert [line["epochs"] for line in read_report(report("out"))] == [4] * 6 + [3] * 3


def test_another_report_trains_what_is_published(matrix: Path, asked: list[str]) -> None:
    main(matrix, "out", "b", 1)
    publish("out")
    shutil.rmtree(reproduce.RUNS)
    main(matrix, "again", "b", 1)
    assert asked == ["b/x/0", "b/x/1", "b/x/2"] * 2
    assert len(read_report(report("again"))) == 3 and not report("out").exists()


def test_run_of_mine_does_not_replace_a_published_one(matrix: Path, asked: list[str]) -> None:
    main(matrix, "out", "b", 1)
    publish("out")
    for run in read_matrix(matrix):
        if run.row == "b":
            shutil.rmtree(run.folder)
            write_result(run, 0.9)
    main(matrix, "out", "b", 1)
    assert [line["scores"]["rel_f"] for line in read_report(report("out"))] == [0.5] * 3
    # unless its line is taken out
    published = reproduce.PUBLISHED / "out.jsonl"
    reports.write_report(published, read_report(published)[:2])
    main(matrix, "out", "b", 1)
    assert [line["scores"]["rel_f"] for line in read_report(report("out"))] == [0.5, 0.5, 0.9]
    assert len(asked) == 3


def test_report_keeps_runs_whose_folders_are_gone(matrix: Path, asked: list[str]) -> None:
    main(matrix, "out", "b", 1)
    before = read_report(report("out"))
    shutil.rmtree(reproduce.RUNS / "b")
    main(matrix, "out", "*", 1)
    assert len(asked) == 3 + 6 and read_report(report("out"))[6:] == before


def test_runs_of_another_key_count_where_the_matrix_says_so(matrix: Path, asked: list[str]) -> None:
    main(matrix, "out", "b", 1)
    publish("out")
    shutil.rmtree(reproduce.RUNS)
    key = read_report(reproduce.PUBLISHED / "out.jsonl")[0]["key"]
    changed = MATRIX.replace("epochs: 3", "epochs: 5")
    also = changed.replace("b: {", f"b: {{also: {{x: ['{key}']}}, ")
    matrix.write_text(also, encoding="utf8")
    main(matrix, "out", "b", 1)
    assert len(asked) == 3
    assert [line["epochs"] for line in read_report(report("out"))] == [3] * 3
    matrix.write_text(changed, encoding="utf8")
    main(matrix, "out", "b", 1)
    assert len(asked) == 6


def test_only_the_report_of_the_reproduction_has_plots(
    matrix: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Path] = []
    monkeypatch.setattr(reproduction_plots, "draw", lambda rows, folder: drawn.append(folder))
    main(matrix, "tuning", "*", 1)
    assert report("tuning").exists() and not drawn
    main(matrix, reports.REPORT, "*", 1)
    assert drawn == [reproduce.RUNS]


def test_missing_vectors_are_said_before_anything_runs(
    matrix: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "a: {config: a.cfg, datasets: {x: }, epochs: 1, seeds: 1, settings: {paths.vectors: v}}"
    matrix.write_text(text, encoding="utf8")
    monkeypatch.setattr(reproduce, "train_and_score", lambda run, gpu_id: pytest.fail("it ran"))
    with pytest.raises(SystemExit):
        main(matrix, "out", "*", 1)
    assert "No v" in capsys.readouterr().out


def test_changed_config_or_settings_is_another_run(matrix: Path) -> None:
    run = read_matrix(matrix)[0]
    before = run.folder
    assert Run("a", "x", 0, "a.cfg", 3, run.settings).folder != before
    assert Run("a", "x", 0, "a.cfg", 2, (("m.rounds", 3),)).folder != before
    Path("a.cfg").write_text(CONFIG.replace("true", "false"), encoding="utf8")
    assert run.folder != before


def test_same_config_by_other_words_is_the_same_run(matrix: Path) -> None:
    run = read_matrix(matrix)[0]
    before = run.folder
    Path("a.cfg").write_text(CONFIG.replace("rounds = 0", "rounds = 2"), encoding="utf8")
    assert Run("a", "x", 0, "a.cfg", 2, ()).folder == before


def test_setting_that_came_later_counts_only_where_it_changes_something(matrix: Path) -> None:
    run = read_matrix(matrix)[0]
    before = run.folder
    for later, is_new in (('signatures = "off"', False), ('signatures = "seen"', True)):
        text = f"{CONFIG}\n[components]\n\n[components.rin]\n{later}\n"
        Path("a.cfg").write_text(text, encoding="utf8")
        with_section = run.folder
        Path("a.cfg").write_text(text.replace(later, ""), encoding="utf8")
        assert (with_section != run.folder) is is_new
    assert run.folder != before  # An empty section is a change, too.


def test_what_is_done_is_skipped_and_what_failed_is_named(
    matrix: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = read_matrix(matrix)
    write_result(runs[0], 0.5)
    asked: list[str] = []

    def pretend(run: Run, gpu_id: int) -> bool:
        asked.append(run.name)
        if run.name == "b/x/1":
            return False
        write_result(run, 0.1 * len(asked))
        return True

    monkeypatch.setattr(reproduce, "train_and_score", pretend)
    with pytest.raises(SystemExit):
        main(matrix, "out", only="", processes=1)
    assert sorted(asked) == sorted(run.name for run in runs[1:])
    told = capsys.readouterr().err
    for part in ("8 of 8: ", ": b/x/2 rel_f 80.0%", ": b/x/1 failed, see "):
        assert part in told
    asked.clear()
    with pytest.raises(SystemExit):
        main(matrix, "out", only="b", processes=1)
    assert asked == ["b/x/1"]


def test_line_of_a_run_has_what_dev_and_test_would_choose(matrix: Path) -> None:
    run = read_matrix(matrix)[0]
    write_result(run, 0.75)
    line = reports.describe_run(run)
    assert line["key"] == run.folder.name and line["scores"] == {"rel_f": 0.75}
    # chosen on dev is the second epoch; the best on test the last
    assert (line["dev_score"], line["dev_epoch"]) == (0.75, 1)
    assert line["best_on_test"] == {"authors_partial_f": 0.75, "authors_exact_f": 0.75}
    assert line["curve"]["epoch"] == [0, 1, 2] and line["curve"]["dev"] == [0.25, 0.75, 0.5]
    assert line["curve"]["test_authors_exact_f"] == pytest.approx([0.3, 0.375, 0.75])
    assert line["by_threshold"] == {"threshold": [0.5], "rel_f": [0.75]}
    assert line["further_tests"] == {}
    run = replace(run, dataset="webnlg")
    write_result(run, 0.75)
    write_json(run.further["authors"], {"scores": {"rel_f": 0.25}})
    assert reports.describe_run(run)["further_tests"] == {"authors": {"rel_f": 0.25}}


# What `main` runs: trainings that end with their input. It tells of each that has begun, once it
# waits for them itself.
STOPPED = """
import os, signal, sys, threading
# as on a terminal; what a script runs in the background inherits that it is ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[:0] = ["{root}"]
from scripts.reproduce import reproduce
train = '''
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
(folder / "history.jsonl").write_text(json.dumps({{"epoch": 2}}))
sys.stdin.read()
'''
waits = threading.Event()
class Told(set):
    def add(self, process):
        super().add(process)
        waits.wait()
        os.write(1, b"begun %d\\n" % process.pid)
def wait(*args, wait=reproduce.wait, **settings):
    waits.set()
    return wait(*args, **settings)
reproduce.PROCESSES, reproduce.wait = Told(), wait
reproduce.Run.commands = lambda run, gpu_id: [[sys.executable, "-c", train, str(run.folder)]] * 2
reproduce.main(reproduce.Path("matrix.yml"), "out", "b", 2, -1)
"""


@pytest.mark.processes
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stop_ends_what_runs_and_begins_nothing_else(matrix: Path, stop: signal.Signals) -> None:
    command = [sys.executable, "-c", STOPPED.format(root=ROOT)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes) as process:
        told = (line.split() for line in process.stdout if line.startswith(b"begun "))
        begun = [int(pid) for _, pid in islice(told, 2)]
        process.send_signal(stop)  # to it alone, as `kill` does
        assert process.wait(HANGS) != 0
        assert len(begun) == 2 and not list(told)
    for pid in begun:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_bar_counts_the_epochs_of_what_runs(matrix: Path) -> None:
    run = read_matrix(matrix)[2]
    running: Future[bool] = Future()
    assert reproduce._epochs(running, run) == 0
    run.folder.mkdir(parents=True)
    run.history.write_text('{"epoch": 1}\n{"epoch": 2}\n', encoding="utf8")
    assert reproduce._epochs(running, run) == 0, "of a run that was stopped before"
    running.set_running_or_notify_cancel()
    assert reproduce._epochs(running, run) == 2
    run.history.write_text('{"epoch": 1}\n{"epo', encoding="utf8")
    assert reproduce._epochs(running, run) == 0, "a line that is being written stops nothing"


def test_run_begins_in_an_empty_folder(matrix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = read_matrix(matrix)[0]
    (run.folder / "model-last").mkdir(parents=True)
    monkeypatch.setattr(Run, "commands", lambda self, gpu_id: [])
    assert reproduce.train_and_score(run)
    assert [path.name for path in run.folder.iterdir()] == ["log.txt"]


@pytest.mark.processes
def test_run_that_fails_leaves_its_log(matrix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = read_matrix(matrix)[0]
    command = [sys.executable, "-c", "print('what went wrong'); raise SystemExit(3)"]
    monkeypatch.setattr(Run, "commands", lambda self, gpu_id: [command, command])
    assert not reproduce.train_and_score(run)
    assert (run.folder / "log.txt").read_text(encoding="utf8") == "what went wrong\n"
    assert not run.result.exists()


def test_tagger_is_needed_where_the_config_reads_one() -> None:
    configs = ROOT / "configs"
    for name, is_read in (("rin_best.cfg", True), ("own_vectors.cfg", False)):
        run = Run("a", "conll04", 0, str(configs / name), 1, ())
        assert (run_matrix.TAGGER in run.needs()) == is_read
        assert ("--paths.tagger" in run.commands()[0]) == is_read
