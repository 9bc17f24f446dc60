"""Weights from the Hub, over a local server that speaks its protocol."""

import pytest
from hub_server import HubServer, Repository
from hub_visitor import Visitor
from records import record_of

GRAPH = bytes(range(256)) * 1200
TENSORS = b"tensors" * 5000


@pytest.fixture
def server():
    with HubServer() as running:
        running.repositories["owner/disc"] = Repository()
        running.repositories["owner/disc"].commit(model_files())
        yield running


@pytest.fixture
def visitor(server, tmp_path):
    return Visitor(server, tmp_path / "home")


@pytest.fixture
def repository(server):
    return server.repositories["owner/disc"]


def model_files(graph=GRAPH, described_graph=None, **fields):
    """Return a repository's files; the record describes `described_graph`, if given, instead."""
    described = {"disc.onnx": described_graph or graph, "disc.safetensors": TENSORS}
    text = record_of(described, **fields).to_json()
    return {"weights.json": text.encode(), "disc.onnx": graph, "disc.safetensors": TENSORS}


# What is fetched


def test_the_bytes_arrive_and_a_second_visit_downloads_nothing(server, visitor):
    first = visitor.fetch()
    assert first.path.read_bytes() == GRAPH
    assert not server.sent(".safetensors")
    server.requests.clear()
    second = visitor.fetch()
    assert second.path == first.path
    assert not server.sent()
    assert server.requests  # the branch was asked for, in case it has moved


def test_the_file_that_is_asked_for_is_fetched(visitor, repository):
    assert visitor.fetch(file="safetensors").path.read_bytes() == TENSORS


def test_a_full_commit_that_is_cached_costs_no_request(server, visitor, repository):
    pinned = f"owner/disc@{repository.branches['main']}"
    first = visitor.fetch(pinned)
    repository.commit(model_files(graph=b"newer"))
    server.requests.clear()
    assert visitor.fetch(pinned).path == first.path
    assert first.path.read_bytes() == GRAPH
    assert not server.requests


def test_a_tag_and_a_moved_branch(visitor, repository):
    old = repository.branches["v1"] = repository.branches["main"]
    assert visitor.fetch().path.parent.name == old
    new = repository.commit(model_files(graph=b"newer"))
    assert visitor.fetch().path.read_bytes() == b"newer"
    assert visitor.fetch().path.parent.name == new
    assert visitor.fetch("owner/disc@v1").path.read_bytes() == GRAPH


def test_record_and_weights_are_of_one_commit(server, visitor, repository):
    """The branch moves just after the record was sent; its own weights must follow it."""
    server.after["weights.json"] = lambda: repository.commit(model_files(graph=b"newer"))
    assert visitor.fetch().path.read_bytes() == GRAPH
    assert len(repository.commits) == 2


def test_a_local_record_fetches_its_files_from_the_hub(visitor, repository, tmp_path):
    """How weights published by others are used: their commit and hash stand in our record."""
    commit = repository.branches["main"]
    record = tmp_path / "theirs.json"
    record.write_bytes(model_files(repository="owner/disc", revision=commit)["weights.json"])
    visit = visitor.fetch(record)
    assert visit.path.read_bytes() == GRAPH
    assert visit.path.parent.name == commit


def test_a_record_without_a_commit_fetches_from_the_branch(visitor, repository, tmp_path):
    """As it lies in the repository itself; somebody may have downloaded it alone."""
    record = tmp_path / "weights.json"
    record.write_bytes(model_files(repository="owner/disc")["weights.json"])
    assert visitor.fetch(record).path.read_bytes() == GRAPH
    repository.commit(model_files(graph=b"newer"))
    assert "not the file its record describes" in visitor.fetch(record).message


# Without a network


def test_offline_with_a_cache(server, visitor):
    online = visitor.fetch()
    server.requests.clear()
    offline = visitor.fetch(HF_HUB_OFFLINE="1")
    assert offline.path == online.path
    assert not server.requests


def test_offline_without_a_cache(server, visitor):
    visit = visitor.fetch(HF_HUB_OFFLINE="1")
    assert visit.kind == "WeightsUnavailable"
    assert "HF_HUB_OFFLINE is set" in visit.message
    assert not server.requests
    visitor.fetch(file="onnx")
    visit = visitor.fetch(file="safetensors", HF_HUB_OFFLINE="1")
    assert "can't fetch disc.safetensors of owner/disc" in visit.message


