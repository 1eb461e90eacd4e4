import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_https.errors import ConfigError
from trio_https.rules.redirect_rules import Redirect, RedirectRules, parse_redirects
from trio_https.rules.url_path import decode_path

HOST = "localhost:8443"


def find(
    text: str, path: str, query: str = "", authority: str = HOST
) -> tuple[str, int, bool] | None:
    redirect = parse_redirects(text, name="_redirects").find(path, query, authority)
    return (redirect.target, redirect.status, redirect.is_forced) if redirect else None


def location(text: str, path: str, query: str = "", authority: str = HOST) -> str | None:
    redirect = parse_redirects(text, name="_redirects").find(path, query, authority)
    return redirect.target if redirect else None


def mistakes_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_redirects(text, name="site/_redirects")
    first, *lines = str(caught.value).splitlines()
    assert first.startswith("site/_redirects: ")
    return lines


# What a line says


@pytest.mark.parametrize(
    ("line", "path", "result"),
    [
        # Netlify, "Redirects and rewrites" and "Redirect options"
        ("/home  /", "/home", ("/", 301, False)),
        ("/blog/my-post.php  /blog/my-post", "/blog/my-post.php", ("/blog/my-post", 301, False)),
        ("/pets  https://www.example.com", "/pets", ("https://www.example.com", 301, False)),
        ("/my-redirect  /  302", "/my-redirect", ("/", 302, False)),
        ("/pass-through /index.html 200", "/pass-through", ("/index.html", 200, False)),
        ("/shop /store-closed 404", "/shop", ("/store-closed", 404, False)),
        ("/app/ /app/index.html 200!", "/app/", ("/app/index.html", 200, True)),
        ("/authors/c%C3%A9line /c%C3%A9line", "/authors/céline", ("/c%C3%A9line", 301, False)),
        ("/news/* /blog/:splat", "/news/2004/01/it", ("/blog/2004/01/it", 301, False)),
        ("/news/:y/:m/:d/:s /blog/:s/:d/:m/:y", "/news/4/3/2/1", ("/blog/1/2/3/4", 301, False)),
        ("/* /index.html 200", "/any/where", ("/index.html", 200, False)),
        ("/en/* /en/404.html 404", "/en/missing", ("/en/404.html", 404, False)),
        # Cloudflare, "Redirects"
        ("/see /other 303", "/see", ("/other", 303, False)),
        ("/keep /other 307", "/keep", ("/other", 307, False)),
        ("/keep /other 308", "/keep", ("/other", 308, False)),
        ("/team /about#team", "/team", ("/about#team", 301, False)),
        ("/find /search?q=all", "/find", ("/search?q=all", 301, False)),
        ("/b/* https://blog.example/:splat", "/b/c/d", ("https://blog.example/c/d", 301, False)),
        (
            "/movies/:title /film?name=:title#:title",
            "/movies/a b",
            ("/film?name=a%20b#a%20b", 301, False),
        ),
        # GitLab: placeholders beside fixed text
        ("/a/:y/:m /b-:y-:m.html", "/a/04/05", ("/b-04-05.html", 301, False)),
        # Comments and white space
        ("  /home \t / \t 302   # the old one", "/home", ("/", 302, False)),
        ("/home /#top", "/home", ("/#top", 301, False)),
        ("/home /a #top", "/home", ("/a", 301, False)),
        # What no URI may hold is encoded, what is encoded stays
        ("/a /é\"<\\>%20", "/a", ("/%C3%A9%22%3C%5C%3E%20", 301, False)),
        ("/a /b:1", "/a", ("/b:1", 301, False)),
        ("/a /b%3Ac", "/a", ("/b%3Ac", 301, False)),
        ("/a https://[fe80::a]:8443/b", "/a", ("https://[fe80::a]:8443/b", 301, False)),
    ],
)  # fmt: skip
def test_a_rule_leads_where_its_line_says(
    line: str, path: str, result: tuple[str, int, bool]
) -> None:
    assert find(line, path) == result


def test_a_file_without_rules_has_none() -> None:
    for text in ("", "\n\n", "# nothing\r\n  # more of it\r\n"):
        assert find(text, "/") is None
    assert RedirectRules().find("/", "", HOST) is None


