"""The server beside its peers, each under the same loads. Run by ``benchmarks/run.py``."""
