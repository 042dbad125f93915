#!/usr/bin/env python3
"""Writes compare.py's results into docs/performance.md, between its markers, and draws docs/performance.svg.

    python bench/report.py build/peers.json [--show]
"""

import argparse
import json
import statistics
from pathlib import Path

from cores import share_cache
from engines import PEERS, flags_of, peer_of
from models import nets

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN, END = "<!-- made by bench/report.py: begin -->", "<!-- end -->"
NAMES = {
    "lab": "lab",
    "lenet5": "LeNet-5",
    "resnet20": "ResNet-20",
    "alexnet": "AlexNet",
    "vgg16": "VGG-16",
    "googlenet": "GoogLeNet",
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
    "unet": "U-Net",
}


def milliseconds(row: dict) -> float:
    """The median of the repetitions, or the first look where there were none."""
    return statistics.median(row["ms"]) if row["ms"] else row["quick_ms"]


def where_cores(row: dict, shared: bool) -> list[float]:
    """The repetitions for which the cores shared an L3, or did not, before and after."""
    trips = row.get("round_trips_ns", [])
    return [ms for ms, pair in zip(row["ms"], trips, strict=False) if share_cache(pair) is shared]


class Workload:
    """One network, task and batch: the fastest variant of every peer beside striate."""

    def __init__(self, key: str, rows: dict[str, dict]) -> None:
        self.net, self.task, batch = key.split()
        self.batch, self.rows = int(batch), rows
        self.ours = rows.get("striate")
        right = {engine: row for engine, row in rows.items() if not row.get("wrong")}
        # Of what was run beside striate if there is any; older runs, and first looks, are marked.
        self.fastest = {
            peer: min(
                (engine for engine in right if peer_of(engine) == peer),
                key=lambda e: (self.marked(e), milliseconds(right[e])),
                default=None,
            )
            for peer in PEERS
        }
        self.best = min((e for e in self.fastest.values() if e), key=lambda e: milliseconds(rows[e]), default=None)

    def marked(self, engine: str) -> bool:
        """Whether the engine's time is a first look, or from another run than ours."""
        row = self.rows[engine]
        return not row["ms"] or (self.ours is not None and row["at"] != self.ours["at"])

    @property
    def ratio(self) -> float | None:
        """How many times as fast as the best peer."""
        if not self.best or not self.ours or self.ours.get("wrong"):
            return None
        return milliseconds(self.rows[self.best]) / milliseconds(self.ours)

    def memory(self) -> tuple[float, float] | None:
        """(ours, the leanest peer's) in MiB."""
        peers = [row["memory_mib"] for engine, row in self.rows.items() if peer_of(engine) != "striate"]
        return (self.ours["memory_mib"], min(peers)) if self.ours and peers else None


def number(value: float | None, unit: str = "") -> str:
    if value is None:
        return ""
    return f"{value:.{0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 1 else 3}f}{unit}"


def markdown(head: list[str], lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])


def moved(workloads: list[Workload]) -> bool:
    """Whether the cores shared an L3 in some repetitions and not in others: else there is nothing to tell apart."""
    return all(any(where_cores(w.ours, shared) for w in workloads if w.ours) for shared in (True, False))


def times(workloads: list[Workload], task: str, single: bool) -> str:
    """Milliseconds a call of every peer's fastest variant, and how many times as fast we are as the best."""
    with_placement = moved(workloads)
    chosen = [w for w in workloads if w.task == task and (w.batch == 1) == single]
    peers = [peer for peer in PEERS if any(w.fastest[peer] for w in chosen)]
    lines = []
    for w in chosen:
        cells = [NAMES[w.net], str(w.batch), number(w.ours and milliseconds(w.ours))]
        for peer in peers:
            engine = w.fastest[peer]
            flags = " ".join(flags_of(engine)) if engine else ""
            text = f"{number(milliseconds(w.rows[engine]))} {flags}".strip() if engine else ""
            text += " ~" if engine and w.marked(engine) else ""
            cells.append(f"**{text}**" if engine == w.best else text)
        spread = 100 * (max(w.ours["ms"]) - min(w.ours["ms"])) / milliseconds(w.ours) if w.ours and w.ours["ms"] else None
        near = f"{len(where_cores(w.ours, True))} of {len(w.ours['ms'])}" if w.ours and w.ours.get("round_trips_ns") else ""
        cells += ["" if spread is None else f"{spread:.0f}%", *([near] if with_placement else [])]
        cells.append(f"**{number(w.ratio)}**" if w.ratio else "")
        cells.append(f"{w.ours['difference']:.0e}" if w.ours and "difference" in w.ours else "")
        lines.append(cells)
    what = "loss" if task == "train" else "output"
    head = ["network", "batch", "striate ms", *(PEERS[p] for p in peers), "spread"]
    head += [*(["L3 shared"] if with_placement else []), "times the best", f"{what} differs by"]
    return markdown(head, lines)


