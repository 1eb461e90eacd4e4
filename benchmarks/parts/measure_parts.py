"""The parts of a request for a small page, each by itself, in microseconds.

    PYTHON -m pytest -c benchmarks/parts/pytest.ini benchmarks/parts

with a Python that has trio_https, pytest and pytest-benchmark. From the bytes to the bytes; at the
end, for comparison, what is not ours: h11 with prepared events, and OpenSSL.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import h11
import pytest
import trio
from driving import Benchmark, EndlessClient, finish, in_trio
from processes import make_certificate

from pages import make_request
from trio_https import Headers, Limits, Pages, Response
from trio_https.files.kept_files import Files
from trio_https.files.open_file import Folder
from trio_https.http1 import HTTP1Connection
from trio_https.outgoing import Outgoing
from trio_https.response_head import response_fields
from trio_https.rules.request_head import check_request_head
from trio_https.rules.request_target import resolve_target
from trio_https.rules.url_path import page_path
from trio_https.stopping import Stopping
from trio_https.timeouts import Timeouts

# As curl asks; a browser sends three times as much.
HEAD = (
    b"GET /small.txt HTTP/1.1\r\nHost: localhost:8443\r\nUser-Agent: curl/7.88.1\r\n"
    b"Accept: */*\r\n\r\n"
)
PAGE = b"x" * 1024
LATER = 2_000_000_000.0  # in seconds since the epoch
FIELDS = Headers(
    {
        "Content-Type": "text/plain; charset=utf-8",
        "Last-Modified": "Sun, 09 Sep 2001 01:46:40 GMT",
        "ETag": '"16e4a1-400-abc"',
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
    }
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "site"
    folder.mkdir()
    page = folder / "small.txt"
    page.write_bytes(PAGE)
    os.utime(page, (1_000_000_000, 1_000_000_000))
    yield folder  # noqa: PT022 -- for the annotation of a fixture as the others have it


def connection_over(stream: trio.abc.Stream) -> HTTP1Connection:
    limits = Limits(max_requests_per_connection=10**9)
    return HTTP1Connection(
        stream,
        limits=limits,
        stopping=Stopping(),
        send_timeout=Timeouts(limits).send,
        accepted_at=trio.current_time(),
    )


def measure_1_head_is_checked(benchmark: Benchmark) -> None:
    benchmark(lambda: check_request_head(HEAD, max_fields=100))


def measure_2_head_is_parsed_by_h11(benchmark: Benchmark) -> None:
    def parse() -> None:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(HEAD)
        assert type(connection.next_event()) is h11.Request

    benchmark(parse)


def measure_3_path_is_resolved(benchmark: Benchmark) -> None:
    def resolve() -> None:
        path, _ = resolve_target("GET", "/small.txt", "localhost:8443")
        assert page_path(path) is not None

    benchmark(resolve)


def measure_4_file_is_opened(benchmark: Benchmark, site: Path) -> None:
    folder = Folder(site)

    def open_it() -> None:
        folder.open(("small.txt",)).close()

    benchmark(open_it)


def measure_5_file_is_kept(benchmark: Benchmark, site: Path) -> None:
    files = Files(Folder(site))

    def look() -> None:
        files.open(("small.txt",)).close()

    async def measure() -> None:
        file = files.open(("small.txt",))
        await files.load(("small.txt",), file, now=LATER)
        file.close()
        benchmark(look)

    in_trio(measure)


def measure_6_pages_handler_answers(benchmark: Benchmark, site: Path) -> None:
    # Long after the folder was made: what is young is looked at more often.
    request = replace(make_request("/small.txt", {}), received_at=LATER)
    pages = Pages(str(site))

    async def measure() -> None:
        await pages(request)  # the first time it has the page read
        response = benchmark(lambda: finish(pages(request)))
        assert response.body == PAGE

    in_trio(measure)


def measure_7_response_fields_are_made(benchmark: Benchmark) -> None:
    benchmark(lambda: response_fields(200, FIELDS, length=1024, close=False, now=1_000_000_000))


def measure_8_piece_is_sent(benchmark: Benchmark) -> None:
    client = EndlessClient(b"")

    async def measure() -> None:
        outgoing = Outgoing(client, Limits(), Timeouts(Limits()).send)
        benchmark(lambda: finish(outgoing.send(PAGE)))

    in_trio(measure)
    assert client.taken


def measure_9_whole_exchange_without_handler(benchmark: Benchmark) -> None:
    client = EndlessClient(HEAD)
    response = Response(status=200, headers=FIELDS, body=PAGE)

    async def measure() -> None:
        connection = connection_over(client)

        def exchange() -> None:
            assert finish(connection.incoming.receive())
            assert connection.take_request() is not None
            finish(connection.send_response(response))
            assert finish(connection.finish_exchange())

        benchmark(exchange)

    in_trio(measure)


def measure_ceiling_h11_with_prepared_events(benchmark: Benchmark) -> None:
    fields = response_fields(200, FIELDS, length=1024, close=False, now=1_000_000_000)
    head, data = h11.Response(status_code=200, headers=fields, reason=b"OK"), h11.Data(data=PAGE)
    end, connection = h11.EndOfMessage(), h11.Connection(h11.SERVER)

    def exchange() -> None:
        connection.receive_data(HEAD)
        while type(connection.next_event()) is not h11.EndOfMessage:
            pass
        b"".join((connection.send(head) or b"", connection.send(data) or b"", b""))
        connection.send(end)
        connection.start_next_cycle()

    benchmark(exchange)


def measure_ceiling_openssl_writes_a_record(benchmark: Benchmark, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (ours, theirs, ours, theirs):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()

    def write() -> None:
        theirs.write(PAGE)
        to_client.read()

    benchmark(write)
