"""Who visits the Hub's stand-in.

huggingface_hub reads its settings when it is imported, so every visit is a process of its own.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hub_server import HubServer

VISIT = """
import json, sys, time
time.sleep = lambda seconds: None  # between attempts: how many there are does not change
from segmenter.errors import SegmenterError
from segmenter.weights import fetch

try:
    fetched = fetch(sys.argv[1], file=sys.argv[2])
    answer = {"path": str(fetched.path), "name": fetched.record.name}
except SegmenterError as error:
    answer = {"kind": type(error).__name__, "message": str(error)}
print(json.dumps(answer))
"""


@dataclass(frozen=True)
class Visit:
    """What one process got: a file, or an error in one line."""

    path: Path | None
    message: str
    kind: str
    log: str


class Visitor:
    """A machine with a cache of its own, which visits `server`."""

    def __init__(self, server: HubServer, home: Path):
        self.server = server
        self.home = home

    def fetch(self, model="owner/disc", file="onnx", **environment: str) -> Visit:
        done = self.run("-c", VISIT, str(model), file, **environment)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout.splitlines()[-1])
        message = answer.get("message", "")
        assert "\n" not in message
        return Visit(
            Path(answer["path"]) if "path" in answer else None,
            message,
            answer.get("kind", ""),
            done.stderr,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run Python as on a machine of its own, with `environment` besides its address."""
        clean = {key: text for key, text in os.environ.items() if not key.startswith("HF_")}
        settings = {
            "HF_ENDPOINT": self.server.endpoint,
            "HF_HOME": str(self.home),
            "NO_PROXY": "127.0.0.1,localhost",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        return subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            env={**clean, **settings, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def cached(self, content: bytes) -> list[Path]:
        """Return the files in the cache that hold `content`."""
        files = (path for path in self.home.rglob("*") if path.is_file())
        return [path for path in files if path.read_bytes() == content]
