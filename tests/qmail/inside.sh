#!/bin/sh
# inside.sh [SCENARIO...] - the private machine of run.sh, made by process 1 of its namespaces
#
# Everything lies below $PLACE, in memory; qmail and the state on ext4 where there is a loop device, since
# ext4 gives the inode of a message that is gone to the next one at once, and tmpfs does not. What is bound
# over the machine's own: $QMAIL, /etc, /var/lib, /usr/local/sbin, /dev. Process 1 has to outlive check.py,
# and to collect whoever lost his parent.
set -eu
trap 'exit 1' INT TERM HUP

mount --make-rprivate /
mount -t tmpfs -o mode=755 qlimit "$PLACE"
cd "$PLACE"
mkdir disk etc sbin dev
make_ext4() {
	truncate -s 1g image && mkfs.ext4 -q -F -O ^has_journal -N 200000 image && mount -o loop image disk
}
if ! make_ext4 2>/dev/null; then
	echo "note: no ext4 on a loop device, so all is on tmpfs: inodes are not used again"
fi
mkdir disk/qmail disk/lib
cp -a "$TREE"/. disk/qmail
chmod 755 disk/qmail
(cd disk/qmail/queue && find mess info local remote intd todo bounce pid -type f -delete)
cp -a /etc/. etc
cp "$BUILD/qlimit" "$BUILD/qlimit-remote" sbin
mount -t tmpfs -o mode=755 dev dev
for node in null zero full random urandom tty; do
	: >dev/$node
	mount --bind /dev/$node dev/$node
done
ln -s /proc/self/fd dev/fd
mount --bind sbin /usr/local/sbin
mount --bind etc /etc
mount --bind disk/lib /var/lib
mount --bind disk/qmail "$QMAIL"
mount --rbind dev /dev
cd "$OLDPWD"
timeout -k 5 "${QLIMIT_QMAIL_SECONDS:-600}" "$PYTHON" -B check.py "$@" &
status=0
wait $! || status=$?
[ $status -ne 124 ] || echo "FAILED: not done in time"
exit $status
