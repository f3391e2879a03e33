"""A damaged pipeline is an error on one line that names the part, or it is read as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import spacy
from toy import texts, triples

from spacy_rin.component import load_pipeline

pytestmark = pytest.mark.training


def damage(data: bytes, how: str) -> bytes:
    if how == "cut":
        return data[: len(data) // 2]
    if how == "noise":
        return b"\xff\x00{" + data[3:]
    return b""


@pytest.mark.parametrize("how", ["cut", "noise", "empty"])
def test_damaged_part_is_named(model: str, tmp_path: Path, how: str) -> None:
    whole = load_pipeline(model)
    folder = Path(shutil.copytree(model, tmp_path / "pipeline"))
    said = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        path.write_bytes(damage(data, how))
        try:
            nlp = load_pipeline(folder)
        except (ValueError, OSError) as error:
            said += 1
            assert str(folder) in str(error) and "\n" not in str(error) and len(str(error)) < 700
        else:
            for text in texts()[:3]:
                assert triples(nlp(text)) == triples(whole(text)), path
        path.write_bytes(data)
    assert said >= 4


@pytest.mark.parametrize("part", ["vocab/lookups.bin", "vocab/key2row", "tokenizer", "rin/cfg"])
def test_message_says_which_part(model: str, tmp_path: Path, part: str) -> None:
    folder = Path(shutil.copytree(model, tmp_path / "pipeline"))
    (folder / part).write_bytes(b"\xc1\xff\x00")
    with pytest.raises(ValueError, match=f"Can't load {folder}/{part.partition('/')[0]}"):
        load_pipeline(folder)


def test_missing_file_and_missing_pipeline_are_named(model: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model, tmp_path / "pipeline"))
    (folder / "config.cfg").unlink()
    with pytest.raises(OSError, match=r"config\.cfg"):
        load_pipeline(folder)
    with pytest.raises(OSError, match="no_such_model"):
        load_pipeline("no_such_model")


def test_pipeline_without_rin_is_refused(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path)
    with pytest.raises(ValueError, match="rin component"):
        load_pipeline(tmp_path)
