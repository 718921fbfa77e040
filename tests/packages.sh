#!/bin/sh
# packages.sh - `make check-packages`: the packages installed, enabled, upgraded, removed and purged in a throw-away root
#
# packages.sh DEB RPM: the directories of the packages. Needs root, debootstrap and, for
# that, the mirror of /etc/apt. What is there afterwards is only what was printed: the root lies in one directory
# of mktemp, its mounts and processes in namespaces of their own, which end with this script. They have no
# network either. qmail-remote is a copy of this machine's; without one a stand-in.
set -eu

# --- outside: the root ---

mirror_of() {
	awk '$1 == "URIs:" { print $2; exit } $1 == "deb" { print $(NF > 3 && $2 ~ /^\[/ ? 3 : 2); exit }' \
	    /etc/apt/sources.list /etc/apt/sources.list.d/debian.* 2>/dev/null
}

need() {
	for program; do
		command -v "$program" >/dev/null && continue
		echo "packages.sh: there is no $program here: apt-get install $program" >&2
		exit 1
	done
}

outside() {
	need debootstrap dpkg-deb rpm unshare
	if [ "$(id -u)" -ne 0 ]; then
		echo "packages.sh: must be run as root: it makes a root directory" >&2
		exit 1
	fi
	place=$(mktemp -d "${TMPDIR:-/tmp}/qlimit-packages.XXXXXX")
	trap 'rm -rf "$place"' EXIT
	trap 'exit 1' HUP INT TERM
	# libconfig9 and liblmdb0 are what the package depends on: in there there is no network to fetch them.
	if ! debootstrap --variant=minbase --include=libconfig9,liblmdb0 bookworm "$place/root" \
	    "$(mirror_of)" >"$place/debootstrap.log" 2>&1; then
		tail -n 20 "$place/debootstrap.log" >&2
		exit 1
	fi
	unshare --mount --pid --net --ipc --fork --kill-child sh "$0" inside "$place/root" "$@"
}

# --- inside: what is looked at ---

passed=0
failed=0

# ok WHAT COMMAND...: it must succeed.
ok() {
	what=$1
	shift
	if "$@" >"$root/../said" 2>&1; then
		echo "ok      $what"
		passed=$((passed + 1))
	else
		echo "FAILED  $what"
		sed 's/^/        /' "$root/../said"
		failed=$((failed + 1))
	fi
}

no() {
	! "$@"
}

in_root() {
	chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# as_qmailr COMMAND...: in an environment as qmail-start leaves it.
as_qmailr() {
	in_root setpriv --reuid qmailr --regid qmail --clear-groups env PATH=/var/qmail/bin:/usr/bin:/bin "$@"
}

# As qmail-rspawn runs it.
deliver() {
	as_qmailr env -C /var/qmail/queue/mess qmail-remote there.example "$1" you@there.example \
	    <"$root/var/qmail/message" | tr '\0' '.'
}

# What dpkg itself keeps of a package that was there once is its own matter.
files() {
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./var/lib/dpkg -o -path ./var/log -o -path ./var/cache \
	    -o -path ./tmp -o -path ./packages \) -prune -o -print | sort)
}

same_files() {
	files | diff "$root/../files" -
}

# Byte for byte, and whose it is, and the very same file.
remote_is() {
	(cd "$root/var/qmail/bin" && cksum <qmail-remote && stat -c '%i %a %u:%g %s %Y' qmail-remote)
}

as_before() {
	test "$(remote_is)" = "$before"
}

is_ours() {
	cmp "$root/usr/sbin/qlimit-remote" "$root/var/qmail/bin/qmail-remote"
}

# said PATTERN COMMAND...: it prints this, whatever becomes of it.
said() {
	text=$1
	shift
	"$@" >"$root/../heard" 2>&1 || :
	grep -e "$text" "$root/../heard" >/dev/null || { cat "$root/../heard"; return 1; }
}

install_deb() {
	in_root dpkg -i "/packages/$1"
}

state_is_right() {
	test "$(in_root stat -c '%a %U:%G' /var/lib/qlimit)" = "700 qmailr:qmail"
}

delivers_as_before() {
	deliver "$1" | tee /dev/stderr | grep -F -x -e "${first_report:?}"
}

