import pytest

from segmenter.device import cuda_name


def pytest_collection_modifyitems(items):
    if cuda_name():
        return
    skip = pytest.mark.skip(reason="no CUDA device on this machine")
    for item in items:
        if item.get_closest_marker("cuda"):
            item.add_marker(skip)
