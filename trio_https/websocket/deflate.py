"""permessage-deflate as an extension for wsproto: compressed messages, RFC 7692 §7.2.

wsproto's own inflates whatever comes: a frame of 4 KiB becomes 4 MiB, and after a last block says
no more. This one stops at the limit, and takes what comes after a last block for an error. What was
agreed on, and how, is not known here.
"""

import zlib

from wsproto.extensions import Extension
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol, Opcode, RsvBits

from ..rules.permessage_deflate import DeflateParameters

__all__ = ["Deflate"]

_TAIL = b"\x00\x00\xff\xff"  # of an empty block, which ends each message and is not sent
_COMPRESSED = RsvBits(rsv1=True, rsv2=False, rsv3=False)
_LEAST_BITS = 9  # a larger window inflates whatever a smaller one deflated

# zlib's memory beside the window, 1 to 9: 5 is 16 KiB, and the usual 8 is 128.
_MEMORY_LEVEL = 5


class Deflate(Extension):
    """Compresses each message, and inflates the client's, of at most ``max_message_bytes``."""

    name = "permessage-deflate"

    def __init__(self, parameters: DeflateParameters, *, max_message_bytes: int) -> None:
        self._parameters = parameters
        self._max_message_bytes = max_message_bytes
        self._compressor: zlib._Compress | None = None
        self._decompressor: zlib._Decompress | None = None
        self._is_compressed = False  # the message that is coming in
        self._is_control = False  # the frame that is
        self._inflated_bytes = 0

    def enabled(self) -> bool:
        """Whether it was agreed on."""
        return True

    def offer(self) -> bool | str:
        """Nothing: servers offer nothing."""
        return False

    def frame_inbound_header(
        self,
        proto: FrameDecoder | FrameProtocol,
        opcode: Opcode,
        rsv: RsvBits,
        payload_length: int,
    ) -> CloseReason | RsvBits:
        """Note whether a message is compressed: its first frame says so (RFC 7692 §6)."""
        self._is_control = opcode.iscontrol()
        if rsv.rsv1 and (self._is_control or opcode is Opcode.CONTINUATION):
            return CloseReason.PROTOCOL_ERROR
        if not self._is_control and opcode is not Opcode.CONTINUATION:
            self._is_compressed = rsv.rsv1
            self._inflated_bytes = 0
        return _COMPRESSED

    def frame_inbound_payload_data(
        self, proto: FrameDecoder | FrameProtocol, data: bytes
    ) -> bytes | CloseReason:
        """Inflate what has come of a frame."""
        if self._is_control or not self._is_compressed:
            return data
        return self._inflate(data)

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | CloseReason | None:
        """Inflate what is left at the end of a message."""
        if self._is_control or not self._is_compressed or not fin:
            return None
        rest = self._inflate(_TAIL)
        if not self._parameters.client_keeps_context or self._has_ended():
            self._decompressor = None
        return rest

    def _inflate(self, data: bytes) -> bytes | CloseReason:
        if self._decompressor is None:
            bits = max(self._parameters.client_window_bits, _LEAST_BITS)
            self._decompressor = zlib.decompressobj(-bits)
        room = self._max_message_bytes - self._inflated_bytes
        try:
            inflated = self._decompressor.decompress(data, room + 1)
        except zlib.error:
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        self._inflated_bytes += len(inflated)
        if len(inflated) > room:
            return CloseReason.MESSAGE_TOO_BIG
        # RFC 7692 §7.2.3.4: a client may end a message with a last block and an octet of zeros.
        if self._decompressor.unused_data.strip(b"\x00\xff"):
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        return inflated

    def _has_ended(self) -> bool:
        return self._decompressor is not None and self._decompressor.eof

    def frame_outbound(
        self,
        proto: FrameDecoder | FrameProtocol,
        opcode: Opcode,
        rsv: RsvBits,
        data: bytes,
        fin: bool,
    ) -> tuple[RsvBits, bytes]:
        """Compress a message, which is one frame."""
        if opcode.iscontrol():
            return rsv, data
        if self._compressor is None:
            bits = self._parameters.server_window_bits
            self._compressor = zlib.compressobj(wbits=-bits, memLevel=_MEMORY_LEVEL)
        compressed = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        if not self._parameters.server_keeps_context:
            self._compressor = None
        return _COMPRESSED, compressed.removesuffix(_TAIL)
