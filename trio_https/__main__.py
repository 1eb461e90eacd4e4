"""``python -m trio_https`` is the command ``trio-https``."""

from .cli import main

if __name__ == "__main__":
    main()
