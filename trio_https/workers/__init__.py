"""Several processes that serve on the same sockets, and one that looks after them.

``supervisor`` is the one that starts, replaces and stops the others, and runs no Trio; ``worker``
is what each of the others does. What is served is not known here.
"""
