"""Run a notebook and keep what it shows, without what differs from run to run.

Usage: python tests/python/run_notebook.py [NOTEBOOK] (default: docs/analysts_start.ipynb)

Writes the outputs of a fresh run into the notebook, from the published file that
WARDHOUSE_WAREHOUSE names, or the default one. For the committed notebook that is the published demo
data. Execution counts, times and versions of the kernel are left out, so that a run that shows the
same leaves the file as it was.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "analysts_start.ipynb"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
SECONDS = 120


def run(
    notebook: nbformat.NotebookNode, folder: Path, environment: dict[str, str]
) -> nbformat.NotebookNode:
    """Run every cell in `folder`, as Jupyter does for a notebook that lies there."""
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=SECONDS,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute(env=environment)
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                output.pop("execution_count", None)
                if output.output_type == "execute_result":
                    output.execution_count = None
    return notebook


def shown(notebook: nbformat.NotebookNode) -> list[tuple[str, list]]:
    """What each cell shows: its source, and its outputs by kind; of a picture only that it is one.

    The bytes of a picture depend on the libraries that draw and pack it, its numbers stand in the
    table beside it.
    """
    return [
        (
            cell.source,
            [
                output.get("text") or {k: v for k, v in output.data.items() if k != "image/png"}
                if output.output_type in ("stream", "display_data", "execute_result")
                else output
                for output in cell.get("outputs", [])
            ],
        )
        for cell in notebook.cells
    ]


def main(argv: list[str]) -> int:
    """Run the command line."""
    path = Path(argv[0]) if argv else NOTEBOOK
    notebook = run(nbformat.read(path, as_version=4), path.parent, dict(os.environ))
    nbformat.write(notebook, path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
