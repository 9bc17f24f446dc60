import os

import cv2
import numpy as np
import pytest

from segmenter.device import cuda_name
from segmenter.video import process

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def pytest_configure():
    # Two threads of PyTorch that wait for each other take many times as long on a busy machine,
    # and the tests' networks are too small to gain from a second one.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # What the package asks for later; two tests run at a time.
    os.environ.setdefault("CPU_CORES", "1")


def pytest_collection_modifyitems(items):
    if cuda_name():
        return
    skip = pytest.mark.skip(reason="no CUDA device on this machine")
    for item in items:
        if item.get_closest_marker("cuda"):
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Run what is marked `alone` while no other process runs a test, since it measures itself."""
    with open(__file__) as turn:
        if fcntl:
            fcntl.flock(turn, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        try:
            return (yield)
        finally:
            if fcntl:  # closing is not enough: a process that the test forked has the file open too
                fcntl.flock(turn, fcntl.LOCK_UN)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A tiny training folder: discs as people, on noise; cut-outs and backgrounds."""
    folder = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(0)
    for source in ("portraits", "cutouts"):
        for kind in ("images", "masks"):
            (folder / source / kind).mkdir(parents=True)
        for index in range(6):
            mask = np.zeros((96, 80), np.uint8)
            cv2.circle(mask, (40, 70), int(generator.integers(20, 35)), 255, -1)
            image = generator.integers(0, 120, (96, 80, 3), dtype=np.uint8)
            image[mask > 0] += np.array([0, 40, 120], np.uint8)
            cv2.imwrite(str(folder / source / "images" / f"{index}.jpg"), image)
            cv2.imwrite(str(folder / source / "masks" / f"{index}.png"), mask)
    (folder / "backgrounds").mkdir()
    for index in range(3):
        noise = generator.integers(0, 120, (70, 90, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / "backgrounds" / f"{index}.jpg"), noise)
    return folder


@pytest.fixture
def started(monkeypatch):
    """Every process the package starts, in order."""
    found, popen = [], process.subprocess.Popen

    def recorded(*arguments, **settings):
        found.append(popen(*arguments, **settings))
        return found[-1]

    monkeypatch.setattr(process.subprocess, "Popen", recorded)
    return found
