"""What a scanner finds that we did not write: sslyze, with Mozilla's profiles for TLS servers."""

import subprocess
from pathlib import Path

import pytest

from .command import start_server
from .programs import require_program


@pytest.mark.parametrize("policy", ["intermediate", "modern"])
def test_the_server_complies_with_the_profile_of_its_policy(policy: str, tmp_path: Path) -> None:
    program = require_program("sslyze")
    with start_server("--tls-policy", policy, folder=tmp_path) as server:
        scan = subprocess.run(
            [
                *(program, f"--mozilla_config={policy}", "--certinfo"),
                *("--certinfo_ca_file", server.ca_file, f"localhost:{server.port}"),
            ],
            capture_output=True,
            text=True,
            timeout=50,
        )
    verdict = scan.stdout.partition("COMPLIANCE AGAINST TLS CONFIGURATION")[2]
    assert "OK - Compliant" in verdict, scan.stdout + scan.stderr
