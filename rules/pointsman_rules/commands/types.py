"""``pointsman rules types``: definitions for editors."""

from __future__ import annotations

from pathlib import Path

import click

from pointsman_rules.lab.typing_files import definitions, luarc


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def types(folder: Path) -> None:
    """Write `types/pointsman.lua` and `.luarc.json` into FOLDER, for editors that know LuaLS.

    A `.luarc.json` that is there stays as it is.
    """
    there = folder / "types"
    there.mkdir(parents=True, exist_ok=True)
    (there / "pointsman.lua").write_text(definitions(), "utf-8")
    click.echo(f"wrote {there / 'pointsman.lua'}")
    settings = folder / ".luarc.json"
    if settings.exists():
        click.echo(f"{settings} is there already: add `types` to its workspace.library")
    else:
        settings.write_text(luarc(), "utf-8")
        click.echo(f"wrote {settings}")
