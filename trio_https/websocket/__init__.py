"""WebSocket (RFC 6455): the handshake, and the life of a connection after it.

Only the modules here know trio-websocket and wsproto; they are loaded when a handler's first
WebSocket comes.
"""
