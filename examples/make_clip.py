"""Make the example clip: `python examples/make_clip.py` (needs ffmpeg on the PATH).

Eileen Collins, cut out of her portrait, sits in a drawn living room before a slow hand-held
camera. The cut-out is made without any network: a hand-drawn outline, GrabCut and a guided
filter, so the clip never shows our own model its own answer. Colours are RGB in [0, 1].
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from pathlib import Path

import cv2
import numpy as np
from make_backgrounds import fractal_noise, gradient

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 960, 540
RATE, FRAMES = "30000/1001", 210
SOUND_RATE = 48_000

# The person's outline in portraits/eileen-collins.jpg (512 x 512), drawn by hand.
OUTLINE = np.int32([
    (35, 511), (25, 470), (19, 415), (19, 384), (25, 350), (29, 318), (39, 296), (50, 268),
    (62, 248), (78, 230), (100, 216), (115, 205), (113, 188), (124, 178), (132, 160), (148, 151),
    (168, 148), (184, 150), (183, 136), (172, 128), (160, 105), (154, 78), (160, 56), (176, 42),
    (190, 34), (202, 24), (222, 17), (242, 16), (262, 22), (282, 34), (295, 50), (301, 76),
    (299, 100), (291, 120), (279, 132), (268, 138), (262, 158), (258, 172), (274, 184), (290, 200),
    (300, 216), (305, 236), (330, 250), (345, 268), (353, 286), (359, 312), (363, 336), (362, 350),
    (378, 347), (400, 344), (430, 348), (455, 364), (476, 390), (489, 416), (495, 444), (499, 458),
    (501, 476), (502, 511),
])


def guided_filter(guide, values, radius, epsilon):
    """Smooth `values` along the edges of the grey `guide` (He 2010)."""
    def mean(array):
        return cv2.blur(array, (2 * radius + 1, 2 * radius + 1))
    guide_mean, values_mean = mean(guide), mean(values)
    slope = mean(guide * values) - guide_mean * values_mean
    slope /= mean(guide * guide) - guide_mean**2 + epsilon
    return mean(slope) * guide + mean(values_mean - slope * guide_mean)


def person_alpha(portrait):
    """Coverage of the person in `portrait` (uint8 RGB): GrabCut near the outline, then refined."""
    drawn = cv2.fillPoly(np.zeros(portrait.shape[:2], np.uint8), [OUTLINE], 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    # Beyond the picture's border counts as person, so that the outline stays open there.
    inner = cv2.erode(drawn, disc, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    outer = cv2.dilate(drawn, disc)
    labels = np.where(drawn == 1, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[inner == 1], labels[outer == 0] = cv2.GC_FGD, cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(portrait, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 6,
                cv2.GC_INIT_WITH_MASK)
    mask = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    mask = cv2.medianBlur((mask * 255).astype(np.uint8), 5).astype(np.float32) / 255
    grey = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    alpha = guided_filter(grey, mask, 3, 1e-4)
    alpha = np.clip((alpha - 0.12) / 0.80, 0, 1)
    return np.where(inner == 1, 1, np.where(outer == 0, 0, alpha)).astype(np.float32)


def clean_foreground(portrait, alpha):
    """Replace colours mixed with the old backdrop by those of the nearest solid person pixels."""
    solid = (cv2.erode(alpha, np.ones((3, 3))) > 0.97).astype(np.float32)
    spread = cv2.GaussianBlur(portrait * solid[..., None], (0, 0), 4)
    weight = cv2.GaussianBlur(solid, (0, 0), 4)[..., None]
    share = solid[..., None]
    return portrait * share + (spread / (weight + 1e-5)) * (1 - share)


def bookshelf(room, seed, left, top, size):
    """Draw a filled bookcase of `size` (columns, rows) compartments into the picture `room`."""
    rng = np.random.default_rng(seed)
    cell_w, cell_h, board = 158, 148, 9
    spines = np.float32([
        (0.55, 0.16, 0.13), (0.13, 0.24, 0.36), (0.82, 0.75, 0.62), (0.20, 0.33, 0.27),
        (0.74, 0.50, 0.20), (0.90, 0.88, 0.84), (0.25, 0.22, 0.24), (0.45, 0.52, 0.56)])
    wide, high = size[0] * cell_w + board, size[1] * cell_h + board
    room[top:top + high, left:left + wide] = (0.50, 0.35, 0.23)
    for row, column in np.ndindex(size[1], size[0]):
        x0, y0 = left + board + column * cell_w, top + board + row * cell_h
        x1, y1 = x0 + cell_w - board, y0 + cell_h - board
        depth = np.linspace(0.45, 1, y1 - y0, dtype=np.float32)[:, None, None]
        room[y0:y1, x0:x1] = np.float32([0.235, 0.160, 0.105]) * depth
        x, end = x0 + 4, x1 - rng.integers(4, 70)
        while x < end - 8:
            thick, tall = int(rng.integers(9, 25)), int(cell_h * rng.uniform(0.55, 0.84))
            thick = min(thick, end - x)
            round_spine = 0.72 + 0.28 * np.sin(np.linspace(0.3, 2.8, thick))[None, :, None]
            book = spines[rng.integers(len(spines))] * rng.uniform(0.75, 1.05) * round_spine
            room[y1 - tall:y1, x:x + thick] = book * depth[-tall:]
            if thick > 12:
                room[y1 - tall + 14:y1 - tall + 20, x + 2:x + thick - 2] *= 1.35
            x += thick + 1


def draw_room():
    """A living room, larger than the frame and out of focus: window, picture, lamp, bookcase."""
    height, width = 720, 1260
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    plaster = 0.012 * fractal_noise(11, (90, 90), 4, (height, width))
    shade = 0.52 + 0.22 * np.exp(-columns / 520) + plaster
    room = shade[..., None] * np.float32([1.0, 0.945, 0.865])
    bookshelf(room, 3, 770, 40, (3, 4))
    room[60:470, 60:330] = gradient(rows[60:470, 60:330] / height, {
        0: (1.25, 1.32, 1.42), 0.45: (1.15, 1.20, 1.18), 0.66: (0.72, 0.84, 0.62)})
    for bar in (slice(60, 70), slice(190, 199), slice(320, 330)):
        room[60:470, bar] = (0.80, 0.77, 0.72)
    for bar in (slice(60, 70), slice(258, 266), slice(460, 474)):
        room[bar, 60:330] = (0.80, 0.77, 0.72)
    folds = 0.80 + 0.16 * np.sin(columns[:, :80] / 5.5 + 2 * np.sin(columns[:, :80] / 17))
    for left in (0, 310):
        room[20:, left:left + 80] = folds[20:, :, None] * np.float32([0.78, 0.80, 0.80])
    room[110:300, 500:640] = (0.16, 0.14, 0.13)
    painting = 0.5 + 0.16 * fractal_noise(9, (60, 130), 3, (162, 112))
    room[124:286, 514:626] = gradient(painting, {
        0.2: (0.16, 0.34, 0.42), 0.5: (0.80, 0.72, 0.58), 0.8: (0.80, 0.40, 0.22)})
    cv2.line(room, (700, 330), (700, 720), (0.20, 0.17, 0.15), 7)
    shape = np.int32([(655, 330), (745, 330), (728, 245), (672, 245)])
    cv2.fillPoly(room, [shape], (1.60, 1.28, 0.84), cv2.LINE_AA)
    lamp = np.exp(-(np.hypot(columns - 700, rows - 290) / 250) ** 2)[..., None]
    room *= 1 + lamp * np.float32([0.46, 0.34, 0.18])
    room[600:] *= np.linspace(1, 0.72, 120, dtype=np.float32)[:, None, None]
    return cv2.GaussianBlur(room, (0, 0), 4.2)


def place_room(room, time):
    """The part of `room` that a hand-held camera sees at `time` (seconds)."""
    zoom = 0.86 + 0.050 * (1 - np.cos(2 * np.pi * time / 9))
    tilt = 0.006 * np.sin(1.1 * time + 0.4)
    x = 630 + 30 * np.sin(0.62 * time - 1.1) + 2.2 * np.sin(2.9 * time)
    y = 345 + 8 * np.sin(0.8 * time) + 1.8 * np.sin(3.7 * time + 1)
    cosine, sine = zoom * np.cos(tilt), zoom * np.sin(tilt)
    matrix = np.float64([[cosine, -sine, WIDTH / 2 - cosine * x + sine * y],
                         [sine, cosine, HEIGHT / 2 - sine * x - cosine * y]])
    seen = cv2.warpAffine(room, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT_101)
    return seen * np.float32(1 + 0.025 * np.sin(1.7 * time))


def place_person(cutout, time):
    """The premultiplied `cutout` (512, 512, 4) in the frame: leaning, nodding, breathing."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    zoom = 1.05 + 0.035 * (1 - np.cos(2 * np.pi * time / 9))
    x = (columns - 500 - 34 * np.sin(0.62 * time - 1.1)) / zoom + 256
    y = (rows - HEIGHT - 4 * np.sin(0.8 * time)) / zoom + 492
    lean = 0.040 * np.sin(0.95 * time + 0.3) + 0.012 * np.sin(2.3 * time)
    x = x - lean * np.maximum(512 - y, 0) ** 1.25 * 512**-0.25
    y = y + 2.2 * np.sin(1.9 * time) * np.clip((512 - y) / 300, 0, 1)
    # The head turns about the neck; below the collar nothing follows.
    nod = (0.050 * np.sin(1.25 * time + 1.0) + 0.016 * np.sin(3.1 * time)) * np.clip(
        (205 - y) / 70, 0, 1)
    ahead, above = x - 222, y - 195
    x, y = np.float32(x + nod * above), np.float32(y - nod * ahead)
    return cv2.remap(cutout, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)


