"""The half of the Hub's stand-in that takes uploads: as huggingface_hub sends them without Xet.

Make a repository, ask how each file is to be sent, put the large ones into storage by their sha256
(Git LFS, transfer `basic`), check the card, then one commit that names everything.
"""

import base64
import hashlib
import json
from urllib.parse import unquote

import yaml

LARGE = (".onnx", ".safetensors")


class Uploads:
    """Handlers of a request for `HubServer`; `self.hub` is the server."""

    def do_POST(self):
        self.take()

    def do_PUT(self):
        self.take()

    def take(self):
        path = unquote(self.path)
        # All of it, or the next request on this connection would begin with the rest.
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.hub.writes.append(f"{self.command} {path}")
        if self.is_in_trouble():
            return
        if self.command == "PUT":
            self.store(path, content)
        elif path == "/api/validate-yaml":
            self.check_card(json.loads(content)["content"])
        elif self.token_shown() not in self.hub.writers:
            self.refuse(401, "", "Invalid credentials in Authorization header")
        elif path == "/api/repos/create":
            self.create(json.loads(content))
        else:
            self.change(path, content)

    def create(self, wish):
        address = f"{wish['organization']}/{wish['name']}"
        if not self.may_write(wish["organization"]):
            return
        if address in self.hub.repositories:
            return self.answer_json({"error": "You already created this model repo"}, 409)
        made = self.hub.new_repository(address)
        made.is_private = wish.get("visibility") == "private"
        made.token = self.token_shown() if made.is_private else None
        self.answer_json({"url": f"{self.hub.endpoint}/{address}"})

    def change(self, path, content):
        """Answer what concerns one repository: preupload, the LFS batch, the commit."""
        if path.endswith(".git/info/lfs/objects/batch"):
            address, step = path[1:].removesuffix(".git/info/lfs/objects/batch"), "batch"
        else:
            owner, name, step = path.removeprefix("/api/models/").split("/")[:3]
            address = f"{owner}/{name}"
        repository = self.enter(address)
        if repository is None or not self.may_write(address.partition("/")[0]):
            return
        if step == "commit":
            if self.hub.meanwhile:
                self.hub.meanwhile()
            self.commit(repository, address, [json.loads(line) for line in content.splitlines()])
        elif step == "batch":
            self.answer_json({"transfer": "basic", "objects": self.places(json.loads(content))})
        else:
            now = self.files_now(repository)
            files = [describe_upload(file["path"], now) for file in json.loads(content)["files"]]
            self.answer_json({"files": files})

    def places(self, wish):
        """Say where each large file is to be put; nowhere if it is there already."""
        return [
            {"oid": file["oid"], "size": file["size"]}
            | (
                {}
                if file["oid"] in self.hub.large
                else {
                    "actions": {"upload": {"href": f"{self.hub.endpoint}/put/{file['oid']}"}},
                }
            )
            for file in wish["objects"]
        ]

    def store(self, path, content):
        digest = path.removeprefix("/put/")
        if hashlib.sha256(content).hexdigest() != digest or self.hub.storage_is_full:
            return self.refuse(400, "", "the storage does not take it")
        self.hub.large[digest] = content
        self.send({}, b"")

    def check_card(self, text):
        """Refuse a card without the front matter the Hub wants, as the Hub does."""
        _, _, rest = text.partition("---\n")
        fields = yaml.safe_load(rest.partition("\n---")[0]) if text.startswith("---\n") else {}
        wanted = ("license", "license_name", "license_link")
        missing = [
            name
            for name in wanted[: 3 if fields.get("license") == "other" else 1]
            if not fields.get(name)
        ]
        errors = [{"message": f'"{name}" is required'} for name in missing]
        self.answer_json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def commit(self, repository, address, lines):
        header = next(line["value"] for line in lines if line["key"] == "header")
        if header.get("parentCommit", repository.branches["main"]) != repository.branches["main"]:
            return self.refuse(412, "", "A commit has happened since. Please refresh and try again")
        files = self.files_now(repository)
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
        name = repository.commit(files)
        repository.messages.append(header["summary"])
        link = f"{self.hub.endpoint}/{address}/commit/{name}"
        self.answer_json({"success": True, "commitUrl": link, "commitOid": name})

    def show_model(self, path):
        """Answer what the main branch holds: names, sizes and digests."""
        if self.is_in_trouble():
            return
        owner, name, *rest = path.removeprefix("/api/models/").partition("?")[0].split("/")
        if rest:  # a token for Xet storage
            return self.refuse(404, "", "Xet is not served here")
        repository = self.enter(f"{owner}/{name}")
        if repository is None:
            return
        files = [describe_file(*file) for file in self.files_now(repository).items()]
        head = {"id": f"{owner}/{name}", "sha": repository.branches["main"]}
        self.answer_json({**head, "private": repository.is_private, "siblings": files})

    def files_now(self, repository):
        return dict(repository.commits[repository.branches["main"]])

    def may_write(self, owner) -> bool:
        if owner in self.hub.writers[self.token_shown()]:
            return True
        self.refuse(403, "", f"You don't have the rights under the namespace {owner}")
        return False

    def answer_json(self, answer, status=200):
        self.send({"Content-Type": "application/json"}, json.dumps(answer).encode(), status)


def describe_upload(path, files):
    digest = digest_of(path, files[path]) if path in files else None
    mode = "lfs" if path.endswith(LARGE) else "regular"
    return {"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": digest}


def describe_file(path, content):
    described = {"rfilename": path, "size": len(content), "blobId": "0" * 40}
    if not path.endswith(LARGE):
        return {**described, "blobId": digest_of(path, content)}
    lfs = {"sha256": digest_of(path, content), "size": len(content), "pointerSize": 134}
    return {**described, "lfs": lfs}


def digest_of(path, content) -> str:
    """Return what the Hub tells files apart by: sha256 of large ones, git's name of small ones."""
    if path.endswith(LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
