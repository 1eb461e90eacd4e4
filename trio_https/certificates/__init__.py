"""Certificates: the local CA and what it issues, where they are kept, and PEM files of any origin."""
