"""Handlers by method and path, as one handler.

What the keys mean, ``route_pattern`` knows; which of them a path fits, ``route_tree``. Here is what
is done about it: methods, what lies below a mount, and the answers that need no handler.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from ..errors import HTTPError
from ..messages import Handler, Headers, Reply, Request, Response
from ..path_parameters import PathParameters
from ..rules.route_pattern import Kind, RouteKey, Segment, parse_route_key
from ..rules.route_tree import Match, RouteTree, split_raw_path

__all__ = ["Router"]


class _Route(NamedTuple):
    key: str
    names: tuple[str, ...]
    handler: Handler


class _Place:
    """The routes of one pattern, by method; "" is for all methods that have none of their own."""

    __slots__ = ("is_mount", "routes")

    def __init__(self, *, is_mount: bool) -> None:
        self.is_mount = is_mount
        self.routes: dict[str, _Route] = {}

    def add(self, key: RouteKey, route: _Route) -> None:
        for method in key.methods or ("",):
            other = self.routes.setdefault(method, route)
            if other is not route:
                of_method = f"{method} " if method else ""
                raise ValueError(
                    f"{other.key!r} and {route.key!r} take the same {of_method}requests:"
                    " take one of them out"
                )

    def route_for(self, method: str) -> _Route | None:
        route = self.routes.get(method)
        if route is None and method == "HEAD":  # RFC 9110 §9.3.2: as GET, without the content
            route = self.routes.get("GET")
        return route or self.routes.get("")


class Router:
    """The handler that gives each request to one of others, by its method and its path.

    ``routes`` has keys such as "GET /hello/{name}", "PUT,PATCH /users/{id:int}", "/ws" and
    "/static/". See docs/router.md for what they mean, and for which one is taken where several
    fit: the most specific, in whatever order they stand. Raises ``ValueError`` for a key that is
    malformed, for two that take the same requests, and for what is no handler.
    """

    def __init__(self, routes: Mapping[str, Handler]) -> None:
        self._tree: RouteTree[_Place] = RouteTree()
        keys = {text: parse_route_key(text) for text in routes}
        for text, key in keys.items():
            if not callable(routes[text]):
                raise ValueError(  # noqa: TRY004 -- as for all that is wrong with a route
                    f"{text!r}: {routes[text]!r:.100} is no handler: give an async function"
                )
            make = partial(_Place, is_mount=key.is_mount)
            place = self._tree.place(key.segments, make, is_mount=key.is_mount)
            place.add(key, _Route(text, key.names, routes[text]))
        _check_rests(keys)
        self._allow = _allow(method for key in keys.values() for method in key.methods)

    async def __call__(self, request: Request, /) -> Reply:
        """Answer a request by the handler that it is for.

        Raises ``HTTPError``: 404 where there is none, 405 where there is one for other methods
        only, and 400 for a malformed path.
        """
        if request.raw_path == "*":  # RFC 9110 §9.3.7: the server itself is asked
            return Response(204, self._allow)
        segments = split_raw_path(request.remaining_raw_path)
        if segments is None:
            raise HTTPError(404)
        others: list[_Place] = []
        for match in self._tree.matches(segments):
            if match.place.is_mount and match.depth == len(segments):
                return _redirect_into(request)
            if (route := match.place.route_for(request.method)) is not None:
                return await route.handler(_routed(request, match, route))
            others.append(match.place)
        return _answer_without_handler(request, others)


def _routed(request: Request, match: Match[_Place], route: _Route) -> Request:
    """Return the request as the handler of ``route`` sees it."""
    mounted_at, parameters = request.mounted_at, request.path_parameters
    if match.place.is_mount:
        names = request.remaining_raw_path.split("/")[1 : match.depth + 1]
        mounted_at += "".join(f"/{name}" for name in names)
    elif not match.values:  # making another one takes longer than finding the route
        return request
    if match.values:
        found = dict(zip(route.names, match.values, strict=True))
        parameters = PathParameters({**parameters, **found} if parameters else found)
    return replace(request, mounted_at=mounted_at, path_parameters=parameters)


def _redirect_into(request: Request) -> Response:
    """Return a redirect to the same path with a slash, so that relative links lead below it."""
    query = f"?{request.query}" if request.query else ""
    redirect = Response.redirect(f"{request.raw_path}/{query}", 308)
    # Browsers would keep it for good, and what is there may change.
    return redirect.with_header("Cache-Control", "no-cache")


def _answer_without_handler(request: Request, places: list[_Place]) -> Response:
    """Answer OPTIONS, or raise 405, or 404 if there are no ``places`` that the path fits."""
    if not places:
        raise HTTPError(404)
    allow = _allow(method for place in places for method in place.routes)
    if request.method == "OPTIONS":
        return Response(204, allow)
    raise HTTPError(405, headers=tuple(allow))


def _allow(methods: Iterable[str]) -> Headers:
    """Return the Allow field for these methods, and those that come with them."""
    allowed = {*methods, "OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
    return Headers({"Allow": ", ".join(sorted(allowed))})


def _shape(key: RouteKey) -> tuple[Segment | Kind, ...]:
    """Return what keys have in common that take the same: the names of parameters don't matter."""
    return tuple(
        segment if segment.kind == "literal" else segment.kind
        for segment in key.segments
        if segment.kind != "path"
    )


def _check_rests(keys: Mapping[str, RouteKey]) -> None:
    """Raise ``ValueError`` where a mount and "{rest:path}" take the same, for all methods both."""
    mounts = {_shape(key): text for text, key in keys.items() if key.is_mount}
    for text, key in keys.items():
        if key.methods or not key.segments or key.segments[-1].kind != "path":
            continue
        if (mount := mounts.get(_shape(key))) is not None:
            raise ValueError(f"{mount!r} and {text!r} take the same requests: take one of them out")
