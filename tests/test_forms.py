"""Forms, through a connection on memory streams, and from clients that people use."""

import errno
import io
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest
import trio
import trio.testing
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import trio_https
from trio_https import ClientGone, Form, HTTPError, Request, RequestBody, Response, UploadedFile
from trio_https.forms import FormLimits, open_form
from trio_https.testing import open_connection

from .peer import Peer, Reply
from .programs import require_program

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=frontier"


class Upload(NamedTuple):
    """What a test keeps of an uploaded file."""

    filename: str
    content_type: str | None
    content: bytes


async def keep(form: Form) -> list[tuple[str, str | Upload]]:
    kept: list[tuple[str, str | Upload]] = []
    for name, value in form.pairs:
        if isinstance(value, str):
            kept.append((name, value))
        else:
            content = await value.read()
            assert (value.name, value.size) == (name, len(content))
            kept.append((name, Upload(value.filename, value.content_type, content)))
    return kept


async def post(
    body: bytes,
    content_type: str | None,
    use: Callable[[Form], Awaitable[Any]] = keep,
    **limits: Any,
) -> tuple[Reply, Any]:
    """Return the reply to a request with that form, and what ``use`` made of the form."""
    results: list[Any] = []

    async def handler(request: Request) -> Response:
        async with request.form(**limits) as form:
            results.append(await use(form))
        return Response.text("read")

    headers = [("Content-Type", content_type)] if content_type is not None else []
    async with open_connection(handler) as stream:
        reply = await Peer(stream).ask("/", "POST", headers, body)
    return reply, results[0] if results else None


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    head = "\r\n".join([f"Content-Disposition: {disposition}", *headers])
    return b"--frontier\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def field(name: str, value: bytes, *headers: str) -> bytes:
    return part(f'form-data; name="{name}"', value, *headers)


def file(name: str, filename: str, content: bytes, *headers: str) -> bytes:
    return part(f'form-data; name="{name}"; filename="{filename}"', content, *headers)


END = b"--frontier--\r\n"


# The mapping


PHOTO = UploadedFile(
    name="photo",
    filename="a.png",
    content_type="image/png",
    size=0,
    file=io.BytesIO(),
    in_memory=True,
)
FORM = Form([("a", "1"), ("photo", PHOTO), ("a", "2"), ("secret", "password")])


def test_a_form_maps_each_name_to_its_first_value() -> None:
    assert {"a": "1", "photo": PHOTO, "secret": "password"} == FORM
    assert len(FORM) == 3
    assert FORM.get("b") is None
    with pytest.raises(KeyError):
        FORM["b"]


def test_a_form_has_all_values_of_a_name() -> None:
    assert FORM.get_all("a") == ["1", "2"]
    assert FORM.get_all("b") == []
    assert FORM.pairs[2] == ("a", "2")


def test_what_a_handler_asks_for_and_the_form_lacks_is_the_clients_fault() -> None:
    assert (FORM.text("a"), FORM.file("photo")) == ("1", PHOTO)
    for ask, name in [(FORM.text, "b"), (FORM.text, "photo"), (FORM.file, "b"), (FORM.file, "a")]:
        with pytest.raises(HTTPError, match=f"^400 Bad Request: the form has no .* '{name}'$"):
            ask(name)


def test_the_values_of_a_form_do_not_end_up_in_a_log() -> None:
    assert repr(FORM) == "<Form with ['a', 'photo', 'secret']>"
    assert repr(Form([("\x1b", "")])) == r"<Form with ['\x1b']>"


# URL-encoded


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        (b"", []),
        (b"a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        (b"a+b=c%20d%2B&caf%C3%A9=%F0%9F%94%92", [("a b", "c d+"), ("café", "🔒")]),
        (b"a=&b&=c&&d=e=f", [("a", ""), ("b", ""), ("", "c"), ("d", "e=f")]),
        (b"a=1;b=2", [("a", "1;b=2")]),
        ("a=é".encode(), [("a", "é")]),
        (b"a=%zz%", [("a", "%zz%")]),
        pytest.param(b"%C3%A9=" + b"%C3%A9" * 9000, [("é", "é" * 9000)], id="large"),
    ],
)
@pytest.mark.parametrize("content_type", [URLENCODED, URLENCODED.upper() + "; charset=UTF-8"])
async def test_a_urlencoded_form_is_pairs_of_text(
    body: bytes, pairs: list[tuple[str, str]], content_type: str
) -> None:
    assert (await post(body, content_type))[1] == pairs


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS), max_size=20))
def test_what_is_encoded_comes_out_again(pairs: list[tuple[str, str]]) -> None:
    assert read_form(urlencode(pairs).encode(), URLENCODED) == pairs


