"""The model card: README.md of a model repository, with the front matter that the Hub reads."""

import re
from collections.abc import Mapping
from typing import Any

from segmenter.weights import HUB_RECORD, Weights

# The Hub's own identifiers (huggingface.co/docs/hub/repositories-licenses); all else is `other`.
KNOWN_LICENCES = {
    "apache-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "gpl-3.0",
    "lgpl-3.0",
    "mit",
    "openrail",
    "unlicense",
}
TAGS = ("background-removal", "matting", "person-segmentation", "onnx", "safetensors")
PICTURE = re.compile(r"!\[[^\]]*\]\(([\w-][\w.-]*\.(?:jpe?g|png|webp))\)", re.ASCII)


def make_card(record: Weights, repository: str, text: str | None = None) -> str:
    """Return a model card: the front matter, a description, and how to use the repository.

    Args:
        record: what is published.
        repository: `owner/name`.
        text: the description, Markdown; None for one made from the record. One that has a front
            matter of its own is returned as it is.
    """
    if text is not None and text.startswith("---\n"):
        return text
    body = describe(record) if text is None else text.strip()
    return f"---\n{front_matter(record, repository)}\n---\n\n{body}\n\n{usage(repository)}"


def front_matter(record: Weights, repository: str) -> str:
    """Return the YAML by which the Hub files, filters and labels a model."""
    from huggingface_hub import ModelCardData

    return ModelCardData(
        **licence_fields(record.licence, repository),
        library_name="segmenter",
        pipeline_tag="image-segmentation",
        tags=[*TAGS, record.architecture],
        metrics=["mean_iou"] if "miou" in str(record.metrics) else None,
    ).to_yaml(line_break="\n")


def licence_fields(licence: str, repository: str) -> dict[str, str]:
    """Return the Hub's identifier of a licence, or `other` with a name and where to read it."""
    if licence.lower() in KNOWN_LICENCES:
        return {"license": licence.lower()}
    name = re.sub(r"[^a-z0-9.]+", "-", licence.lower().partition(":")[0]).strip("-.")
    link = f"https://huggingface.co/{repository}/blob/main/README.md"
    return {"license": "other", "license_name": name or "unstated", "license_link": link}


def describe(record: Weights) -> str:
    """Return a description in Markdown of what the record says, and of nothing else."""
    kind = (
        "one logit; its sigmoid is the probability of a person"
        if record.person_class is None
        else f"{record.classes} classes; the softmax's channel {record.person_class} is the person"
    )
    parts = [
        f"# {record.name}",
        "Finds people in photos and videos: one probability for each pixel.",
        f"- Architecture: `{record.architecture}`; {kind}.\n"
        f"- Long side it sees: {record.photo_size} pixels of a photo or a video, "
        f"{record.live_size} of a webcam; both sides multiples of {record.stride_multiple}.\n"
        f"- Input: RGB in [0, 1], mean {numbers(record.mean)}, standard deviation "
        f"{numbers(record.std)}.",
        *(["## Results", *results(record.metrics)] if record.metrics else []),
    ]
    if record.trained_on:
        parts += ["## Training data", "\n".join(f"- {source}" for source in record.trained_on)]
    return "\n\n".join([*parts, "## Licence", f"{record.licence}"])


def results(metrics: Mapping[str, Any]) -> list[str]:
    """Return the record's metrics as Markdown: tables of sets, lines of the rest."""
    parts = []
    for name, value in metrics.items():
        if not isinstance(value, Mapping):
            parts.append(f"{name.replace('_', ' ')}: {value}")
        elif value and all(isinstance(row, Mapping) for row in value.values()):
            parts.append(table(name, value))
        else:
            parts.append(table(name, {name: value}))
    return parts


def table(corner: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return rows of named figures as a Markdown table with `corner` above the rows' names."""
    heads = list(dict.fromkeys(head for row in rows.values() for head in row))
    lines = [[corner, *heads], ["---"] * (1 + len(heads))]
    lines += [[name, *(str(row.get(head, "")) for head in heads)] for name, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def usage(repository: str) -> str:
    """Return how the repository is used, and what its record is called."""
    return f"""## Use from the Hub

```
python -m segmenter replace photo.jpg --model {repository}
```

The record, with the sha256 of every file, is `{HUB_RECORD}` here. `{repository}@COMMIT` keeps to
one commit.
"""


def pictures_of(text: str) -> list[str]:
    """List the picture files beside the card that its Markdown shows."""
    return list(dict.fromkeys(PICTURE.findall(text)))


def numbers(values: tuple[float, ...]) -> str:
    """Return numbers as people write them."""
    return ", ".join(f"{value:g}" for value in values)
