import os

import pytest

from segmenter.device import cuda_name


def pytest_configure():
    # Two threads of PyTorch that wait for each other take many times as long on a busy machine,
    # and the tests' networks are too small to gain from a second one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items):
    if cuda_name():
        return
    skip = pytest.mark.skip(reason="no CUDA device on this machine")
    for item in items:
        if item.get_closest_marker("cuda"):
            item.add_marker(skip)
