# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plots as SVG elements for an HTML page."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Callable

from .noise import percentile

_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#e377c2", "#7f7f7f")
_GREY = "#999"
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BOTTOM = 640, 200, 70, 10, 24
_ROW = 16


def _scale(most: float) -> list[float]:
    """Zero and four round marks, the last at least ``most``."""
    if most <= 0:
        return [0, 0.25, 0.5, 0.75, 1]
    power = 10 ** math.floor(math.log10(most / 4))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power * 4 >= most)
    return [step * number for number in range(5)]


def lines_over_time(series: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """A plot with one line for each of the series, pairs of (second, value)."""
    series = {name: points for name, points in series.items() if len(points) > 1}
    if not series:
        return "<p>Too short a time for a plot.</p>"
    end = max(points[-1][0] for points in series.values()) or 1.0
    marks = _scale(max(value for points in series.values() for _at, value in points))

    def at(second: float, value: float) -> str:
        x = _LEFT + second / end * (_WIDTH - _LEFT - _RIGHT)
        return f"{x:.1f},{_HEIGHT - _BOTTOM - value / marks[-1] * (_HEIGHT - _BOTTOM - 10):.1f}"

    drawn = [_grid(marks, at), f"<text x={_WIDTH - _RIGHT} y={_HEIGHT - 6} text-anchor=end>{end:.0f} s</text>"]
    keys = []
    for number, (name, points) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(at(second, value) for second, value in points)
        drawn.append(f"<polyline points='{path}' fill=none stroke='{colour}' stroke-width=1.8 />")
        keys.append(f"<span class=key><span style='color:{colour}'>&#9632;</span> {html.escape(name)}</span>")
    return f"{_svg(_HEIGHT, drawn)}<p>{' '.join(keys)}</p>"


def _grid(marks: Sequence[float], at: Callable[[float, float], str]) -> str:
    lines = []
    for mark in marks:
        x, y = at(0, mark).split(",")
        lines.append(f"<line x1={x} x2={_WIDTH - _RIGHT} y1={y} y2={y} stroke='#ddd' />")
        lines.append(f"<text x={_LEFT - 6} y={float(y) + 4:.1f} text-anchor=end>{mark:g}</text>")
    return "".join(lines)


def strips(samples: Mapping[str, Sequence[float]], known: Mapping[str, Sequence[float]]) -> str:
    """Two strips of dots for each name, one for each of its seconds: those of ``known``, grey, above the others."""
    everything = [seconds for values in (*samples.values(), *known.values()) for seconds in values]
    if not everything:
        return ""
    marks = _scale(max(everything) * 1000)

    def across(milliseconds: float) -> str:
        return f"{_RIGHT + milliseconds / marks[-1] * (_WIDTH - 2 * _RIGHT):.1f}"

    drawn, y = [], _ROW
    for name, values in samples.items():
        drawn.append(f"<text x=4 y={y}>{html.escape(name)}</text>")
        for row, colour in ((known.get(name, ()), _GREY), (values, _COLOURS[0])):
            if row:
                y += _ROW
                drawn.append(_strip(row, colour, y, across))
        y += 2 * _ROW
    lines = [f"<line x1={across(mark)} x2={across(mark)} y1=0 y2={y} stroke='#eee' />" for mark in marks]
    ends = {0: "start", len(marks) - 1: "end"}
    texts = [
        f"<text x={across(mark)} y={y + 10} text-anchor={ends.get(n, 'middle')}>{mark:g} ms</text>"
        for n, mark in enumerate(marks)
    ]
    key = "Each dot is a request, the bar the median" + ("; grey is the baseline." if known else ".")
    return f"{_svg(y + _ROW, [*lines, *drawn, *texts])}<p>{key}</p>"


def _strip(row: Sequence[float], colour: str, y: float, across: Callable[[float], str]) -> str:
    dots = [f"<circle cx={across(v * 1000)} cy={y} r=4 fill='{colour}' fill-opacity=.45 />" for v in row]
    middle = across(percentile(row, 0.5) * 1000)
    line = f"<line x1={middle} x2={middle} y1={y - 7} y2={y + 7} stroke='{colour}' stroke-width=2 />"
    return "".join([*dots, line])


def _svg(height: float, drawn: Iterable[str]) -> str:
    return f"<svg viewBox='0 0 {_WIDTH} {height:.0f}' width={_WIDTH} role=img>{''.join(drawn)}</svg>"
