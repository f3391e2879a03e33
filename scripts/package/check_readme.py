"""README and installed package → whether the first snippet prints the lines that are below it."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from difflib import unified_diff
from io import StringIO
from pathlib import Path

import typer
from wasabi import msg

# A block of Python, and right below it what it prints.
SNIPPET = re.compile(r"^```python\n(.*?)^```\n\s*^```text\n(.*?)^```", re.DOTALL | re.MULTILINE)


def main(readme: Path = Path("README.md")) -> None:
    """Stop with an error if the first snippet prints other lines than those below it.

    readme (Path): The page.
    """
    found = SNIPPET.search(readme.read_text(encoding="utf8"))
    if found is None:
        msg.fail(f"{readme} has no block of Python with what it prints below it", exits=1)
    code, expected = found.groups()
    printed = StringIO()
    with redirect_stdout(printed):
        exec(compile(code, str(readme), "exec"), {})
    if printed.getvalue() != expected:
        msg.fail(f"The first snippet of {readme} prints other lines than those below it")
        lines = expected.splitlines(), printed.getvalue().splitlines()
        print(*unified_diff(*lines, "written", "printed", n=0, lineterm=""), sep="\n")
        raise SystemExit(1)
    msg.good(f"The first snippet of {readme} prints what is below it")


if __name__ == "__main__":
    typer.run(main)
