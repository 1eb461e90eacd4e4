"""A name and a password: how they are sent and kept, who is let in, and what that costs."""

import base64
import hashlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing
import trustme
from hypothesis import given
from hypothesis import strategies as st

from trio_https import HTTPError, Request, Response, TLSInfo, serve
from trio_https.handlers.basic_auth import with_basic_auth
from trio_https.handlers.passwords import hash_password, parse_stored_password
from trio_https.messages import Headers
from trio_https.rules.basic_credentials import format_challenge, parse_credentials
from trio_https.testing import open_connection
from trio_https.upgrades import Upgrade

from .pages.asking import make_request
from .peer import Peer
from .programs import require_program

TLS = TLSInfo(version="TLSv1.3", cipher_suite="", alpn=None, resumed=False)


def encode(text: str | bytes) -> str:
    octets = text.encode() if isinstance(text, str) else text
    return base64.b64encode(octets).decode()


def basic(credentials: str | bytes) -> str:
    return f"Basic {encode(credentials)}"


# Credentials


@pytest.mark.parametrize(
    ("line", "credentials"),
    [
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ("Aladdin", "open sesame")),  # RFC 7617 §2
        ("Basic dGVzdDoxMjPCow==", ("test", "123£")),  # RFC 7617 §2.1
        ("bAsIc   QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ("Aladdin", "open sesame")),
        (basic("a:b:c"), ("a", "b:c")),
        (basic(":"), ("", "")),
        (basic("e\u0301:o\u0308"), ("é", "ö")),  # NFC
    ],
)
def test_credentials_are_a_name_and_a_password(line: str, credentials: tuple[str, str]) -> None:
    assert parse_credentials([line]) == credentials


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["Basic"],
        ["Basic "],
        ["Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
        ["Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
        ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"],  # its padding is cut off
        ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== "],
        ["Basic QWxh ZGRpbjpvcGVu"],
        [basic("no colon")],
        [basic("a\n:b")],
        [basic("a:b\x00")],
        [basic(b"test:123\xa3")],  # ISO 8859-1
        ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="] * 2,
    ],
)
def test_what_is_no_credentials_is_none(lines: list[str]) -> None:
    assert parse_credentials(lines) is None


@given(st.text() | st.binary().map(basic))
def test_any_field_is_credentials_or_none(line: str) -> None:
    credentials = parse_credentials([line])
    assert credentials is None or ":" not in credentials.name


