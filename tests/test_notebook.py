"""The notebook, executed on tiny parameters, and its form in git."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "playground.ipynb"
TINY = """
WORK = {work!r}
ARCHITECTURES, SAMPLES, SIZE, BATCH_SIZE = ["deeplabv3"], 4, 64, 2
FORMATS = ["onnx"]
"""


@pytest.fixture
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def cell_of(notebook, name: str):
    (cell,) = (cell for cell in notebook.cells if cell.id == name)
    return cell


def words_of(cell) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def pictures_of(cell) -> int:
    """Count the pictures a cell shows."""
    kinds = [{kind.partition("/")[0] for kind in output.get("data", ())} for output in cell.outputs]
    return sum("image" in kind for kind in kinds)


def test_no_outputs_are_kept(notebook):
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), cell.id
            assert set(cell.metadata) <= {"tags"}, cell.id
    assert notebook.metadata.kernelspec.name == "python3"


def test_the_parameters_have_a_cell_of_their_own(notebook):
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    assert [cell.id for cell in tagged] == ["parameters"]
    values = {}
    exec(tagged[0].source, values)
    assert {"DATA", "WORK", "ARCHITECTURES", "SAMPLES", "SIZE", "FORMATS"} < set(values)
    assert values["DATA"] == ""


def test_every_step_is_explained(notebook):
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == "markdown" and kinds.count("markdown") >= 10
    assert all(len(cell.source.splitlines()) < 25 for cell in notebook.cells)


def test_it_holds_no_logic_of_its_own(notebook):
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(word in source for source in code for word in ("def ", "class ", "lambda"))


def test_it_runs_without_a_network_and_without_data(notebook, tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.delenv("BACKDROP_MODEL", raising=False)
    cell_of(notebook, "parameters").source += TINY.format(work=str(tmp_path))
    before = sorted(os.listdir(NOTEBOOK.parent))
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()

    assert "2 photos to learn from, 1 held out" in words_of(cell_of(notebook, "data"))
    for name in ("data", "samples", "curves", "answers", "replace", "own"):
        assert pictures_of(cell_of(notebook, name)) == 1, name
    assert pictures_of(cell_of(notebook, "plots")) == 2
    made = {path.name for path in (tmp_path / "models").iterdir()}
    assert {"deeplabv3.onnx", "deeplabv3.safetensors", "deeplabv3.json"} <= made
    table = words_of(cell_of(notebook, "evaluate"))
    for name in ("deeplabv3-portrait", "deeplabv3"):
        assert f"| {name} | portraits | 3 |" in table
    assert sorted(os.listdir(NOTEBOOK.parent)) == before