# Multipart


async def test_a_multipart_form_has_fields_and_files() -> None:
    body = (
        field("title", "Grüße".encode())
        + file("photo", "ä.png", b"\x89PNG\r\n--front", "Content-Type: image/png")
        + file("photo", "", b"", "Content-Type: application/octet-stream")
        + field("title", b"")
        + END
    )
    assert (await post(body, MULTIPART))[1] == [
        ("title", "Grüße"),
        ("photo", Upload("ä.png", "image/png", b"\x89PNG\r\n--front")),
        ("photo", Upload("", "application/octet-stream", b"")),
        ("title", ""),
    ]


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        (END, []),
        (b"\r\n" + field("a", b"1") + END + b"an epilogue", [("a", "1")]),
        (part("form-data; name=a", b"1") + END, [("a", "1")]),
        (part('FORM-DATA; NAME="a"', b"1") + END, [("a", "1")]),
        (part(r'form-data; name="a\"b"', b"1") + END, [('a"b', "1")]),
        (field("a%22b", b"1") + END, [("a%22b", "1")]),
        (
            field("a", "é".encode("latin-1"), "Content-Type: a/b; charset=latin1") + END,
            [("a", "é")],
        ),
        (field("a", b"1", "Content-Transfer-Encoding: 8bit") + END, [("a", "1")]),
        (field("a", b"1", "X-Unknown: x\ty") + END, [("a", "1")]),
        (file("a", "../../etc/passwd", b"") + END, [("a", Upload("../../etc/passwd", None, b""))]),
    ],
    ids=range(10),
)
async def test_a_multipart_form_may_be_written_in_many_ways(
    body: bytes, pairs: list[tuple[str, object]]
) -> None:
    assert (await post(body, MULTIPART))[1] == pairs


VALID = field("a", b"1") + END
LONG_HEADER = "X: " + "x" * 5000

MALFORMED = {
    "nothing": (b"", MULTIPART, 400),
    "no boundary given": (VALID, "multipart/form-data", 400),
    "an empty boundary": (b"----\r\n", 'multipart/form-data; boundary=""', 400),
    "a boundary too long": (VALID, f"multipart/form-data; boundary={'x' * 300}", 400),
    "another boundary": (VALID, "multipart/form-data; boundary=x", 400),
    "no closing boundary": (VALID[:-4], MULTIPART, 400),
    "no name": (part("form-data", b"1") + END, MULTIPART, 400),
    "another disposition": (part('attachment; name="a"', b"1") + END, MULTIPART, 400),
    "no disposition": (b"--frontier\r\nA: b\r\n\r\n1\r\n" + END, MULTIPART, 400),
    "no headers": (b"--frontier\r\n\r\n1\r\n" + END, MULTIPART, 400),
    "two dispositions": (field("a", b"1", "content-disposition: b") + END, MULTIPART, 400),
    "too many headers": (field("a", b"1", *(f"H{n}: 1" for n in range(9))) + END, MULTIPART, 400),
    "a header too long": (field("a", b"1", LONG_HEADER) + END, MULTIPART, 400),
    "a line end in a name": (field("a\nb", b"1") + END, MULTIPART, 400),
    "NUL in a name": (field("a\0b", b"1") + END, MULTIPART, 400),
    "a name that is not UTF-8": (VALID.replace(b'"a"', b'"\xe9"'), MULTIPART, 400),
    "text that is not UTF-8": (field("a", b"\xe9") + END, MULTIPART, 400),
    "base64": (field("a", b"YQ==", "Content-Transfer-Encoding: base64") + END, MULTIPART, 400),
    "an unknown charset": (field("a", b"1", "Content-Type: a/b;charset=x") + END, MULTIPART, 415),
    "escapes that are not UTF-8": (b"a=%E9", URLENCODED, 400),
    "bytes that are not UTF-8": (b"a=\xe9", URLENCODED, 400),
    "JSON": (b"{}", "application/json", 415),
    "another multipart": (VALID, "multipart/mixed; boundary=frontier", 415),
    "no type": (b"a=1", None, 415),
}


