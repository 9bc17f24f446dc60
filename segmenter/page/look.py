"""How the page looks, and its longer words. Nothing here is fetched from another site."""

import json
from pathlib import Path

import gradio as gr

from segmenter.images import IMAGE_ENDINGS
from segmenter.page.videos import HIGHEST_RATE, LARGEST_UPLOAD_MB, LONGEST_VIDEO_S, in_words
from segmenter.refine import LEGEND
from segmenter.stream import Progress
from segmenter.video import VIDEO_ENDINGS

SYSTEM_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
SYSTEM_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")
PAGE = Path(__file__).resolve().parent


def read_parts(*names: str) -> str:
    """Read parts of the page that are files of their own, one after the other."""
    return "".join((PAGE / name).read_text(encoding="utf-8") for name in names)


LIVE = ("screen", "camera", "settings", "pace", "connection", "live")  # the last begins
STYLES = read_parts("page.css", "strokes.css", "live/live.css")
SCRIPTS = read_parts("files.js", "names.js", "border.js", "place.js")
STROKES_HTML, STROKES_JS = read_parts("strokes.html"), read_parts("strokes.js")
LIVE_HTML, LIVE_JS = read_parts("live/live.html"), read_parts(*(f"live/{name}.js" for name in LIVE))
ENDINGS = {
    kind: sorted(ending.removeprefix(".") for ending in endings)
    for kind, endings in (("image", IMAGE_ENDINGS), ("video", VIDEO_ENDINGS))
}
# In the head and not through `css=`, which Gradio confines to what lies inside its own margins.
HEAD = f"<style>{STYLES}</style><script>const ENDINGS = {json.dumps(ENDINGS)};{SCRIPTS}</script>"

HEADER = """
<header class="masthead">
  <h1>Backdrop</h1>
  <p>Put a new background behind the people in a photo, a video or your webcam.</p>
</header>
"""

PRIVACY = (
    "Your files are deleted within {minutes} minutes, webcam frames are never stored, "
    "and nothing about you is logged."
)

VIDEO_LIMITS = (
    f"Up to {in_words(LONGEST_VIDEO_S)} at {HIGHEST_RATE} frames a second, 1920x1080 pixels and "
    f"{LARGEST_UPLOAD_MB} MB. Sound is kept."
)

FORMAT_HELP = (
    "MP4 plays everywhere and can't be transparent. WebM keeps transparency in Chrome, Edge and "
    "Firefox; Safari shows black instead. ProRes (.mov) keeps it for editing programs; browsers "
    "don't play it. Automatic is MP4, or WebM when the background is transparent."
)

CLICK_HINT = "Several people? Click on one in your photo to keep only that one."
CLICKED_HINT = "Only the one you clicked is kept, and whoever can't be told apart from them."
EMPTY_HINT = (
    "Nobody was found in this photo, so nothing of it is kept. Try another one, or draw over "
    "whoever should stay: the view is called Correct."
)
NOBODY_HINT = "Nobody was found where you clicked. Click on a person to keep only that one."

SWATCH = '<span class="swatch" style="background: rgb{colour}"></span>{name}: {meaning}'
EDGES_LEGEND = '<p class="quiet legend">{}</p>'.format(
    "".join(
        f"<span>{SWATCH.format(name=name, colour=colour, meaning=meaning)}</span>"
        for name, colour, meaning in LEGEND
    )
)


def make_theme() -> gr.themes.Base:
    """Return a calm theme: system fonts, one teal accent, soft greys."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        secondary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_lg,
        font=SYSTEM_FONTS,
        font_mono=SYSTEM_MONO,
    ).set(
        color_accent="*primary_700",
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        block_title_text_weight="600",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_800",
        button_primary_text_color="white",
    )
    theme.color_accent_dark = "*primary_500"  # `set` has no name for it
    return theme


def progress_bar(words: str, share: float) -> str:
    """Return a sentence over a bar that is filled by `share`, 0 to 1; no bar at 0."""
    bar = (
        f'<progress max="1" value="{share:.3f}" aria-label="Progress"></progress>' if share else ""
    )
    return f'<div class="progress-words" role="status">{words}{bar}</div>'


def describe_progress(progress: Progress) -> str:
    """Say how far a video is."""
    expected = progress.frames_expected
    done, left = min(progress.frames_done, expected), in_words(progress.remaining_s)
    return progress_bar(f"Frame {done} of {expected} · about {left} left", done / expected)


def describe_finished(path: Path, warning: str) -> str:
    """Say that a video is done, and what should be known of it."""
    size = path.stat().st_size
    weight = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"
    advice = "Browsers don't play this format; download it." if path.suffix == ".mov" else ""
    words = [f"Done: {path.suffix[1:]}, {weight}.", advice, warning]
    return progress_bar(" ".join(filter(None, words)), 1.0)
