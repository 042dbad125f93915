"""What the scripts that run striate alone share: `network:number:...` on the command line, and the cores they keep to."""

import argparse
import os

from models import nets

THREADS = 2


def arguments(doc: str, default: list[str], numbers: int | None) -> list[tuple[str, list[int]]]:
    """The command line's workloads; `numbers`: how many each has behind its network, None for a list with commas."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=f"networks: {', '.join(nets.NETS)}"
    )
    parser.add_argument("workloads", nargs="*", default=default, help=f"default: {' '.join(default)}")
    found = []
    for workload in parser.parse_args().workloads:
        name, *rest = workload.split(":")
        if numbers is None and len(rest) == 1:
            rest = rest[0].split(",")
        if name not in nets.NETS or len(rest) != (numbers or len(rest)) or not rest or not all(n.isdigit() and int(n) for n in rest):
            parser.error(f"'{workload}' is no workload like {default[0]}, with a network of {', '.join(nets.NETS)}")
        found.append((name, [int(n) for n in rest]))
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    return found
