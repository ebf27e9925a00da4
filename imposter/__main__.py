"""`python -m imposter`; also `python FOLDER/imposter`, from wherever one is."""

import sys
from pathlib import Path

if __name__ == "__main__":
    if not __package__:
        # This folder itself would stand there, with a `secrets` of its own in the way of Python's.
        sys.path[0] = str(Path(__file__).resolve().parents[1])
    from imposter.cli.app import main

    main()
