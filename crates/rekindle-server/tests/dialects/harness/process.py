"""Programs that are started for a run, and ended with it."""

import os
import signal
import socket
import subprocess
import time


def listener():
    """A port of loopback, already listening: what is handed down cannot be taken by another."""
    socket_ = socket.create_server(("127.0.0.1", 0))
    socket_.set_inheritable(True)
    return socket_


class Process:
    def __init__(self, arguments, folder, environment, log, pass_fds=()):
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                arguments,
                cwd=folder,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=pass_fds,
            )

    def wait_for(self, address, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            try:
                socket.create_connection(address, 1).close()
                return
            except OSError:
                self.check()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"it does not listen; see {self.log}") from None
                time.sleep(0.05)

    def check(self):
        if self.child.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise RuntimeError(f"it ended: {self.child.args}\n{log.read()[-3000:]}")

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


def run(arguments, folder, environment, input=None):
    done = subprocess.run(
        arguments,
        cwd=folder,
        env=os.environ | environment,
        input=input,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"failed: {arguments}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()
