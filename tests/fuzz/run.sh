#!/bin/sh
# run.sh DIRECTORY SECONDS TARGET... - each fuzz target for so long, from its corpus
#
# What a target learns goes to DIRECTORY/corpus, the input that broke it to DIRECTORY.
set -eu
cd "$(dirname "$0")/../.."
directory=$1 seconds=$2
shift 2

for target; do
	learned=$directory/corpus/$target log=$directory/$target.log
	mkdir -p "$learned"
	set -- -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$directory/$target-"
	if [ -e "tests/fuzz/$target.dict" ]; then
		set -- "$@" -dict="tests/fuzz/$target.dict"
	fi
	if ! "$directory/$target" "$@" "$learned" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
		tail -n 60 "$log"
		echo "fuzz: $target is broken; the input is $directory/$target-*"
		exit 1
	fi
	awk -v target="$target" '
		/number_of_executed_units/ { inputs = $2 }
		/average_exec_per_sec/ { speed = $2 }
		$3 == "cov:" { coverage = $4 }
		END {
			if (inputs == 0) exit 1
			printf "fuzz: %-9s %9d inputs, %d/s, coverage %d\n", target, inputs, speed, coverage
		}' "$log"
done
