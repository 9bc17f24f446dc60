"""The batch on many machines, through Ray: an extra, `pip install ray`."""
