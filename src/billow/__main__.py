"""`python -m billow` is `billow`."""

from billow.interfaces.cli.main import main

if __name__ == "__main__":
    main(prog_name="billow")
