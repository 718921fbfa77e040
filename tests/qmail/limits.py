"""limits - with all slots of qmail at work, no limit is missed by one, up or down"""

# On a machine too busy for the default, 2 seconds, some mail would go uncounted: not what is asked here.
PATIENT = "deadline_ms = 60000;"
EXACT = PATIENT + """
bounces = { max_per_hour = 0; };
default = { refuse_above_percent = 10000; };
foreign = { max_per_hour = 60; };
domains = (
	{ name = "a.test"; max_per_hour = 200; },
	{ name = "refused.test"; max_per_hour = 100; refuse_above_percent = 125; }
);
destinations = ( { name = "cap.test"; max_per_hour = 70; refuse_above_percent = 10000; } );
"""
RAISED = EXACT.replace("200", "500").replace("= 70;", "= 0;").replace("= 60;", "= 0;")


def judge(c, prefix, meter, admitted, waiting, refused, held=None):
	"""
	The figures of one meter: as they must be, as the sink and the queue have them, and as `show` says. What
	was held stays counted as held when it has gone out.
	"""
	held = waiting if held is None else held
	a = c.conserved(prefix, f"{meter}: each delivery is in one place")
	row = c.place.meter(meter)
	found = (a.total(a.accepted), a.total(a.queued), a.total(a.bounced))
	said = tuple(row[name] for name in ("admitted", "sent", "held", "refused"))
	c.check(found == (admitted, waiting, refused) and said == (admitted, admitted, held, refused),
		f"{meter}: exact, as `show` says",
		f"accepted, queued, bounced {found}; admitted, sent, held, refused {said}")


def exact(c):
	"""thousands queued at once, 120 at a time: exactly what is allowed goes out, also on retries"""
	place, mail = c.place, c.mail
	place.hour_for(150)
	place.clear(EXACT)
	for i in range(20):
		mail.inject_list(f"exact-a-{i}", 100, "info@a.test", "ok", "far.test")
		mail.inject_list(f"exact-cap-{i}", 20, "info@b.test", "ok", "cap.test")
	mail.inject_many("exact-refused", 400, "info@refused.test", "ok", "far.test")
	for i in range(200):
		mail.inject(f"exact-foreign-{i}", f"me@d{i}.test", [f"ok-foreign-{i}@far.test"])
	place.start()
	place.quiet()
	for _ in range(2):
		judge(c, "exact-a", "a.test", 200, 1800, 0)
		judge(c, "exact-cap", "destination:cap.test", 70, 330, 0)
		judge(c, "exact-foreign", "foreign", 60, 140, 0)
		judge(c, "exact-refused", "refused.test", 100, 25, 275)
		place.alarm()
	c.check(place.log.most == 120, "120 at once", f"{place.log.most}")
	a = c.conserved("exact-refused", "bounces of what was refused")
	texts = [t for t in a.bounce_texts if "refused.test has exceeded the max emails per hour" in t]
	c.check(len(texts) == 275, "arrive at the sender, once each, with our text", f"{len(texts)} of 275")
	place.configure(RAISED)
	place.alarm()
	judge(c, "exact-a", "a.test", 500, 1500, 0, 1800)
	a = c.conserved("exact-", "after the limits were raised")
	server = place.meter("server")
	arrived = a.total(a.accepted) + a.total(a.bounced)
	c.check(server["admitted"] == server["sent"] == arrived, "server: what the sink has, bounces included",
		f"admitted {server['admitted']}, sent {server['sent']}, sink {arrived}")


def bounces(c):
	"""mail without a sender is held by its limit or an order, and by nothing refused"""
	place, mail = c.place, c.mail
	place.hour_for(60)
	place.clear(PATIENT + "bounces = { max_per_hour = 10; refuse_above_percent = 100; };")
	mail.inject_many("null-", 60, "", "ok", "far.test")
	mail.inject_many("null-double", 20, "#@[]", "ok", "far.test")
	place.start()
	place.quiet()
	judge(c, "null-", "bounces", 10, 70, 0)
	place.qlimit("refuse", "--force", "bounces")
	place.alarm()
	judge(c, "null-", "bounces", 10, 70, 0)
	place.qlimit("release", "bounces")
	place.configure(PATIENT + "bounces = { max_per_hour = 0; };")
	place.alarm()
	judge(c, "null-", "bounces", 80, 0, 0, 70)


SCENARIOS = [exact, bounces]
