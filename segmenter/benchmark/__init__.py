"""How fast each stage and the whole is, on this machine, side by side in one run."""

PARTS = ("network", "stages", "photo", "video", "live", "visitors", "start", "cuda")  # in order
