"""One released network, which takes ten seconds to make, for all who read its files."""

import pytest
from settled import save_checkpoint, settled_net

from segmenter.export.release import ExportOptions, export

OPTIONS = {"architecture": "deeplabv3", "mean": "0.5", "std": "0.25", "size": "64"}


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return save_checkpoint(folder / "checkpoint.pt", settled_net("deeplabv3"), **OPTIONS)


@pytest.fixture(scope="session")
def released(checkpoint, tmp_path_factory):
    return export(checkpoint, tmp_path_factory.mktemp("files"), ExportOptions(name="tiny"))
