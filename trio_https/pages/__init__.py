"""A folder of pages as a handler: ``handler.Pages`` is the story, each part of it a room here."""
