"""The certificates of a running server: where they come from, and when they are read anew."""
