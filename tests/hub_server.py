"""A stand-in for the Hub: the part of its HTTP interface that a download uses, on 127.0.0.1.

And a visitor: huggingface_hub reads its settings when it is imported, so every visit is a process
of its own.
"""

import hashlib
import json
import os
import subprocess
import sys
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

VISIT = """
import json, sys
from segmenter.errors import SegmenterError
from segmenter.weights import fetch
from tqdm import tqdm

class Counting(tqdm):
    total_bytes = 0
    def update(self, amount=1):
        Counting.total_bytes += amount
        return super().update(amount)

try:
    fetched = fetch(sys.argv[1], file=sys.argv[2], progress=Counting)
    answer = {"path": str(fetched.path), "name": fetched.record.name}
except SegmenterError as error:
    answer = {"kind": type(error).__name__, "message": str(error)}
print(json.dumps({**answer, "progress": Counting.total_bytes}))
"""


@dataclass
class Repository:
    """Commits with their files, branches with their commits, and who may enter."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    is_gated: bool = False
    token: str | None = None  # what a visitor must show; None: public

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        """Add a commit, as git names it: 40 hexadecimal digits that follow from the content."""
        content = b"".join(name.encode() + files[name] for name in sorted(files))
        name = hashlib.sha1(content + str(len(self.commits)).encode()).hexdigest()
        self.commits[name] = files
        self.branches[branch] = name
        return name


class HubServer(AbstractContextManager):
    """Serves `repositories`; `requests` lists what was asked, as `METHOD path`.

    Big files (`.onnx`, `.safetensors`) are redirected to a storage host, here the same server
    under the name localhost, as the Hub redirects to its own storage.
    """

    def __init__(self):
        self.repositories: dict[str, Repository] = {}
        self.requests: list[str] = []  # those about files
        self.trouble = 0  # a status to answer everything with, say 503
        self.is_silent = False  # takes requests and never answers
        self.stalls = False  # sends half of every file and no more
        self.is_something_else = False  # a page instead of the Hub, as a hotel's network shows
        self.after = {}  # file name: what to do once it was sent
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        self.endpoint = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __exit__(self, *_):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def wait(self):
        """Keep a visitor waiting until the server closes."""
        self._closing.wait(60)

    def sent(self, ending: str = "") -> list[str]:
        """Return the files whose bytes were asked for."""
        return [request for request in self.requests if request[:3] == "GET" and ending in request]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def log_message(self, *_):
        pass

    @property
    def hub(self) -> HubServer:
        return self.server.hub

    def answer(self):
        path = unquote(self.path)
        if path.startswith("/api/"):  # huggingface_hub's own questions, none about a repository
            return self.refuse(404, "", "Not served here")
        self.hub.requests.append(f"{self.command} {path}")
        if self.hub.is_silent:
            return self.hub.wait()
        if self.hub.trouble:
            return self.refuse(self.hub.trouble, "", "trouble")
        if self.hub.is_something_else:
            return self.send({"Content-Type": "text/html"}, b"<html>Welcome to the hotel")
        if path.startswith("/storage/"):
            owner, name, commit, filename = path.removeprefix("/storage/").split("/", 3)
            return self.send_file(self.hub.repositories[f"{owner}/{name}"], commit, filename)
        return self.resolve(path)

    def resolve(self, path):
        address, _, rest = path[1:].partition("/resolve/")
        repository = self.hub.repositories.get(address)
        if repository is None:
            # The Hub does not tell strangers which repositories exist.
            return self.refuse(401, "RepoNotFound", "Invalid username or password.")
        shown = self.headers.get("authorization", "").removeprefix("Bearer ")
        if repository.token is not None and shown != repository.token:
            if shown:
                return self.refuse(401, "", "Invalid credentials in Authorization header")
            kind = "GatedRepo" if repository.is_gated else "RepoNotFound"
            return self.refuse(401, kind, "Access is restricted.")
        revision, _, filename = rest.partition("/")
        commit = repository.branches.get(revision, revision)
        if commit not in repository.commits:
            return self.refuse(404, "RevisionNotFound", "Invalid rev id")
        if filename not in repository.commits[commit]:
            return self.refuse(404, "EntryNotFound", "Entry not found", commit)
        return self.describe(repository, address, commit, filename)

    def describe(self, repository, address, commit, filename):
        content = repository.commits[commit][filename]
        if not filename.endswith((".onnx", ".safetensors")):
            return self.send_file(repository, commit, filename)
        headers = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Linked-Size": str(len(content)),
            "Location": f"http://localhost:{self.hub.port}/storage/{address}/{commit}/{filename}",
        }
        return self.send(headers, b"", status=302)

    def send_file(self, repository, commit, filename):
        content = repository.commits[commit][filename]
        etag = hashlib.sha1(content).hexdigest()
        self.send({"X-Repo-Commit": commit, "ETag": f'"{etag}"'}, content)
        if self.command == "GET" and filename in self.hub.after:
            self.hub.after.pop(filename)()

    def refuse(self, status, code, message, commit=None):
        headers = {"X-Error-Code": code, "X-Error-Message": message, "X-Repo-Commit": commit}
        self.send({key: text for key, text in headers.items() if text}, b"", status)

    def send(self, headers, content, status=200):
        self.send_response(status)
        for key, text in headers.items():
            self.send_header(key, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.stalls:
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            return self.hub.wait()
        self.wfile.write(content)


@dataclass(frozen=True)
class Visit:
    """What one process got: a file, or an error in one line."""

    path: Path | None
    message: str
    kind: str
    progress: int  # bytes the progress bar was told of
    log: str


class Visitor:
    """A machine with a cache of its own, which visits `server`."""

    def __init__(self, server: HubServer, home: Path):
        self.server = server
        self.home = home

    def fetch(self, model="owner/disc", file="onnx", **environment: str) -> Visit:
        clean = {key: text for key, text in os.environ.items() if not key.startswith("HF_")}
        settings = {
            "HF_ENDPOINT": self.server.endpoint,
            "HF_HOME": str(self.home),
            "NO_PROXY": "127.0.0.1,localhost",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", VISIT, str(model), file],
            env={**clean, **settings, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout.splitlines()[-1])
        message = answer.get("message", "")
        assert "\n" not in message
        return Visit(
            Path(answer["path"]) if "path" in answer else None,
            message,
            answer.get("kind", ""),
            answer["progress"],
            done.stderr,
        )

    def cached(self, content: bytes) -> list[Path]:
        """Return the files in the cache that hold `content`."""
        files = (path for path in self.home.rglob("*") if path.is_file())
        return [path for path in files if path.read_bytes() == content]
