"""A stand-in for the Hub: the part of its HTTP interface that a download uses, on 127.0.0.1.

What an upload uses is in hub_uploads.py; hub_visitor.py visits.
"""

import hashlib
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from hub_uploads import LARGE, Uploads


@dataclass
class Repository:
    """Commits with their files, branches with their commits, and who may enter."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    is_gated: bool = False
    token: str | None = None  # what a visitor must show; None: public
    is_private: bool = False
    messages: list[str] = field(default_factory=list)  # of commits that came over the network

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
        self.writes: list[str] = []  # those that ask for a change, or prepare one
        self.writers: dict[str, set[str]] = {}  # token: the owners it may write for
        self.meanwhile = None  # what somebody else does just before a commit arrives
        self.storage_is_full = False  # large files are refused
        self.large: dict[str, bytes] = {}  # uploaded files by sha256, before their commit
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

    def new_repository(self, address: str) -> Repository:
        """Make a repository as the Hub does: not quite empty."""
        made = self.repositories[address] = Repository()
        made.commit({".gitattributes": b"*.onnx filter=lfs"})
        return made

    def wait(self):
        """Keep a visitor waiting until the server closes."""
        self._closing.wait(60)

    def sent(self, ending: str = "") -> list[str]:
        """Return the files whose bytes were asked for."""
        return [request for request in self.requests if request[:3] == "GET" and ending in request]


class _Handler(Uploads, BaseHTTPRequestHandler):
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
        if path.startswith("/api/models/"):
            return self.show_model(path)
        if path.startswith("/api/"):  # huggingface_hub's own questions, none about a repository
            return self.refuse(404, "", "Not served here")
        self.hub.requests.append(f"{self.command} {path}")
        if self.is_in_trouble():
            return None
        if path.startswith("/storage/"):
            owner, name, commit, filename = path.removeprefix("/storage/").split("/", 3)
            return self.send_file(self.hub.repositories[f"{owner}/{name}"], commit, filename)
        return self.resolve(path)

    def is_in_trouble(self) -> bool:
        """Answer as a Hub in trouble does, if it is in any."""
        if self.hub.is_silent:
            self.hub.wait()
        elif self.hub.trouble:
            self.refuse(self.hub.trouble, "", "trouble")
        elif self.hub.is_something_else:
            self.send({"Content-Type": "text/html"}, b"<html>Welcome to the hotel")
        else:
            return False
        return True

    def resolve(self, path):
        address, _, rest = path[1:].partition("/resolve/")
        repository = self.enter(address)
        if repository is None:
            return None
        revision, _, filename = rest.partition("/")
        commit = repository.branches.get(revision, revision)
        if commit not in repository.commits:
            return self.refuse(404, "RevisionNotFound", "Invalid rev id")
        if filename not in repository.commits[commit]:
            return self.refuse(404, "EntryNotFound", "Entry not found", commit)
        return self.describe(repository, address, commit, filename)

    def enter(self, address) -> Repository | None:
        """Return a repository; None, and a refusal sent, if it is closed to the visitor."""
        repository, shown = self.hub.repositories.get(address), self.token_shown()
        if repository is None:
            # The Hub does not tell strangers which repositories exist.
            self.refuse(401, "RepoNotFound", "Invalid username or password.")
        elif repository.token is not None and shown != repository.token:
            if shown:
                self.refuse(401, "", "Invalid credentials in Authorization header")
            else:
                kind = "GatedRepo" if repository.is_gated else "RepoNotFound"
                self.refuse(401, kind, "Access is restricted.")
        else:
            return repository
        return None

    def token_shown(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def describe(self, repository, address, commit, filename):
        content = repository.commits[commit][filename]
        if not filename.endswith(LARGE):
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
