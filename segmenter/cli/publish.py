"""`publish`: weights as a model repository on the Hub."""

import argparse
import shlex
from pathlib import Path

from segmenter.cli.command import DONE, add_command, print_report
from segmenter.errors import OutputFailed


def add_publish(commands) -> None:
    """Describe `publish`."""
    parser = add_command(
        commands,
        "publish",
        run_publish,
        "Put weights, their record and a model card into a repository on the Hub. "
        "Without --upload it only shows what would be there.",
    )
    parser.add_argument("--repo", required=True, metavar="OWNER/NAME", help="the repository")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="a record's path, or a name in weights/ (default: $BACKDROP_MODEL, else the bundled "
        "weights)",
    )
    parser.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help="the model card's text, Markdown (default: README.md beside the weights, else one "
        "made from the record)",
    )
    parser.add_argument("--private", action="store_true", help="close a new repository to others")
    parser.add_argument("--message", metavar="TEXT", help="of the commit (default: Publish NAME)")
    parser.add_argument("--upload", action="store_true", help="upload, with one commit")


def run_publish(chosen: argparse.Namespace) -> int:
    """Show the files, and upload them if that is wished."""
    from segmenter.export.publish import collect, look, upload

    items = collect(chosen.model, chosen.repo, chosen.card)
    try:
        remote, doubt = look(chosen.repo), ""
    except OutputFailed as error:
        if chosen.upload:
            raise
        remote, doubt = None, f"Not compared: {error}."
    print_report(to_table(items, remote, chosen.repo))
    if remote and remote.holds(items):
        print_report(
            f"\n{chosen.repo} holds all of this already (commit {remote.commit}): nothing to do."
        )
    elif not chosen.upload:
        print_report(f"\n{doubt or describe(remote, chosen.repo)}\n{how_to_upload(chosen)}")
    else:
        message = chosen.message or f"Publish {Path(items[0].name).stem}"
        done = upload(items, chosen.repo, remote, private=chosen.private, message=message)
        print_report(
            f"\nPublished: {done.address}\nCommit: {done.commit}\n"
            f"Use it: python -m segmenter replace photo.jpg --model {chosen.repo}@{done.commit}"
        )
    return DONE


def to_table(items, remote, repository: str) -> str:
    """Return the files with their sizes and digests, and what they would change."""
    rows = [("file", "bytes", "sha256", f"in {repository}"), ("---", "---:", "---", "---")]
    rows += [
        (item.name, f"{len(item.content):,}", item.sha256, remote.state_of(item) if remote else "?")
        for item in items
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (zip(row, widths, strict=True) for row in rows)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in line) + " |" for line in lines
    )


def describe(remote, repository: str) -> str:
    """Return what the repository is now, in one sentence."""
    if remote.commit is None:
        return (
            f"No repository {repository} can be seen: it would be made, or it is private and "
            "belongs to somebody who is not logged in here."
        )
    return f"{repository} is at commit {remote.commit}; files that are not listed would stay."


def how_to_upload(chosen: argparse.Namespace) -> str:
    """Return the command that does what was shown."""
    words = ["python", "-m", "segmenter", "publish", "--repo", chosen.repo]
    for option in ("model", "card", "message"):
        if getattr(chosen, option) is not None:
            words += [f"--{option}", str(getattr(chosen, option))]
    words += ["--private"] * chosen.private
    return (
        "Nothing was uploaded. To upload, log in with `hf auth login` (or set HF_TOKEN), then:\n"
        f"  {shlex.join([*words, '--upload'])}"
    )
