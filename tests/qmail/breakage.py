"""breakage - whatever breaks of ours, no mail is lost, and what is sent twice is what was killed at work"""
import os
import random
import signal
import subprocess
import time

from place import BIN, REMOTE, SBIN, STATE
from processes import below, kill
from path import inject

CONFIG = "deadline_ms = 500; default = { max_per_hour = 0; };"


def while_mail_goes(c, prefix, act, killed=lambda: 0):
	"""1200 deliveries; then all that was put off is tried again, until nothing is left."""
	inject(c, prefix, 20, 60)
	c.place.start()
	end = time.monotonic() + 60
	while c.place.is_busy() and time.monotonic() < end:
		act()
	c.place.quiet()
	for _ in range(3):
		c.place.alarm()
	a = c.conserved(prefix, "after all was tried again", doubled=killed())
	c.check(len(a.accepted) == 1200 and not a.bounced, "nothing has bounced, nothing waits",
		f"{len(a.accepted)} accepted, {a.total(a.bounced)} bounced, {a.total(a.queued)} queued")


def counts_again(c, prefix):
	"""Whatever there was: the first delivery may still meet it, the second round must be counted."""
	for i in range(2):
		c.mail.inject_many(f"{prefix}again{i}", 10, "info@b.test", "ok", "far.test")
		c.place.quiet()
	sent = c.place.meter("b.test")["sent"]
	c.check(sent >= 10, "counting goes on", f"{sent} of 20 counted")


class Killer:
	"""Ends one of those that `parent` has started, chosen by lot."""

	def __init__(self, parent):
		self.parent = parent
		self.killed = 0

	def __call__(self):
		there = below(self.parent)
		if there:
			self.killed += kill(random.choice(there)[0])
		time.sleep(0.02)


def killed_wrappers(c):
	"""qlimit-remote is killed"""
	c.place.clear(CONFIG)
	killer = Killer(BIN + "qmail-rspawn")
	while_mail_goes(c, "wrapper-", killer, lambda: killer.killed)
	c.check(killer.killed > 0, "killed", f"{killer.killed}")
	counts_again(c, "wrapper-")


def killed_remotes(c):
	"""the real qmail-remote is killed"""
	c.place.clear(CONFIG)
	killer = Killer(REMOTE)
	while_mail_goes(c, "remote-", killer, lambda: killer.killed)
	c.check(killer.killed > 0, "killed", f"{killer.killed}")
	counts_again(c, "remote-")


def full(c):
	"""no room in the state directory"""
	c.place.clear(CONFIG)
	subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k,mode=700,uid=qmailr", "full", STATE], check=True)
	try:
		with open(STATE + "/junk", "wb", buffering=0) as f:
			try:
				while True:
					f.write(b"x" * 4096)
			except OSError:
				pass
		while_mail_goes(c, "full-", lambda: time.sleep(0.1))
	finally:
		c.place.stop()
		subprocess.run(["umount", STATE], check=True)


def damage():
	"""Random bytes somewhere, another length, or no file at all."""
	path = STATE + "/live.mdb"
	try:
		size = os.path.getsize(path)
		how = random.choice(("bytes", "bytes", "bytes", "head", "cut", "gone"))
		if how == "gone":
			os.remove(path)
			return
		with open(path, "r+b", buffering=0) as f:
			if how == "cut":
				f.truncate(random.randrange(size))
				return
			f.seek(0 if how == "head" else random.randrange(max(size - 8192, 1)))
			f.write(random.randbytes(8192))
	except FileNotFoundError:
		pass


def garbage(c):
	"""the store is overwritten, cut, removed"""
	c.place.clear(CONFIG)
	times = []

	def act():
		damage()
		times.append(1)
		time.sleep(0.1)

	while_mail_goes(c, "garbage-", act)
	c.check(times, "damaged", f"{len(times)} times")
	counts_again(c, "garbage-")


def holds_lock(pid):
	return any(f"WRITE {pid} " in line and "->" not in line for line in open("/proc/locks"))


class Stopper:
	"""Starts `qlimit load`, and stops it: some while they hold the lock, which is what counts."""

	def __init__(self):
		self.stopped = 0

	def __call__(self):
		command = subprocess.Popen([SBIN + "qlimit", "load"], stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL)
		time.sleep(random.random() * 0.01)
		kill(command.pid, signal.SIGSTOP)
		if holds_lock(command.pid):
			self.stopped += 1
			time.sleep(1)
		kill(command.pid, signal.SIGCONT)
		command.wait()


def stopped(c):
	"""a `qlimit` that holds the lock is stopped"""
	c.place.clear(CONFIG)
	stopper = Stopper()
	while_mail_goes(c, "stopped-", stopper)
	c.check(stopper.stopped > 0, "stopped with the lock for a second", f"{stopper.stopped} times")
	counts_again(c, "stopped-")


def everything(c):
	"""all of that at once"""
	c.place.clear(CONFIG)
	killers = [Killer(BIN + "qmail-rspawn"), Killer(REMOTE)]
	acts = [*killers, *killers, *killers, damage, Stopper()]

	def act():
		random.choice(acts)()

	while_mail_goes(c, "all-", act, lambda: sum(k.killed for k in killers))
	c.note(f"killed {killers[0].killed} of ours, {killers[1].killed} real ones")
	counts_again(c, "all-")


SCENARIOS = [killed_wrappers, killed_remotes, full, garbage, stopped, everything]
