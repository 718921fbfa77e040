"""mix - every kind of mail at once: each delivery ends in one place, unaltered"""

CONFIG = """
bounces = { max_per_hour = 0; };
domains = (
	{ name = "held.test"; max_per_hour = 50; refuse_above_percent = 10000; },
	{ name = "refused.test"; max_per_hour = 40; refuse_above_percent = 100; }
);
"""
RAISED = 'default = { max_per_hour = 0; };'


def inject(mail):
	mail.inject_many("mix-ok", 150, "info@a.test", "ok", "far.test")
	mail.inject_many("mix-held", 90, "h@held.test", "ok", "far.test")
	mail.inject_many("mix-refused", 70, "r@refused.test", "ok", "far.test")
	mail.inject_many("mix-foreign", 20, "stranger@else.test", "ok", "far.test")
	for kind, count in (("grey", 40), ("later", 20), ("never", 20), ("after", 15), ("drop", 10)):
		mail.inject_many("mix-" + kind, count, "info@a.test", kind, "far.test")
	mail.inject_many("mix-dead", 10, "info@a.test", "ok", "dead.test")
	mail.inject_many("mix-null", 20, "", "ok", "far.test")
	mail.inject_many("mix-nullnever", 10, "", "never", "far.test")
	for i in range(10):
		mail.inject(f"mix-many{i}", "info@b.test",
			[f"{k}-many{i}-{j}@far.test" for k in ("ok", "grey", "never", "later") for j in range(4)])
		mail.inject_list(f"mix-verp{i}", 6, "list-@verp.test-@[]", "ok", "far.test")
	mail.inject("mix-long", "info@a.test", ["ok-long@far.test"], lines=20000)


def conservation(c):
	"""held, refused, greylisted, failing, cut off, dead hosts, many recipients, VERP, no sender"""
	place = c.place
	place.hour_for(60)
	place.clear(CONFIG)
	place.start()
	inject(c.mail)
	place.quiet()
	place.alarm()
	a = c.conserved("mix-", "each delivery is in one place")
	c.check(a.total(a.queued) == 40 + 20 + 10 + 40, "queued: held, later, dead",
		f"{a.total(a.queued)} of 110")
	c.check(a.total(a.bounced) == 30 + 20 + 15 + 10 + 40, "bounced: refused here and there, once",
		f"{a.total(a.bounced)} of 115")
	c.check(a.dropped == 10, "cut connections are tried again", f"{a.dropped} cut")
	texts = [t for t in a.bounce_texts if "refused.test has exceeded the max emails per hour (40/40" in t]
	c.check(len(texts) == 30, "the sender of refused mail is told with our text", f"{len(texts)} of 30")
	place.configure(RAISED)
	place.alarm()
	a = c.conserved("mix-held", "a limit is raised, and what was held goes out")
	c.check(a.total(a.accepted) == 90, "all of it", f"{a.total(a.accepted)} of 90")
	c.conserved("mix-", "and nothing else has changed")


SCENARIOS = [conservation]
