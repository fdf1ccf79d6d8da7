"""`python -m edgecompress`: the command line, for where scripts are not on the path."""

from edgecompress.cli.main import main

if __name__ == "__main__":
    main()
