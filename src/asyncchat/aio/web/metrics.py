"""What the server has done and holds, in the text format of Prometheus; no names of users, and no texts."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from asyncchat import __version__
from asyncchat.aio.measurements import Measurements

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_PREFIX = "asyncchat_"


def encode(measured: Measurements) -> bytes:
    """Return the metrics as text."""
    registry = CollectorRegistry()
    registry.register(_Collector(measured))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, measured: Measurements) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        measured, counters = self._measured, self._measured.counters
        yield InfoMetricFamily(f"{_PREFIX}build", "The version", {"version": __version__})
        connections = GaugeMetricFamily(
            f"{_PREFIX}connections", "Connections that are open", labels=["format", "transport"]
        )
        for (client, is_private), number in sorted(measured.connections.items()):
            name = client.lower().replace(" ", "_")
            connections.add_metric([name, "tls" if is_private else "tcp"], number)
        yield connections
        yield _gauge("members", "Users who are online", measured.members)
        yield _gauge("rooms", "Rooms, with the default one", measured.rooms)
        yield _counter("connections_accepted", "Connections that were accepted", counters.accepted)
        yield _by("connections_refused", "Connections that were refused", "reason", measured.refused)
        yield _by("cut_off", "Connections that were ended because of their peers", "reason", counters.cut_off)
        messages = {"room": measured.messages, "private": counters.private_messages}
        yield _by("messages", "Messages that were stored", "kind", messages)
        yield _by("refused_lines", "Lines that were refused", "code", counters.refused_lines)
        yield _counter("batches", "Batches of entries that were delivered", measured.batches)
        yield _counter("written_bytes", "Bytes of the events of rooms, to all peers together", measured.written)
        yield _gauge("backlog_bytes", "Bytes that wait for peers that read slowly", sum(measured.waiting))
        yield _gauge("backlogged_peers", "Peers for which bytes wait", len(measured.waiting))
        yield _gauge("journal_queue_messages", "Entries that wait to be stored", measured.pending)
        if measured.commits:
            yield HistogramMetricFamily(
                f"{_PREFIX}journal_commit_seconds",
                "Time to store a batch",
                buckets=list(measured.commits),
                sum_value=measured.commits.total,
            )
        if measured.log:
            yield _gauge("log_entry", "The last entry of the log that was applied", measured.log.entry)
            yield _gauge("log_age_seconds", "Time since that entry came", measured.log.age)
            yield _gauge("log_stalled_seconds", "Time for which nothing can be stored", measured.log.stalled)
        yield _counter("login_failures", "Wrong passwords", counters.login_failures)
        yield _counter("tls_handshake_failures", "TLS handshakes that failed", measured.handshake_failures)
        if measured.certificate_ends is not None:
            yield _gauge(
                "tls_certificate_expiry_timestamp_seconds", "When the certificate expires", measured.certificate_ends
            )


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, about, value)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(_PREFIX + name, about, value)


def _by(name: str, about: str, label: str, values: dict[str, int]) -> Metric:
    metric = CounterMetricFamily(_PREFIX + name, about, labels=[label])
    for key, value in sorted(values.items()):
        metric.add_metric([key], value)
    return metric
