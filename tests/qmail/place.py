"""place - the private machine: qmail on it, started and stopped; the sink; qlimit's commands"""
import fcntl
import glob
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

from logs import SendLog, Syslog
from processes import processes, waits_for

QMAIL = os.environ["QMAIL"]
PLACE = os.environ["PLACE"]
BUILD = os.environ["BUILD"]
BIN = QMAIL + "/bin/"
QUEUE = QMAIL + "/queue/"
SPLIT = len(os.listdir(QUEUE + "mess")) # conf-split
SBIN = "/usr/local/sbin/"
STATE = "/var/lib/qlimit"
CONFIG = "/etc/qlimit.conf"
REMOTE = BIN + "qmail-remote"
HOSTED = ["a.test", "b.test", "c.test", "held.test", "refused.test", "verp.test", "local.test"]
CONTROL = {
	"me": "local.test", "locals": "local.test", "rcpthosts": "\n".join(HOSTED),
	"smtproutes": "dead.test:127.0.0.1:2526\n:127.0.0.1:2525", # nobody listens on 2526
	"concurrencyremote": "120", "timeoutremote": "30", "timeoutconnect": "10",
	"doublebouncehost": "double.test", "doublebounceto": "ok-double",
}


def loopback_up():
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	request = struct.pack("16sh14x", b"lo", 0x41) # IFF_UP | IFF_RUNNING
	fcntl.ioctl(s, 0x8914, request) # SIOCSIFFLAGS
	s.close()


class Place:
	def __init__(self):
		loopback_up()
		self.syslog = Syslog()
		self.sink_log = PLACE + "/sink.log"
		self.send_log = PLACE + "/send.log"
		for path in (self.sink_log, self.send_log):
			open(path, "w").close()
		subprocess.Popen([sys.executable, "-B", "sink.py", "2525", self.sink_log])
		waits_for(lambda: socket.socket().connect_ex(("127.0.0.1", 2525)) == 0, 20, "the sink")
		self.log = SendLog(self.send_log)
		self.original = digest_of(REMOTE)
		self.send = None
		self.write_control()

	def write_control(self):
		for path in glob.glob(QMAIL + "/control/*"):
			os.remove(path)
		for name, text in CONTROL.items():
			with open(f"{QMAIL}/control/{name}", "w") as f:
				f.write(text + "\n")

	# --- qmail ---

	def start(self, **env):
		path = f"{QMAIL}/bin:/usr/bin:/bin"
		with open(self.send_log, "a") as out:
			self.send = subprocess.Popen([BIN + "qmail-start", "./Mailbox"], cwd="/",
				stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={"PATH": path, **env})
		# Before its first word it does not catch signals.
		self.log.said_status = False
		waits_for(lambda: (self.log.read(), self.log.said_status)[1], 60, "qmail-send to start")

	def end(self, sig):
		"""Returns of how many deliveries qmail-send has not learnt the end."""
		self.send.send_signal(sig)
		self.send.wait(60)
		self.send = None
		waits_for(lambda: not any("/qmail-" in exe for _, _, exe in processes()), 60, "qmail to end")
		self.log.read()
		at_work = len(self.log.running)
		self.log.running.clear()
		return at_work

	def stop(self):
		if self.send is not None:
			self.end(signal.SIGTERM)

	def crash(self):
		self.log.deferred.clear() # it starts with all that is queued
		return self.end(signal.SIGKILL)

	def alarm(self):
		"""All that waits is tried now, and that is waited for."""
		self.log.read()
		self.log.deferred.clear()
		self.send.send_signal(signal.SIGALRM)
		self.quiet()

	def quiet(self, seconds=120):
		"""Until all that is queued has been tried."""
		end = time.monotonic() + seconds
		while self.is_busy():
			if time.monotonic() > end:
				raise TimeoutError(f"qmail is not done after {seconds} s: {len(self.log.running)} at work")
			time.sleep(0.1)

	def is_busy(self):
		"""
		By what is queued, not by silence: qmail-send sleeps 2 seconds before what is due in 1. It logs an end
		before it marks it in the queue, so only what it says to be deferred may be left. A message of which
		nothing is left is about to be bounced or removed.
		"""
		if self.log.read() or self.log.running or os.listdir(QUEUE + "todo"):
			return True
		numbers = [os.path.basename(path) for path in glob.glob(QUEUE + "mess/*/*")]
		left = ((n, recipients_left(n)) for n in numbers)
		return not all(to and to <= self.log.deferred.get(n, set()) for n, to in left)

	# --- qlimit ---

	def put(self, directory):
		"""Both programs from there, as `make install` does it."""
		for name in ("qlimit", "qlimit-remote"):
			put_file(f"{directory}/{name}", SBIN + name)

	def qlimit(self, *args, right=(0,)):
		"""What it printed."""
		done = subprocess.run([SBIN + "qlimit", *args], capture_output=True, text=True, timeout=60)
		if done.returncode not in right:
			raise RuntimeError(f"qlimit {' '.join(args)}: {done.returncode}: {done.stderr}{done.stdout}")
		return done.stdout

	def configure(self, text):
		"""By rename, as an editor does it, and loaded."""
		with open(CONFIG + ".new", "w") as f:
			f.write(text)
		os.rename(CONFIG + ".new", CONFIG)
		self.qlimit("load")

	def meter(self, name):
		"""Its row of `show --json`; all zero where it has counted nothing."""
		for line in self.qlimit("show", "--json", name, right=(0, 66)).splitlines():
			row = json.loads(line)
			if "admitted" in row:
				return row
		return dict.fromkeys(("admitted", "sent", "deferred", "failed", "unreached", "held", "refused"), 0)

	def hour_for(self, seconds):
		"""What counts in one hour must not be cut by its end."""
		left = 3600 - time.time() % 3600
		if left < seconds:
			print(f"note: {left:.0f} s to the end of the hour are waited for", flush=True)
			time.sleep(left + 1)

	def new_store(self, config):
		shutil.rmtree(STATE, ignore_errors=True)
		os.mkdir(STATE, 0o700)
		owner = pwd.getpwnam("qmailr")
		os.chown(STATE, owner.pw_uid, owner.pw_gid)
		self.configure(config)

	def clear(self, config):
		"""Nothing queued, nothing counted, this configuration, the limiter in the path; qmail is down."""
		self.stop()
		for path in glob.glob(QUEUE + "*/*/*") + glob.glob(QUEUE + "bounce/*") + glob.glob(QUEUE + "todo/*"):
			if os.path.isfile(path):
				os.remove(path)
		self.new_store(config)
		self.qlimit("enable")


def put_file(source, path):
	"""By rename: nobody ever finds less than a whole one."""
	shutil.copy(source, path + ".put")
	os.rename(path + ".put", path)


def digest_of(path):
	return hashlib.sha256(open(path, "rb").read()).hexdigest()


def recipients_left(number):
	"""Marked T in local/ and remote/; before qmail-send has looked, all that stands in todo/."""
	left = set()
	name = f"{int(number) % SPLIT}/{number}"
	for path in (QUEUE + "todo/" + number, QUEUE + "local/" + name, QUEUE + "remote/" + name):
		try:
			records = open(path, "rb").read().split(b"\0")
		except FileNotFoundError:
			continue
		left.update(r[1:].decode("utf-8", "surrogateescape") for r in records if r[:1] == b"T")
	return left
