"""A message there and back over a WebSocket, as ``websocket.py`` sends it."""

from websocket import WARM_UP_SECONDS, frame, open_one, repeat

from .subjects import Subject

__all__ = ["measure_echo"]


def measure_echo(subject: Subject, seconds: float, size: int) -> float:
    """Return µs a message of ``size``, which came back as it was sent."""
    sent = frame(size)
    with subject.running() as server, open_one(server.port, offer=False) as client:
        repeat(client, sent, WARM_UP_SECONDS)
        before = server.cpu_seconds()
        messages = repeat(client, sent, seconds)
        return (server.cpu_seconds() - before) / messages * 1e6
