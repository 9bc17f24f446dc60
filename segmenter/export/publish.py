"""A model repository on the Hub: what belongs in it, what it holds now, and one commit."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from segmenter.errors import InvalidInput, OutputFailed, WeightsUnavailable
from segmenter.export.card import make_card, pictures_of
from segmenter.weights import HUB_RECORD, Weights, fetch, read_record
from segmenter.weights.hub import explain, split_address, status_of

CARD = "README.md"
OTHER_FILE = re.compile(r"[\w-][\w.-]*\.(onnx|tflite)", re.ASCII)
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN to a token that may write"


@dataclass(frozen=True)
class Item:
    """One file of the repository; in memory, so that what was checked is what is sent."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The digest that the record and the Hub's large files go by."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def blob(self) -> str:
        """The name git gives the content, by which the Hub knows small files."""
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()


@dataclass(frozen=True)
class Remote:
    """What a repository holds now, as far as this visitor may see."""

    commit: str | None = None  # None: there is no such repository, or it is hidden
    digests: dict[str, str] = field(default_factory=dict)  # an Item's sha256 or blob, by name
    is_private: bool = False

    def state_of(self, item: Item) -> str:
        """Return `new`, `same` or `changed`."""
        if item.name not in self.digests:
            return "new"
        return "same" if self.digests[item.name] in (item.sha256, item.blob) else "changed"

    def holds(self, items: list[Item]) -> bool:
        """Return whether nothing would change."""
        return all(self.state_of(item) == "same" for item in items)


@dataclass(frozen=True)
class Published:
    """Where the files are now."""

    address: str  # of the repository, for a browser
    commit: str


def collect(model: str | None, repository: str, card: Path | None = None) -> list[Item]:
    """Return the files of a model's repository, each checked against the record.

    Args:
        model: what `weights.fetch` takes; None for the bundled weights.
        repository: `owner/name`.
        card: the model card's text; None for README.md beside the weights, and where there is
            none, one made from the record.

    Raises:
        InvalidInput: `repository` can't be the name of one, or the card can't be read.
        WeightsUnavailable: a file is missing, or is not the one its record describes.
    """
    require_name(repository)
    record = read_record(model)
    kinds = [kind for kind in ("safetensors", "onnx") if getattr(record, kind) is not None]
    paths = [fetch(model, file=kind).path for kind in kinds]
    paths += others(record, paths[0].parent)
    items = [Item(path.name, read(path)) for path in paths]
    for item in items:
        if item.sha256 != record.sha256[item.name]:
            raise WeightsUnavailable(
                f"{item.name} is not the file its record describes (sha256); export both again"
            )
    # A commit can't name itself: who fetches the record knows the commit it came with.
    published = replace(
        record,
        repository=repository,
        revision=None,
        sha256={item.name: item.sha256 for item in items},
    )
    items.append(Item(HUB_RECORD, published.to_json().encode()))
    source = card or paths[0].parent / CARD
    text = read_text(source) if card or source.is_file() else None
    items.append(Item(CARD, make_card(published, repository, text).encode()))
    pictures = [source.parent / name for name in pictures_of(text or "")]
    return items + [Item(path.name, read(path)) for path in pictures if path.is_file()]


def others(record: Weights, folder: Path) -> list[Path]:
    """List further files the record has a digest of, such as TFLite, where they are beside it."""
    used = (record.safetensors, record.onnx)
    names = [name for name in record.sha256 if name not in used and OTHER_FILE.fullmatch(name)]
    return [folder / name for name in names if (folder / name).is_file()]


def read(path: Path) -> bytes:
    """Return a file's content; InvalidInput when there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"can't read {path}: {error.strerror}; check the path") from error


def read_text(path: Path) -> str:
    """Return a text of any system: without Windows' byte order mark, and with one line end."""
    try:
        text = read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not in UTF-8; save it as UTF-8 text") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def require_name(repository: str) -> None:
    """Refuse what the Hub would refuse, and a revision, before anything is read or sent."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repository)
        is_name = split_address(repository)[0] == repository
    except (HFValidationError, InvalidInput):
        is_name = False
    if not is_name:
        raise InvalidInput(
            f"{repository!r} can't be a repository's name; write owner/name: letters, digits, "
            "single - _ . between them, 96 characters at most"
        )


def look(repository: str) -> Remote:
    """Ask the Hub what the repository's main branch holds; reads only, and needs no token.

    Raises:
        OutputFailed: the Hub can't be reached, or refuses the token that is set.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        found = HfApi().model_info(repository, files_metadata=True)
    except RepositoryNotFoundError:
        return Remote()
    except Exception as error:  # the Hub's errors, and two network libraries'
        raise OutputFailed(f"can't see what {repository} holds: {why(error)}") from error
    digests = {
        file.rfilename: file.lfs.sha256 if file.lfs else file.blob_id for file in found.siblings
    }
    return Remote(found.sha, digests, bool(found.private))


def upload(
    items: list[Item], repository: str, remote: Remote, *, private: bool, message: str
) -> Published:
    """Put all files into the repository with one commit, and make the repository if need be.

    Args:
        items: what `collect` returned.
        repository: `owner/name`.
        remote: what `look` returned; if somebody commits meanwhile, nothing is changed.
        private: whether a new repository is closed to others.
        message: of the commit.

    Raises:
        InvalidInput: `private`, but the repository is public already.
        OutputFailed: there is no token, or the Hub can't be reached or refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    require_token()
    if private and remote.commit is not None and not remote.is_private:
        raise InvalidInput(
            f"{repository} is public already; close it in its settings on the Hub, "
            "or publish without --private"
        )
    api, files = HfApi(), [CommitOperationAdd(item.name, item.content) for item in items]
    try:
        if remote.commit is None:
            api.create_repo(repository, private=private or None, exist_ok=True)
        done = api.create_commit(
            repository, files, commit_message=message, parent_commit=remote.commit
        )
    except Exception as error:  # the Hub's errors, and two network libraries'
        left = "" if remote.commit else " (if it was made just now, it is empty)"
        raise OutputFailed(f"can't publish to {repository}{left}: {why(error)}") from error
    return Published(f"{api.endpoint}/{repository}", done.oid)


def require_token() -> None:
    """Say what to do when nobody is logged in; a token is never asked for or shown."""
    from huggingface_hub import get_token

    if get_token() is None:
        raise OutputFailed(f"the Hub takes files only with a token; {LOG_IN}, and publish again")


def why(error: BaseException) -> str:
    """Say in half a sentence why the Hub did not take or tell something, and what to do."""
    from huggingface_hub import constants
    from huggingface_hub.errors import OfflineModeIsEnabled

    while isinstance(error, RuntimeError) and error.__cause__ is not None:
        error = error.__cause__  # an upload's thread wraps what happened to it
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set; unset it"
    if isinstance(error, ValueError) and "README.md" in str(error):
        return f"the card is refused: {' '.join(str(error).split())}; correct its front matter"
    if isinstance(error, ValueError):
        return f"{constants.ENDPOINT} does not answer like the Hub; check HF_ENDPOINT, or the proxy"
    by_status = {
        401: f"{constants.ENDPOINT} does not know the token; {LOG_IN}",
        403: f"{constants.ENDPOINT} says that this token may not write there; {LOG_IN}, "
        "or choose an owner that is yours",
        412: "somebody changed the repository meanwhile; look at it, then publish again",
    }
    return by_status.get(status_of(error)) or explain(error)
