"""`python -m swner`."""

from swner.cli.app import main

if __name__ == "__main__":
    main()
