"""The service of a pipeline, run by uvicorn until it is interrupted."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import import_extra
from ..extract.engines.worker import BatchReader, identify
from .limits import Limits


def serve(
    model: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    limits: Limits | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Answer requests until the process is interrupted.

    model (str): A pipeline with a rin component: a package or a directory.
    host (str): The address; another one than 127.0.0.1 lets other machines in.
    port (int): The port.
    limits (Limits | None): How much is read at once; None for the defaults.
    ready (Callable): Called when the pipeline is loaded.
    RAISES (ValueError): If fastapi or uvicorn is not installed, or there is no rin component.
    RAISES (OSError): If there is no such pipeline.
    """
    uvicorn = import_extra("uvicorn", "serve", "`spacy-rin serve`")
    import_extra("fastapi", "serve", "`spacy-rin serve`")
    from .app import make_app

    app = make_app(BatchReader(identify(model).load).nlp, limits)
    if ready is not None:
        ready()
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
