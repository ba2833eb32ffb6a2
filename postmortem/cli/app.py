"""The command `postmortem`: its commands, its errors and its exit codes.

Exit codes: 0 done, 1 a notebook failed, 2 usage or configuration, 3 unusable, stale or suspicious input,
4 no deal in the frame, 5 sharing refused, 6 output busy or not writable, 70 a fault of ours, 124 the time is over,
130 interrupted.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from postmortem import __version__
from postmortem.cli import (
    dossier,
    editions,
    engagement,
    exporting,
    forecast,
    guessing,
    interviews,
    notebooks,
    reviews,
    running,
    sharing,
    snapshots,
    taxonomy,
)
from postmortem.cli.console import say
from postmortem.ground.errors import PostmortemError

INTERNAL_ERROR, INTERRUPTED = 70, 130

app = typer.Typer(
    name="postmortem",
    help="Deal post-mortems: why forecast deals were lost, to whom, and how sure that is.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(running.demo)
app.command()(engagement.init)
app.command()(engagement.check)
app.command()(running.run)
app.command()(editions.diff)
app.command()(sharing.share)
app.command()(exporting.export)
app.command()(dossier.deal)
app.command()(snapshots.snapshot)
app.command()(guessing.guess)
app.command()(engagement.simulate)
app.command()(notebooks.lab)
app.add_typer(forecast.app, name="forecast")
app.add_typer(interviews.app, name="interviews")
app.add_typer(reviews.app, name="review")
app.add_typer(taxonomy.app, name="taxonomy")
app.add_typer(notebooks.app, name="notebooks")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"postmortem {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Deal post-mortems: why forecast deals were lost, to whom, and how sure that is."""
    gc.enable()


def start(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with the exit code of what happened."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # A scheduler that wants an end of it asks for one as people do, and gets a tidy one.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _interrupt)
        outcome = app(args=words, standalone_mode=False)
        code = outcome if isinstance(outcome, int) else 0
        if code == INTERRUPTED:
            say("Interrupted.")
    except PostmortemError as error:
        code = _explain(error, as_json="--json" in words)
    except KeyboardInterrupt:
        say("Interrupted.")
        code = INTERRUPTED
    except Exception as error:
        code = _usage(error)
    sys.exit(code)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _explain(error: PostmortemError, *, as_json: bool) -> int:
    if as_json:
        import json

        told = {"error": type(error).__name__, "message": error.message, "exit_code": error.exit_code}
        told |= {"rows": list(error.rows)}
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        say(error.message)
    return error.exit_code


def _usage(error: Exception) -> int:
    """Show a wrong call as the command line library words it; anything else is a fault of ours."""
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if callable(show) and isinstance(code, int):
        show()
        return code
    if type(error).__name__ == "Abort":
        say("Interrupted.")
        return INTERRUPTED
    traceback.print_exc()
    say("This is a fault of postmortem, not yours. Please report it with the lines above.")
    return INTERNAL_ERROR
