"""`spacy-rin serve`: a pipeline as a page and as a service."""

from __future__ import annotations

from typing import Annotated

import typer
from wasabi import msg

from ..serve.limits import Limits
from ..serve.run import serve


def serve_command(
    model: Annotated[str, typer.Argument(help="Trained pipeline: a package or a directory")],
    host: Annotated[str, typer.Option(help="0.0.0.0 for all addresses")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port")] = 8000,
    max_bytes: Annotated[int, typer.Option(min=1, help="Largest request")] = Limits.max_bytes,
    max_texts: Annotated[int, typer.Option(min=1, help="Texts of a request")] = Limits.max_texts,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds of a request")] = Limits.timeout,
) -> None:
    """Show a page to paste texts into, and answer POST /extract with triples as JSON.

    It keeps nothing of what it reads. It has no passwords: on another address than 127.0.0.1,
    everybody who reaches the machine can use it.
    """
    serve(
        model,
        host=host,
        port=port,
        limits=Limits(max_bytes, max_texts, timeout),
        ready=lambda: msg.info(f"Serving {model} on http://{host}:{port}/ - end it with Ctrl+C"),
    )
