"""`python -m segmenter`."""

import sys


def run() -> int:
    """Run the command line and return its exit code."""
    try:
        from segmenter.cli import main
    except KeyboardInterrupt:  # before there is anything to tidy up
        return 1
    return main()


sys.exit(run())
