"""What is told of pages, prepared once and kept as long as nothing has changed that it is made of.

That is the state of the file, what the author wants, and which of the variants is sent. Also what
is too large to be kept itself, or is asked about only, has its head here.
"""

from collections import OrderedDict

from ..files.file_status import is_settled
from ..files.kept_files import KeptFile
from ..files.representation import Fields, Head, content_fields
from ..files.validators import Source, Validators, ValidatorsOf
from ..messages import Headers, Request
from ..rules.cache_policy import cache_control
from ..rules.content_coding import is_compressible
from ..rules.entity_tag import coded_entity_tag
from ..rules.header_rules import HeaderRules
from ..rules.media_types import media_type
from ..rules.url_path import PagePath
from .page import Page

__all__ = ["REVALIDATE", "Heads"]

REVALIDATE = ("Cache-Control", "no-cache")
"""Kept, but asked about each time: what is missing may come, and what was moved may come back."""

_MAX_HEADS = 2048  # each of some 3 KiB

_Key = tuple[tuple[str, ...], str | None, int]  # the names of a page, its coding, the status

# What it was made of, beside that: the state of the file that is sent, how many bytes that is, the
# author's rules, and where there are any, the path and the authority of the request.
_Origin = tuple[tuple[int, ...], int, HeaderRules, tuple[str, str] | None]


class Heads:
    """The heads of pages: ``policy`` is told with each, and ``source`` is what tags are made of."""

    def __init__(self, policy: Fields, source: Source) -> None:
        self._policy = policy
        self._validators_of = ValidatorsOf(source)
        self._kept: OrderedDict[_Key, tuple[_Origin, Head]] = OrderedDict()

    async def find(
        self,
        request: Request,
        path: PagePath,
        page: Page,
        rules: HeaderRules,
        *,
        more: Fields = (),
    ) -> Head:
        """Return the head of a page by the author's rules; with ``more`` fields.

        ``path`` is that of the request. Raises what finding validators raises, and cancelling does
        what it does there.
        """
        file = page.file
        size = file.status.st_size if page.content is None else len(page.content)
        asked_for = (path.text, request.authority) if rules.has_any else None
        origin = (file.identity, size, rules, asked_for)
        # A file that may change without a trace has a head of the moment. None in memory may.
        is_lasting = not more and (
            isinstance(file, KeptFile) or is_settled(file.status, request.received_at)
        )
        key = (page.segments, page.coding, page.status)
        if is_lasting and (kept := self._kept.get(key)) and kept[0] == origin:
            return kept[1]
        head = Head(*await self._tell(request, path, page, rules, more), size)
        if is_lasting:
            self._keep(key, origin, head)
        return head

    async def _tell(
        self,
        request: Request,
        path: PagePath,
        page: Page,
        rules: HeaderRules,
        more: Fields,
    ) -> tuple[Validators | None, Fields]:
        validators = await self._validators(request, page)
        fields = (*self._policy, *more, *_fields_of(page, validators))
        fields = rules.apply(fields, path=path.text, authority=request.authority)
        if page.status != 200:
            # What the author keeps for a year must not be what is missing today.
            fields = tuple(Headers(fields).with_header(*REVALIDATE))
        return validators, fields

    async def _validators(self, request: Request, page: Page) -> Validators | None:
        if page.status != 200:  # they would be those of another resource
            return None
        validators = await self._validators_of(page.file, now=request.received_at)
        if page.coding is not None and page.content is not None:
            etag = coded_entity_tag(validators.etag, page.coding)
            return validators._replace(etag=etag)
        return validators

    def _keep(self, key: _Key, origin: _Origin, head: Head) -> None:
        self._kept[key] = origin, head
        self._kept.move_to_end(key)  # where it is made again; to do so each time would cost more
        if len(self._kept) > _MAX_HEADS:
            self._kept.popitem(last=False)


def _fields_of(page: Page, validators: Validators | None) -> Fields:
    kind = media_type(page.name)
    cache = cache_control(page.name, kind)
    # What never gets smaller is the same for every Accept-Encoding.
    varies = is_compressible(kind)
    return content_fields(kind, cache, validators, coding=page.coding, varies=varies)
