"""What makes a tokenizer slow is found and said; long words of any script are not meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from toy import write_corpus
from typer.testing import CliRunner, Result

from spacy_rin.cli import app
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.limits import MAX_RUN, find_excess
from spacy_rin.extract import extract

RUNS = ["(", "😀", "'s", "US$", "_", "'", "。", "(#"]
MEANT = "Ada Lovelace was born in London ."


@pytest.mark.parametrize("piece", RUNS)
def test_run_of_marks_is_too_long(piece: str) -> None:
    text = f"{MEANT} {piece * (MAX_RUN // len(piece) + 1)} {MEANT}"
    excess = find_excess(text)
    assert excess is not None and excess.kind == "run_too_long"
    assert find_excess(f"{MEANT} {piece * (MAX_RUN // len(piece))} {MEANT}") is None


@pytest.mark.parametrize(
    "text",
    [
        "我们在北京，他们在上海。" * 5000,
        "ปีนี้ฉันไปกรุงเทพ" * 5000,
        "a" * 100_000,
        "iVBORw0KGgo/AAA+" * 5000,
        "( " * 50_000,
        "https://example.org/path-to/" * 5000,
    ],
    ids=["Chinese", "Thai", "letters", "base64", "apart", "URL"],
)
def test_long_words_are_read(text: str) -> None:
    assert find_excess(text) is None


def test_text_is_too_long() -> None:
    excess = find_excess("a b" * 10, max_length=29)
    assert excess is not None and excess.kind == "too_long" and "30" in excess.reason
    assert find_excess("a b" * 10, max_length=30) is None


# Every form is tried in readers/test_limits_of_forms.py.
@pytest.mark.parametrize(
    "row",
    [
        {"text": f"{MEANT} {'(' * 10_000}", "relations": []},
        {"text": "😀" * 10_000, "triple_list": []},
    ],
    ids=["rin", "casrel"],
)
def test_convert_leaves_out_and_counts(tmp_path: Path, row: dict[str, Any]) -> None:
    good = {**row, "text": MEANT}
    (tmp_path / "raw.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps(row)}\n")
    report = convert(tmp_path / "raw.jsonl", tmp_path / "out.spacy").as_dict()
    assert report["docs"] == 1 and report["dropped"]["run_too_long"]["count"] == 1
    (example,) = report["dropped"]["run_too_long"]["examples"]
    assert example["source"].endswith("raw.jsonl:2") and len(example["text"]) < 200


def test_limits_of_convert_are_settings(tmp_path: Path) -> None:
    rows = [{"text": f"{MEANT} ((((", "relations": []}, {"text": "It rained.", "relations": []}]
    raw, output = tmp_path / "raw.jsonl", tmp_path / "out.spacy"
    raw.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["convert", str(raw), str(output)]
    for option, reason in (("--max-run=3", "run_too_long"), ("--max-length=20", "too_long")):
        result = CliRunner().invoke(app, [*command, option])
        assert result.exit_code == 0 and reason in result.output
        assert [d.text for d in DocBin().from_disk(output).get_docs(Vocab())] == ["It rained."]
    with pytest.raises(ValueError, match="max_run must be at least 1"):
        convert(raw, output, max_run=0)


def test_words_of_a_record_count_for_its_length(tmp_path: Path) -> None:
    rows = [{"tokens": ["long"] * 10, "relations": []}, {"tokens": ["short"], "relations": []}]
    (tmp_path / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = convert(tmp_path / "raw.jsonl", tmp_path / "out.spacy", max_length=40).as_dict()
    assert report["docs"] == 1 and report["dropped"]["too_long"]["count"] == 1


@pytest.mark.training
def test_extract_makes_a_row_of_it_and_goes_on(model: str, tmp_path: Path) -> None:
    source, output = tmp_path / "texts.txt", tmp_path / "out.jsonl"
    source.write_text(f"{MEANT}\n{'(' * 10_000}\n{MEANT}\n")
    totals = extract(source, output, model, by="document")
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert totals.failed == 1 and [("error" in row) for row in rows] == [False, True, False]
    assert rows[1]["document"] == "texts.txt:2" and rows[1]["error"].startswith("run_too_long: ")
    assert extract(source, output, model, max_run=10_000, overwrite=True).failed == 0


@pytest.mark.training
def test_run_is_not_resumed_with_another_limit(model: str, tmp_path: Path) -> None:
    source, output = tmp_path / "texts.txt", tmp_path / "out.jsonl"
    source.write_text(f"{MEANT}\n")

    def stop(totals: Any) -> None:
        if totals.documents:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(source, output, model, progress=stop)
    with pytest.raises(ValueError, match="begun with other max_run"):
        extract(source, output, model, max_run=5, resume=True)


def render(*words: object) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, words)])


@pytest.mark.training
@pytest.mark.parametrize("kind", ["txt", "spacy"])
def test_render_leaves_out_and_says(model: str, tmp_path: Path, kind: str) -> None:
    source = tmp_path / f"texts.{kind}"
    texts = [MEANT, "(" * 3000]
    if kind == "txt":
        source.write_text("\n".join(texts))
    else:
        from spacy.tokens import Doc

        write_corpus(source, [Doc(Vocab(), words=text.split()) for text in texts])
    result = render(source, tmp_path / "page.html", "--model", model)
    assert result.exit_code == 0, result.output
    assert f"texts.{kind}:2" in result.output and "run_too_long" in result.output
    assert "Drew 1 documents" in result.output
