"""sink.py PORT LOG - the other side: an SMTP server that does what a recipient's name says

A recipient is KIND-ANYTHING@HOST; a name that is no kind is taken as `ok`.
	grey     450 for the first RCPT, later accepted
	later    451 for every RCPT
	never    550 for every RCPT
	after    554 behind the message
	drop     the first time the connection is cut behind the message, without an answer; later accepted
	slow     accepted after half a second
Every RCPT and every message accepted is a line of JSON in LOG, written before it is answered.
"""
import asyncio
import hashlib
import json
import re
import sys

from aiosmtpd.smtp import SMTP

TAG = re.compile(rb"^X-Tag: (\S+)$", re.M)
HEADERS_OF_QMAIL = re.compile(rb"(Received: [^\n]*\n([ \t][^\n]*\n)*)*")


class Sink:
	"""What aiosmtpd calls; SMTP's texts are its own."""

	def __init__(self, log):
		self.log = open(log, "a", buffering=1)
		self.seen = set()

	def say(self, event, **more):
		self.log.write(json.dumps({"event": event, **more}) + "\n")

	def first_time(self, envelope, address):
		key = (envelope.mail_from, address)
		known = key in self.seen
		self.seen.add(key)
		return not known

	async def handle_RCPT(self, server, session, envelope, address, options):
		kind = address.partition("-")[0]
		self.say("rcpt", sender=envelope.mail_from, to=address)
		if kind == "later" or (kind == "grey" and self.first_time(envelope, address)):
			return "451 4.7.1 later"
		if kind == "never":
			return "550 5.1.1 nobody here"
		envelope.rcpt_tos.append(address)
		return "250 ok"

	async def handle_DATA(self, server, session, envelope):
		kind = envelope.rcpt_tos[0].partition("-")[0]
		if kind == "after":
			return "554 5.6.0 not that"
		if kind == "drop" and self.first_time(envelope, envelope.rcpt_tos[0]):
			self.say("dropped", to=envelope.rcpt_tos[0])
			server.transport.abort()
			return "421 gone"
		if kind == "slow":
			await asyncio.sleep(0.5)
		for to in envelope.rcpt_tos:
			self.say("accepted", sender=envelope.mail_from, to=to, **describe(envelope.content))
		return "250 taken"


def describe(content):
	"""Its tag; what qmail put in front, left out, the digest of the rest; the text, where it is a bounce."""
	content = content.replace(b"\r\n", b"\n")
	tag = TAG.search(content)
	rest = content[HEADERS_OF_QMAIL.match(content).end():]
	said = {"tag": tag[1].decode() if tag else None, "digest": hashlib.sha256(rest).hexdigest()}
	if b"\nHi. This is the " in content:
		said["bounce"] = content.decode("utf-8", "surrogateescape")
	return said


def unquoted(address):
	"""As it was in the envelope, before qmail-remote quoted it."""
	end = address.rfind('"')
	if not address.startswith('"') or end == 0:
		return address
	return re.sub(r"\\(.)", r"\1", address[1:end]) + address[end + 1:]


class Server(SMTP):
	"""aiosmtpd refuses addresses that qmail sends: none of that is what is tested here."""
	command_size_limit = 4000

	def _getaddr(self, arg):
		address = unquoted(arg[arg.find("<") + 1:arg.rfind(">")])
		return address or "<>", ""


async def main(port, log):
	sink = Sink(log)
	server = await asyncio.get_running_loop().create_server(
		lambda: Server(sink, hostname="sink.test", ident="sink", enable_SMTPUTF8=True, data_size_limit=None),
		"127.0.0.1", port, backlog=500)
	await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
