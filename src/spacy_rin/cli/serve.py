"""`spacy-rin serve`: a pipeline as a page and as a service."""

from __future__ import annotations

from typing import Annotated

import typer
from wasabi import msg

from ..errors import import_extra
from ..extract.engines.worker import BatchReader, identify
from ..serve.limits import Limits

WHAT = "`spacy-rin serve`"


def serve_command(
    model: Annotated[str, typer.Argument(help="Trained pipeline: a package or a directory")],
    host: Annotated[str, typer.Option(help="0.0.0.0 for all addresses")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free")] = 8000,
    max_bytes: Annotated[int, typer.Option(min=1, help="Largest request")] = Limits.max_bytes,
    max_texts: Annotated[int, typer.Option(min=1, help="Texts of a request")] = Limits.max_texts,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds of a request")] = Limits.timeout,
) -> None:
    """Show a page to paste texts into, and answer POST /extract with triples as JSON.

    It keeps nothing of what it reads. It has no passwords: on another address than 127.0.0.1,
    everybody who reaches the machine can use it.
    """
    uvicorn = import_extra("uvicorn", "serve", WHAT)
    import_extra("fastapi", "serve", WHAT)
    from ..serve.app import make_app

    nlp = BatchReader(identify(model).load).nlp
    app = make_app(nlp, Limits(max_bytes, max_texts, timeout))
    msg.info(f"Serving {model} on http://{host}:{port}/ - end it with Ctrl+C")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