counted() {
	in_root qlimit show --json | grep -F "\"admitted\":$1" || { in_root qlimit show; return 1; }
}

# A qmail-rspawn that has run since before, with this in its environment; it honours the variable by its name.
rspawn() {
	cp "$root/bin/sleep" "$root/var/qmail/bin/qmail-rspawn"
	printf QMAILREMOTE >>"$root/var/qmail/bin/qmail-rspawn"
	# shellcheck disable=SC2016 # for the sh in there
	as_qmailr QMAILREMOTE=/usr/sbin/qlimit-remote sh -c 'echo $$; exec /var/qmail/bin/qmail-rspawn 600' \
	    >"$root/../rspawn" 2>/dev/null &
	sleep 1
}

end_rspawn() {
	kill "$(cat "$root/../rspawn")"
	wait
	rm "$root/var/qmail/bin/qmail-rspawn"
}

# --- inside: the steps ---

# A higher version, whose programs are other bytes.
make_upgrade() {
	dpkg-deb -R "$1" "$root/../higher"
	sed -i 's/^Version: .*/&+1/' "$root/../higher/DEBIAN/control"
	printf x >>"$root/../higher/usr/sbin/qlimit-remote"
	dpkg-deb --root-owner-group -b "$root/../higher" "$root/packages/higher.deb" >/dev/null
}

make_qmail() {
	in_root groupadd qmail
	in_root useradd -g qmail -d /var/qmail -s /bin/false -M qmailr
	qmail=$root/var/qmail
	install -d "$qmail" "$qmail/bin" "$qmail/control" "$qmail/queue" "$qmail/queue/mess"
	if [ -x /var/qmail/bin/qmail-remote ]; then
		install -p -m 711 /var/qmail/bin/qmail-remote "$qmail/bin/"
	else
		printf '#!/bin/sh\nprintf "r\\0Kstand-in\\n\\0"\n' >"$qmail/bin/qmail-remote"
		chmod 755 "$qmail/bin/qmail-remote"
	fi
	chroot "$root" chown -R root:qmail /var/qmail/bin
	touch -d 2001-01-01 "$qmail/bin/qmail-remote"
	echo here.example | tee "$qmail/control/me" >"$qmail/control/rcpthosts"
	echo ':127.0.0.1:1' >"$qmail/control/smtproutes"
	printf 'Subject: one\n\none\n' >"$qmail/message"
}

without_qmail() {
	files >"$root/../files"
	ok "without qmail: installs, with a word" said "no user qmailr yet" install_deb qlimit.deb
	ok "without qmail: is installed" said "install ok installed" in_root dpkg -s qlimit
	ok "without qmail: makes no directory of nobody's" no test -e "$root/var/lib/qlimit"
	ok "without qmail: is removed" in_root dpkg -r qlimit
	ok "without qmail: is purged" in_root dpkg -P qlimit
	ok "without qmail: nothing is left" same_files
}

installed() {
	files >"$root/../files"
	before=$(remote_is)
	first_report=$(deliver first@here.example)
	ok "installs" install_deb qlimit.deb
	ok "the state directory is qmailr's alone" state_is_right
	ok "qmail-remote is untouched" as_before
	ok "nothing else is in qmail's directory" test "$(find "$root/var/qmail/bin" -type f | wc -l)" = 1
	ok "the configuration is right" in_root qlimit check
	cp contrib/debian/tests/smoke "$root/packages/"
	ok "Debian's test of an installed package" in_root sh /packages/smoke
	ok "status: not in the mail path" said "^mail path: *NO" in_root qlimit status
}

enabled() {
	ok "enable" in_root qlimit enable
	ok "... puts qlimit-remote there" is_ours
	ok "... through which a delivery reports as before" delivers_as_before two@here.example
	ok "... and is counted" counted 1
	ok "status: in the mail path" said "^mail path: *yes, as" in_root qlimit status
}

