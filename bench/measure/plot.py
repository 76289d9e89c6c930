"""A bar plot as SVG: for each program the time relative to native, one bar a runner."""

from html import escape

COLOURS = {"walnut": "#7a4b21", "node": "#5b8a3c", "wasm2c": "#4a6fa5"}
LABELS = {"walnut": "Walnut", "node": "Node (V8)", "wasm2c": "wasm2c + clang -O3"}
LEFT, TOP, WIDTH, BAR, GAP = 100, 64, 560, 8, 8
CEILING = 2.5


def draw(compute, machine, budget_mean, budget_single):
    runners = [name for name in compute["runners"] if name != "native"]
    rows = [(row["program"], row) for row in compute["programs"]]
    rows.append(("geometric mean", {name: compute["means"].get(name, {}) for name in runners}))
    group = len(runners) * BAR + GAP
    height = TOP + len(rows) * group + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 50} {height}"'
        ' font-family="sans-serif" font-size="11" fill="#222">',
        f'<rect width="{LEFT + WIDTH + 50}" height="{height}" fill="#fff"/>',
        '<text x="10" y="20" font-size="14">Compute time relative to native clang -O3'
        ' (shorter is better)</text>',
    ]
    for number, name in enumerate(runners):
        x = LEFT + number * 170
        parts.append(f'<rect x="{x}" y="32" width="12" height="10" fill="{COLOURS[name]}"/>')
        parts.append(f'<text x="{x + 17}" y="41">{LABELS[name]}</text>')
    bottom = TOP + len(rows) * group
    for value, dash in ((0.5, "2 3"), (1.0, ""), (1.5, "2 3"), (2.0, "2 3"), (2.5, "2 3")):
        parts.append(line(value, bottom, "#999", dash))
        parts.append(f'<text x="{at(value):.1f}" y="{bottom + 14}" text-anchor="middle">{value}</text>')
    parts.append(line(budget_single, bottom, "#c33", "5 3"))
    parts.append(f'<text x="{at(budget_single):.1f}" y="{TOP - 6}" fill="#c33" text-anchor="middle">'
                 f'{budget_single} limit</text>')
    for number, (label, values) in enumerate(rows):
        y = TOP + number * group + GAP / 2
        bold = ' font-weight="bold"' if label == "geometric mean" else ""
        parts.append(f'<text x="{LEFT - 6}" y="{y + group / 2:.1f}" text-anchor="end"{bold}>'
                     f'{escape(label)}</text>')
        for place, name in enumerate(runners):
            ratio = values.get(name, {}).get("ratio")
            if ratio is None:
                continue
            top = y + place * BAR
            end = at(min(ratio, CEILING))
            parts.append(f'<rect x="{LEFT}" y="{top:.1f}" width="{end - LEFT:.1f}" height="{BAR - 1}"'
                         f' fill="{COLOURS[name]}"/>')
            parts.append(f'<text x="{end + 3:.1f}" y="{top + BAR - 1:.1f}" font-size="8">'
                         f'{ratio:.2f}</text>')
    parts.append(f'<text x="10" y="{height - 8}" font-size="9" fill="#555">'
                 f'{escape(machine["cpu"])}; {escape(machine["kernel"])};'
                 f' KVM: {escape(machine["kvm"])}. Budget of the mean: {budget_mean}.</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def at(value):
    return LEFT + WIDTH * value / CEILING


def line(value, bottom, colour, dash):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{at(value):.1f}" y1="{TOP}" x2="{at(value):.1f}" y2="{bottom}"'
            f' stroke="{colour}"{dashes}/>')
