"""How handlers and servers end: this server beside hypercorn, anycorn and websockets.

    python benchmarks/lifetimes.py ENVIRONMENT [--rounds N] [--json FILE]

ENVIRONMENT is the folder of a virtual environment with the others; where there is none, it is made,
and they are installed from the package index. One that it lacks is left out. All serve over TLS
1.3, on loopback, in a process of their own, with a grace of 5 s for a stop and else their defaults.

Told are: when a client leaves, what becomes of its handler, and how long after; when the server is
told to stop, after how long nothing of it is left, and what the client got; how many tasks are left
of those for 100 clients, and after the stop. Needs Unix.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from lifetimes_client import Client, Server, running_target
from processes import make_certificate

import trio_https

OTHERS = ("hypercorn", "anycorn", "websockets")
REQUIREMENTS = ("hypercorn[trio]", "anycorn", "websockets>=17")
VERSIONS = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"

AT_WORK_SECONDS = 0.5  # of a handler, before its client leaves
WATCH_SECONDS = 5.0  # a handler that has not ended then is said to go on
WATCH_TALK_SECONDS = 15.0  # longer than our close_timeout
STOP_SECONDS = 30.0
SETTLE_SECONDS = (2.0, 8.0)  # the others keep some for their keep_alive_timeout of 5 s
CLIENTS = 100
MIB = 1024 * 1024
GOES_ON = "goes on"

Scenario = Callable[["Subject"], str]


class Subject(NamedTuple):
    """A server to be started, and where it does."""

    name: str
    version: str
    python: str
    files: tuple[str, str]
    folder: Path

    def running(self) -> AbstractContextManager[Server]:
        """Run it as long as the block runs."""
        return running_target(self.python, self.name, self.files, self.folder)


# When the client leaves


def leaving(subject: Subject, path: str, *, by_reset: bool, websocket: bool, rounds: int) -> str:
    """Return how a handler ends whose client has left, and the median of the time until then."""
    seconds: list[float] = []
    how = ""
    with subject.running() as server:
        for _ in range(rounds):
            client = open_client(server, path, websocket=websocket)
            time.sleep(AT_WORK_SECONDS)
            left_at = time.monotonic()
            client.leave(by_reset=by_reset)
            within = WATCH_TALK_SECONDS if websocket else WATCH_SECONDS
            event = server.wait_for("ended", within=within)
            if event is None:
                return f"{GOES_ON} after {within:.0f} s"
            how = str(event.more["how"])
            seconds.append(event.at - left_at)
    return f"{how}, {statistics.median(seconds) * 1000:,.0f} ms"


def open_client(server: Server, path: str, *, websocket: bool, window: int | None = None) -> Client:
    """Return a client whose handler has begun."""
    client = Client(server.port, window=window)
    if websocket:
        client.open_websocket(path)
    else:
        client.ask(path)
    assert server.wait_for("begun", within=STOP_SECONDS), "no handler has begun"
    if path == "/stream":
        client.read_head()
    return client


# When the server stops


def stop_with_idle(subject: Subject) -> str:
    with subject.running() as server:
        client = Client(server.port)
        client.ask("/")
        client.read_answer()
        asked_at = server.ask_to_stop()
        got = client.read_to_end(within=STOP_SECONDS)
        return f"{time_of_stop(server, asked_at)}; {got.end}"


def stop_with_handler(subject: Subject, path: str) -> str:
    with subject.running() as server:
        client = open_client(server, path, websocket=False)
        asked_at = server.ask_to_stop()
        got = client.read_to_end(within=STOP_SECONDS)
        return f"{time_of_stop(server, asked_at)}; {name_answer(got.data)}, {got.end}"


def stop_with_unread(subject: Subject) -> str:
    """Stop while a client has asked for 64 MiB and reads nothing, until the server is gone."""
    with subject.running() as server:
        client = open_client(server, "/big", websocket=False, window=64 * 1024)
        time.sleep(1.0)  # until all buffers are full
        asked_at = server.ask_to_stop()
        stopped = time_of_stop(server, asked_at)
        got = client.read_to_end(within=STOP_SECONDS)
        return f"{stopped}; {name_answer(got.data)}, {got.end}"


def stop_with_websocket(subject: Subject, path: str, *, answers: bool) -> str:
    with subject.running() as server:
        client = open_client(server, path, websocket=True)
        asked_at = server.ask_to_stop()
        got = client.read_close(within=STOP_SECONDS, answers=answers)
        return f"{time_of_stop(server, asked_at)}; {got.data.decode() or 'no code'}, {got.end}"


def time_of_stop(server: Server, asked_at: float) -> str:
    done = server.wait_for("done", within=asked_at + STOP_SECONDS - time.monotonic())
    if done is None:
        return f"runs after {STOP_SECONDS:.0f} s"
    return f"{done.at - asked_at:.2f} s"


def name_answer(data: bytes) -> str:
    head, _, body = data.partition(b"\r\n\r\n")
    if not head:
        return "nothing"
    status = head.split()[1].decode()
    length = int((head.lower() + b"\r\n").partition(b"content-length:")[2].split(b"\r\n")[0])
    if len(body) == length:
        return f"{status}, all of it"
    return f"{status}, {len(body) / MIB:.1f} of {length / MIB:.0f} MiB"


# What is left


def tasks_after_leaving(subject: Subject, path: str, *, websocket: bool) -> str:
    """Return how many tasks there are for clients, 2 and 10 s after they left, after the stop."""
    with subject.running() as server:
        before = server.count_tasks()
        clients = []
        for _ in range(CLIENTS):
            client = Client(server.port)
            if websocket:
                client.open_websocket(path)
            else:
                client.ask(path)
            if path == "/":
                client.read_answer()
            clients.append(client)
        time.sleep(AT_WORK_SECONDS)
        during = server.count_tasks() - before
        for client in clients:
            client.leave(by_reset=path != "/")
        left = [f"{during} at work"]
        for seconds in SETTLE_SECONDS:
            time.sleep(seconds)
            left.append(str(server.count_tasks() - before))
        server.ask_to_stop()
        done = server.wait_for("done", within=STOP_SECONDS)
        left.append("runs on" if done is None else str(done.more["left"]))
        return ", ".join(left)


def scenarios(rounds: int) -> dict[str, tuple[frozenset[str], Scenario]]:
    """Return what is tried, and by whom."""
    ours, asgi = {"trio_https"}, {"hypercorn", "anycorn"}
    http, all_four = frozenset(ours | asgi), frozenset(ours | asgi | {"websockets"})
    found: dict[str, tuple[frozenset[str], Scenario]] = {}
    for way, by_reset in (("closes", False), ("resets", True)):
        leave = partial(leaving, by_reset=by_reset, rounds=rounds)
        for what, path, who in (
            ("the handler sleeps", "/sleep", http),
            ("it waits for http.disconnect", "/listen", frozenset(asgi)),
            ("it streams", "/stream", http),
        ):
            found[f"client {way}, {what}"] = (who, partial(leave, path=path, websocket=False))
        for what, path in (("receives", "/receive"), ("sleeps", "/sleep")):
            found[f"client {way}, WebSocket, the handler {what}"] = (
                all_four,
                partial(leave, path=path, websocket=True),
            )
    found["stop, an idle connection"] = (http, stop_with_idle)
    found["stop, a handler that takes 2 s"] = (http, partial(stop_with_handler, path="/busy"))
    found["stop, a handler that takes 20 s"] = (http, partial(stop_with_handler, path="/long"))
    found["stop, a client that reads nothing of 64 MiB"] = (http, stop_with_unread)
    for what, path, answers in (
        ("the handler receives", "/receive", True),
        ("it sleeps", "/sleep", True),
        ("the client is silent", "/receive", False),
    ):
        found[f"stop, WebSocket, {what}"] = (
            all_four,
            partial(stop_with_websocket, path=path, answers=answers),
        )
    for what, path, who in (
        ("100 requests", "/", http),
        ("100 resets, the handler sleeps", "/sleep", http),
        ("100 resets, it waits for http.disconnect", "/listen", frozenset(asgi)),
        ("100 resets, WebSocket", "/receive", all_four),
    ):
        found[f"tasks, {what}"] = (
            who,
            partial(tasks_after_leaving, path=path, websocket=who is all_four),
        )
    return found


# The servers


def find_subjects(environment: Path, files: tuple[str, str], folder: Path) -> list[Subject]:
    """Return the servers that can be run; say which can't."""
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *REQUIREMENTS], check=True)
    subjects = [Subject("trio_https", trio_https.__version__, sys.executable, files, folder)]
    for name in OTHERS:
        found = subprocess.run(
            [python, "-c", VERSIONS, name],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if found.returncode:
            print(f"{name} is left out: it is not in {environment}")
        else:
            subjects.append(Subject(name, found.stdout.strip(), str(python), files, folder))
    return subjects


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare how handlers and servers end.")
    parser.add_argument("environment", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="clients that leave, for a median")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="", help="scenarios whose name has this in it")
    options = parser.parse_args()
    outcomes: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subjects = find_subjects(options.environment, make_certificate(folder), folder)
        versions = {subject.name: subject.version for subject in subjects}
        print(f"| | {' | '.join(f'{name} {version}' for name, version in versions.items())} |")
        print(f"| --- |{' --- |' * len(subjects)}", flush=True)
        for name, (who, scenario) in scenarios(options.rounds).items():
            if options.only in name:
                outcomes[name] = {s.name: scenario(s) for s in subjects if s.name in who}
                cells = (outcomes[name].get(subject.name, "") for subject in subjects)
                print(f"| {name} | {' | '.join(cells)} |", flush=True)
    if options.json:
        told = {"versions": {"Python": platform.python_version(), **versions}, "outcomes": outcomes}
        options.json.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
