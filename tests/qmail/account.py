"""account - what was injected, and what became of each delivery: nothing lost, doubled, or altered

A delivery is (tag of the message, recipient). It must be in one of three places, once: accepted by the sink;
bounced, that is in a bounce that the sink accepted, that waits in the queue, or that qmail-send is writing;
or still to be done, in the queue.
"""
import collections
import glob
import hashlib
import json
import os
import re
import subprocess

from place import BIN, QUEUE, recipients_left

TAG = re.compile(rb"^X-Tag: (\S+)$", re.M)
FAILED = re.compile(r"^<(.*)>:$", re.M)
COPY = "--- Below this line is a copy of the message."


class Mail:
	"""All that is injected, as it should arrive."""

	def __init__(self):
		self.expected = {} # (tag, recipient) -> (sender, digest)
		self.messages = 0

	def inject(self, tag, sender, recipients, lines=3):
		"""One message by qmail-queue, as root."""
		text = message(tag, sender, lines)
		envelope = b"F" + raw(sender) + b"\0" + b"".join(b"T" + raw(r) + b"\0" for r in recipients) + b"\0"
		with memory(text) as fd0, memory(envelope) as fd1:
			done = subprocess.run([BIN + "qmail-queue"], stdin=fd0, stdout=fd1, cwd="/")
		if done.returncode != 0:
			raise RuntimeError(f"qmail-queue: {done.returncode}")
		self.messages += 1
		digest = hashlib.sha256(text).hexdigest()
		for recipient in recipients:
			self.expected[tag, recipient] = (envelope_sender(sender, recipient), digest)

	def inject_many(self, tag, count, sender, kind, host):
		"""So many messages to one recipient each: KIND-TAG-I@HOST."""
		for i in range(count):
			name = f"{tag}-{i}"
			self.inject(name, sender, [f"{kind}-{name}@{host}"])

	def inject_list(self, tag, count, sender, kind, host):
		"""One message to so many recipients."""
		self.inject(tag, sender, [f"{kind}-{tag}-{i}@{host}" for i in range(count)])


def raw(text):
	return text.encode("utf-8", "surrogateescape")


def memory(content):
	f = os.fdopen(os.memfd_create("message"), "w+b")
	f.write(content)
	f.flush()
	f.seek(0)
	return f


def message(tag, sender, lines):
	"""With what is altered most easily on the way: dots, 8-bit, empty lines, what looks like an mbox."""
	body = "".join(f".{i}\n..\n\nFrom here on, Grüße {i}\n" for i in range(lines))
	return raw(f"X-Tag: {tag}\nSubject: {tag}\nFrom: <{sender}>\n\n{body}end\n")


def envelope_sender(sender, recipient):
	"""VERP: qmail-send(8). The null sender as the sink writes it."""
	if not sender.endswith("-@[]"):
		return sender or "<>"
	local, _, host = sender[:-len("-@[]")].rpartition("@")
	return f"{local}{recipient.replace('@', '=')}@{host}"


class Account:
	"""What has become of the mail whose tags begin with `prefix`, while qmail is quiet or down."""

	def __init__(self, mail, place, prefix=""):
		self.accepted = collections.Counter()
		self.bounced = collections.Counter()
		self.queued = collections.Counter()
		self.bounce_texts = []
		self.dropped = self.asked = 0
		self.altered = []
		self.all = mail.expected
		self.expected = {k: v for k, v in mail.expected.items() if k[0].startswith(prefix)}
		for line in open(place.sink_log):
			self.take_sink(json.loads(line))
		for path in glob.glob(QUEUE + "mess/*/*"):
			self.take_queued(os.path.basename(path), open(path, "rb").read())
		found = self.accepted + self.bounced + self.queued
		self.lost = [key for key in self.expected if not found[key]]
		self.doubled = list((found - collections.Counter(self.expected.keys())).elements())

	def take_sink(self, line):
		if line["event"] == "dropped":
			self.dropped += 1
		if line["event"] == "rcpt":
			self.asked += 1
		if line["event"] != "accepted":
			return
		if "bounce" in line and line["sender"] in ("<>", "#@[]"):
			self.take_bounce(line["bounce"], line["tag"])
			return
		key = (line["tag"], line["to"])
		if key in self.expected:
			self.accepted[key] += 1
		if self.all.get(key) != (line["sender"], line["digest"]): # or nobody has sent such a thing
			self.altered.append(key)

	def take_bounce(self, text, tag):
		for recipient in FAILED.findall(text.partition(COPY)[0]):
			if (tag, recipient) in self.expected:
				self.bounced[tag, recipient] += 1
				self.bounce_texts.append(text)

	def take_queued(self, number, content):
		found = TAG.search(content)
		tag = found[1].decode() if found else None
		to_do = recipients_left(number)
		text = content.decode("utf-8", "surrogateescape")
		if "\nHi. This is the " in text:
			if to_do:
				self.take_bounce(text, tag)
			return
		for recipient in to_do:
			if (tag, recipient) in self.expected:
				self.queued[tag, recipient] += 1
		if os.path.exists(QUEUE + "bounce/" + number):
			self.take_bounce(open(QUEUE + "bounce/" + number, errors="surrogateescape").read(), tag)

	def total(self, what):
		return sum(what.values())

	def is_conserved(self, doubled=0):
		return not self.lost and not self.altered and len(self.doubled) <= doubled

	def figures(self):
		said = (f"{len(self.expected)} injected = {self.total(self.accepted)} accepted"
			f" + {self.total(self.bounced)} bounced + {self.total(self.queued)} queued")
		for name in ("lost", "doubled", "altered"):
			which = getattr(self, name)
			said += f", {len(which)} {name}" + (f" (as {which[0]})" if which else "")
		return said
