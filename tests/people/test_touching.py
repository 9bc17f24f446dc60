import numpy as np

from segmenter.people.touching import split_touching


def two_people(joint: slice) -> np.ndarray:
    """One piece: somebody on the left, somebody on the right, and what joins them."""
    labels = np.zeros((120, 160), np.int32)
    labels[10:110, 20:60] = labels[10:110, 100:140] = 1
    labels[joint, 60:100] = 1
    return labels


def test_people_joined_by_an_arm_get_numbers_of_their_own():
    labels = two_people(slice(40, 50))
    apart = split_touching(labels)
    assert ((apart > 0) == (labels > 0)).all()
    assert sorted({apart[60, 30], apart[60, 130]}) == [1, 2]
    assert (apart[10:110, 20:60] == apart[60, 30]).all()
    assert (apart[10:110, 100:140] == apart[60, 130]).all()


def test_people_who_overlap_stay_one():
    labels = two_people(slice(20, 100))
    assert (split_touching(labels) == labels).all()
