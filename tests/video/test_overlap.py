import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from segmenter.video import between, overlap

ROOT = Path(__file__).parents[2]
LIMIT_S = 20  # far more than anything here takes; reached only by what would never end


@pytest.fixture(autouse=True)
def _nothing_is_left_running():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def within_limit(call):
    """Call, and fail instead of hanging."""
    outcome = []

    def run():
        try:
            outcome.append((call(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    assert outcome, "it hangs"
    result, error = outcome[0]
    if error:
        raise error
    return result


class Numbers:
    """Counts from 0 and knows what became of it."""

    def __init__(self, end=10**9, failure=None):
        self.started, self.is_closed = 0, False
        self._end, self._failure = end, failure

    def __iter__(self):
        for number in range(self._end):
            self.started += 1
            yield number
        if self._failure:
            raise self._failure

    def close(self):
        self.is_closed = True


def same(item):
    return item


def fails_at(wanted, error):
    def stage(item):
        if item == wanted:
            raise error
        return item

    return stage


def test_every_result_once_and_in_order():
    chain = overlap(overlap(range(200), lambda item: item + 1), lambda item: 10 * item)
    assert within_limit(lambda: list(chain)) == [10 * (item + 1) for item in range(200)]
    assert within_limit(lambda: list(overlap([], same))) == []


def test_none_is_an_item_like_any_other():
    assert within_limit(lambda: list(overlap([None, None], same))) == [None, None]


def test_stages_work_at_the_same_time():
    """While one has a number the other has the next; one after the other, they would never meet."""
    meeting = threading.Barrier(2, timeout=LIMIT_S)

    def first(number):
        if number > 0:
            meeting.wait()
        return number

    def second(number):
        if number < 9:
            meeting.wait()
        return number

    chain = overlap(overlap(range(10), first), second)
    assert within_limit(lambda: list(chain)) == list(range(10))


def test_it_works_one_ahead():
    numbers = Numbers()
    with closing(overlap(numbers, same)) as results:
        for taken in range(1, 4):
            next(results)
            deadline = time.monotonic() + LIMIT_S
            while numbers.started < taken + 1 and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.02)  # for what must not happen
            assert numbers.started == taken + 1


def chain_of(numbers, stages):
    for stage in stages:
        numbers = overlap(numbers, stage)
    return numbers


@pytest.mark.parametrize("where", [0, 1, 2])
@pytest.mark.parametrize("wanted", [0, 1, 7])
def test_a_stage_that_raises(where, wanted):
    error, numbers = MemoryError("no room"), Numbers()
    stages = [same, same, same]
    stages[where] = fails_at(wanted, error)
    with pytest.raises(MemoryError) as raised:
        within_limit(lambda: list(chain_of(numbers, stages)))
    assert raised.value is error
    assert numbers.is_closed


@pytest.mark.parametrize("wanted", [0, 1, 7])
def test_results_before_an_error_arrive(wanted):
    got = []

    def take():
        for result in chain_of(Numbers(), [same, fails_at(wanted, ValueError()), same]):
            got.append(result)

    with pytest.raises(ValueError):
        within_limit(take)
    assert got == list(range(wanted))


def test_items_that_raise():
    numbers = Numbers(5, OSError("the disk is gone"))
    with pytest.raises(OSError, match="disk"):
        within_limit(lambda: list(chain_of(numbers, [same, same])))
    assert numbers.is_closed


def test_a_stage_can_not_end_the_stream_by_mistake():
    with pytest.raises(RuntimeError, match="StopIteration"):
        within_limit(lambda: list(overlap(range(5), fails_at(2, StopIteration()))))


@pytest.mark.parametrize("taken", [1, 2, 10])
@pytest.mark.parametrize("pause_s", [0, 0.03])  # at work, or all waiting for room
def test_closing_early(taken, pause_s):
    numbers = Numbers()

    def close():
        chain = chain_of(numbers, [same, lambda number: time.sleep(0.002) or number, same])
        for _ in range(taken):
            next(chain)
        time.sleep(pause_s)
        chain.close()

    within_limit(close)
    assert numbers.is_closed


def test_closing_while_a_stage_is_about_to_raise():
    is_closing = threading.Event()

    def stage(number):
        if number == 1:
            is_closing.wait(LIMIT_S)
            raise MemoryError
        return number

    numbers = Numbers()

    def close():
        chain = chain_of(numbers, [stage, same])
        next(chain)
        timer = threading.Timer(0.02, is_closing.set)
        timer.start()
        chain.close()
        timer.join()

    within_limit(close)
    assert numbers.is_closed


def test_dropping_it_is_closing_it():
    numbers = Numbers()

    def drop():
        chain = chain_of(numbers, [same, same])
        next(chain)

    within_limit(drop)
    assert numbers.is_closed


def test_closing_before_the_first_item_starts_nothing():
    numbers = Numbers()
    chain_of(numbers, [same, same]).close()
    assert numbers.started == 0


def test_a_part_is_cut_out_and_its_source_closed():
    closed = []

    def numbers():
        try:
            yield from range(9)
        finally:
            closed.append(True)

    assert list(between(numbers(), 2, 5)) == [2, 3, 4] and closed == [True]
    assert list(between(numbers(), 7)) == [7, 8]


def test_python_can_end_with_one_left_open():
    script = (
        "import itertools\nfrom segmenter.video import overlap\n"
        "chain = overlap(overlap(itertools.count(), str), str)\nprint(next(chain))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")
