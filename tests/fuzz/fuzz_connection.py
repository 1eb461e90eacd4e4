r"""The coverage-guided fuzzer over one connection; run by hand, for as long as you like.

It needs atheris (``pip install atheris``), which no test needs. From the top of the repository:

    mkdir -p /tmp/fuzz && cp tests/fuzz/corpus/* /tmp/fuzz
    nice python -m tests.fuzz.fuzz_connection -dict=tests/fuzz/http.dict -max_len=2048 \
        -timeout=20 -max_total_time=1800 -artifact_prefix=/tmp/ /tmp/fuzz

It stops at the first input that breaks a promise, and writes it to ``/tmp/crash-...``; shrink that
with ``-minimize_crash=1 -max_total_time=60 FILE``, and put it into the corpus when it is mended.
``-merge=1 tests/fuzz/corpus /tmp/fuzz`` adds what reaches new code. All is libFuzzer's.
"""

import sys

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

with atheris.instrument_imports(include=["trio_https", "h11"]):
    import h11  # noqa: F401 -- instrumented when it is imported

    import trio_https.connection  # noqa: F401

from .harness import run_one

if __name__ == "__main__":
    # With it, libFuzzer starts itself again to merge and to minimise.
    command = f"{sys.executable} -m tests.fuzz.fuzz_connection"
    atheris.Setup([command, *sys.argv[1:]], run_one)
    atheris.Fuzz()
