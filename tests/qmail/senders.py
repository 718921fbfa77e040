"""senders - whatever stands in an envelope, a real qmail-rspawn hands it on and it is counted"""

SENDERS = ["", "#@[]", "a b@c.test", "tab\there@c.test", '"quoted"@c.test', 'a"b\\c@c.test', "Grüße@c.test",
	"x" * 900 + "@c.test", "x@../../../tmp/x", "x@%s%n%s", "two@at@c.test", "no-at-sign", "ends-in@",
	"@c.test", "$(id)@c.test", "a;b|c&d@c.test", "-rf@c.test", "--help@c.test",
	"<angle>@c.test", "x@C.TEST", "x@c.test.", "a'b@c.test"]


def exotic(c):
	"""empty, blanks, quotes, 8-bit, 900 bytes, paths, shell, no domain: each arrives, and each is counted"""
	place, mail = c.place, c.mail
	place.hour_for(60)
	place.clear("deadline_ms = 60000; default = { max_per_hour = 0; };")
	for i, sender in enumerate(SENDERS):
		mail.inject(f"exotic-{i}", sender, [f"ok-exotic-{i}@far.test"])
	place.start()
	place.quiet()
	a = c.conserved("exotic-", f"{len(SENDERS)} senders")
	c.check(a.total(a.accepted) == len(SENDERS), "all accepted", f"{a.total(a.accepted)}")
	counted = {name: place.meter(name)["sent"] for name in ("server", "bounces", "c.test", "foreign")}
	of_c = sum(s.rpartition("@")[2].lower().rstrip(".") == "c.test" for s in SENDERS)
	right = {"server": len(SENDERS), "bounces": 2, "c.test": of_c, "foreign": len(SENDERS) - 2 - of_c}
	c.check(counted == right, "all counted, where they belong", f"{counted}")


SCENARIOS = [exotic]
