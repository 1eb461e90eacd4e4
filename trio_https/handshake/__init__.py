"""A handshake told step by step: who says what, what it means, and what is checked."""
