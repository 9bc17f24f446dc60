"""Which videos the page takes, and in which formats it gives them back."""

from pathlib import Path

from segmenter.errors import InvalidInput
from segmenter.page.choice import require_there
from segmenter.stream import Progress
from segmenter.video import VideoInfo, probe

LARGEST_UPLOAD_MB = 200
LONGEST_VIDEO_S, HIGHEST_RATE = 180, 60
MOST_FRAMES = LONGEST_VIDEO_S * HIGHEST_RATE
LARGEST_VIDEO_PIXELS = 1920 * 1088
FORMATS = {"MP4": ".mp4", "WebM": ".webm", "ProRes": ".mov"}
AUTOMATIC = "Automatic"  # the format that suits the background
FORMAT_CHOICES = (AUTOMATIC, *FORMATS)


def advice_on(info: VideoInfo, done: Progress) -> str:
    """Return what is to be said of a finished video; usually nothing."""
    words, count = [], done.frames_done
    if not done.has_people:
        words.append("Nobody was found in this video, so nothing of it is kept.")
    if info.lacks(count):
        words.append(
            f"Your video is cut off or damaged: {count} of about {info.expected_count} frames came."
        )
    return " ".join(words)


def require_video(path: Path) -> VideoInfo:
    """Return what is known of a video that is within the page's limits."""
    info = probe(require_there(path))
    if info.width * info.height > LARGEST_VIDEO_PIXELS:
        raise InvalidInput(
            f"this video has {info.width}x{info.height} pixels and the page takes up to 1920x1080; "
            "make it smaller, or use the command line, which has no limit"
        )
    if info.duration is not None and info.duration > LONGEST_VIDEO_S:
        raise InvalidInput(
            f"this video is {in_words(float(info.duration))} long and the page takes up to "
            f"{in_words(LONGEST_VIDEO_S)}; cut it, or use the command line, which has no limit"
        )
    if info.frame_count > MOST_FRAMES:
        raise InvalidInput(
            f"this video has {info.frame_count} frames and the page takes up to {MOST_FRAMES}, "
            f"{in_words(LONGEST_VIDEO_S)} at {HIGHEST_RATE} a second; cut it, or use the command "
            "line, which has no limit"
        )
    return info


def choose_ending(kind: str, is_transparent: bool) -> str:
    """Return the file's ending; automatic is mp4, and webm where transparency has to be kept.

    Raises:
        InvalidInput: an unknown kind, or mp4 for a transparent background.
    """
    if kind == AUTOMATIC:
        return ".webm" if is_transparent else ".mp4"
    if kind not in FORMATS:
        raise InvalidInput(f"no video format {kind!r}; choose {', '.join(FORMAT_CHOICES)}")
    if is_transparent and kind == "MP4":
        raise InvalidInput("mp4 can't be transparent; choose WebM or ProRes, or a background")
    return FORMATS[kind]


def in_words(seconds: float) -> str:
    """Return for instance `8 seconds` or `3 minutes`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} second{'s' if round(seconds) > 1 else ''}"
    return f"{seconds / 60:.1f} minutes".replace(".0", "")
