"""Programs as users write them, for what type checkers say of them; none is run."""
