"""Who is kept, with their holes filled and without specks."""

from segmenter.people.choice import CHOICES, Point, choose_people, is_place, require_choice

__all__ = ["CHOICES", "Point", "choose_people", "is_place", "require_choice"]
