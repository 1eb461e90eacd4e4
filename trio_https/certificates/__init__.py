"""The local CA and what it issues, where both are kept, and PEM files of any origin.

Only this package imports ``cryptography``. It is plain synchronous code that knows nothing of Trio:
call it in a thread, or before anything else runs.
"""
