"""Clients that run beside the suite, on the other processor: programs by themselves."""