def test_the_slash_at_the_end_of_a_path_stays_in_a_splat() -> None:
    assert location("/old/* /new/:splat", "/old/a/") == "/new/a/"
    assert location("/old/* /new/:splat", "/old/a") == "/new/a"
    assert location("/old/* /new/:splat", "/old") == "/new/"


# Which line


@pytest.mark.parametrize(
    ("lines", "path", "target"),
    [
        (["/a /1", "/a /2"], "/a", "/1"),
        (["/a /1", "/* /2"], "/a", "/1"),
        (["/* /2", "/a /1"], "/a", "/2"),
        (["/b/* /2", "/a /1", "/* /3"], "/a", "/1"),
        (["/b/* /2", "/a /1", "/* /3"], "/b/x", "/2"),
        (["/b/* /2", "/a /1", "/* /3"], "/c", "/3"),
        (["/b/* /2", "/a /1"], "/c", None),
        (["https://other.example/a /1", "/a /2"], "/a", "/2"),
        (["https://localhost/a /1", "/a /2"], "/a", "/1"),
    ],
)
def test_the_first_line_that_matches_counts(
    lines: list[str], path: str, target: str | None
) -> None:
    assert location("\n".join(lines), path) == target


@pytest.mark.parametrize(
    ("text", "has_forced"), [("", False), ("/a /b", False), ("/a /b\n/* /c 302!", True)]
)
def test_rules_know_whether_one_is_forced(text: str, has_forced: bool) -> None:
    assert parse_redirects(text, name="_redirects").has_forced is has_forced


# The query


@pytest.mark.parametrize(
    ("line", "query", "target"),
    [
        ("/a /b", "", "/b"),
        ("/a /b", "x=1&y=%20", "/b?x=1&y=%20"),
        ("/a /b#c", "x=1", "/b?x=1#c"),
        ("/a /b?own=1", "x=1", "/b?own=1"),
        ("/a /b?own=1#c", "x=1", "/b?own=1#c"),
        ("/a https://www.example.com", "x=1", "https://www.example.com?x=1"),
        ("/a /b 200", "x=1", "/b"),  # a page of a file has no use for it
        ("/a /b", 'x=<">\\', "/b?x=%3C%22%3E%5C"),
    ],
)
def test_the_query_of_a_request_goes_along_where_the_target_has_none(
    line: str, query: str, target: str
) -> None:
    assert location(line, "/a", query) == target


# Rules that lead to themselves


@pytest.mark.parametrize(
    "line",
    [
        "/a /a",
        "/a /a/",  # Netlify: no rule can add or take off a slash
        "/a/ /a 302!",
        "/%61 /a",
        "/a /%61#fragment",
        "/* /:splat",
        "/blog/* /blog/:splat 302",
        "/blog/:post /blog/:post/",
        "https://example.com/a /a",
    ],
)
def test_a_rule_that_can_only_lead_to_itself_is_a_mistake(line: str) -> None:
    assert "leads to itself" in mistakes_of(line)[0]


def test_a_forced_rule_to_what_the_server_leads_back_from_is_a_mistake() -> None:
    for line in ("/about /about.html 301!", "/ /index.html 301!", "/a /a/index.html 302!"):
        assert "take out the !" in mistakes_of(line)[0]
        assert location(line.removesuffix("!"), line.split()[0]) == line.split()[1]


@pytest.mark.parametrize(
    ("line", "path", "query", "authority"),
    [
        ("/* /closed 302", "/closed", "", HOST),
        ("/* /closed 302!", "/closed/", "", HOST),
        ("/* /closed/ 302!", "/closed", "a=1", HOST),
        ("/* /é 302", "/é", "", HOST),
        # The server itself leads from closed.html to closed
        ("/* /closed.html 302!", "/closed.html", "", HOST),
        ("/* /closed.html 302!", "/closed", "", HOST),
        ("/* /index.html 302!", "/", "", HOST),
        ("/* /a/index.html 302!", "/a/", "", HOST),
        ("/:a /1?q=2", "/1", "q=2", HOST),
        # Netlify's way to https
        ("http://example.com/* https://example.com/:splat 301!", "/a", "b", "example.com"),
        ("/* https://Example.com:443/:splat", "/a/", "", "example.com"),
        ("/* https://example.com:8443/:splat", "/a", "", "EXAMPLE.com:8443"),
        ("/ https://example.com", "/", "", "example.com"),
    ],
)
def test_a_rule_that_would_lead_a_request_to_itself_is_passed_over(
    line: str, path: str, query: str, authority: str
) -> None:
    assert find(line, path, query, authority) is None
    later = find(f"{line}\n{path} /later", path, query, authority)
    assert later is not None
    assert later[0].startswith("/later")


