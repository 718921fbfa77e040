# coverage.awk - a table of what gcov -b -c -t says of each file, and what never ran
#
# "-" calls gcov's no-code lines, "#####" and "=====" what never ran, "*" behind a count a part of a line.

function percent(part, whole) {
	return whole == 0 ? 100 : int(1000 * part / whole) / 10
}

function row(name, l, lran, b, bran) {
	printf "%-20s %6d %6.1f%% %8d %6.1f%%\n", name, l, percent(lran, l), b, percent(bran, b)
}

BEGIN {
	printf "%-20s %6s %7s %8s %7s\n", "FILE", "LINES", "RAN", "BRANCHES", "TAKEN"
}

FNR == 1 && NR > 1 {
	finish_file()
}

function finish_file() {
	row(name ".c", lines, ran, branches, taken)
	all_lines += lines; all_ran += ran; all_branches += branches; all_taken += taken
	lines = ran = branches = taken = 0
}

{
	name = FILENAME
}

/^branch / {
	branches++
	if ($3 == "taken" && $4 > 0)
		taken++
	else
		missing[++missed] = sprintf("src/%s.c:%d: branch %d: %s", name, line, $2, text)
	next
}

/^ *[^ :]+: *[0-9]+:/ {
	split($0, part, ":")
	line = part[2] + 0
	text = $0
	sub(/^[^:]*:[^:]*:[ \t]*/, "", text)
	if (line == 0 || part[1] ~ /-$/)
		next
	lines++
	if (part[1] ~ /[#=]/)
		never[++unrun] = sprintf("src/%s.c:%d: %s", name, line, text)
	else
		ran++
}

END {
	finish_file()
	row("all", all_lines, all_ran, all_branches, all_taken)
	if (missed > 0)
		print "\nBranches never taken:"
	for (i = 1; i <= missed; i++)
		print missing[i]
	if (unrun > 0)
		print "\nLines never run:"
	for (i = 1; i <= unrun; i++)
		print never[i]
	exit all_ran < all_lines || all_taken < 0.95 * all_branches
}
