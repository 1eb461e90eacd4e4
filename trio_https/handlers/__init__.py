"""Handlers around a handler: for known hosts only, with facts about the connection."""
