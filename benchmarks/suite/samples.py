"""Sampled stacks: which functions they were in, and which was on top."""

import re
from collections import Counter
from dataclasses import dataclass

__all__ = ["Stacks", "format_shares", "package_of"]

_PLACE = re.compile(r" \(([^()]+)\)$")
# A thread that waits for work looks busy to who samples it, and is not.
_WAITING = "WorkerThread._work (trio/_core/_thread_cache.py"


@dataclass(frozen=True, kw_only=True)
class Stacks:
    """How many samples there were; and in how many a function was on top, or anywhere."""

    samples: int
    on_top: Counter[str]
    anywhere: Counter[str]

    @classmethod
    def parse(cls, folded: str) -> "Stacks":
        """Read the folded form: frames from the bottom to the top, and a number, in each line."""
        samples, on_top, anywhere = 0, Counter[str](), Counter[str]()
        for line in folded.splitlines():
            stack, _, number = line.rpartition(" ")
            frames, count = stack.split(";"), int(number)
            if frames[-1].startswith(_WAITING):
                continue
            samples += count
            on_top[frames[-1]] += count
            for frame in set(frames):  # one that calls itself counts once
                anywhere[frame] += count
        return cls(samples=samples, on_top=on_top, anywhere=anywhere)


def package_of(frame: str) -> str:
    """Return whose function it is: a package's, a library's, or the standard library's."""
    found = _PLACE.search(frame)
    place = found[1].rpartition(":")[0] or found[1] if found else ""
    package, slash, _ = place.partition("/")
    if slash:
        return package
    is_library = place and not place.endswith(".py") and not place.startswith("<")
    return place if is_library else "Python's own library"


def format_shares(stacks: Stacks, most: int) -> str:
    """Return whose functions were on top, and a table of the ``most`` that were it most often."""
    packages = Counter[str]()
    for name, count in stacks.on_top.items():
        packages[package_of(name)] += count
    lines = [f"{stacks.samples} samples"]
    lines += [f"{n / stacks.samples:>8.1%}          {name}" for name, n in packages.most_common(8)]
    lines.append(f"{'on top':>8}{'in all':>8}  function")
    for name, count in stacks.on_top.most_common(most):
        own, whole = count / stacks.samples, stacks.anywhere[name] / stacks.samples
        lines.append(f"{own:>8.1%}{whole:>8.1%}  {name}")
    return "\n".join(lines)
