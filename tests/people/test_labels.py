import numpy as np

from segmenter.people.labels import nearest_labels, peaks


def test_every_pixel_gets_the_label_of_the_nearest_one_and_how_far_that_is():
    labels, distance = nearest_labels(np.array([[1, 0, 0, 0, 0, 2]], np.int32))
    assert labels.tolist() == [[1, 1, 1, 2, 2, 2]]
    np.testing.assert_allclose(distance, [[0, 1, 2, 2, 1, 0]], atol=0.01)


def test_a_peak_is_the_largest_value_under_a_label():
    labels = np.array([[0, 1, 1, 3]], np.int32)
    values = np.array([[0.9, 0.2, 0.5, 0.7]], np.float32)
    np.testing.assert_array_equal(peaks(values, labels, 4), np.float32([0, 0.5, 0, 0.7]))
