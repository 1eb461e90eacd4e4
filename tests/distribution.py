"""Which tests belong in one process where pytest-xdist runs several, and which begin first.

Those of a file do, as they share its servers. pytest-xdist's own marks for groups do nothing with
pytest 9.2, so its scheduling by files is told here what to take for a file.
"""

from typing import Any

__all__ = ["BEGIN_FIRST", "group_of", "make_scheduling"]

# These take longest, so they begin first: at the end no process is to work on one alone. Then come
# all others, in their order.
BEGIN_FIRST = (
    "conformance/test_sequences.py",
    "test_command.py",
    "benchmarks/test_rounds.py",
    "test_docs.py",
    "test_tutorial.py",
    "test_soak.py",
    "test_trust_command.py",
    "test_cert_command.py",
    "test_padlock.py",
    "test_types.py",
    "test_documentation_site.py",
    "test_explain_command.py",
    "test_chat_program.py",
    "workers/test_command.py",
    "workers/test_supervisor.py",
    "testing/test_pytest_plugin.py",
    "test_doctor_command.py",
    "test_lan.py",
)

# They want the one port that the documents name: each would wait for the other.
_WITH_PORT = ("tests/test_docs.py", "tests/test_tutorial.py")

# A file that would keep a process busy for longer than all others: each table is for itself.
_CUTS = "tests/conformance/test_sequences.py::test_a_sequence_has_one_meaning_however_it_is_cut["


def group_of(nodeid: str) -> str:
    """Return a name for what goes together with a test."""
    if nodeid.startswith(_CUTS):
        return nodeid.partition(",")[0]
    file = nodeid.partition("::")[0]
    return "port 8443" if file in _WITH_PORT else file


def make_scheduling(config: Any, log: Any) -> Any:
    """Return what pytest-xdist schedules tests by."""
    from xdist.scheduler import LoadFileScheduling

    def split(_scheduling: object, nodeid: str) -> str:
        return group_of(nodeid)

    # Not by a class statement: whether its base has types depends on whether it is installed.
    return type("Groups", (LoadFileScheduling,), {"_split_scope": split})(config, log)