@pytest.mark.parametrize(
    ("line", "path", "query", "target"),
    [
        ("/* /closed.html 302", "/closed", "", "/closed.html"),  # not forced: there is no such file
        ("/about.html /about 301!", "/about.html", "", "/about"),
        ("/a /a?x=1", "/a", "", "/a?x=1"),
        ("/* https://example.com:8444/:splat", "/a", "", "https://example.com:8444/a"),
        ("/* http://example.com/:splat", "/a", "", "http://example.com/a"),
        ("/* https://www.example.com/:splat", "/a", "", "https://www.example.com/a"),
        ("/a /A", "/a", "", "/A"),
    ],
)
def test_a_rule_that_leads_elsewhere_is_not(line: str, path: str, query: str, target: str) -> None:
    assert location(line, path, query, "example.com") == target


def test_a_page_may_be_shown_as_itself() -> None:
    """Such a line keeps the lines below it off: no target is looked up again."""
    text = "/assets/* /assets/:splat 200\n/* /index.html 200"
    assert location(text, "/assets/missing.js") == "/assets/missing.js"
    assert location(text, "/index.html") == "/index.html"


# No redirect to where the author did not say


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("//evil.example", "/evil.example"),
        ("///evil.example/", "/evil.example/"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("/\t/evil.example", "/%09/evil.example"),
        ("/a\r\nSet-Cookie: b", "/a%0D%0ASet-Cookie%3A%20b"),
        ("/https://evil.example", "/https%3A//evil.example"),
        ("/a?b#c%d", "/a%3Fb%23c%25d"),
        ("/@evil.example", "/@evil.example"),
        ("/\udcff", "/%FF"),
    ],
)
def test_a_captured_text_leads_to_no_other_host(path: str, target: str) -> None:
    assert location("/*/end /:splat", f"{path}/end") == target


PATHS = st.lists(
    st.sampled_from(
        ["/", "\\", "a", "evil.example", ":", "@", "?", "#", "..", ".", "%", "\r\n", "\t"]
    )
    | st.characters(exclude_categories=["Cs"])
    | st.just("\udcff"),
    max_size=8,
).map(lambda pieces: "/" + "".join(pieces))

PATTERNS = ["/*", "/a*", "/:a", "/:a/*", "/*.example", "https://:h/*", "/%2E/*", "//*"]
TARGETS = [
    *("/", "/:splat", "/:a:splat", "/x/:splat", "/:h", "//:splat", "/\\:splat", ":splat"),
    "/?:splat#:a",
    *("https://our.example/:splat", "https://our.example:splat", "https://our.example?:splat"),
    *("https://:a/", "https:/:splat", "https:\\\\:splat"),
]
RULES = st.lists(
    st.tuples(
        st.sampled_from(PATTERNS),
        st.sampled_from(TARGETS),
        st.sampled_from(["", "302", "308!", "200", "404!"]),
    ).map(" ".join),
    min_size=1,
    max_size=4,
)


def host_by_browser(reference: str) -> str:
    """Return the host that a browser finds in a URI reference (WHATWG URL, basic URL parser)."""
    reference = re.sub(r"[\t\r\n]", "", reference).strip("\0 ")
    reference = reference.replace("\\", "/")
    found = re.match(r"(?:https?:)?//+([^/?#]*)|https?:([^/?#]*)", reference, re.IGNORECASE)
    return (found[1] or found[2] or "") if found else ""


