"""retries - however often qmail tries again, and whyever, a delivery is charged once"""
import os
import time

from limits import PATIENT, judge
from place import BUILD


def figures(c):
	"""What a.test must have counted while 60 are greylisted, 60 always put off and 60 simply taken."""
	row = c.place.meter("a.test")
	said = [row[name] for name in ("admitted", "sent", "deferred", "failed", "unreached", "held", "refused")]
	return said, f"admitted {said[0]}, sent {said[1]}, deferred {said[2]}"


def charged_once(c):
	"""after ALRM, after TERM, and after a crash of qmail-send"""
	place, mail = c.place, c.mail
	place.hour_for(60)
	place.clear(PATIENT + "default = { max_per_hour = 180; };")
	for kind in ("grey", "later", "ok"):
		mail.inject_many("once-" + kind, 60, "info@a.test", kind, "far.test")
	place.start()
	place.quiet()
	said, text = figures(c)
	c.check(said == [180, 60, 120, 0, 0, 0, 0], "the first attempt", text)
	for how in ("ALRM", "TERM", "KILL", "ALRM"):
		if how == "TERM":
			place.stop()
		if how == "KILL":
			place.crash()
		if how != "ALRM":
			place.start()
		place.alarm()
		said, text = figures(c)
		c.check(said == [180, 120, 60, 0, 0, 0, 0], f"after {how}", text)
	c.conserved("once-", "and each is in one place")


def crash_at_work(c):
	"""qmail-send is killed with deliveries at work: those may come again, no other does"""
	place, mail = c.place, c.mail
	place.hour_for(60)
	place.clear(PATIENT + "default = { max_per_hour = 0; };")
	mail.inject_many("crash-", 300, "info@a.test", "slow", "far.test")
	place.start()
	at_work = 0
	for _ in range(3):
		time.sleep(1.2)
		at_work += place.crash()
		place.start()
	place.quiet()
	a = c.conserved("crash-", f"3 crashes, {at_work} at work then", doubled=at_work)
	admitted = place.meter("a.test")["admitted"]
	c.check(admitted == a.total(a.accepted), "what was sent twice counts twice",
		f"admitted {admitted}, accepted {a.total(a.accepted)}")


def orders(c):
	"""held by an order, and out when it is released"""
	place, mail = c.place, c.mail
	place.hour_for(60)
	place.clear(PATIENT + "default = { max_per_hour = 0; };")
	place.qlimit("hold", "a.test")
	mail.inject_many("order-", 80, "info@a.test", "ok", "far.test")
	place.start()
	place.quiet()
	judge(c, "order-", "a.test", 0, 80, 0)
	place.log.deferred.clear()
	place.qlimit("release", "--now", "a.test")
	place.quiet()
	judge(c, "order-", "a.test", 80, 0, 0, 80)


def next_hour(c):
	"""held mail goes out when the hour is over: with the tests' own build, whose clock can be set"""
	place, mail = c.place, c.mail
	now = 1795000000
	os.environ["QLIMIT_TEST_NOW"] = str(now)
	try:
		place.put(BUILD + "/tests")
		place.clear(PATIENT + "default = { max_per_hour = 40; refuse_above_percent = 10000; };")
		mail.inject_many("hour-", 100, "info@a.test", "ok", "far.test")
		for hour, held in enumerate((60, 20, 0)):
			os.environ["QLIMIT_TEST_NOW"] = later = str(now + 3600 * hour)
			place.start(QLIMIT_TEST_NOW=later)
			place.alarm()
			a = c.conserved("hour-", f"hour {hour + 1}")
			row = place.meter("a.test")
			found = (a.total(a.accepted), row["admitted"], row["held"])
			c.check(found == (100 - held, min(40, 100 - 40 * hour), held), "as many as an hour allows",
				"accepted {}, admitted {}, held {}".format(*found))
			place.stop()
	finally:
		del os.environ["QLIMIT_TEST_NOW"]
		place.put(BUILD)


SCENARIOS = [charged_once, crash_at_work, orders, next_hour]
