import subprocess
import sys

import segmenter


def test_all_names_exist_and_nothing_else_is_public():
    public = {
        name
        for name, value in vars(segmenter).items()
        if not name.startswith("_") and not hasattr(value, "__path__") and not is_module(value)
    }
    assert public == set(segmenter.__all__)


def is_module(value) -> bool:
    return type(value).__name__ == "module"


def test_import_loads_no_heavy_package():
    code = (
        "import sys, segmenter;"
        "heavy = 'torch', 'onnxruntime', 'gradio', 'huggingface_hub', 'scipy', 'matplotlib', 'ray';"
        "print([name for name in heavy if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
