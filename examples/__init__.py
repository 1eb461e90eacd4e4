"""Programs to read and to run; a package, so that tests can import them."""
