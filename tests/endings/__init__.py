"""What happens to the handler, the client and the log when something ends a request.

``expectations`` is the table, and ``docs/endings.md`` the same in a document. ``kinds`` are the
handlers, ``situations`` what happens to them, ``stage`` is where it happens, ``witness`` and
``client`` tell in words what was seen of it, and ``play`` brings all that together.
"""
