import subprocess
import sys

from segmenter.benchmark import memory
from segmenter.benchmark.memory import ChildWatch, peak_mb, peak_of

HOLD = "block = bytearray(b'1') * 80_000_000; del block; print('held', flush=True); input()"


def held_mb(code):
    """What a new process says it held at most after some code."""
    ask = f"from segmenter.benchmark.memory import peak_mb\n{code}\nprint(peak_mb())"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return int(answer.stdout)


def test_the_peak_stays_after_memory_is_given_back():
    bare = held_mb("pass")
    assert 70 <= held_mb("block = bytearray(b'1') * 80_000_000; del block") - bare <= 95


def test_a_process_does_not_count_its_parents_memory():
    block = bytearray(b"1") * 300_000_000
    assert peak_mb() > 300
    assert held_mb("pass") < 300
    del block


def test_what_children_held_is_remembered_after_they_end():
    watch, others = ChildWatch(), ChildWatch()
    assert watch.total_mb() is None
    others.look()  # children that earlier tests may have left
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout.readline() == b"held\n"
        watch.look()
        child.stdin.write(b"\n")
    watch.look()
    assert 80 <= watch.total_mb() - (others.total_mb() or 0) < 200


def test_a_process_that_is_gone_has_no_peak(tmp_path):
    assert peak_of(1, tmp_path) is None
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "status").write_text("Name:\tx\nVmHWM:\t    2048 kB\n")
    assert peak_of(7, tmp_path) == 2048


def test_a_thread_that_ends_while_it_is_looked_at_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "PROCESSES", tmp_path)
    (tmp_path / "self" / "task" / "1" / "children").mkdir(parents=True)  # can't be read either
    (tmp_path / "self" / "task" / "2").mkdir()
    (tmp_path / "self" / "task" / "2" / "children").write_text("7")
    watch = ChildWatch()
    watch.look()
    assert watch.total_mb() == 0


def test_where_nothing_tells_it_is_unknown(monkeypatch):
    """As on Windows."""
    monkeypatch.setattr(memory, "peak_of", lambda process: None)
    assert peak_mb() > 10
    monkeypatch.setattr(memory, "resource", None)
    assert peak_mb() == 0
