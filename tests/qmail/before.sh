#!/bin/sh
# before.sh DIRECTORY - an older version of both programs, out of this repository's own history, for upgrades
#
# The last one whose records of counters are of version 2. Built once, and kept.
set -eu
commit=eba10c1d71263b20f94667dbff77e5ede7976d32
directory=$1

if [ -x "$directory/build/qlimit-remote" ] && [ -x "$directory/build/qlimit" ]; then exit 0; fi
rm -rf "$directory"
mkdir -p "$directory"
git -C ../.. archive -o "$directory/source.tar" "$commit"
tar xf "$directory/source.tar" -C "$directory"
make -C "$directory" build/qlimit-remote build/qlimit
