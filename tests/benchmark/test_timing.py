import time

from segmenter.benchmark import timing
from segmenter.benchmark.timing import Row, measure_once, summarise


def test_it_gives_median_and_p95():
    times = [float(value) for value in range(1, 101)]
    row = summarise("whole", "photo", "1 MP", times, per_s=2.0)
    assert row == Row("whole", "photo", "1 MP", 50.5, 95.05, 100, per_s=2.0)


def test_calls_take_turns_and_the_first_of_each_are_not_counted(monkeypatch):
    monkeypatch.setattr(timing, "TURN", 3)
    monkeypatch.setattr(timing, "measure_once", lambda call: call() or 1.0)
    calls = []
    names = ("a", "b")
    times = timing.measure_in_turns({name: lambda n=name: calls.append(n) for name in names}, 4)
    assert "".join(calls) == "aaaaa" + "bbbbb" + "aaa" + "bbb"
    assert times == {"a": [1.0] * 4, "b": [1.0] * 4}


def test_times_are_milliseconds():
    assert 20 <= measure_once(lambda: time.sleep(0.02)) < 2000