upgraded() {
	echo '# an edit' >>"$root/etc/qlimit.conf"
	ok "upgrade" install_deb higher.deb
	ok "... replaces the copy in the mail path" is_ours
	ok "... keeps the edited configuration" grep '^# an edit' "$root/etc/qlimit.conf"
	ok "... keeps what was counted" counted 1
	ok "... delivers" delivers_as_before three@here.example
	ok "... counts" counted 2
	mount --bind -o ro "$root/var/qmail/bin" "$root/var/qmail/bin"
	ok "upgrade where qmail's directory is read-only: goes on, with a word" \
	    said "still that of" in_root dpkg -i --force-downgrade /packages/qlimit.deb
	ok "... is installed" said "install ok installed" in_root dpkg -s qlimit
	ok "... and the old copy delivers" delivers_as_before four@here.example
	ok "removal where qmail-remote cannot be put back: refused" no in_root dpkg -r qlimit
	ok "... with a word" said "NOT removed" in_root dpkg -r qlimit
	ok "... and delivers" delivers_as_before five@here.example
	umount "$root/var/qmail/bin"
	ok "reinstalled: the copy is this version's" install_deb qlimit.deb
	ok "... in the mail path" is_ours
}

removed() {
	ok "removal while in the mail path" in_root dpkg -r qlimit
	ok "... restores qmail-remote: bytes, inode, owner, mode, time" as_before
	ok "... leaves configuration" test -e "$root/etc/qlimit.conf"
	ok "... and counters" test -e "$root/var/lib/qlimit/live.mdb"
	ok "... delivers" delivers_as_before six@here.example
	ok "installed again" install_deb qlimit.deb
	ok "... is not in the mail path unasked" as_before
	ok "enabled again" in_root qlimit enable
	ok "purge while in the mail path" in_root dpkg -P qlimit
	ok "... restores qmail-remote: bytes, inode, owner, mode, time" as_before
	ok "... leaves nothing" same_files
}

by_variable() {
	ok "by \$QMAILREMOTE: installed" install_deb qlimit.deb
	rspawn
	ok "by \$QMAILREMOTE: removal is refused" no in_root dpkg -r qlimit
	ok "... with a word" said "NOT removed" in_root dpkg -r qlimit
	ok "... purge is refused" no in_root dpkg -P qlimit
	ok "... the program is there" test -x "$root/usr/sbin/qlimit-remote"
	ok "... an upgrade is not" install_deb higher.deb
	ok "... and touches nothing of qmail's" as_before
	end_rspawn
	echo 'exec env - QMAILREMOTE=/usr/sbin/qlimit-remote qmail-start' >"$root/var/qmail/rc"
	ok "... removal is refused where only a start script names it" no in_root dpkg -r qlimit
	rm "$root/var/qmail/rc"
	ok "... purged after qmail's restart" in_root dpkg -P qlimit
	ok "... leaves nothing" same_files
}

rpm_in_root() {
	rpm --root "$root" --nodeps "$@"
}

from_rpm() {
	ok "rpm: installs" rpm_in_root -i "$root/packages/qlimit.rpm"
	ok "rpm: the state directory is qmailr's alone" state_is_right
	ok "rpm: qmail-remote is untouched" as_before
	ok "rpm: enable" in_root qlimit enable
	ok "rpm: delivers" delivers_as_before seven@here.example
	ok "rpm: reinstalled" rpm_in_root -U --replacepkgs "$root/packages/qlimit.rpm"
	ok "rpm: still in the mail path" is_ours
	rspawn
	ok "rpm: removal is refused while a qmail-rspawn has it by \$QMAILREMOTE" no rpm_in_root -e qlimit
	ok "rpm: ... the program is there" test -x "$root/usr/sbin/qlimit-remote"
	end_rspawn
	ok "rpm: removal" rpm_in_root -e qlimit
	ok "rpm: ... restores qmail-remote: bytes, inode, owner, mode, time" as_before
	ok "rpm: ... the programs are gone" no test -e "$root/usr/sbin/qlimit-remote"
}

# inside ROOT DEB RPM
inside() {
	root=$1
	mount -t proc proc "$root/proc"
	install -d "$root/packages"
	cp "$2"/qlimit_*.deb "$root/packages/qlimit.deb"
	make_upgrade "$root/packages/qlimit.deb"
	without_qmail
	make_qmail
	installed
	enabled
	upgraded
	removed
	by_variable
	cp "$3"/qlimit-*[0-9]."$(uname -m)".rpm "$root/packages/qlimit.rpm"
	from_rpm
	printf '%d passed, %d failed\n' "$passed" "$failed"
	test "$failed" -eq 0
}

if [ "$1" = inside ]; then
	shift
	inside "$@"
else
	outside "$@"
fi
