"""Publishing: a report below training/ → results/ and the pages; what is missing is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import srsly
from typer.testing import CliRunner

from scripts.reproduce import publish
from scripts.reproduce.modules.headlines import HEADLINES
from scripts.reproduce.modules.reports import read_report, write_report
from spacy_rin.files import write_json


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read(page: str) -> str:
    return Path(page).read_text(encoding="utf8")


def test_run_of_a_data_set_is_copied_and_shown(workplace: Path) -> None:
    record = srsly.read_json("results/demo/rin.json")
    record["scores"]["ents_f"] = 0.123
    mine = Path("training/demo/results/rin.json")
    write_json(mine, record)
    publish.main(["demo"])
    assert Path("results/demo/rin.json").read_bytes() == mine.read_bytes()
    line = re.compile(r"^\| \[demo / rin\].* 12\.3 \|", re.MULTILINE)
    assert line.search(read("docs/project.md")) and line.search(read("results/README.md"))


def test_run_has_its_name(workplace: Path) -> None:
    mine = Path("training/demo/results/mine.json")
    write_json(mine, srsly.read_json("results/demo/rin.json"))
    publish.main(["demo/mine"])
    assert "[demo / mine](../results/demo/mine.json)" in read("docs/project.md")


def test_benchmark_comes_with_its_plots(workplace: Path) -> None:
    record = srsly.read_json("results/benchmark.json")
    record["summary"] |= {"pipe_words_per_s_fp32": 123_456.0, "gemm_share_bf16": 0.99}
    write_json("training/bench/benchmark.json", record)
    Path("training/bench/benchmark_time.png").write_bytes(b"mine")
    publish.main(["bench"])
    assert Path("results/benchmark_time.png").read_bytes() == b"mine"
    assert "123,456 words/s" in read("README.md") and "0.99" in read("docs/performance.md")


def test_reproduction_is_shown_on_every_page(workplace: Path) -> None:
    lines = read_report(Path("results/reproduction.jsonl"))
    for line in lines:
        line["scores"] = dict.fromkeys(line["scores"], 0.333)
    write_report(Path("training/reproduce/reproduction.jsonl"), lines)
    Path("training/reproduce/reproduction_rounds.png").write_bytes(b"mine")
    publish.main(["reproduce"])
    assert Path("results/reproduction_rounds.png").read_bytes() == b"mine"
    assert read("README.md").count("| 33.3") == len(HEADLINES)
    for page in ("docs/project.md", "results/README.md"):
        assert "| rin_best | webnlg | 5 | 30 | 33.3 ± 0.0 |" in read(page)


def test_other_reports_and_pages_are_copied(workplace: Path) -> None:
    for name in ("tuning.jsonl", "case_studies.md"):
        Path("training/reproduce").mkdir(parents=True, exist_ok=True)
        shutil.copy(Path("results") / name, "training/reproduce")
        Path("results", name).unlink()
    Path("training/reproduce/case_x.svg").write_text("mine")
    before = contents(Path("results"))
    publish.main(["tuning", "case_studies"])
    added = {path.name for path in contents(Path("results")).keys() - before.keys()}
    assert added == {"tuning.jsonl", "case_studies.md", "case_x.svg"}
    assert "What was tried" in read("results/README.md")


def test_report_that_the_page_did_not_have_gets_its_table(workplace: Path) -> None:
    lines = read_report(Path("results/precision.jsonl"))
    for line in lines:
        line |= {"row": "words_115", "dataset": "conll04"}
    write_report(Path("training/reproduce/amount.jsonl"), lines)
    publish.main(["amount"])
    assert "words_115 on conll04 | 6 |" in read("results/README.md")


@pytest.mark.parametrize(
    ("what", "command"),
    [
        ("bench", "make bench"),
        ("extract", "python -m scripts.bench.measure_extract"),
        ("reproduce", "make reproduce"),
        ("tuning", "--matrix configs/tuning.yml --report tuning"),
        ("webnlg/rin_trf", "project run evaluate . --vars.dataset webnlg --vars.run rin_trf"),
        ("nonsense", "case_studies"),
    ],
)
def test_what_is_missing_is_refused_in_one_line(workplace: Path, what: str, command: str) -> None:
    write_json("training/demo/results/rin.json", srsly.read_json("results/demo/rin.json"))
    before = contents(workplace)
    with pytest.raises(SystemExit) as stopped:
        publish.main(["demo", what])
    said = str(stopped.value.code)
    assert command in said and "\n" not in said
    assert contents(workplace) == before, "nothing is published of what was asked for with it"


def test_help_names_everything() -> None:
    app = publish.typer.Typer()
    app.command()(publish.main)
    shown = CliRunner().invoke(app, ["--help"]).output
    assert all(name in shown for name in publish.KNOWN)
