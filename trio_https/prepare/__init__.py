"""What is done with a folder of pages before it is served."""
