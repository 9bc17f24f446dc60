"""What the page (`app.py`) does, apart from its layout: a visitor's choice, the jobs, the look."""
