"""``python -m pointsman`` is ``pointsman``."""

from pointsman.app.cli import main

if __name__ == "__main__":
    main(prog_name="pointsman")
