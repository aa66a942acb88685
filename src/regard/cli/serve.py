"""``regard serve``: a model and a log of events as an HTTP server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options as opt

if TYPE_CHECKING:
    from regard.serve.keys import KeyFile

__all__ = ["app", "serve"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@app.command()
def serve(
    model: opt.ModelFolder,
    *,
    store: Annotated[
        str,
        typer.Option(
            "--store",
            envvar="REGARD_STORE",
            help="Where events are kept: a file, sqlite:///PATH, postgresql://... or redis://...",
        ),
    ] = "events.db",
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; others than this machine need --keys.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0: a free one, which is said.")
    ] = 8000,
    keys: Annotated[
        Path | None, typer.Option("--keys", help="File of keys, made by `regard keys add`.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", min=0.01, help="Requests a second of each key; none: no limit.")
    ] = None,
    burst: Annotated[int, typer.Option("--burst", min=1, help="Requests that a key may make at once.")] = 100,
    memory: Annotated[int, typer.Option("--memory", min=0, help="MB for histories of users.")] = 256,
    shared: Annotated[
        bool, typer.Option("--shared", help="Other processes write to the store: read it for each request.")
    ] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.01, max=60, help="After which popular items are the answer.")
    ] = 1.0,
    waiting: Annotated[int, typer.Option("--waiting", min=1, help="Lists that may wait to be made.")] = 512,
    body: Annotated[int, typer.Option("--body", min=1, max=256, help="MB of a request.")] = 1,
    drain: Annotated[
        float, typer.Option("--drain", min=1, help="Seconds to finish in after SIGTERM.")
    ] = 20.0,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of torch.")] = 1,
    log_ids: Annotated[
        bool, typer.Option("--log-ids", help="Write ids of users and items into the log of the server.")
    ] = False,
) -> None:
    """Serve a model: events in, recommendations out.

    An event that was answered with 200 is on disk, and the next request sees it. Without keys only this
    machine is answered.

        regard serve model
        curl -s localhost:8000/v1/recommendations -H 'content-type: application/json' -d '{"user_id": "ann"}'
    """
    import torch

    from regard.serve.app import create_app
    from regard.serve.catalogue import open_snapshot
    from regard.serve.limits import Limits
    from regard.serve.logs import JsonLog
    from regard.serve.rates import Rates
    from regard.serve.service import Service
    from regard.serve.stores.book import open_log
    from regard.serve.supervise import listen, server_of

    torch.set_num_threads(threads)
    key_file = _keys(keys, host)
    journal = JsonLog(ids=log_ids)
    at = listen(host, port)
    log = open_log(store)
    replayed = open_snapshot(model, log.items())
    if replayed.refused:
        journal.write("items_refused", {"items": replayed.refused}, level="warning")
    limits = Limits(seconds=seconds, waiting=waiting, body_bytes=body << 20)
    service = Service(
        replayed.snapshot, log, limits=limits, memory=0 if shared else memory << 20, journal=journal
    )
    rates = None if rate is None else Rates(per_second=rate, burst=burst)
    journal.write("listening", {"host": at.host, "port": at.port, "model": service.snapshot.version})
    application = create_app(service, model, keys=key_file, rates=rates)
    server_of(application, service, drain=drain).run(sockets=[at.socket])


def _keys(path: Path | None, host: str) -> KeyFile | None:
    """Return the file of keys; an address that others can reach needs one.

    Raises
    ------
    ConfigError
        If there is none, or it holds no key that is good.
    """
    from regard.errors import ConfigError
    from regard.serve.keys import KeyFile

    if path is None:
        if host not in _LOOPBACK:
            raise ConfigError(
                f"--host {host}: others could ask there, so keys are needed: regard keys add keys.json, "
                "then --keys keys.json"
            )
        return None
    file = KeyFile(path)
    if not any(key.revoked is None for key in file.current().by_id.values()):
        raise ConfigError(f"{path}: holds no key that is good; make one: regard keys add {path}")
    return file
