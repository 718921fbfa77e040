#!/bin/sh
# demo - one hour of a hosting server, in seconds and without qmail
#
# Installs into a private directory and sends the mail of four customers through the installed
# qlimit-remote, from a stand-in for qmail-send and qmail-rspawn to a scripted qmail-remote. Exits
# non-zero if a single count is not what the limits say.
set -eu

build=${QLIMIT_BUILD:-$PWD/build}
place=$(mktemp -d "${TMPDIR:-/tmp}/qlimit-demo.XXXXXX")
trap 'rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM
sbin=$place/root/usr/local/sbin
wrong=0

title() {
	printf '\n\n==== %s\n\n' "$1"
}

# Indented, as what a program said.
said() {
	sed 's/^./    &/'
}

# What an admin types, and what comes of it.
shell() {
	printf '    # %s\n' "$*"
	"$@" | said
}

# The first two lines of each kind, with what started the delivery; the rest as a number. Kinds differ in
# more than figures.
shorten() {
	awk '
	/^starting delivery/ { split($3, id, ":"); start[id[1]] = $0; next }
	/^delivery/ {
		kind = $0
		gsub(/[0-9]+/, "", kind)
		if (!(kind in seen))
			order[++kinds] = kind
		if (++seen[kind] <= 2) {
			split($2, id, ":")
			text[kind] = text[kind] start[id[1]] "\n" $0 "\n"
		}
	}
	END {
		for (i = 1; i <= kinds; i++) {
			printf "%s%s", (i > 1 ? "\n" : ""), text[order[i]]
			if (seen[order[i]] > 2)
				printf "    ... and %d more like these\n", seen[order[i]] - 2
		}
	}' "$1"
}

# The first line of each event. Not how many: a kernel keeps as few as 10 lines for a slow reader.
shorten_syslog() {
	awk '
	/^syslog: / {
		match($0, /event=[a-z_]+/)
		if (!seen[substr($0, RSTART, RLENGTH)]++) {
			if (!any++)
				printf "\nIn syslog, the first of each event:\n"
			print "    " substr($0, 9)
		}
	}' "$1"
}

count() {
	grep -c "$1" "$place/log" || :
}

# send AT-ONCE <messages: what qmail would log, shortened, and in numbers.
send() {
	"$build/tests/send" "$build/tests/rspawn" "$place/queue" "$1" >"$place/log"
	shorten "$place/log" | said
	shorten_syslog "$place/log"
	printf '\n%s tried: %s success, %s deferral, %s failure\n' "$(count '^starting delivery')" \
	    "$(count '^delivery [0-9]*: success')" "$(count '^delivery [0-9]*: deferral')" \
	    "$(count '^delivery [0-9]*: failure')"
}

complain() {
	printf 'demo: WRONG: %s\n' "$1" >&2
	wrong=1
}

# in_log HOW-MANY PATTERN
in_log() {
	test "$(count "$2")" -eq "$1" || complain "$(count "$2") lines like /$2/, not $1"
}

# expect NAME FIELD=VALUE...: what `qlimit show` must say of a meter of kind NAME or a domain
expect() {
	name=$1
	shift
	line=$("$sbin/qlimit" show --json "$name")
	for field; do
		case $line in
		*"\"${field%%=*}\":"*) ;;
		*) complain "$name has no ${field%%=*} in: $line" && continue ;;
		esac
		value=$(printf '%s\n' "$line" | sed "s/.*\"${field%%=*}\": *\"\{0,1\}\([^,}\"]*\).*/\1/")
		test "$value" = "${field#*=}" || complain "$name: ${field%%=*} is $value, not ${field#*=}"
	done
}

# The counters are those of a clock hour: with another one beginning meanwhile none would add up.
left=$((3600 - $(date +%s) % 3600))
if [ "$left" -lt 20 ]; then
	echo "The hour is nearly over; waiting $left seconds for the next one."
	sleep "$left"
fi

MAKEFLAGS='' make --no-print-directory install BUILD="$build" DESTDIR="$place/root" PREFIX=/usr/local \
    SYSCONFDIR=/etc STATEDIR=/var/lib/qlimit >"$place/install" 2>&1 || { cat "$place/install" >&2; exit 1; }

export QLIMIT_CONFIG="$place/root/etc/qlimit.conf"
export QLIMIT_CONTROL="$place/root/var/qmail/control"
export QLIMIT_STATE="$place/root/var/lib/qlimit"
export QLIMIT_REMOTE="$build/tests/remote"
export QLIMIT_SYSLOG="$place/syslog"
export QMAILREMOTE="$sbin/qlimit-remote"
PATH=$sbin:$PATH

cat >"$QLIMIT_CONFIG" <<'CONFIG'
default = {
    max_per_hour = 100;            # mails per hour and domain; more are held for later,
    refuse_above_percent = 125;    # ... and from 125 % on refused
    max_failure_percent = 50;      # half of the mails failing or deferred, ...
    min_failures = 5;              # ... and at least five: nothing more this hour
};
domains = (
    { name = "newsletter.example"; max_per_hour = 1000; }
);
foreign = { max_per_hour = 20; };  # all senders together that are not hosted here
CONFIG

