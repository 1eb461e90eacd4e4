"""The rules of the RFCs as pure functions, one topic a module: no I/O, no Trio, no state."""
