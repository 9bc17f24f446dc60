"""From a training run to files that others can use."""