@given(RULES, PATHS, st.text(max_size=8), st.sampled_from([HOST, "evil.example", "evil@a", ""]))
@example(["/a* /:splat"], "/a/evil.example", "", HOST)
@example(["/a* /:splat"], "/a\\evil.example", "", HOST)
def test_no_request_is_led_to_a_host_that_the_author_did_not_name(
    lines: list[str], path: str, query: str, authority: str
) -> None:
    redirects: list[Redirect] = []
    for line in lines:
        try:
            rules = parse_redirects(line, name="_redirects")
        except ConfigError:
            continue
        if redirect := rules.find(path, query, authority):
            redirects.append(redirect)
    for redirect in redirects:
        assert host_by_browser(redirect.target) in ("", "our.example")
        assert re.fullmatch(r"[!#-;=?-Z_a-z~\[\]]*", redirect.target)  # what a URI may hold
        if redirect.status in (200, 404):
            decode_path(redirect.target)


# Mistakes


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("/a", "there is no target"),
        ("/a # /b", "there is no target"),
        ("/a 301", "no target before the status 301"),
        ("/a/* 200", "no target before the status 200"),
        ("a /b", "'a' is no path"),
        ("/a b", "'b' is no path"),
        ("/a mailto:me@example.com", "is no path"),
        ("/a //example.com", "two slashes"),
        ("/a?x=1 /b", "has a query"),
        ("/a /b 300", "the status '300' is not supported"),
        ("/a /b 410", "the status '410' is not supported"),
        ("/a /b 999999999999", "is not supported"),
        ("/a /b !", "the status '!' is not supported"),
        ("/a /b 301 !", "'!' is too much"),
        ("/a /b 301! 302", "'302' is too much"),
        ("/a /b /c", "the status '/c' is not supported"),
        # What Netlify has, and this server has not
        ("/store id=:id /blog/:id 301", "query parameters are not supported"),
        ("/ /anz 302 Country=au,nz", "conditions are not supported: take out 'Country=au,nz'"),
        ("/china/* /cn/:splat 302 Language=zh", "conditions are not supported"),
        ("/admin/* /admin/:splat 200! Role=admin", "conditions are not supported"),
        ("/api/* https://api.example/:splat 200", "page of another server"),
        ("/a https://b.example/ 404", "page of another server"),
        ("/a /b?c 200", "leave out the query"),
        ("/a /b#c 404", "leave out the query"),
        # Targets
        ("/a/* /b/*", "write :splat"),
        ("/a/* /b/:name", "has :name"),
        ("/a /b/:splat", "has :splat"),
        ("/a /b%", "write %25"),
        ("/* https://:splat", "no placeholder"),
        ("/* https://:splat.example.com/", "no placeholder"),
        ("/:a https://example.com:a/", "no placeholder"),
        ("/* https://*/", "no placeholder"),
        ("/* https:///:splat", "'' is no host"),
        ("/a https://me@example.com/", "is no host"),
        ("/a https://example.com\\@evil.example/", "is no host"),
        ("/a\x00 /b", "control character, U\\+0000"),
        ("/a /b\rc", "control character, U\\+000D"),
        ("/*/:a" * 6 + " /b", "is there twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(line: str, what: str) -> None:
    [told] = mistakes_of("\n# comment\n" + line + "\n")
    assert re.search(what, told)
    assert told.startswith("  line 3: ")


def test_all_mistakes_of_a_file_are_told() -> None:
    told = mistakes_of("/a\n/b /c\n/d /e 999\r\n\n/f\n")
    assert [line.split(":")[0] for line in told] == ["  line 1", "  line 3", "  line 5"]


def test_exact_paths_may_be_many_and_patterns_a_thousand() -> None:
    exact = "\n".join(f"/old-{number} /new-{number}" for number in range(3000))
    assert location(exact, "/old-2999") == "/new-2999"
    patterns = [f"/old-{number}/* /new/:splat" for number in range(1000)]
    assert location("\n".join(patterns), "/old-999/a") == "/new/a"
    [told] = mistakes_of("\n".join([*patterns, "/a/* /b", "/c /d", "/e/* /f"]))
    assert told.startswith("  line 1001: there are more than 1,000")


LINES = st.lists(st.text("/*:a#?=%!30124. \t\r\n\\\0é\u2028", max_size=30), max_size=8)


@given(st.text() | LINES.map("\n".join))
def test_any_text_has_rules_or_mistakes(text: str) -> None:
    try:
        rules = parse_redirects(text, name="_redirects")
    except ConfigError:
        return
    rules.find("/a", "", HOST)
