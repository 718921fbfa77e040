"""check.py [SCENARIO...] - all scenarios, or those named; inside.sh prepares what they need

A line for each check: "ok" or "FAILED", what, and the figures. Exit status 1 if one failed.
"""
import collections
import re
import sys
import time
import traceback

import breakage
import limits
import mix
import path
import retries
import senders
from account import Mail, Account
from place import Place

SCENARIOS = [*mix.SCENARIOS, *limits.SCENARIOS, *retries.SCENARIOS, *senders.SCENARIOS, *path.SCENARIOS,
	*breakage.SCENARIOS]
TROUBLE = re.compile(r"event=trouble (.*)")


class Checks:
	"""What a scenario is given: the machine, the mail, and where to say what it found."""

	def __init__(self):
		self.place = Place()
		self.mail = Mail()
		self.passed = self.failed = 0
		self.start = time.monotonic()

	def check(self, right, what, figures=""):
		if right:
			self.passed += 1
		else:
			self.failed += 1
		print(f"{'ok' if right else 'FAILED'} {what}{': ' if figures else ''}{figures}", flush=True)

	def note(self, text):
		print(f"note: {text}", flush=True)

	def conserved(self, prefix, what, doubled=0):
		"""Nothing lost, altered, or more than so many times doubled; returns the account."""
		account = Account(self.mail, self.place, prefix)
		self.check(account.is_conserved(doubled), what, account.figures())
		return account

	def run(self, scenario):
		title = scenario.__doc__.splitlines()[0]
		print(f"==== {scenario.__name__}: {title} ({time.monotonic() - self.start:.0f} s)", flush=True)
		heard = len(self.place.syslog.lines)
		try:
			scenario(self)
		except Exception:
			self.check(False, scenario.__name__, traceback.format_exc())
		said = [TROUBLE.search(line) for line in self.place.syslog.lines[heard:]]
		for what, count in collections.Counter(found[1] for found in said if found).items():
			self.note(f"trouble logged {count} times: {what}")

	def summary(self):
		ends = self.place.log.ends
		account = Account(self.mail, self.place)
		print(f"{self.mail.messages} messages, {len(self.mail.expected)} deliveries, "
			f"{sum(ends.values())} attempts: {ends['success']} successes, {ends['deferral']} deferrals, "
			f"{ends['failure']} failures; sink: {account.asked} RCPT, {account.total(account.accepted)} accepted, "
			f"{account.dropped} cut; {account.total(account.bounced)} bounced; at most {self.place.log.most} at once; "
			f"{time.monotonic() - self.start:.0f} s")
		print(f"{self.passed} passed, {self.failed} failed", flush=True)


def main(names):
	known = {scenario.__name__: scenario for scenario in SCENARIOS}
	if not known.keys() >= set(names):
		print("no such scenario; there are:", *known)
		return 64
	checks = Checks()
	for name in names or known:
		checks.run(known[name])
	checks.place.stop()
	checks.summary()
	return 1 if checks.failed else 0


sys.exit(main(sys.argv[1:]))
