"""Publishing to a local server that takes uploads as the Hub does."""

import hashlib
from dataclasses import replace

import pytest
from hub_server import HubServer
from hub_visitor import Visitor
from records import record_of, write_model

from segmenter.weights import Weights

CONTENT = {"disc.onnx": bytes(range(256)) * 40, "disc.safetensors": b"tensors" * 900}
# huggingface_hub's own, when it sends a file the way of Git LFS.
ITS_WARNING = "ignore:Use 'content=<...>'"


@pytest.fixture
def server():
    with HubServer() as running:
        running.writers["hf_mine"] = {"owner"}
        yield running


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path, CONTENT, metrics={"raw": {"miou": 0.9}})


@pytest.fixture
def publish(server, model, tmp_path):
    """Run the command as somebody without a token, unless given one."""

    def run(*options, repo="owner/disc", **environment):
        machine = Visitor(server, tmp_path / "home")
        command = ("-m", "segmenter", "publish", "--repo", repo, "--model", str(model), *options)
        settings = {"HF_HUB_DISABLE_XET": "1", **environment}
        return machine.run("-W", ITS_WARNING, *command, **settings)

    return run


def rows_of(done) -> dict[str, list[str]]:
    """Return the printed table by file name: bytes, sha256, state."""
    lines = [line.strip("| ").split("|") for line in done.stdout.splitlines() if line[:1] == "|"]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines[2:]}


# What arrives


def test_what_was_published_is_fetched_again(server, publish, model, tmp_path):
    done = publish("--upload", "--message", "Our first disc", HF_TOKEN="hf_mine")
    assert done.returncode == 0, done.stderr
    repository = server.repositories["owner/disc"]
    assert repository.messages == ["Our first disc"]
    commit = repository.branches["main"]
    assert f"Commit: {commit}" in done.stdout
    for kind in ("onnx", "safetensors"):
        visit = Visitor(server, tmp_path / "elsewhere").fetch("owner/disc", kind)
        assert visit.path.name == f"disc.{kind}"
        assert visit.path.read_bytes() == CONTENT[f"disc.{kind}"]
        assert visit.path.parent.name == commit
    record = Weights.from_json(visit.path.with_name("weights.json").read_text())
    assert record == replace(Weights.from_json(model.read_text()), repository="owner/disc")


def test_the_same_again_changes_nothing_and_says_so(server, publish):
    publish("--upload", HF_TOKEN="hf_mine")
    server.writes.clear()
    done = publish("--upload", HF_TOKEN="hf_mine")
    assert done.returncode == 0
    assert "holds all of this already" in done.stdout and "nothing to do" in done.stdout
    assert [row[2] for row in rows_of(done).values()] == ["same"] * 4
    assert server.writes == []
    assert len(server.repositories["owner/disc"].messages) == 1


def test_new_weights_are_one_more_commit_and_leave_other_files(server, publish, model, tmp_path):
    publish("--upload", HF_TOKEN="hf_mine")
    (tmp_path / "disc.onnx").write_bytes(b"better")
    model.write_text(record_of({**CONTENT, "disc.onnx": b"better"}).to_json())
    states = {name: row[2] for name, row in rows_of(publish()).items()}
    assert (states["disc.onnx"], states["disc.safetensors"]) == ("changed", "same")
    assert publish("--upload", HF_TOKEN="hf_mine").returncode == 0
    repository = server.repositories["owner/disc"]
    assert len(repository.messages) == 2
    files = repository.commits[repository.branches["main"]]
    assert files["disc.onnx"] == b"better"
    assert {".gitattributes", "README.md", "disc.safetensors", "weights.json"} < set(files)


def test_a_private_repository_stays_closed(server, publish, tmp_path):
    assert publish("--upload", "--private", HF_TOKEN="hf_mine").returncode == 0
    visitor = Visitor(server, tmp_path / "elsewhere")
    assert "no such repository" in visitor.fetch("owner/disc").message
    assert visitor.fetch("owner/disc", HF_TOKEN="hf_mine").path.read_bytes() == CONTENT["disc.onnx"]


def test_private_does_not_close_what_is_public(server, publish):
    server.new_repository("owner/disc")
    done = publish("--upload", "--private", HF_TOKEN="hf_mine")
    assert done.returncode == 2
    assert "owner/disc is public already" in done.stderr
    assert server.writes == []


# The dry run


def test_a_dry_run_shows_and_sends_nothing(server, publish):
    done = publish("--message", "Two words", HF_TOKEN="hf_mine")
    assert done.returncode == 0, done.stderr
    rows = rows_of(done)
    assert list(rows) == ["disc.safetensors", "disc.onnx", "weights.json", "README.md"]
    for name, content in CONTENT.items():
        assert rows[name] == [f"{len(content):,}", hashlib.sha256(content).hexdigest(), "new"]
    assert "Nothing was uploaded" in done.stdout
    assert "--message 'Two words' --upload" in done.stdout
    assert server.writes == [] and server.repositories == {}