@pytest.mark.parametrize("trouble", ["refused", "503", "silent", "something else"])
def test_a_hub_in_trouble_is_stood_in_for_by_the_cache(server, visitor, trouble):
    online = visitor.fetch()
    endpoint = make_trouble(server, trouble)
    visit = visitor.fetch(HF_ENDPOINT=endpoint, HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert visit.path == online.path
    assert visit.path.read_bytes() == GRAPH
    assert "using the copy fetched before" in visit.log


# What is refused, and what to do


def make_trouble(server, trouble):
    """Put the server into trouble; return the endpoint to use."""
    server.trouble = 503 if trouble == "503" else 0
    server.is_silent = trouble == "silent"
    server.is_something_else = trouble == "something else"
    return "http://127.0.0.1:9" if trouble == "refused" else server.endpoint


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        ("refused", "no connection to http://127.0.0.1:9"),
        ("503", "answered 503; try again later"),
        ("silent", "gave no answer in time; try again, allow more seconds with"),
        ("something else", "does not answer like the Hub; check HF_ENDPOINT"),
    ],
)
def test_a_hub_in_trouble_without_a_cache(server, visitor, trouble, advice):
    endpoint = make_trouble(server, trouble)
    visit = visitor.fetch(HF_ENDPOINT=endpoint, HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert visit.kind == "WeightsUnavailable"
    assert visit.message.startswith("can't fetch weights.json of owner/disc: ")
    assert advice in visit.message
    assert "HF_ENDPOINT" in visit.message


def test_a_download_that_stalls_ends(server, visitor):
    visitor.fetch()
    server.stalls = True
    visit = visitor.fetch(file="safetensors", HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert "gave no answer in time" in visit.message
    assert "HF_HUB_DOWNLOAD_TIMEOUT" in visit.message


def test_no_such_repository(visitor):
    visit = visitor.fetch("nobody/nothing")
    assert visit.kind == "WeightsUnavailable"
    assert "shows no such repository; check its name" in visit.message
    assert "hf auth login" in visit.message


def test_no_such_revision(visitor):
    visit = visitor.fetch("owner/disc@v9")
    assert "weights.json of owner/disc@v9: no such branch, tag or commit" in visit.message


def test_a_repository_without_a_record(visitor, repository):
    repository.commit({"README.md": b"something else", "model.onnx": b""})
    visit = visitor.fetch()
    assert "weights.json of owner/disc: the repository has no such file" in visit.message


def test_a_repository_without_the_file_its_record_names(visitor, repository):
    files = model_files()
    del files["disc.onnx"]
    repository.commit(files)
    assert "disc.onnx of owner/disc@" in visitor.fetch().message
    assert visitor.fetch(file="safetensors").path.read_bytes() == TENSORS


def test_a_gated_repository(visitor, repository):
    repository.token, repository.is_gated = "hf_secret", True
    visit = visitor.fetch()
    assert "terms must be accepted" in visit.message
    assert "HF_TOKEN" in visit.message


def test_a_private_repository_with_a_token_and_with_one_that_has_expired(visitor, repository):
    repository.token = "hf_secret"
    visit = visitor.fetch(HF_TOKEN="hf_old")
    assert "refused access; log in" in visit.message
    assert "expired" in visit.message
    assert visitor.fetch(HF_TOKEN="hf_secret").path.read_bytes() == GRAPH


def test_a_wrong_file_is_deleted_and_refused_until_it_is_right(visitor, repository):
    wrong = GRAPH[:-1] + b"!"
    repository.commit(model_files(graph=wrong, described_graph=GRAPH))
    visit = visitor.fetch()
    assert visit.kind == "WeightsUnavailable"
    assert "disc.onnx of owner/disc is not the file its record describes" in visit.message
    assert not visitor.cached(wrong)
    repository.commit(model_files())
    assert visitor.fetch().path.read_bytes() == GRAPH


def test_a_cached_file_that_went_bad_is_fetched_anew(visitor):
    path = visitor.fetch().path
    path.resolve().write_bytes(b"bits rot")
    assert "sha256" in visitor.fetch().message
    assert visitor.fetch().path.read_bytes() == GRAPH


def test_a_cached_record_that_went_bad_is_fetched_anew(visitor):
    record = visitor.fetch().path.with_name("weights.json")
    record.resolve().write_bytes(b'{"format": 1, ')
    assert "of owner/disc, weights.json: the record is not JSON" in visitor.fetch().message
    assert visitor.fetch().path.read_bytes() == GRAPH


def test_a_record_that_reaches_out_of_its_folder_is_refused(server, visitor, repository):
    files = model_files()
    files["weights.json"] = files["weights.json"].replace(b'"disc.onnx"', b'"../../disc.onnx"')
    repository.commit(files)
    visit = visitor.fetch()
    assert "weights.json: the record's onnx must be the name of an .onnx file" in visit.message
    assert not server.sent(".onnx")


def test_a_name_the_hub_would_not_allow(server, visitor):
    visit = visitor.fetch("owner/two--dashes")
    assert visit.kind == "InvalidInput"
    assert "owner/two--dashes" in visit.message
    assert not server.requests


def test_a_cache_that_cant_be_written(visitor, tmp_path):
    (tmp_path / "file").touch()
    visit = visitor.fetch(HF_HOME=str(tmp_path / "file"))
    assert visit.kind == "WeightsUnavailable"
    assert "set HF_HOME to a folder with space" in visit.message
