"""The settings that all three tabs share: the widgets, and the choice they stand for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from segmenter.background import FITS, Colour
from segmenter.errors import InvalidInput
from segmenter.page.choice import LARGEST_BLUR_PX, AskedOptions, Choice
from segmenter.page.widgets import AT_ONCE, show_as_jpeg, slider, upload
from segmenter.people import CHOICES

PRESET, COLOUR, UPLOAD, BLUR, NOTHING = "Gallery", "Colour", "My picture", "Blur", "Transparent"
KINDS = (PRESET, COLOUR, UPLOAD, BLUR, NOTHING)
DEFAULT_COLOUR = "#2f7f79"
DEFAULT_BLUR_PX = 20
# Shows the widgets that a kind of background needs, and in the gallery the mark, which the page
# forgets with it.
SHOW_PARTS = """(kind, picked) => {{
  const [preset, colour, upload, blur] = {kinds}.map((each) => each === kind);
  const parts = [preset, colour, upload, blur, preset || upload];
  const updates = parts.map((visible) => ({{ __type__: 'update', visible }}));
  if (preset) updates[0].selected_index = {names}.indexOf(picked);
  return updates;
}}"""
# Names the picture that has the mark, as soon as that has moved.
PICK = """() => new Promise((done) => setTimeout(() => {{
  const tiles = [...document.querySelectorAll('#presets button:has(.caption-label)')];
  done({names}[tiles.findIndex((tile) => tile.classList.contains('selected'))]);
}}))"""
PEOPLE = tuple(choice for choice in CHOICES if choice != "clicked")  # the photo tab has clicks
LARGEST_SHIFT_PX, LARGEST_SOFTNESS_PX = 10, 20  # of the sliders; the command line goes further


@dataclass(frozen=True)
class Settings:
    """The widgets of the panel."""

    inputs: list[Any]  # all that `read_choice` takes, in its order
    people: Any  # of these the one that says who stays
    own: Any  # and the one with the visitor's own background

    def changes(self) -> list[Any]:
        """Return the triggers of any change."""
        return [widget.change for widget in self.inputs]


def build_settings(presets: Mapping[str, Path]) -> Settings:
    """Lay the panel out in the present Blocks context."""
    names = list(presets)
    kinds = KINDS if names else KINDS[1:]
    gr.Markdown("### Background")
    kind = gr.Radio(
        kinds,
        value=kinds[0],
        label="Background",
        show_label=False,
        container=False,
        elem_id="kind",
    )
    # In the browser, as the mark is: a server that was started anew knows it, too.
    picked = gr.Textbox(names[0] if names else "", visible="hidden", elem_id="picked")
    gallery = build_gallery(presets)
    colour = gr.ColorPicker(DEFAULT_COLOUR, label="Colour", visible=not names)
    own = upload(label="Your background", height=180, visible=False, elem_id="own-background")
    show_as_jpeg(own)
    blur = slider(
        1,
        LARGEST_BLUR_PX,
        DEFAULT_BLUR_PX,
        step=1,
        label="Blur",
        visible=False,
        info="Radius in pixels",
    )
    fit = gr.Radio(
        [(name.capitalize(), name) for name in FITS],
        value="cover",
        label="Picture fit",
        visible=bool(names),
        elem_id="fit",
    )
    parts = [gallery, colour, own, blur, fit]
    # In the browser: the server's answers to quick clicks may come in another order.
    # Not `change`: whatever else follows that would wait for this.
    in_browser = {"names": json.dumps(names), "kinds": json.dumps(KINDS)}
    kind.input(None, [kind, picked], parts, js=SHOW_PARTS.format(**in_browser), **AT_ONCE)
    gallery.select(None, None, picked, js=PICK.format(**in_browser), **AT_ONCE)
    with gr.Accordion("People and edges", open=False):
        edges = build_edges()
    return Settings([kind, picked, colour, own, blur, fit, *edges], edges[0], own)


def build_gallery(presets: Mapping[str, Path]) -> gr.Gallery:
    """Lay out the pictures and clips to choose among; hidden where there are none."""
    return gr.Gallery(
        [(path, name.replace("-", " ").capitalize()) for name, path in presets.items()],
        show_label=False,
        columns=3,
        object_fit="cover",
        buttons=[],
        allow_preview=False,
        interactive=False,
        selected_index=0,
        visible=bool(presets),
        elem_classes="presets",
        elem_id="presets",
    )


def build_edges() -> list[Any]:
    """Lay out who is kept and how edges are treated."""
    people = gr.Radio(
        [(name.capitalize(), name) for name in PEOPLE], value="everyone", label="Who stays"
    )
    strength = slider(
        0,
        1,
        1,
        step=0.05,
        label="Edge detail",
        info="How closely the outline follows the picture's edges; at 0 it stays soft, as found",
    )
    softness = slider(
        0,
        LARGEST_SOFTNESS_PX,
        0,
        step=0.5,
        label="Softness",
        info="Blurs the outline, by so many pixels of your photo or video",
    )
    shift = slider(
        -LARGEST_SHIFT_PX,
        LARGEST_SHIFT_PX,
        0,
        step=0.5,
        label="Grow or shrink",
        info="Moves the outline outwards (+) or inwards (-), in pixels; -1 or -2 takes off a rim "
        "of the old background",
    )
    return [people, strength, softness, shift]


# One argument a widget: this is how Gradio calls.
def read_choice(
    kind: str,
    preset: str,
    colour: str,
    upload: str | None,
    blur_px: float,
    fit: str,
    people: str,
    edge_strength: float,
    feather_px: float,
    shift_px: float,
) -> Choice:
    """Turn the widgets' values into a choice.

    Raises:
        InvalidInput: an own picture is wanted and none is there, or what was typed is no colour.
    """
    colour = (colour or DEFAULT_COLOUR).strip()
    if kind == COLOUR:
        Colour.from_hex(colour)
    if kind == UPLOAD and not upload:
        raise InvalidInput("add a picture of your own under Background, or choose another kind")
    words = {
        PRESET: preset or "",
        COLOUR: colour,
        UPLOAD: "",
        BLUR: f"blur:{blur_px:.0f}",
        NOTHING: "transparent",
    }
    options = AskedOptions(
        people=people, edge_strength=edge_strength, feather_px=feather_px, shift_px=shift_px
    )
    return Choice(words[kind], fit, options, Path(upload) if kind == UPLOAD else None)
