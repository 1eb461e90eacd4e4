"""Sampled stacks: which functions they were in, and which was on top."""

from collections import Counter
from dataclasses import dataclass

__all__ = ["Stacks", "format_shares"]


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
            samples += count
            on_top[frames[-1]] += count
            for frame in set(frames):  # one that calls itself counts once
                anywhere[frame] += count
        return cls(samples=samples, on_top=on_top, anywhere=anywhere)


def format_shares(stacks: Stacks, most: int) -> str:
    """Return a table of the ``most`` functions that were on top most often."""
    lines = [f"{stacks.samples} samples", f"{'on top':>8}{'in all':>8}  function"]
    for name, count in stacks.on_top.most_common(most):
        own, whole = count / stacks.samples, stacks.anywhere[name] / stacks.samples
        lines.append(f"{own:>8.1%}{whole:>8.1%}  {name}")
    return "\n".join(lines)