@pytest.mark.parametrize(
    ("body", "content_type", "status"), MALFORMED.values(), ids=MALFORMED.keys()
)
async def test_what_is_no_form_is_refused(
    body: bytes, content_type: str | None, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    reply, _ = await post(body, content_type)
    assert reply.status == status
    assert not caplog.records  # neither a bug nor a warning: the client has been told


async def test_who_sends_no_form_is_told_what_is_one() -> None:
    reply, _ = await post(b"{}", "application/json")
    assert reply.headers["accept"] == "application/x-www-form-urlencoded, multipart/form-data"


# Limits


@pytest.mark.parametrize(
    ("body", "content_type", "limits"),
    [
        (b"a=1&b=2&c=3", URLENCODED, {"max_fields": 2}),
        (b"a=123456", URLENCODED, {"max_bytes": 7}),
        (b"a=123456", URLENCODED, {"max_text_bytes": 7}),
        (field("a", b"") * 3 + END, MULTIPART, {"max_fields": 2}),
        (file("a", "a", b"") * 3 + END, MULTIPART, {"max_files": 2}),
        (field("a", b"12345") * 2 + END, MULTIPART, {"max_text_bytes": 9}),
        (file("a", "a", b"12345") + END, MULTIPART, {"max_bytes": 80}),
    ],
)
async def test_a_form_over_a_limit_is_a_413(
    body: bytes, content_type: str, limits: dict[str, Any]
) -> None:
    reply, _ = await post(body, content_type, **limits)
    assert reply.status == 413
    [(name, limit)] = limits.items()
    larger = len(body) if name == "max_bytes" else limit + 1
    assert (await post(body, content_type, keep, **{name: larger}))[0].status == 200


@pytest.mark.parametrize("content_type", [URLENCODED, MULTIPART])
async def test_a_form_of_unknown_length_is_counted(content_type: str) -> None:
    async def handler(request: Request) -> Response:
        async with request.form(max_bytes=1000):
            return Response()

    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
    chunk = b"800\r\n" + b"\r\n" * 1024 + b"\r\n"
    async with open_connection(handler) as stream:
        await stream.send_all(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
        assert (await Peer(stream).read_reply_only("POST")).status == 413


async def test_files_do_not_count_as_text_nor_text_as_files() -> None:
    body = file("a", "a", b"12345") + field("b", b"1") + END
    reply, _ = await post(body, MULTIPART, max_fields=1, max_files=1, max_text_bytes=1)
    assert reply.status == 200


# Files


@pytest.mark.parametrize(("size", "in_memory"), [(0, True), (1000, True), (1001, False)])
async def test_a_file_over_the_limit_is_on_the_disk(
    size: int, in_memory: bool, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 4

    async def use(form: Form) -> None:
        upload = form.file("a")
        assert upload.in_memory is in_memory
        assert upload.file.read(3) == content[:size][:3]
        assert await upload.read() == content[:size]
        await upload.save_to(tmp_path / "copy")
        await upload.save_to(str(tmp_path / "copy"))
        assert (tmp_path / "copy").read_bytes() == content[:size]

    body = file("a", "a", content[:size]) + END
    assert (await post(body, MULTIPART, use, max_file_memory=1000))[0].status == 200


async def test_the_disk_is_written_to_in_threads_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of threads' jobs: to roll over and write, to write, to rewind, and to close."""
    jobs: list[object] = []
    run_sync = trio.to_thread.run_sync

    async def counting(function: Callable[..., Any], *args: Any, **settings: Any) -> Any:
        jobs.append(function)
        return await run_sync(function, *args, **settings)

    monkeypatch.setattr(trio.to_thread, "run_sync", counting)
    content = file("a", "a", b"x" * 1000)
    pieces = [content, b"--frontier", b"--"]
    async with open_form(body_of(pieces), MULTIPART, limits_of(max_file_memory=2000)):
        pass
    assert jobs == []
    pieces = [content[:500], content[500:700], content[700:], END]
    async with open_form(body_of(pieces), MULTIPART, limits_of(max_file_memory=100)) as form:
        upload = form.file("a")
        assert len(jobs) == 5
    assert len(jobs) == 6
    assert upload.file.closed


def limits_of(**changed: int) -> FormLimits:
    return FormLimits(
        **{
            "max_bytes": 1_000_000,
            "max_fields": 20,
            "max_files": 20,
            "max_text_bytes": 1_000_000,
            "max_file_memory": 100,
            **changed,
        }
    )


def body_of(pieces: list[bytes], then: BaseException | None = None) -> RequestBody:
    left = [*pieces]

    async def receive() -> bytes:
        if left:
            return left.pop(0)
        if then is not None:
            raise then
        return b""

    return RequestBody(receive)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The temporary files that were opened."""
    files: list[Any] = []

    class Remembered(tempfile.SpooledTemporaryFile[bytes]):
        def __init__(self) -> None:
            super().__init__()
            files.append(self)

    monkeypatch.setattr("trio_https.forms.SpooledTemporaryFile", Remembered)
    return files


SMALL_AND_LARGE = file("a", "a", b"x") + file("b", "b", b"x" * 1000)


@pytest.mark.parametrize(
    ("pieces", "then", "expected"),
    [
        ([SMALL_AND_LARGE, END], None, ZeroDivisionError),
        ([SMALL_AND_LARGE, b"--frontier\r\nbroken"], None, HTTPError),
        ([SMALL_AND_LARGE], None, HTTPError),
        ([SMALL_AND_LARGE], ClientGone("left"), ClientGone),
        ([SMALL_AND_LARGE[:-50]], HTTPError(408), HTTPError),
    ],
    ids=["the handler fails", "malformed", "cut off", "the client leaves", "too slow"],
)
async def test_files_are_closed_whatever_goes_wrong(
    pieces: list[bytes],
    then: BaseException | None,
    expected: type[BaseException],
    opened: list[Any],
) -> None:
    with pytest.raises(expected):
        async with open_form(body_of(pieces, then), MULTIPART, limits_of()):
            raise ZeroDivisionError
    assert [file.closed for file in opened] == [True, True]


async def test_files_are_closed_when_reading_is_cancelled(opened: list[Any]) -> None:
    async def receive() -> bytes:
        if not opened:
            return SMALL_AND_LARGE
        await trio.sleep_forever()
        raise AssertionError

    async with trio.open_nursery() as nursery:

        async def read() -> None:
            async with open_form(RequestBody(receive), MULTIPART, limits_of()):
                raise AssertionError

        nursery.start_soon(read)
        while len(opened) < 2 or not opened[1]._rolled:
            await trio.testing.wait_all_tasks_blocked(0.001)
        nursery.cancel_scope.cancel()
    assert [file.closed for file in opened] == [True, True]


async def test_a_full_disk_closes_all_files_and_is_the_servers_fault(
    opened: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", fail)
    with pytest.raises(OSError, match="No space left"):
        async with open_form(body_of([SMALL_AND_LARGE, END]), MULTIPART, limits_of()):
            raise AssertionError
    assert [file.closed for file in opened] == [True, True]


# Any bytes, cut anywhere


async def receive_form(body: bytes, content_type: str, *cuts: int) -> list[Any]:
    pieces = [body[start:end] for start, end in zip((0, *cuts), (*cuts, None), strict=True)]
    request_body = body_of([piece for piece in pieces if piece])
    async with open_form(request_body, content_type, limits_of()) as form:
        return await keep(form)


def read_form(body: bytes, content_type: str, *cuts: int) -> list[Any]:
    return trio.run(receive_form, body, content_type, *cuts)


FRAGMENTS = (
    *(b"--frontier", b"--", b"\r\n", b"\r", b"\n", b"--frontier--\r\n", b"--frontier\r\n", b":"),
    *(b"Content-Disposition: form-data", b'; name="a"', b'; filename="b"', b"\r\n\r\n", b" "),
    *(b"Content-Type: text/plain; charset=", b"latin1", b'"', b"\\", b"\xe9", b"x" * 50),
    field("a", b"1"),
    file("b", "c", b"x" * 200),
)


@settings(deadline=None)
@given(st.binary() | st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=3)).map(b"".join))
def test_any_bytes_are_a_multipart_form_or_refused(body: bytes) -> None:
    refusals = {400, 413, 415}
    for content in (body, field("a", body), VALID[: -len(END)] + body):
        try:
            pairs = read_form(content, MULTIPART)
        except HTTPError as exc:
            assert exc.status in refusals  # noqa: PT017
        else:
            assert len(pairs) <= content.count(b"--frontier")


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=255)), st.binary())
def test_any_content_type_is_of_a_form_or_refused(parameters: str, body: bytes) -> None:
    for media_type in ("multipart/form-data;", "multipart/form-data;boundary=", URLENCODED, ""):
        try:
            read_form(body, media_type + parameters)
        except HTTPError as exc:
            assert exc.status in {400, 413, 415}  # noqa: PT017


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\'))
CONTENTS = st.binary() | st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--frontie", b"\r\n--frontie", b"\r\n--", b"x" * 90])
).map(b"".join)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(NAMES, NAMES, CONTENTS), min_size=1, max_size=5),
    st.lists(st.integers(0, 1000), max_size=3),
)
def test_files_come_out_as_they_went_in_however_they_are_cut(
    uploads: list[tuple[str, str, bytes]], cuts: list[int]
) -> None:
    # A full path is shortened to its last part by python_multipart, as Internet Explorer 6 sent it.
    assume(not any(filename[1:2] == ":" for _, filename, _ in uploads))
    body = b"".join(file(*upload) for upload in uploads) + END
    expected = [(name, Upload(filename, None, content)) for name, filename, content in uploads]
    assert read_form(body, MULTIPART, *sorted(cuts)) == expected


async def test_a_form_is_the_same_wherever_it_is_cut() -> None:
    body = field("a", b"1\r\n--frontie") + file("b", "c", b"\r\n--front\r\n") + END
    whole = await receive_form(body, MULTIPART)
    assert len(whole) == 2
    for cut in range(1, len(body)):
        assert await receive_form(body, MULTIPART, cut) == whole
    assert await receive_form(body, MULTIPART, *range(1, len(body))) == whole


# Clients that people use


async def describe(request: Request) -> Response:
    async with request.form(max_file_memory=1000) as form:
        described: list[list[str | None]] = []
        for name, value in form.pairs:
            if isinstance(value, str):
                described.append([name, value])
            else:
                content = (await value.read()).decode("latin-1")
                described.append([name, value.filename, value.content_type, content])
        return Response.json(described)


@pytest.fixture
async def url(server_context: ssl.SSLContext) -> AsyncIterator[str]:
    async with trio.open_nursery() as nursery:
        serve = partial(trio_https.serve, describe, tls=server_context, port=0)
        server = await nursery.start(serve)
        yield server.urls[0]
        nursery.cancel_scope.cancel()


BINARY = bytes(range(256)) * 100


async def test_curl_sends_forms(url: str, authority: Any, tmp_path: Path) -> None:
    curl = require_program("curl")
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "ä.bin").write_bytes(BINARY)
    (tmp_path / "text").write_text("two\nlines")
    options = ["--silent", "--show-error", "--cacert", str(tmp_path / "ca.crt"), url]

    async def run(*arguments: str) -> Any:
        command = [curl, *options, *arguments]
        finished = await trio.run_process(command, capture_stdout=True, cwd=tmp_path)
        return json.loads(finished.stdout)

    assert await run("--data-urlencode", "a=é & b", "--data-urlencode", "a=") == [
        ["a", "é & b"],
        ["a", ""],
    ]
    assert await run("-F", "a=é", "-F", "b=@ä.bin;type=image/png", "-F", "c=<text") == [
        ["a", "é"],
        ["b", "ä.bin", "image/png", BINARY.decode("latin-1")],
        ["c", "two\nlines"],
    ]


async def test_httpx_sends_forms(url: str, client_context: ssl.SSLContext) -> None:
    async with httpx.AsyncClient(verify=client_context) as client:
        fields = {"a": "é & b", "c": ["1", "2"]}
        response = await client.post(url, data=fields)
        assert response.json() == [["a", "é & b"], ["c", "1"], ["c", "2"]]
        upload = ('ä"\\.bin', BINARY, "image/png")
        response = await client.post(url, data=fields, files={"b": upload})
        *texts, uploaded = response.json()
        assert texts == [["a", "é & b"], ["c", "1"], ["c", "2"]]
        assert uploaded == ["b", "ä%22\\.bin", "image/png", BINARY.decode("latin-1")]
