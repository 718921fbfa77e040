"""path - into the mail path and out of it, by both ways, under load, killed at any moment; other versions"""
import os
import random
import shutil
import subprocess
import time

from account import Account
from place import BIN, BUILD, PLACE, REMOTE, SBIN, digest_of, put_file
from processes import below

NO_LIMITS = "default = { max_per_hour = 0; };"
OURS = digest_of(SBIN + "qlimit-remote")


def inject(c, prefix, messages, each):
	for i in range(messages):
		c.mail.inject_list(f"{prefix}{i}", each, "info@a.test", "slow", "far.test")


def who_runs(c, ours):
	"""What qmail-rspawn runs while mail goes; and what our own program runs."""
	seen, chained = set(), set()
	while c.place.is_busy():
		seen.update(exe for _, exe in below(BIN + "qmail-rspawn"))
		chained.update(exe for _, exe in below(ours))
		time.sleep(0.02)
	return seen, chained


def goes(c, prefix, what, ours, real):
	"""Mail goes; qmail-rspawn has run the program `ours`, and nothing else, and that has run `real`."""
	inject(c, prefix, 2, 60)
	seen, chained = who_runs(c, ours)
	chained -= {ours}
	seen -= {BIN + "qmail-rspawn"} # about to run it
	a = c.conserved(prefix, what)
	c.check(a.total(a.accepted) == 120 and seen == {ours} and chained <= {real}, f"{what}: by what is run",
		f"{' '.join(seen)} -> {' '.join(chained) or 'nothing'}")


def by_name(c):
	"""`qlimit enable` and `disable`, and what qmail-rspawn then runs"""
	place = c.place
	place.clear(NO_LIMITS)
	place.start()
	goes(c, "name-", "enabled", REMOTE, REMOTE + ".orig")
	c.check(digest_of(REMOTE) == OURS, "qmail-remote is qlimit-remote")
	c.check(place.meter("a.test")["sent"] == 120, "counted", f"{place.meter('a.test')['sent']} sent")
	place.qlimit("status", "--check")
	place.qlimit("disable")
	c.check(digest_of(REMOTE) == place.original and not os.path.exists(REMOTE + ".orig"),
		"disabled: as it was, byte for byte")
	goes(c, "unnamed-", "disabled", REMOTE, "")
	c.check(place.meter("a.test")["sent"] == 120, "not counted any more")
	said = place.qlimit("status", "--check", right=(1,)).strip()
	c.check("mail path: NO" in said, "`status --check` says so", said)


def by_variable(c):
	"""$QMAILREMOTE, where qmail-rspawn knows it"""
	place = c.place
	if b"QMAILREMOTE" not in open(BIN + "qmail-rspawn", "rb").read():
		c.note("this qmail-rspawn does not know $QMAILREMOTE: skipped")
		return
	place.clear(NO_LIMITS)
	place.qlimit("disable")
	place.start(QMAILREMOTE=SBIN + "qlimit-remote")
	goes(c, "variable-", "by $QMAILREMOTE", SBIN + "qlimit-remote", REMOTE)
	c.check(place.meter("a.test")["sent"] == 120, "counted", f"{place.meter('a.test')['sent']} sent")
	place.qlimit("status", "--check")


def under_load(c, prefix, act):
	"""1800 deliveries, and `act` again and again while they go."""
	inject(c, prefix, 30, 60)
	c.place.start()
	end = time.monotonic() + 120
	times = 0
	while c.place.is_busy() and time.monotonic() < end:
		act(times)
		times += 1
	c.place.quiet()
	return times


