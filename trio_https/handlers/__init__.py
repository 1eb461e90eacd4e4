"""What answers requests: a folder of pages, facts about the connection."""
