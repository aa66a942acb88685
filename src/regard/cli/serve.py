"""``regard serve``: a model and a log of events as an HTTP server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regard.cli import options as opt

if TYPE_CHECKING:
    from regard.serve.keys import KeyFile
    from regard.serve.limits import Limits
    from regard.serve.logs import JsonLog
    from regard.serve.rates import Rates
    from regard.serve.spans import Spans
    from regard.serve.supervise import Listening

__all__ = ["app", "serve"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_LOOK = 2.0  # seconds between looks where several processes serve
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
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Processes; more than one share a database.")
    ] = 1,
    watch: Annotated[
        float | None,
        typer.Option(
            "--watch", min=0.1, help="Seconds between looks at the model folder: a new one is swapped in."
        ),
    ] = None,
    telemetry: Annotated[
        bool,
        typer.Option("--telemetry", help="Send a span of each request (OTEL_EXPORTER_OTLP_ENDPOINT)."),
    ] = False,
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
    from regard.errors import ConfigError
    from regard.serve.limits import Limits
    from regard.serve.logs import JsonLog
    from regard.serve.prefork import run_workers
    from regard.serve.rates import Rates
    from regard.serve.supervise import listen

    key_file = _keys(keys, host)
    if workers > 1 and not store.startswith(("postgresql://", "postgres://", "redis://", "rediss://")):
        raise ConfigError(
            f"--workers {workers}: one file of events is written by one process; give a store that several "
            "can share: --store postgresql://... or redis://..."
        )
    journal = JsonLog(ids=log_ids)
    at = listen(host, port)
    alone = _Serving(
        model=model,
        store=store,
        keys=key_file,
        rates=None if rate is None else Rates(per_second=rate / workers, burst=max(1, burst // workers)),
        limits=Limits(seconds=seconds, waiting=waiting, body_bytes=body << 20),
        memory=0 if shared or workers > 1 else memory << 20,
        watch=watch if watch is not None or not (shared or workers > 1) else _LOOK,
        drain=drain,
        threads=threads,
        telemetry=telemetry,
    )
    if workers == 1:
        alone.run(at, journal)
        return
    status = run_workers(
        workers,
        lambda: alone.run(at, journal),
        drain=drain,
        say=lambda what, process: journal.write(what, {"process": process}),
    )
    raise typer.Exit(status)


@dataclass(frozen=True, kw_only=True)
class _Serving:
    """What one process serves, and how."""

    model: Path
    store: str
    keys: KeyFile | None
    rates: Rates | None
    limits: Limits
    memory: int
    watch: float | None
    drain: float
    threads: int
    telemetry: bool

    def run(self, at: Listening, journal: JsonLog) -> None:
        """Load the model, open the log and answer until told to stop."""
        import torch

        from regard.serve.app import create_app
        from regard.serve.catalogue import open_snapshot
        from regard.serve.service import Service
        from regard.serve.stores.book import open_log
        from regard.serve.supervise import server_of

        torch.set_num_threads(self.threads)
        spans = self._spans(journal)
        log = open_log(self.store)
        replayed = open_snapshot(self.model, log.items(), erased=log.erased())
        if replayed.refused:
            journal.write("items_refused", {"items": replayed.refused}, level="warning")
        service = Service(replayed.snapshot, log, limits=self.limits, memory=self.memory, journal=journal)
        journal.write("listening", {"host": at.host, "port": at.port, "model": service.snapshot.version})
        application = create_app(
            service, self.model, keys=self.keys, rates=self.rates, watch=self.watch, spans=spans
        )
        server_of(application, service, drain=self.drain).run(sockets=[at.socket])

    def _spans(self, journal: JsonLog) -> Spans | None:
        """Return where spans go; what OpenTelemetry itself has to say becomes lines of the log."""
        from regard.serve.spans import Spans

        if not self.telemetry:
            return None
        journal.take_over("opentelemetry")
        return Spans()


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
