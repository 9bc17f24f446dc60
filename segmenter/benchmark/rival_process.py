"""MediaPipe's half of a comparison, run by a Python that has mediapipe and nothing of ours.

    PYTHON rival_process.py

Tells in a line of JSON what it is; then answers each line {"frame", "background", "alpha"}: the
paths of two .npy files of (H, W, 3) uint8 RGB, and where to write the alpha, or null. The answer is
the milliseconds that each of its networks took from the photo to the composite.
"""

import json
import os
import sys
import time

NETWORKS = {"MediaPipe Selfie, general": 0, "MediaPipe Selfie, landscape": 1}


def main() -> None:
    """Answer until nobody asks any more."""
    # Libraries print what they like to where the answers would go.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def tell(**answer) -> None:
        answers.write(json.dumps(answer) + "\n")

    try:
        import cv2
        import mediapipe
        import numpy as np

        load = mediapipe.solutions.selfie_segmentation.SelfieSegmentation
        networks = {name: load(model_selection=number) for name, number in NETWORKS.items()}
    except (ImportError, AttributeError) as error:
        tell(error=f"{type(error).__name__}: {error}")
        return
    tell(version=mediapipe.__version__)
    for line in sys.stdin:
        question = json.loads(line)
        frame, background = np.load(question["frame"]), np.load(question["background"])
        times, alphas = {}, {}
        for name, network in networks.items():
            started = time.perf_counter()
            # In here it brings its mask back to the frame's size.
            alpha = np.ascontiguousarray(network.process(frame).segmentation_mask)
            cv2.blendLinear(frame, background, alpha, 1 - alpha)
            times[name] = 1000 * (time.perf_counter() - started)
            alphas[name] = np.rint(np.clip(alpha, 0, 1) * 255).astype(np.uint8)
        if question["alpha"]:
            np.savez(question["alpha"], **alphas)
        tell(times=times)


if __name__ == "__main__":
    main()
