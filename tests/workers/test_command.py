"""``trio-https --workers``: one server in several processes, as clients and the operator see it.

Which worker answers is settled by stopping the others for a while (SIGSTOP).
"""

import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme

from ..command import (
    BIG_BYTES,
    RunningCommand,
    make_site,
    run_command,
    start_command,
    start_server,
    start_server_in_terminal,
)
from ..identities.key_files import write_pair
from ..programs import require_program

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")

TIMEOUT = 40.0
REQUEST = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which the user starts the command."""
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Path:
    return make_site(folder)


class Client:
    """A connection to the server, whose session can be resumed by another."""

    def __init__(
        self,
        server: RunningCommand,
        context: ssl.SSLContext,
        *,
        session: ssl.SSLSession | None = None,
        receive_buffer: int = 0,
    ) -> None:
        transport = socket.socket()
        transport.settimeout(TIMEOUT)
        if receive_buffer:
            transport.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        transport.connect(("127.0.0.1", server.port))
        try:
            self.socket = context.wrap_socket(
                transport,
                server_hostname="localhost",
                session=session,
                suppress_ragged_eofs=False,
            )
        except BaseException:
            transport.close()
            raise

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, path: str = "/") -> tuple[bytes, bytes]:
        """Ask for a page, and return the head and what has come of the body with it."""
        self.socket.sendall(REQUEST % path.encode())
        received = b""
        while b"\r\n\r\n" not in received:
            data = self.socket.recv(65536)
            assert data, "closed without an answer"
            received += data
        head, _, body = received.partition(b"\r\n\r\n")
        return head, body

    def read_all(self) -> int:
        """Read until close_notify, and return how much it was; any other end raises OSError."""
        count = 0
        while data := self.socket.recv(65536):
            count += len(data)
        return count


def trusting(server: RunningCommand, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.ca_file)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def is_answered(server: RunningCommand, context: ssl.SSLContext) -> bool:
    with Client(server, context) as client:
        return client.ask()[0].startswith(b"HTTP/1.1 200 ")


def first_workers(server: RunningCommand) -> list[int]:
    told = server.wait_for_stderr(r"^  ok      Workers +\d+, processes (.+)$")
    return [int(pid) for pid in told[1].split(", ")]


def replaced(server: RunningCommand, *pids: int) -> list[int]:
    """Wait until others serve in place of these, and return them."""
    return [
        int(server.wait_for_stderr(rf"worker (\d+) serves in place of worker {pid}$")[1])
        for pid in pids
    ]


@contextmanager
def only(chosen: int, pids: list[int]) -> Iterator[None]:
    """Have one of the workers run alone, as long as the block runs."""
    others = [pid for pid in pids if pid != chosen]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def shown_to_a_client(server: RunningCommand, context: ssl.SSLContext) -> bytes | None:
    """Return the certificate that a client is shown, which is answered."""
    with Client(server, context) as client:
        assert client.ask()[0].startswith(b"HTTP/1.1 200 ")
        return client.socket.getpeercert(binary_form=True)


# Serving


def test_each_worker_serves(folder: Path) -> None:
    with start_server("--workers", "3", folder=folder) as server:
        pids = first_workers(server)
        assert len(set(pids)) == 3
        assert server.pid not in pids
        for pid in pids:
            with only(pid, pids):
                assert is_answered(server, trusting(server))


def test_auto_is_a_worker_for_each_processor(folder: Path) -> None:
    count = len(os.sched_getaffinity(0))
    with start_server("--workers", "auto", folder=folder) as server:
        if count == 1:
            assert "Workers" not in server.stderr
        else:
            assert len(first_workers(server)) == count


def test_one_worker_is_the_process_itself(folder: Path) -> None:
    with start_server("--workers", "1", folder=folder) as server:
        assert "Workers" not in server.stderr
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        if children.exists():
            assert children.read_text() == ""


def test_the_listeners_without_tls_are_served_by_workers_too(folder: Path) -> None:
    options = ("--workers", "2", "--redirect-http=0", "--host", "127.0.0.1", "--port", "0")
    with start_server(*options, folder=folder) as server:
        pids = first_workers(server)
        told = server.wait_for_stderr(r"ok      Redirect +127\.0\.0\.1:(\d+) leads to HTTPS$")
        for pid in pids:
            with only(pid, pids), pytest.raises(urllib.error.HTTPError) as redirect:
                opener = urllib.request.build_opener(NoRedirects)
                opener.open(f"http://127.0.0.1:{told[1]}/about", timeout=TIMEOUT)
            assert redirect.value.headers["Location"] == f"https://127.0.0.1:{server.port}/about"
            redirect.value.close()


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no /proc")
def test_the_process_that_is_copied_has_one_thread(folder: Path) -> None:
    """A fork copies one: locks that others hold would never be free again."""
    with start_server("--workers", "2", folder=folder) as server:
        first_workers(server)
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert re.search(r"^Threads:\s+1$", status, re.MULTILINE)


# Sessions


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed_by_another_worker(version: ssl.TLSVersion, folder: Path) -> None:
    with start_server("--workers", "2", folder=folder) as server:
        pids = first_workers(server)
        context = trusting(server, version)
        with only(pids[0], pids), Client(server, context) as client:
            client.ask()  # tickets of TLS 1.3 come with the response
            assert not client.socket.session_reused
            session = client.socket.session
        with only(pids[1], pids), Client(server, context, session=session) as client:
            assert client.ask()[0].startswith(b"HTTP/1.1 200 ")
            assert client.socket.session_reused


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_openssl_resumes_its_session_with_a_worker_that_was_started_later(
    version: str, folder: Path
) -> None:
    with start_server("--workers", "2", folder=folder) as server:

        def s_client(*options: str) -> str:
            arguments = f"s_client -connect 127.0.0.1:{server.port} -{version} -ign_eof".split()
            ended = subprocess.run(
                [require_program("openssl"), *arguments, *options],
                cwd=folder,
                input=b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                capture_output=True,
                timeout=TIMEOUT,
            )
            return ended.stdout.decode("latin-1")

        assert "HTTP/1.1 200" in s_client("-sess_out", "session")
        server.send_signal(signal.SIGHUP)
        replaced(server, *first_workers(server))
        assert re.search("^Reused, ", s_client("-sess_in", "session"), re.MULTILINE)


# Reloading


def test_a_new_certificate_is_shown_by_all_workers_and_a_download_goes_on(
    authority: trustme.CA, folder: Path, site: Path
) -> None:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    write_pair(authority, folder, "a", "localhost")
    options = ("--cert", "a.crt", "--key", "a.key", "--workers", "2")
    with start_server(site, *options, folder=folder) as server:
        server.ca_file = folder / "ca.pem"
        pids, context = first_workers(server), trusting(server)
        with Client(server, context, receive_buffer=65536) as download:
            _, body = download.ask("/big.bin")
            old = download.socket.getpeercert(binary_form=True)
            session = download.socket.session
            write_pair(authority, folder, "a", "localhost")
            server.send_signal(signal.SIGHUP)
            pids = replaced(server, *pids)
            for pid in pids:
                with only(pid, pids):
                    while shown_to_a_client(server, context) == old:
                        pass  # by one that is told just now to accept no more
            with Client(server, context, session=session) as client:
                client.ask()
                assert client.socket.session_reused
            assert len(body) + download.read_all() == BIG_BYTES
    assert server.stderr.count("a.crt: in use now") == 1


def test_a_certificate_that_has_changed_is_noticed_without_a_signal(
    authority: trustme.CA, folder: Path, site: Path
) -> None:
    write_pair(authority, folder, "a", "localhost")
    options = ("--cert", "a.crt", "--key", "a.key", "--workers", "2")
    with start_server(site, *options, folder=folder) as server:
        write_pair(authority, folder, "a", "localhost", "other.test")
        server.wait_for_stderr("a.crt: in use now, for localhost, other.test")
        replaced(server, *first_workers(server))


def test_a_certificate_that_does_not_serve_changes_nothing(
    authority: trustme.CA, folder: Path, site: Path
) -> None:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    write_pair(authority, folder, "a", "localhost")
    options = ("--cert", "a.crt", "--key", "a.key", "--workers", "2")
    with start_server(site, *options, folder=folder) as server:
        server.ca_file = folder / "ca.pem"
        (folder / "a.crt").write_text("broken")
        server.send_signal(signal.SIGHUP)
        server.wait_for_stderr("ERROR .* a.crt: there is nothing in PEM")
        server.wait_for_stderr("looked at again")
        assert is_answered(server, trusting(server))
    assert "serves in place" not in server.stderr


def test_who_is_of_an_authority_that_was_taken_out_is_refused_by_all_workers(
    authority: trustme.CA, folder: Path, site: Path
) -> None:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    write_pair(authority, folder, "a", "localhost")
    ada, eve = trustme.CA(), trustme.CA()
    for clients, stem in ((ada, "ada"), (eve, "eve")):
        write_pair(clients, folder, stem, f"{stem}@example.org")
    ada.cert_pem.write_to_path(folder / "clients.pem")
    options = ("--cert", "a.crt", "--key", "a.key", "--client-ca", "clients.pem", "--workers", "2")
    with start_server(site, *options, folder=folder) as server:
        server.ca_file = folder / "ca.pem"
        context, other = trusting(server), trusting(server)
        context.load_cert_chain(folder / "ada.crt", folder / "ada.key")
        other.load_cert_chain(folder / "eve.crt", folder / "eve.key")
        with Client(server, context) as client:
            client.ask()
            session = client.socket.session
        # Accepted before the change, it says hello after it.
        with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as early:
            time.sleep(0.5)
            eve.cert_pem.write_to_path(folder / "clients.pem")
            server.send_signal(signal.SIGHUP)
            server.wait_for_stderr("clients.pem: these authorities of clients are in use now")
            server.wait_for_stderr(r"(?s)(worker \d+ serves$.*){2}")
            with pytest.raises(OSError), context.wrap_socket(early, server_hostname="localhost"):  # noqa: PT011 -- an alert, or a reset
                pass
        with pytest.raises(OSError), Client(server, context, session=session) as client:  # noqa: PT011 -- an alert, or a reset
            client.ask()
        assert is_answered(server, other)


def test_who_has_connected_to_a_worker_that_retires_is_answered(folder: Path) -> None:
    with start_server("--workers", "2", folder=folder) as server:
        pids, context = first_workers(server), trusting(server)
        with ExitStack() as clients:
            with only(pids[0], pids):  # both are clients of one worker
                fresh, idle = (clients.enter_context(Client(server, context)) for _ in range(2))
                idle.ask()
            server.send_signal(signal.SIGHUP)
            idle.read_all()  # until that worker has heard that it retires
            head, _ = fresh.ask()
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" in head.lower()


def test_every_client_is_answered_while_workers_are_replaced(folder: Path) -> None:
    with start_server("--workers", "2", folder=folder) as server:
        pids, context = first_workers(server), trusting(server)
        for _ in range(3):
            server.send_signal(signal.SIGHUP)
            for _ in range(10):
                assert is_answered(server, context)
            pids = replaced(server, *pids)


# Workers that end


def test_clients_are_answered_while_workers_are_killed_and_replaced(folder: Path) -> None:
    with start_server("--workers", "2", folder=folder) as server:
        context = trusting(server)
        for pid in first_workers(server):
            os.kill(pid, signal.SIGKILL)
            for _ in range(5):
                assert is_answered(server, context)
            server.wait_for_stderr(rf"worker {pid} was ended by SIGKILL; another takes its place")
        found = server.wait_for_stderr(r"(?s)worker (\d+) serves$.*worker (\d+) serves$")
        pids = [int(found[1]), int(found[2])]
        for pid in pids:
            with only(pid, pids):
                assert is_answered(server, context)


def test_a_worker_that_is_asked_to_stop_finishes_its_request_and_is_replaced(
    folder: Path, site: Path
) -> None:
    with start_server(site, "--workers", "2", folder=folder) as server:
        pids, context = first_workers(server), trusting(server)
        with (
            only(pids[0], pids),
            Client(server, context, receive_buffer=65536) as download,
        ):
            _, body = download.ask("/big.bin")
            os.kill(pids[0], signal.SIGTERM)
            assert len(body) + download.read_all() == BIG_BYTES
        server.wait_for_stderr(rf"worker {pids[0]} ended with exit code 0; another takes its place")
        server.wait_for_stderr(r"worker \d+ serves$")


def test_nobody_is_left_when_the_supervisor_is_killed(folder: Path) -> None:
    with start_server("--workers", "2", folder=folder) as server:
        server.send_signal(signal.SIGKILL)
        assert server.wait() == -signal.SIGKILL
        server.wait_for_end_of_stdout()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)
        assert server.stderr.count("the process that looks after the workers is gone") == 2


# Stopping

STOP_SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@STOP_SIGNALS
def test_running_requests_finish_before_the_workers_stop(
    number: signal.Signals, folder: Path, site: Path
) -> None:
    with start_server(site, "--workers", "2", folder=folder) as server:
        pids, context = first_workers(server), trusting(server)
        with only(pids[0], pids):
            first = Client(server, context, receive_buffer=65536)
            received = len(first.ask("/big.bin")[1])
        with only(pids[1], pids):
            second = Client(server, context, receive_buffer=65536)
            received += len(second.ask("/big.bin")[1])
        with first, second:
            server.send_signal(number)
            server.wait_for_stderr("^Stopping: ")
            received += first.read_all() + second.read_all()
        assert server.wait() == 0
        assert received == 2 * BIG_BYTES
        assert server.stderr.endswith("\nStopped.\n")
        assert server.stdout.count(f'"GET /big.bin HTTP/1.1" 200 {BIG_BYTES} ') == 2
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)


@STOP_SIGNALS
def test_a_second_signal_ends_all_workers_at_once(
    number: signal.Signals, folder: Path, site: Path
) -> None:
    with (
        start_server(site, "--workers", "2", folder=folder) as server,
        Client(server, trusting(server), receive_buffer=65536) as download,
    ):
        download.ask("/big.bin")
        server.send_signal(number)
        server.wait_for_stderr("^Stopping: ")
        server.send_signal(number)
        assert server.wait() == 0
        with pytest.raises(OSError):  # noqa: PT011 -- a reset, or no close_notify
            download.read_all()
    assert "Stopped." not in server.stderr, "it waited for what it should have cut off"


def test_ctrl_c_in_the_terminal_which_all_processes_get_stops_them_once(folder: Path) -> None:
    with start_server_in_terminal("--workers", "2", folder=folder) as (server, terminal):
        os.write(terminal, b"\x03")
        assert server.wait() == 0
        assert server.stderr.endswith("\nStopped.\n")
    assert "Traceback" not in server.stderr
    assert "another takes its place" not in server.stderr


def test_a_signal_that_a_service_manager_sends_to_all_stops_them_once(folder: Path) -> None:
    with start_server("--workers", "2", folder=folder) as server:
        for pid in (server.pid, *first_workers(server)):
            os.kill(pid, signal.SIGTERM)
        assert server.wait() == 0
        assert server.stderr.endswith("\nStopped.\n")


def test_a_signal_during_the_start_ends_it(folder: Path) -> None:
    with start_command("--workers", "2", folder=folder) as command:
        command.wait_for_stderr("ok      Certificate")
        command.send_signal(signal.SIGTERM)
        command.wait()
    with start_server("--workers", "2", folder=folder) as server:
        assert is_answered(server, trusting(server))


# Logs


def test_each_request_is_a_whole_line_whichever_worker_answers(folder: Path, site: Path) -> None:
    """The lines are longer than what a pipe takes as one."""
    target = "/" + "%20" * 2000
    with start_server(site, "--workers", "2", folder=folder) as server:
        pids, context = first_workers(server), trusting(server)
        for pid in pids:
            with only(pid, pids), Client(server, context) as client:
                client.ask(target)
        server.wait_for_stdout(rf'(?s)(^127\.0\.0\.1 [^\n]*"GET {target} .*){{2}}')
        server.send_signal(signal.SIGTERM)
        server.wait()
    line = re.compile(rf'127\.0\.0\.1 - - \[[^]]+\] "GET {target} HTTP/1\.1" 404 [^\n]*ms')
    assert [bool(line.fullmatch(each)) for each in server.stdout.splitlines()] == [True] * 2


def test_events_tell_the_process(folder: Path) -> None:
    with start_server("--workers", "2", folder=folder) as server:
        pids = first_workers(server)
        for pid in pids:
            with only(pid, pids), Client(server, trusting(server)) as client:
                client.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert client.socket.recv(100).startswith(b"HTTP/1.1 400 ")
                server.wait_for_stderr(rf" INFO \[{pid}\] .*400")


# Mistakes


@pytest.mark.parametrize("number", ["0", "-1", "abc", "257", "1.5"])
def test_what_is_no_number_of_workers_is_a_mistake(number: str, folder: Path) -> None:
    ended = run_command("--workers", number, folder=folder)
    assert ended.code == 2
    assert "--workers" in ended.stderr
    assert "auto: one for each processor" in ended.stderr


def test_a_port_that_is_taken_is_told_once(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = run_command("--workers", "2", "--port", port, folder=folder)
    assert ended.code == 2
    assert "  failed  Listening\n" in ended.stderr
    assert ended.stderr.count("another program listens there") == 1
