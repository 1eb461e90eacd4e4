"""What a scanner finds that we did not write: sslyze, with Mozilla's profiles for TLS servers."""

import re
import ssl
import subprocess
from pathlib import Path

import pytest

from .command import start_server
from .programs import require_program

# Before Python 3.15 nobody can choose more than one group, so these are OpenSSL's own choice. The
# two that the profile does not have are no weaker than those that it has (RFC 9325 §4.2).
MORE_GROUPS = set() if hasattr(ssl.SSLContext, "set_groups") else {"secp521r1", "X448"}


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
    issues = dict(re.findall(r"^ +\* (\w+): (.*)$", verdict, re.MULTILINE))
    groups = set(re.findall(r"'(\w+)'", issues.pop("tls_curves", "")))
    assert groups <= MORE_GROUPS
    assert issues == {}
    assert ("OK - Compliant" in verdict) == (not groups), scan.stdout + scan.stderr