LEAST_REPETITIONS = 3  # to be told of


def placements(workloads: list[Workload]) -> str:
    """What was measured with an L3 shared and without, where both were met often enough."""
    lines = []
    for w in workloads:
        if not w.ratio:
            continue
        cells = [NAMES[w.net], "training" if w.task == "train" else "inference", str(w.batch)]
        peer = PEERS[peer_of(w.best)]
        for shared in (True, False):
            ours, best = where_cores(w.ours, shared), where_cores(w.rows[w.best], shared)
            if min(len(ours), len(best)) >= LEAST_REPETITIONS:
                one, other = statistics.median(ours), statistics.median(best)
                cells += [f"{number(one)}, {peer} {number(other)}", number(other / one)]
        if len(cells) == 7:
            lines.append(cells)
    head = ["network", "task", "batch", "L3 shared, ms", "times", "not shared, ms", "times"]
    return markdown(head, lines) if lines else ""


def memory(workloads: list[Workload]) -> str:
    lines, shares = [], {"train": [], "predict": []}
    by_net = {}
    for w in workloads:
        if w.memory() and w.batch == nets.NETS[w.net].batches[0]:
            by_net.setdefault(w.net, {})[w.task] = w
    for net, tasks in by_net.items():
        cells = [NAMES[net]]
        for task in ("train", "predict"):
            if task not in tasks:
                cells += ["", "", ""]
                continue
            ours, least = tasks[task].memory()
            shares[task].append(ours / least)
            cells += [f"{ours:.0f}", f"{least:.0f}", f"{ours / least:.2f}"]
        lines.append(cells)
    means = [f"{statistics.geometric_mean(values):.2f}" if values else "" for values in shares.values()]
    lines.append(["geometric mean", "", "", f"**{means[0]}**", "", "", f"**{means[1]}**"])
    head = ["network", "training: striate", "leanest peer", "share", "inference: striate", "leanest peer", "share"]
    return markdown(head, lines)


def steps(workloads: list[Workload]) -> str:
    """First call beside later ones, and one thread beside all."""
    lines = []
    for w in workloads:
        if w.task == "train" and w.ours and w.batch == nets.NETS[w.net].batches[0]:
            first, second, _ = w.ours["first_ms"]
            usual, one = milliseconds(w.ours), w.rows.get("striate-1t")
            scaling = milliseconds(one) / usual if one else None
            lines.append([NAMES[w.net], number(first), number(second), number(usual), number(first - usual), number(scaling)])
    head = ["network", "first step ms", "second", "median of all", "first less median", "times one thread"]
    return markdown(head, lines)


def footprint(found: dict) -> str:
    """Tables of what is installed and how long it takes to import; and of what Python costs a step."""
    lines = [
        [PEERS.get(name, name), number(row["mib"]), str(row["packages"]), number(row["import_s"])]
        for name, row in found.items()
        if name != "step"
    ]
    step = found["step"]
    return (
        markdown(["", "installed MiB", "packages", "import s"], lines)
        + "\n\nstriate needs NumPy, and imports it with the first array. A step of a tiny network: "
        + f"train {step['train_us']:.0f} us, of which Python {step['train_python_us']:.0f}; "
        + f"predict {step['predict_us']:.0f} us, of which Python {step['predict_python_us']:.0f}."
    )


