"""What lies in a folder: opened and judged, kept in memory, sent in pieces, compressed."""
