import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def ray():
    """A cluster of two workers' room on this machine, started once."""
    ray = pytest.importorskip("ray", reason="the ray engine is an extra; pip install ray")
    with pytest.MonkeyPatch.context() as patch:
        # Without, Ray would write a token into the home folder.
        patch.setenv("RAY_AUTH_MODE", "disabled")
        here = Path(__file__).parent
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (here, here.parent, here.parents[1]))))
        ray.init(
            address="local",
            num_cpus=2,
            object_store_memory=80_000_000,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
        )
        yield ray
        ray.shutdown()
