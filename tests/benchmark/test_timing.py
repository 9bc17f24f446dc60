import time

from segmenter.benchmark.timing import Row, measure_in_turns, measure_once, summarise


def test_it_gives_median_and_p95():
    times = [float(value) for value in range(1, 101)]
    row = summarise("whole", "photo", "1 MP", times, per_s=2.0)
    assert row == Row("whole", "photo", "1 MP", 50.5, 95.05, 100, per_s=2.0)


def test_calls_take_turns_and_the_first_are_not_counted():
    calls = []
    names = ("a", "b")
    times = measure_in_turns({n: lambda n=n: calls.append(n) for n in names}, 3, warm_ups=2)
    assert calls == ["a", "b"] * 5
    assert {name: len(taken) for name, taken in times.items()} == {"a": 3, "b": 3}


def test_times_are_milliseconds():
    assert 20 <= measure_once(lambda: time.sleep(0.02)) < 2000
