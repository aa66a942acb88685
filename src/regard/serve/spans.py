"""Spans: each request as a span of OpenTelemetry, for those who collect them; serving needs nothing of it.

A span says what a line of the log says: method, route, status, request id, and how long it took. The route is
that of the API with its gaps, so no span holds the id of a user or an item. A span belongs to the trace that
the caller names (``traceparent``). Where spans go and which are kept is said by OpenTelemetry's own variables
of the environment. It is the only file that imports OpenTelemetry, and only when a server is to send spans.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from regard.errors import MissingExtraError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["Spans"]

_NAME = "regard"
_LAST_SECONDS = 3.0


class Spans:
    """Sends a span of each request, in batches, from a thread of its own.

    Parameters
    ----------
    exporter
        Where to; None: as ``OTEL_EXPORTER_OTLP_ENDPOINT`` says, by default to this machine, port 4318.

    Raises
    ------
    MissingExtraError
        If OpenTelemetry is not installed.
    """

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        try:
            from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace import SpanKind, Status, StatusCode
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

            if exporter is None:
                from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

                exporter = OTLPSpanExporter()
        except ImportError:
            raise MissingExtraError("opentelemetry-sdk", extra="telemetry") from None
        resource = Resource.create({SERVICE_NAME: _NAME}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(_NAME)
        self._parents = TraceContextTextMapPropagator()
        self._kind, self._failed = SpanKind.SERVER, Status(StatusCode.ERROR)

    def request(
        self, *, method: str, route: str, status: int, request_id: str, parent: str, seconds: float
    ) -> None:
        """Note a request that has just ended.

        Parameters
        ----------
        method, route, status, request_id
            As the log has them.
        parent
            Header ``traceparent`` of the request, empty where it has none.
        seconds
            How long it took.
        """
        end = time.time_ns()
        span = self._tracer.start_span(
            f"{method} {route}",
            context=self._parents.extract({"traceparent": parent}),
            kind=self._kind,
            attributes={
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "regard.request_id": request_id,
            },
            start_time=end - round(1e9 * seconds),
        )
        if status >= 500:
            span.set_status(self._failed)
        span.end(end)

    def close(self) -> None:
        """Send what is left, and stop; where nobody takes it, drop it soon."""
        ending = threading.Thread(target=self._provider.shutdown, name="spans", daemon=True)
        ending.start()
        ending.join(_LAST_SECONDS)
