"""processes - who runs what, on a machine that has no other processes than ours"""
import os
import signal
import time


def processes():
	"""(pid, parent, what it runs) of all there are."""
	for pid in filter(str.isdigit, os.listdir("/proc")):
		try:
			stat = open(f"/proc/{pid}/stat").read()
			exe = os.readlink(f"/proc/{pid}/exe")
		except OSError:
			continue
		yield int(pid), int(stat.rpartition(")")[2].split()[1]), exe.removesuffix(" (deleted)")


def kill(pid, sig=signal.SIGKILL):
	"""True if it was there to be killed."""
	try:
		os.kill(pid, sig)
		return True
	except ProcessLookupError:
		return False


def below(path):
	"""(pid, what it runs) of all whose parent runs this program."""
	there = list(processes())
	parents = {pid for pid, _, exe in there if exe == path}
	return [(pid, exe) for pid, parent, exe in there if parent in parents]


def waits_for(true, seconds, what):
	end = time.monotonic() + seconds
	while not true():
		if time.monotonic() > end:
			raise TimeoutError(f"{what}: not within {seconds} s")
		time.sleep(0.02)
