"""Where this machine's clients look for the CAs they trust, and how ours gets in and out again.

The stores of operating systems and browsers are changed by their own programs only. Plain
synchronous code that knows nothing of Trio, of servers, or of how a CA is made.
"""