def chart(workloads: list[Workload]) -> str:
    """Bars of how many times as fast as the best peer; the line is 1."""
    tasks = {"training": ("train", False), "inference": ("predict", False), "inference, batch 1": ("predict", True)}
    colours = dict(zip(tasks, ("#3b6ea5", "#6fa8dc", "#c9daf0"), strict=True))
    named = {(w.net, w.task, w.batch == 1): w.ratio for w in reversed(workloads) if w.ratio}
    present = [net for net in NAMES if any(key[0] == net for key in named)]
    scale, left, bar, gap = 640 / max([2.0, *named.values()]), 90, 13, 14
    block = 3 * bar + gap
    height = 40 + block * len(present)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {height + 30}" font-family="sans-serif" font-size="12">',
        f'<rect width="800" height="{height + 30}" fill="#ffffff"/>',
    ]
    for i, (name, colour) in enumerate(colours.items()):
        parts.append(f'<rect x="{left + 150 * i}" y="10" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{left + 150 * i + 18}" y="20">{name}</text>')
    for row, net in enumerate(present):
        top = 40 + row * block
        parts.append(f'<text x="{left - 8}" y="{top + 1.5 * bar + 4}" text-anchor="end">{NAMES[net]}</text>')
        for i, (name, (task, single)) in enumerate(tasks.items()):
            ratio = named.get((net, task, single))
            if ratio:
                y = top + i * bar
                parts.append(f'<rect x="{left}" y="{y}" width="{ratio * scale:.1f}" height="{bar - 2}" fill="{colours[name]}"/>')
                parts.append(f'<text x="{left + ratio * scale + 4:.1f}" y="{y + bar - 3}" font-size="10">{ratio:.2f}</text>')
    x = left + scale
    parts.append(f'<line x1="{x:.1f}" y1="32" x2="{x:.1f}" y2="{height}" stroke="#b03030" stroke-dasharray="4 3"/>')
    parts.append(f'<text x="{x:.1f}" y="{height + 16}" text-anchor="middle" fill="#b03030">the best peer</text>')
    return "\n".join([*parts, "</svg>", ""])


def report(results: dict, workloads: list[Workload]) -> str:
    versions = {row["version"] for w in workloads for row in w.rows.values()}
    dates = sorted(row["at"][:10] for w in workloads for row in w.rows.values())
    repetitions = sorted({len(row["ms"]) for w in workloads for row in w.rows.values() if row["ms"]})
    counts = " to ".join(str(count) for count in dict.fromkeys([repetitions[0], repetitions[-1]]))
    parts = ["### Footprint", footprint(results["footprint"])] if "footprint" in results else []
    if placements(workloads):
        parts += ["### By where the host put the cores", placements(workloads)]
    return "\n\n".join(
        [
            f"{dates[-1]}, {results['processor']}, {results['threads']} threads, float32, median of {counts} "
            f"interleaved repetitions. {', '.join(sorted(versions))}.",
            "![How many times as fast as the best peer](performance.svg)",
            "### A training step, milliseconds",
            times(workloads, "train", False),
            "### Inference, milliseconds a batch",
            times(workloads, "predict", False),
            "### Inference of one image, milliseconds",
            times(workloads, "predict", True),
            "### Peak resident memory of a process, MiB",
            memory(workloads),
            "### First steps and threads",
            steps(workloads),
            *parts,
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", type=Path)
    parser.add_argument("--show", action="store_true", help="print instead of writing")
    options = parser.parse_args()
    results = json.loads(options.json.read_text())
    rows = results["workloads"]
    order = {net: i for i, net in enumerate(nets.NETS)}
    workloads = [Workload(key, rows[key]) for key in sorted(rows, key=lambda key: order[key.split()[0]])]
    text = report(results, workloads)
    if options.show:
        print(text)
        return
    page = DOCS / "performance.md"
    before, rest = page.read_text().split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END, 1)[1]}")
    (DOCS / "performance.svg").write_text(chart(workloads))


if __name__ == "__main__":
    main()
