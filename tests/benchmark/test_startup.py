import http.server
import threading

import pytest

from segmenter.benchmark import startup
from segmenter.errors import SegmenterError

SLOW_PAGE = """
import http.server, os, time
time.sleep(0.3)
address = os.environ["GRADIO_SERVER_NAME"], int(os.environ["GRADIO_SERVER_PORT"])
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def test_the_import_is_timed_in_new_processes():
    row = startup.measure_import(2)
    assert row.count == 2 and row.median_ms > 0


def test_the_first_photo_is_done_by_the_command_line(tmp_path, monkeypatch):
    asked = []

    def recorded(what, *arguments):
        asked.append(arguments)
        return ""

    monkeypatch.setattr(startup, "run", recorded)
    row = startup.measure_first_photo(tmp_path / "a.jpg", ["--device", "cpu"], 2)
    assert row.what == "first photo" and len(asked) == 2
    assert asked[0][:4] == ("-m", "segmenter", "replace", str(tmp_path / "a.jpg"))
    assert asked[0][-2:] == ("--device", "cpu")


def test_the_page_is_timed_until_it_answers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.py").write_text(SLOW_PAGE)
    monkeypatch.setattr(startup, "PAGE", tmp_path / "page.py")
    row = startup.measure_page(1)
    assert 300 < row.median_ms < 30_000


def test_a_page_that_ends_is_told(tmp_path, monkeypatch):
    (tmp_path / "page.py").write_text("raise SystemExit(1)")
    monkeypatch.setattr(startup, "PAGE", tmp_path / "page.py")
    with pytest.raises(SegmenterError, match=r"page did not start.*app\.py"):
        startup.start_page()


def test_a_page_is_missed_when_its_file_or_gradio_is(tmp_path, monkeypatch):
    monkeypatch.setattr(startup, "PAGE", tmp_path / "app.py")
    assert "app.py" in startup.page_is_missing()
    (tmp_path / "app.py").touch()
    assert startup.page_is_missing() is None
    monkeypatch.setattr(startup, "find_spec", lambda _: None)
    assert "pip install gradio" in startup.page_is_missing()


def test_only_a_good_answer_counts():
    class Busy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(503)

        def log_message(self, *_):
            pass

    assert not startup.answers(f"http://127.0.0.1:{startup.free_port()}/")
    with http.server.HTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert not startup.answers(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