def melody():
    """Seven seconds of a soft pentatonic tune: (samples, 2) int16."""
    samples = int(SOUND_RATE * FRAMES * 1001 / 30000)
    sound = np.zeros((samples, 2))
    notes = [0, 7, 12, 16, 14, 7, 9, 12, 19, 16, 14, 12, 7, 4]
    for beat, note in enumerate(notes):
        start = int(beat * 0.47 * SOUND_RATE)
        time = np.arange(samples - start) / SOUND_RATE
        pitch = 2 * np.pi * 261.63 * 2 ** (note / 12) * time
        tone = np.sin(pitch) + 0.30 * np.sin(2 * pitch) + 0.10 * np.sin(3 * pitch)
        tone *= np.exp(-3.2 * time) * np.minimum(1, time / 0.012)
        side = 0.5 + 0.25 * np.sin(beat)
        sound[start:] += tone[:, None] * (1 - side, side)
    sound *= np.minimum(1, (samples - np.arange(samples)) / (0.6 * SOUND_RATE))[:, None]
    return np.rint(sound / np.abs(sound).max() * 14_000).astype(np.int16)


def encode(frames, sound_path, path):
    """Pipe RGB `frames` and the sound into an H.264 + AAC file that has no time stamps of today."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
               "-s", f"{WIDTH}x{HEIGHT}", "-r", RATE, "-i", "-", "-i", sound_path,
               "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p",
               "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
               "-c:v", "libx264", "-preset", "slow", "-crf", "23", "-threads", "1",
               "-c:a", "aac", "-b:a", "96k", "-fflags", "+bitexact", "-flags", "+bitexact",
               "-movflags", "+faststart", path]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        for frame in frames:
            process.stdin.write(frame.tobytes())
    if process.returncode:
        raise SystemExit("ffmpeg could not make the clip; its message is above")


def clip_frames():
    """Yield the frames of the clip, uint8 RGB."""
    portrait = cv2.imread(str(FOLDER / "portraits" / "eileen-collins.jpg"))[..., ::-1].copy()
    alpha = person_alpha(portrait)[..., None]
    colours = clean_foreground(portrait.astype(np.float32) / 255, alpha[..., 0])
    cutout = np.concatenate([colours * alpha, alpha], axis=2)
    room, rng = draw_room(), np.random.default_rng(5)
    for number in range(FRAMES):
        time = number * 1001 / 30000
        person = np.clip(place_person(cutout, time), 0, 1)
        frame = person[..., :3] + (1 - person[..., 3:]) * np.clip(place_room(room, time), 0, 1)
        grain = rng.normal(0, 0.006, (HEIGHT, WIDTH, 1))
        yield np.rint(np.clip(frame + grain, 0, 1) * 255).astype(np.uint8)


def main():
    """Make examples/clip.mp4."""
    with tempfile.TemporaryDirectory() as folder:
        sound_path = str(Path(folder) / "melody.wav")
        with wave.open(sound_path, "wb") as sound:
            sound.setnchannels(2)
            sound.setsampwidth(2)
            sound.setframerate(SOUND_RATE)
            sound.writeframes(melody().tobytes())
        encode(clip_frames(), sound_path, str(FOLDER / "clip.mp4"))


if __name__ == "__main__":
    main()