# The customers, as qmail knows them.
mkdir -p "$QLIMIT_CONTROL"
for customer in shop newsletter oldlist hacked; do
	echo "$customer.example"
done >"$QLIMIT_CONTROL/rcpthosts"

cat <<EOF
qlimit: one hour of a hosting server with four customers

    stand-in for qmail-send -> stand-in for qmail-rspawn -> qlimit-remote -> scripted qmail-remote

All of it lives in $place until the end.
EOF

title "The configuration"
said <"$QLIMIT_CONFIG"
echo
shell qlimit check
shell qlimit load

title "shop.example, a quiet shop, writes to four people; the server of one greylists"
echo "uid:1001 orders@shop.example anna@one.example ben@two.example greylist-carla@three.example" \
    "dora@one.example" | send 20
in_log 3 '^delivery [0-9]*: success'
in_log 1 '^delivery [0-9]*: deferral: .*Greylisted'
expect shop.example admitted=4 sent=3 deferred=1 held=0 refused=0 max_per_hour=100

title "newsletter.example sends its newsletter to 300 readers: its own limit is 1000"
awk 'BEGIN {
	printf "network news@newsletter.example"
	for (i = 1; i <= 300; i++)
		printf " %s%d@readers.example", i % 30 == 0 ? "reject-" : i % 50 == 7 ? "greylist-" : "reader", i
	print ""
}' | send 20
in_log 284 '^delivery [0-9]*: success'
in_log 6 '^delivery [0-9]*: deferral: .*Greylisted'
in_log 10 '^delivery [0-9]*: failure: .*No_such_user'
expect newsletter.example admitted=300 sent=284 deferred=6 failed=10 held=0 max_per_hour=1000

title "oldlist.example writes to a list it bought: nearly everybody is gone. Five failures are enough"
# One at a time: what is under way together was let through before its failures were known.
awk 'BEGIN {
	printf "uid:1003 office@oldlist.example anna@one.example ben@two.example"
	for (i = 1; i <= 14; i++)
		printf " reject-%d@gone.example", i
	print ""
}' | send 1
in_log 2 '^delivery [0-9]*: success'
in_log 5 '^delivery [0-9]*: failure: .*No_such_user'
in_log 9 '^delivery [0-9]*: deferral: Domain_oldlist.example_has_exceeded_the_max_defers_and_failures_per_hour'
expect oldlist.example admitted=7 sent=2 failed=5 held=9 refused=0

title "hacked.example: its web site was broken into and sends 160 mails, 20 at a time"
awk 'BEGIN {
	for (i = 1; i <= 160; i++)
		printf "uid:48 www@hacked.example victim%d@somewhere.example\n", i
}' | send 20
in_log 100 '^delivery [0-9]*: success'
in_log 25 '^delivery [0-9]*: deferral: Domain_hacked.example_has_exceeded_the_max_emails_per_hour'
in_log 35 '^delivery [0-9]*: failure: Domain_hacked.example_has_exceeded_the_max_emails_per_hour'
expect hacked.example admitted=100 sent=100 held=25 refused=35 max_per_hour=100

grep -q '^syslog: .*event=refused' "$place/log" || complain 'no word of a refusal in syslog'

title "Now the script invents senders: they are nobody's here, and share one allowance"
awk 'BEGIN {
	for (i = 1; i <= 60; i++)
		printf "uid:48 bank@made-up-%d.example victim%d@somewhere.example\n", i * 7919 % 1009, i
}' | send 20
in_log 20 '^delivery [0-9]*: success'
in_log 5 '^delivery [0-9]*: deferral: Mail_of_senders_not_hosted_here_has_exceeded_the_max_emails_per_hour'
in_log 35 '^delivery [0-9]*: failure: Mail_of_senders_not_hosted_here_has_exceeded_the_max_emails_per_hour'
expect foreign admitted=20 sent=20 held=5 refused=35 max_per_hour=20
expect uid:48 admitted=120 sent=120
echo
shell qlimit explain bank@made-up-1.example

title "Meanwhile shop.example"
echo "uid:1001 orders@shop.example emil@one.example" | send 20
in_log 1 '^delivery [0-9]*: success'
expect shop.example admitted=5 sent=4 deferred=1 held=0 refused=0

title "What qlimit has counted this hour"
shell qlimit show
expect server admitted=432 sent=410 deferred=7 failed=15

if [ "$wrong" -ne 0 ]; then
	echo 'demo: something is WRONG, see above' >&2
	exit 1
fi
cat <<'EOF'


Every count is what the limits say: the spam run got 120 mails out instead of 220, neither the shop nor
the newsletter noticed, and uid 48 has a name: it is the web server's.
EOF
