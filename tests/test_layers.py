"""Imports point down the rows of the design; no two modules import each other."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "segmenter"
ROWS = {
    1: {"errors"},
    2: {
        "allocator",
        "arrays",
        "device",
        "files",
        "places",
        "resample",
        "threads",
    },
    3: {
        "images",
        "weights",
        "preprocess",
        "colour_doubt",
        "graph_cut",
        "motion",
        "foreground",
        "background",
        "closeup",
        "composite",
        "video",
        "metrics",
        "nets",
    },
    4: {"backends", "people", "refine", "targets", "temporal"},
    5: {"photo_views", "strokes"},
    6: {"inference"},
    7: {"pipeline"},
    8: {"gpu", "matting"},
    9: {"stream"},
    10: {
        "batch",
        "benchmark",
        "cluster",
        "export",
        "live",
        "mattes",
        "page",
        "training",
    },
    11: {"cli", "__main__", "__init__"},
}
ROW_OF = {name: row for row, names in ROWS.items() for name in names}


def part_of(path: Path) -> str:
    """Return the top module or folder of the package that a file belongs to."""
    inner = path.relative_to(PACKAGE)
    return inner.parts[0] if len(inner.parts) > 1 else inner.stem


def imports_of(path: Path) -> set[str]:
    """Return the parts of the package that a file imports, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("segmenter.")}
    return found


def imports_by_part() -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        graph.setdefault(part_of(path), set()).update(imports_of(path) - {part_of(path)})
    return graph


def test_every_module_has_a_row():
    assert set(imports_by_part()) == set(ROW_OF)


def test_imports_point_down():
    wrong = [
        f"{part} (row {ROW_OF[part]}) imports {other} (row {ROW_OF[other]})"
        for part, others in imports_by_part().items()
        for other in others
        if ROW_OF[other] >= ROW_OF[part] and ROW_OF[part] < 10
    ]
    assert wrong == []


def test_no_cycles():
    list(TopologicalSorter(imports_by_part()).static_order())
