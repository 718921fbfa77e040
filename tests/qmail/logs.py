"""logs - what qlimit and qmail-send have said, as it comes"""
import os
import re
import socket
import threading


class Syslog:
	"""/dev/log, read by a thread of its own."""

	def __init__(self):
		self.lines = []
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		self.socket.bind("/dev/log")
		os.chmod("/dev/log", 0o666)
		threading.Thread(target=self.read, daemon=True).start()

	def read(self):
		while True:
			self.lines.append(self.socket.recv(9000).decode("utf-8", "replace"))

	def count(self, text):
		return sum(text in line for line in self.lines)


class SendLog:
	"""What qmail-send has logged: who is at work, what was tried, and what came of it."""
	LINE = re.compile(r"(?:starting delivery (?P<start>\d+): msg (?P<msg>\d+) to \w+ (?P<to>.*)"
		r"|delivery (?P<end>\d+): (?P<how>\w+)|(?:new|end) msg (?P<other>\d+)"
		r"|status: local \S+ remote (?P<now>\d+)/)")

	def __init__(self, path):
		self.file = open(path, errors="replace")
		self.running = {} # delivery -> message, recipient
		self.deferred = {} # message -> recipients, since the last alarm or crash
		self.ends = {"success": 0, "deferral": 0, "failure": 0}
		self.most = 0 # remote deliveries at once
		self.said_status = False

	def read(self):
		"""True if there was anything new."""
		new = False
		while True:
			at = self.file.tell()
			line = self.file.readline()
			if not line.endswith("\n"):
				self.file.seek(at)
				return new
			new = True
			found = self.LINE.match(line)
			if found is not None:
				self.take(found)

	def take(self, line):
		if line["start"]:
			self.running[line["start"]] = line["msg"], line["to"]
		elif line["how"] in self.ends:
			self.take_end(line["end"], line["how"])
		elif line["other"]:
			self.deferred.pop(line["other"], None)
		elif line["now"]:
			self.said_status = True
			self.most = max(self.most, int(line["now"]))

	def take_end(self, delivery, how):
		message, to = self.running.pop(delivery)
		self.ends[how] += 1
		if how == "deferral":
			self.deferred.setdefault(message, set()).add(to)