def test_credentials_do_not_show_the_password() -> None:
    assert "sesame" not in repr(parse_credentials(["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]))


@pytest.mark.parametrize(
    ("realm", "challenge"),
    [
        ("a realm", 'Basic realm="a realm", charset="UTF-8"'),
        (r'say "\"', r'Basic realm="say \"\\\"", charset="UTF-8"'),
    ],
)
def test_the_realm_is_a_quoted_string(realm: str, challenge: str) -> None:
    assert format_challenge(realm) == challenge


@pytest.mark.parametrize("realm", ["Café", "a\r\nSet-Cookie: b", "\x7f"])
def test_a_realm_that_no_field_can_carry_is_a_mistake(realm: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        format_challenge(realm)


# What is kept of a password


def phc(cost: str, salt: bytes, key: bytes) -> str:
    return f"$scrypt${cost}${encode(salt).rstrip('=')}${encode(key).rstrip('=')}"


def cheap(password: str) -> str:
    """Return a hash like those of ``hash_password``, but a thousand times cheaper."""
    key = hashlib.scrypt(password.encode(), salt=b"saltsalt", n=16, r=8, p=1, dklen=32)
    return phc("ln=4,r=8,p=1", b"saltsalt", key)


RFC_7914 = phc(  # §12, the third test vector
    "ln=14,r=8,p=1",
    b"SodiumChloride",
    bytes.fromhex(
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    ),
)


def test_a_hash_of_others_is_understood() -> None:
    stored = parse_stored_password(RFC_7914)
    assert stored.matches("pleaseletmein")
    assert not stored.matches("Pleaseletmein")
    assert str(stored) == RFC_7914


def test_a_password_is_kept_with_a_salt_of_its_own() -> None:
    one, other = hash_password("pass wörd"), hash_password("pass wörd")
    assert one != other
    assert one.startswith("$scrypt$ln=14,r=8,p=5$")
    assert parse_stored_password(one).matches("pass wo\u0308rd")
    assert "scrypt" not in repr(parse_stored_password(one))


@pytest.mark.parametrize("password", ["", "a\n", "\x00", "\udcff"])
def test_what_nobody_can_send_is_no_password(password: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- of two kinds
        hash_password(password)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "no .scrypt. hash"),
        ("secret", "no .scrypt. hash"),
        ("$2b$12$abcdefghijklmnopqrstuv", "no .scrypt. hash"),
        (RFC_7914 + "\n", "no .scrypt. hash"),
        (RFC_7914.replace("ln=14", "ln=0"), "a cost that is none"),
        (RFC_7914.replace("r=8", "r=0"), "a cost that is none"),
        (RFC_7914.replace("p=1", "p=0"), "a cost that is none"),
        (RFC_7914.replace("p=1", "p=99"), "a cost that is none"),
        (RFC_7914.replace("ln=14", "ln=20"), "1024 MiB a check"),
        (RFC_7914.replace("ln=14", "ln=99"), "MiB a check"),
    ],
)
def test_a_hash_that_cannot_be_used_is_a_mistake_and_not_shown(text: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake) as caught:
        with_basic_auth(hello, realm="x", users={"ada": text})
    assert "users: the hash of 'ada'" in str(caught.value)
    assert not text or text not in str(caught.value)


def test_users_are_some_and_their_names_have_no_colon() -> None:
    with pytest.raises(ValueError, match="there are none"):
        with_basic_auth(hello, realm="x", users={})
    with pytest.raises(ValueError, match="'a:b' has a colon"):
        with_basic_auth(hello, realm="x", users={"a:b": cheap("")})


# Who is let in


async def hello(request: Request) -> Response:
    return Response.text(f"hello {request.user}")


def request_of(credentials: str | bytes | None) -> Request:
    headers = Headers({"Authorization": basic(credentials)} if credentials else {})
    return replace(make_request("/", headers=headers), tls=TLS)


USERS = {"ada": cheap("lovelace"), "bü": cheap("pass wörd"), "eve": RFC_7914}


@pytest.mark.parametrize(
    ("credentials", "user"),
    [
        ("ada:lovelace", "ada"),
        ("bü:pass wörd", "bü"),
        ("bu\u0308:pass wo\u0308rd", "bü"),
        ("eve:pleaseletmein", "eve"),
    ],
)
async def test_a_user_with_the_password_is_let_in(credentials: str, user: str) -> None:
    guarded = with_basic_auth(hello, realm="x", users=USERS)
    for _ in range(2):
        response = await guarded(request_of(credentials))
        assert isinstance(response, Response)
        assert response.body == f"hello {user}".encode()


@pytest.mark.parametrize(
    "credentials",
    [
        None,
        "ada:Lovelace",
        "ada:lovelace ",
        "ada:",
        "Ada:lovelace",
        "eve:lovelace",
        "mallory:lovelace",
        ":",
        b"ada:\xff",
    ],
)
async def test_all_others_get_a_challenge(credentials: str | bytes | None) -> None:
    guarded = with_basic_auth(hello, realm="x", users=USERS)
    await guarded(request_of("ada:lovelace"))  # what is remembered lets nobody else in
    with pytest.raises(HTTPError) as caught:
        await guarded(request_of(credentials))
    assert caught.value.status == 401
    assert caught.value.headers == (("WWW-Authenticate", 'Basic realm="x", charset="UTF-8"'),)


async def test_over_plain_http_nobody_is_asked_for_a_password() -> None:
    request = replace(request_of("ada:lovelace"), tls=None)
    with pytest.raises(HTTPError, match="HTTPS only") as caught:
        await with_basic_auth(hello, realm="x", users=USERS)(request)
    assert (caught.value.status, caught.value.headers) == (403, ())
    behind_a_proxy = with_basic_auth(hello, realm="x", users=USERS, plain_http=True)
    assert isinstance(await behind_a_proxy(request), Response)


async def test_an_upgrade_is_for_users_only_too() -> None:
    async def talk(stream: trio.abc.Stream) -> None:
        raise AssertionError

    async def chat(request: Request) -> Upgrade:
        return Upgrade(protocol="example/1", talk=talk)

    guarded = with_basic_auth(chat, realm="x", users=USERS)
    assert isinstance(await guarded(request_of("ada:lovelace")), Upgrade)
    with pytest.raises(HTTPError, match="401"):
        await guarded(request_of(None))


# What it costs


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """The costs and salts of what is computed from now on, in the order of it."""
    seen: list[tuple[object, ...]] = []
    compute = hashlib.scrypt

    def note(password: bytes, **options: object) -> bytes:
        seen.append((options["n"], options["r"], options["p"]))
        return compute(password, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "scrypt", note)
    return seen


async def test_what_was_right_once_is_computed_no_more(computed: list[object]) -> None:
    guarded = with_basic_auth(hello, realm="x", users={"ada": cheap("lovelace")})
    computed.clear()
    for _ in range(5):
        await guarded(request_of("ada:lovelace"))
    assert len(computed) == 1


@pytest.mark.parametrize("credentials", ["ada:wrong", "mallory:wrong", ":", "nobody:lovelace"])
async def test_what_is_wrong_costs_the_same_each_time_whoever_it_is(
    computed: list[object], credentials: str
) -> None:
    guarded = with_basic_auth(hello, realm="x", users={"ada": cheap("lovelace")})
    await guarded(request_of("ada:lovelace"))
    computed.clear()
    for _ in range(3):
        with pytest.raises(HTTPError, match="401"):
            await guarded(request_of(credentials))
    assert computed == [(16, 8, 1)] * 3


async def test_a_name_that_nobody_has_always_costs_what_one_user_does(
    computed: list[object],
) -> None:
    guarded = with_basic_auth(hello, realm="x", users=USERS)
    for _ in range(4):
        with pytest.raises(HTTPError, match="401"):
            await guarded(request_of("mallory:x"))
    assert len(set(computed)) == 1


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Let computing wait until the test is over; give how many threads do at the moment."""
    go_on = threading.Event()
    begun: list[None] = []

    def wait(password: bytes, **options: object) -> bytes:
        begun.append(None)
        go_on.wait(20)
        return b""

    monkeypatch.setattr(hashlib, "scrypt", wait)
    yield lambda: len(begun)
    go_on.set()


async def test_no_more_than_two_compute_at_a_time_and_few_wait_for_them(
    blocked: Callable[[], int],
) -> None:
    guarded = with_basic_auth(hello, realm="x", users={"ada": RFC_7914})
    async with trio.open_nursery() as nursery:
        for number in range(34):
            nursery.start_soon(guarded, request_of(f"ada:{number}"))
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(HTTPError, match="503") as caught:
            await guarded(request_of("ada:one too many"))
        assert caught.value.headers == (("Retry-After", "5"),)
        assert blocked() <= 2
        nursery.cancel_scope.cancel()


# Over a connection, and with a client of others


async def test_the_log_tells_who_has_logged_in(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "trio_https.access")
    guarded = with_basic_auth(hello, realm="x", users=USERS)
    async with open_connection(guarded, server_context=server_context) as raw:
        stream = trio.SSLStream(raw, client_context, server_hostname="localhost")
        peer = Peer(stream)
        refused = await peer.ask()
        assert refused.headers["www-authenticate"] == 'Basic realm="x", charset="UTF-8"'
        field = ("Authorization", basic("ada:lovelace"))
        assert (await peer.ask(headers=[field])).body == b"hello ada"
    messages = [str(record.msg) for record in caplog.records]
    assert [message.split()[2] for message in messages] == ["-", "ada"]


async def test_curl_logs_in(
    authority: trustme.CA, server_context: ssl.SSLContext, tmp_path: Path
) -> None:
    require_program("curl")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    users = {"ada": hash_password("love:lace ü")}
    guarded = with_basic_auth(hello, realm="x", users=users)
    async with trio.open_nursery() as nursery:
        server = await nursery.start(
            partial(serve, guarded, host="localhost", port=0, tls=server_context)
        )
        for password, status in (("love:lace ü", 200), ("wrong", 401)):
            finished = await trio.run_process(
                ["curl", "-s", "--cacert", tmp_path / "ca.pem", "-w", "%{http_code}", "-u",
                 f"ada:{password}", server.urls[0]],
                capture_stdout=True,
            )  # fmt: skip
            assert finished.stdout.endswith(str(status).encode())
        nursery.cancel_scope.cancel()
