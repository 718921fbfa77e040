#!/bin/bash
# What an admin would write: bash and the sqlite3 command, one row per domain and hour.
set -u
limit=1000000
db=$ADMIN_STATE/counters.sqlite
later() { printf 'Z%s (#4.3.0)\n\0' "$1"; exit 0; }
# As little synced as qlimit's counters of the hour are: the disk is not what is compared.
sql() { sqlite3 -batch -cmd '.timeout 60000' "$db" "PRAGMA synchronous = OFF; $1"; }

domain=${2##*@} domain=${domain,,} domain=${domain//\'/\'\'}
hour=$((EPOCHSECONDS / 3600))
row="domain = '$domain' AND hour = $hour"

admitted=$(sql "INSERT INTO counters (domain, hour, admitted) VALUES ('$domain', $hour, 1)
    ON CONFLICT DO UPDATE SET admitted = admitted + 1 WHERE admitted < $limit
    RETURNING admitted") || later 'counters not available'
[ -n "$admitted" ] || later "Domain $domain has exceeded the max emails per hour."

# Block by block, because bash cannot hold a NUL.
shopt -s lastpipe
outcome=
"$QLIMIT_REMOTE" "$@" | while IFS= read -r -d '' block || [ -n "$block" ]; do
	printf '%s\0' "$block"
	case $outcome$block in
	K*) outcome=sent ;;
	Z*) outcome=deferred ;;
	D*) outcome=failed ;;
	esac
done
status=${PIPESTATUS[0]}
[ -n "$outcome" ] || outcome=failed
sql "UPDATE counters SET $outcome = $outcome + 1 WHERE $row"
exit "$status"