def upgrade(c):
	"""`qlimit enable --update` with another build, to and fro, while mail goes: charged once"""
	place = c.place
	place.hour_for(60)
	place.clear("deadline_ms = 60000; default = { max_per_hour = 1500; refuse_above_percent = 10000; };")
	other = PLACE + "/other"
	os.makedirs(other, exist_ok=True)
	for name in ("qlimit", "qlimit-remote"):
		shutil.copy(f"{BUILD}/{name}", other)
		with open(f"{other}/{name}", "ab") as f:
			f.write(b"another build")

	def change(i):
		place.put((other, BUILD)[i % 2])
		place.qlimit("enable", "--update")

	times = under_load(c, "upgrade-", change)
	place.put(BUILD)
	c.conserved("upgrade-", f"{times} times another build")
	figures(c, "upgrade-", (1500, 1500, 1500, 300))


def figures(c, prefix, right):
	row = c.place.meter("a.test")
	a = Account(c.mail, c.place, prefix)
	found = (a.total(a.accepted), row["admitted"], row["sent"], row["held"])
	c.check(found == right, "counters are exact", "accepted {}, admitted {}, sent {}, held {}".format(*found))


def put_all(place, directory):
	"""Without the help of `qlimit enable`, which the older version has not."""
	place.put(directory)
	put_file(directory + "/qlimit-remote", REMOTE)


def version_before(c):
	"""what an older version has counted is counted on; to and fro while mail goes, only counters are lost"""
	place = c.place
	before = BUILD + "/qmail-before/build"
	if not os.access(before + "/qlimit-remote", os.X_OK):
		c.note("there is no build of an older version: skipped")
		return
	place.hour_for(60)
	place.clear(NO_LIMITS)
	put_all(place, before)
	place.new_store("deadline_ms = 60000; default = { max_per_hour = 900; refuse_above_percent = 10000; };")
	inject(c, "older-", 10, 60)
	place.start()
	place.quiet()
	figures(c, "older-", (600, 600, 600, 0))
	put_all(place, BUILD)
	inject(c, "older-then-", 10, 60)
	place.quiet()
	figures(c, "older-", (900, 900, 900, 300))

	def change(i):
		put_all(place, (before, BUILD)[i % 2])
		time.sleep(1)

	place.clear(NO_LIMITS)
	times = under_load(c, "before-", change)
	put_all(place, BUILD)
	a = c.conserved("before-", f"{times} times to an older version and back")
	aside = place.syslog.count("live.mdb is damaged")
	c.check(a.total(a.accepted) == 1800, "all of it has gone out", f"stores set aside: {aside}")


def enable_disable(c):
	"""`qlimit enable` and `disable` by turns, half of them killed at any moment, while mail goes"""
	place = c.place
	place.clear(NO_LIMITS)
	done = {"finished": 0, "killed": 0, "without": 0, "refused": []}

	def act(i):
		command = subprocess.Popen([SBIN + "qlimit", ("enable", "disable")[i % 2]], stdout=subprocess.DEVNULL,
			stderr=subprocess.PIPE, text=True)
		if random.random() < 0.5:
			time.sleep(random.random() * 0.03)
			command.kill()
		said = command.communicate()[1]
		done["killed" if command.returncode < 0 else "finished"] += 1
		if command.returncode > 0:
			done["refused"].append(said)
		done["without"] += not os.access(REMOTE, os.X_OK)

	times = under_load(c, "enable-", act)
	a = c.conserved("enable-", f"{times} times, {done['killed']} killed")
	c.check(a.total(a.accepted) == 1800, "all of it has gone out", f"{place.meter('a.test')['sent']} counted")
	c.check(done["without"] == 0, "never without a qmail-remote", f"{done['without']} times")
	c.check(not done["refused"], "none that was not killed failed", " ".join(done["refused"][:3]))
	place.qlimit("enable")
	place.qlimit("disable")
	c.check(digest_of(REMOTE) == place.original, "in the end as it was, byte for byte")
	left = sorted(name for name in os.listdir(BIN) if name.startswith("qmail-remote"))
	c.check(left == ["qmail-remote"], "nothing is left beside it", " ".join(left))


SCENARIOS = [by_name, by_variable, upgrade, version_before, enable_disable]
