"""`billow backup` and `billow restore`: everything in one file."""

import os
from pathlib import Path

import click

from billow.interfaces.cli.door import BillowCommand, Door


class RestoreCommand(BillowCommand):
    """Runs before there are keys: they are in the backup."""

    def prepare(self) -> None:
        """Let the settings load without keys, in this process only."""
        os.environ["BILLOW_PRODUCTION"] = "false"


@click.command(cls=BillowCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def backup(door: Door, file: Path) -> None:
    """Write database, cost store, documents, outbox and keys into one file. Billow may be running.

    \b
    Example:
      billow backup /backup/billow-2026-03-31.tar.gz
    """
    from billow.usecases.backup import backup as write_backup

    if file.exists():
        door.confirm(f"Replace {file}?")
    with door.progress("Backing up") as show:
        made = write_backup(file=file, now=door.now, overwrite=True, on_progress=show)
    if made.holds_key:
        door.say("The file holds the encryption key: guard it like the data, and keep a copy of the key elsewhere.")
    else:
        door.say("The encryption key comes from a variable and is not in the file: keep it, nothing replaces it.")
    document = {"file": made.file, "bytes": made.bytes, "files": made.files, "holds_key": made.holds_key}
    door.answer(document, lambda: click.echo(f"{made.file}: {made.files:,} files, {made.bytes:,} bytes"))


@click.command(cls=RestoreCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def restore(door: Door, file: Path) -> None:
    """Bring everything back from a backup. Stop every other Billow process first.

    \b
    Example:
      billow --data /var/lib/billow restore /backup/billow-2026-03-31.tar.gz
    """
    from billow.usecases.restore import is_empty_installation
    from billow.usecases.restore import restore as bring_back

    if not is_empty_installation():
        door.confirm(f"Replace the installation in {door.data} by the backup, for good?")
    with door.progress("Restoring") as show:
        made = bring_back(file=file, now=door.now, overwrite=True, on_progress=show)
    document = {
        "data": door.data,
        "files": made.files,
        "created_at": made.created_at,
        "software_version": made.software_version,
    }
    door.answer(document, lambda: click.echo(f"{made.files:,} files of {made.created_at} are back in {door.data}."))
    door.say("Now run `billow verify`.")
