"""Runs MiniStack without three delays that are its own and not AWS's: its Runtime API waits 40 ms for Nagle's
algorithm and 50 ms for logs that do not come, and its scheduler looks at the schedules every ten seconds.

Everything else comes from the environment.
"""

import functools
import socketserver
import sys

import ministack.app
from ministack.core.lambda_runtime import Worker
from ministack.services import scheduler

socketserver.StreamRequestHandler.disable_nagle_algorithm = True
Worker._drain_stderr_bounded = functools.partialmethod(Worker._drain_stderr_bounded, first_line_wait=0.002)
scheduler._SCHEDULE_TICK_INTERVAL = 1

sys.exit(ministack.app.main())
