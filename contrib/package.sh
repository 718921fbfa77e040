#!/bin/sh
# package.sh - builds the Debian or the RPM package: `make deb`, `make rpm`
#
# package.sh deb|rpm DIRECTORY VERSION: out of the files that git knows, as they lie here, without git out of all;
# what is made lies in DIRECTORY then.
set -eu

kind=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
version=$3
tree=$out/qlimit-$version

sources() {
	{ [ -e .git ] && git ls-files -z; } || find . -path ./build -prune -o -type f -print0
}

# A package that says another version than the programs in it.
same_version() {
	[ "$1" = "$version" ] && return
	echo "package.sh: the Makefile says version $version, $2 says $1" >&2
	exit 1
}

deb() {
	cp -R contrib/debian "$tree/debian"
	cd "$tree"
	same_version "$(dpkg-parsechangelog -S Version)" contrib/debian/changelog
	DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-nocheck}" dpkg-buildpackage -us -uc
	cd "$out"
	if command -v lintian >/dev/null; then
		lintian --allow-root --fail-on error,warning -I --pedantic qlimit_"$version"_*.changes
	fi
}

rpm() {
	same_version "$(sed -n 's/^Version: *//p' contrib/qlimit.spec)" contrib/qlimit.spec
	tar -C "$out" -czf "$out/qlimit-$version.tar.gz" "qlimit-$version"
	# What it needs are names of Fedora's packages, which the rpm of another system does not know.
	rpmbuild -ba --nodeps --define "_topdir $out/top" --define "_sourcedir $out" contrib/qlimit.spec
	find "$out/top" -name '*.rpm' -exec mv -f {} "$out" \;
}

cd "$(dirname "$0")/.."
# Those of earlier versions, too.
rm -rf "$out"/qlimit[-_]*
mkdir "$tree"
sources | tar -c --null -T - | tar -x -C "$tree"
"$kind"
