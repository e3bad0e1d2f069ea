"""`billow completion`: the script that a shell needs to complete commands and options."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for your shell.

    \b
    Examples:
      billow completion bash > ~/.local/share/bash-completion/completions/billow
      billow completion zsh > ~/.zfunc/_billow
      billow completion fish > ~/.config/fish/completions/billow.fish
    """
    from click.shell_completion import get_completion_class

    from billow.interfaces.cli.main import main

    complete = get_completion_class(shell)
    assert complete is not None  # the choice above names click's own
    click.echo(complete(main, {}, "billow", "_BILLOW_COMPLETE").source())
