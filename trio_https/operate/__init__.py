"""What an operator needs of a running server: its access log."""
