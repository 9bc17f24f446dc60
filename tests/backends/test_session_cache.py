import threading

import pytest

from segmenter.backends.session_cache import SessionCache
from segmenter.errors import WeightsUnavailable

A, B, C = (1, 3, 32, 32), (1, 3, 32, 64), (1, 3, 64, 32)


@pytest.fixture
def cache():
    return SessionCache("session of {}".format, often=3, most=2)


def ask(cache, shape, times):
    """Count runs of a shape, and return the session that the next one gets."""
    for _ in range(times):
        cache.get(shape)
    cache.settle()
    return cache.get(shape)


def test_a_shape_that_comes_often_gets_a_session(cache):
    assert ask(cache, A, 1) is None
    assert ask(cache, A, 1) == f"session of {A}"
    assert cache.get(B) is None


def test_there_are_not_too_many(cache):
    for shape in (A, B):
        ask(cache, shape, 3)
    for _ in range(9):  # all three come, so none gives way
        found = [cache.get(shape) for shape in (A, B, C)]
    cache.settle()
    assert found == [f"session of {A}", f"session of {B}", None]


def test_one_that_comes_no_more_gives_way(cache):
    for shape in (A, B):
        ask(cache, shape, 3)
    assert ask(cache, C, 3) == f"session of {C}"
    assert cache.get(B) == f"session of {B}"
    assert cache.get(A) is None
    assert ask(cache, A, 3) == f"session of {A}"  # when it has come often again
    assert cache.get(C) is None


def test_one_that_is_expected_has_a_session_from_the_start(cache):
    for shape in (A, A, B):
        cache.expect(shape)
    cache.settle()
    assert [cache.get(shape) for shape in (A, B)] == [f"session of {A}", f"session of {B}"]
    cache.expect(C)  # there is no room
    cache.settle()
    assert cache.get(C) is None


def test_what_was_expected_and_never_came_gives_way(cache):
    cache.expect(A)
    ask(cache, B, 3)
    assert ask(cache, C, 3) == f"session of {C}"
    assert cache.get(A) is None


def test_runs_go_on_while_a_session_is_made():
    may_end = threading.Event()
    cache = SessionCache(lambda shape: may_end.wait(10) and "made", often=1, most=1)
    assert cache.get(A) is None
    assert cache.get(A) is None
    may_end.set()
    cache.settle()
    assert cache.get(A) == "made"


def test_who_expects_a_shape_is_told_whether_waiting_brings_something():
    may_end = threading.Event()
    cache = SessionCache(lambda shape: may_end.wait(10) and "made", often=3, most=1)
    assert not cache.expect(A) and not cache.expect(A)
    assert cache.expect(B), "there is no room for it"
    may_end.set()
    cache.settle()
    assert cache.expect(A)


def test_a_shape_that_can_have_no_session_need_not_be_waited_for():
    def fail(shape):
        raise WeightsUnavailable("gone")

    cache = SessionCache(fail, often=3, most=1)
    cache.expect(A)
    cache.settle()
    assert cache.expect(A)


def test_one_that_gave_way_while_it_was_made_does_not_come_back():
    may_end = threading.Event()

    def make(shape):
        return shape if shape == B else may_end.wait(10) and shape

    cache = SessionCache(make, often=2, most=1)
    for shape in (A, A, B, B, B):
        cache.get(shape)
    may_end.set()
    cache.settle()
    assert cache.get(B) == B
    assert cache.get(A) is None


def test_a_session_that_fails_is_not_tried_again_and_again():
    tried = []

    def fail(shape):
        tried.append(shape)
        raise RuntimeError("out of order")

    cache = SessionCache(fail, often=1, most=2)
    assert ask(cache, A, 9) is None
    assert tried == [A]


def test_where_no_thread_can_start_nobody_waits_for_one(cache, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="new thread"):
        cache.expect(A)
    assert cache.expect(A)
    cache.settle()