def test_a_dry_run_needs_no_network(publish):
    done = publish(HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 0
    assert [row[2] for row in rows_of(done).values()] == ["?"] * 4
    assert "Not compared: can't see what owner/disc holds: no connection" in done.stdout


# What is refused, before anything is sent


def one_line(done, code=1) -> str:
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_without_a_token(server, publish):
    message = one_line(publish("--upload"))
    assert "only with a token" in message
    assert "`hf auth login`" in message and "HF_TOKEN" in message
    assert server.writes == []


@pytest.mark.parametrize("broken", ["disc.onnx", "disc.safetensors"])
def test_a_file_its_record_does_not_describe(server, publish, tmp_path, broken):
    (tmp_path / broken).write_bytes(CONTENT[broken][:-1] + b"!")
    done = publish("--upload", HF_TOKEN="hf_mine")
    assert f"{broken} is not the file its record describes" in one_line(done)
    assert server.writes == [] and done.stdout == ""


@pytest.mark.parametrize("name", ["disc", "a/b/c", "owner/two--dashes", "owner/disc@main", "o/-x"])
def test_a_name_no_repository_can_have(server, publish, name):
    message = one_line(publish("--upload", repo=name, HF_TOKEN="hf_mine"), code=2)
    assert f"{name!r} can't be a repository's name; write owner/name" in message
    assert server.writes == []


def test_a_card_that_is_not_there(publish):
    message = one_line(publish("--card", "no-such-card.md"), code=2)
    assert "can't read no-such-card.md" in message


@pytest.mark.parametrize(
    ("environment", "advice"),
    [
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "check the network"),
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set; unset it"),
    ],
)
def test_without_a_network(publish, environment, advice):
    message = one_line(publish("--upload", HF_TOKEN="hf_mine", **environment))
    assert "can't see what owner/disc holds" in message and advice in message


def test_a_hub_that_is_something_else(server, publish):
    server.is_something_else = True
    message = one_line(publish("--upload", HF_TOKEN="hf_mine"))
    assert "does not answer like the Hub; check HF_ENDPOINT" in message


# What the Hub refuses: nothing is left half-published


def test_an_owner_the_token_may_not_write_for(server, publish):
    message = one_line(publish("--upload", repo="stranger/disc", HF_TOKEN="hf_mine"))
    assert "this token may not write there" in message
    assert server.repositories == {}
    server.new_repository("stranger/disc")
    message = one_line(publish("--upload", repo="stranger/disc", HF_TOKEN="hf_mine"))
    assert "this token may not write there" in message
    assert server.repositories["stranger/disc"].messages == []


def test_a_token_the_hub_does_not_know(server, publish):
    message = one_line(publish("--upload", HF_TOKEN="hf_old"))
    assert "does not know the token; log in with `hf auth login`" in message
    assert "hf_old" not in message
    assert server.repositories == {}


def test_a_commit_that_came_first_is_not_overwritten(server, publish):
    repository = server.new_repository("owner/disc")
    server.meanwhile = lambda: repository.commit({"README.md": b"theirs"})
    message = one_line(publish("--upload", HF_TOKEN="hf_mine"))
    assert "somebody changed the repository meanwhile" in message
    assert repository.commits[repository.branches["main"]] == {"README.md": b"theirs"}


def test_an_upload_that_fails_leaves_no_file_and_can_be_repeated(server, publish):
    server.storage_is_full = True
    message = one_line(publish("--upload", HF_TOKEN="hf_mine"))
    assert "can't publish to owner/disc" in message
    repository = server.repositories["owner/disc"]
    assert list(repository.commits[repository.branches["main"]]) == [".gitattributes"]
    server.storage_is_full = False
    assert publish("--upload", HF_TOKEN="hf_mine").returncode == 0
    assert len(repository.messages) == 1


def test_a_card_the_hub_does_not_take(server, publish, tmp_path):
    (tmp_path / "card.md").write_text("---\nlibrary_name: mine\n---\n# Disc\n")
    done = publish("--upload", "--card", str(tmp_path / "card.md"), HF_TOKEN="hf_mine")
    assert 'the card is refused: Invalid metadata in README.md. - "license"' in one_line(done)
    assert server.repositories["owner/disc"].messages == []


def test_a_server_without_xet_storage(server, publish):
    pytest.importorskip("hf_xet")
    message = one_line(publish("--upload", HF_TOKEN="hf_mine", HF_HUB_DISABLE_XET=""))
    assert "HF_HUB_DISABLE_XET=1" in message
    assert server.repositories["owner/disc"].messages == []
