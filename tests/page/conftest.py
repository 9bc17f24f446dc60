"""A desk whose segmenter knows the truth of its photos and videos."""

import subprocess

import pytest
from page_choices import PERSON, RedPeople, scene
from PIL import Image

from segmenter.page.work import Desk


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


@pytest.fixture
def desk():
    return Desk(RedPeople(), {})


@pytest.fixture
def photo(tmp_path):
    Image.fromarray(scene()).save(tmp_path / "holiday.png")
    return tmp_path / "holiday.png"


@pytest.fixture
def video(tmp_path):
    """One second of the scene, with a tone."""
    Image.fromarray(scene()).save(tmp_path / "still.png")
    path = tmp_path / "party.mp4"
    command = "-loop 1 -framerate 10 -i {} -f lavfi -i sine=440 -t 1 -pix_fmt yuv420p -y {}"
    words = command.format(tmp_path / "still.png", path).split()
    subprocess.run(["ffmpeg", "-v", "error", *words], check=True, timeout=60)
    return path


@pytest.fixture
def couple(tmp_path):
    """Two people, in columns 40-80 and 110-140."""
    picture = scene()
    picture[24:, 110:140] = PERSON
    Image.fromarray(picture).save(tmp_path / "couple.png")
    return tmp_path / "couple.png"
