"""Holds a socket and the daemon that serves it, as systemd does: starts it again when it ends, with the same socket.

socket-holder.py SOCKET COMMAND...; prints the process id of each daemon. SIGTERM ends both.
"""
import os
import signal
import socket
import sys
import time

path, command = sys.argv[1], sys.argv[2:]
held = socket.socket(socket.AF_UNIX)
held.bind(path)
held.listen(4096)
child = 0


def end(*_):
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
while True:
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        if held.fileno() == 3:
            os.set_inheritable(3, True)
        else:
            os.dup2(held.fileno(), 3)
        os.execv(command[0], command)
    print(child, flush=True)
    os.waitpid(child, 0)
    time.sleep(0.2)
