# qlimit(8): completion for bash. tests/test_completion.c compares it with what `qlimit --help` says.
# shellcheck shell=bash

_qlimit_commands='show report explain queue status metrics hold refuse discard release orders reset check load replay enable disable notify bounced tidy'
_qlimit_events='warning limit refused failures order_expired trouble test'

# _qlimit_options COMMAND
_qlimit_options() {
	local order='--for --until --reason --force --now --json'

	case $1 in
	show) echo --watch --sort --kind --limit --color --json ;;
	report) echo --since --until --by --limit --html --json ;;
	explain) echo --message --json ;;
	queue) echo --alert --limit --json ;;
	metrics) echo --limit --textfile ;;
	hold | refuse) echo "$order" ;;
	discard) echo "$order --yes" ;;
	bounced) echo --explain ;;
	release) echo --now --json ;;
	replay) echo --with --since --until --limit --json ;;
	status) echo --check --json ;;
	enable) echo --update --variable ;;
	orders | reset | check | load | notify | tidy) echo --json ;;
	esac
}

# _qlimit_values OPTION: words it can have, if any are known. Fails of an option that takes no value.
_qlimit_values() {
	case $1 in
	--sort) echo busy name used failures held ;;
	--kind) echo server domain bounces foreign user destination overflow ;;
	--color) echo auto always never ;;
	--by) echo meter hour day ;;
	--since) echo 24h 7d ;;
	--for) echo 30m 2h 7d ;;
	--with | --message | --html | --textfile | --until | --reason | --limit | --alert) ;;
	*) return 1 ;;
	esac
}

# Of this hour, the 200 busiest, where we may look: nothing is asked, and nothing said. A name is a sender's own
# word: what could mean something to a shell is left out.
_qlimit_names() {
	echo 'server bounces foreign overflow alias uid: auth: destination: domain:'
	timeout 2 qlimit show --limit 200 </dev/null 2>/dev/null |
		awk '$1 ~ /^(domain|user|destination)$/ && $2 ~ /^[A-Za-z0-9._@:+-]+$/ && $2 != "-" {
			print ($1 == "destination" ? $1 ":" : "") $2 }'
}

# Those that have an order.
_qlimit_ordered() {
	timeout 2 qlimit orders </dev/null 2>/dev/null |
		awk 'NR > 1 && $2 ~ /^[A-Za-z0-9._@:+-]+$/ { print $2 }'
}

# What messages in the queue are known by.
_qlimit_senders() {
	echo '- bounces'
	timeout 2 qlimit show --kind domain --limit 200 </dev/null 2>/dev/null |
		awk '$1 == "domain" && $2 ~ /^[A-Za-z0-9._@:+-]+$/ { print $2 }'
}

# _qlimit_reply WORD CANDIDATES: those that begin with it. Not compgen -W, which would expand them. A colon ends a
# word for bash: what stands before it is on the line already.
_qlimit_reply() {
	local word=$1 before='' candidate candidates

	[[ $word == *:* && $COMP_WORDBREAKS == *:* ]] && before=${word%:*}:
	read -rd '' -a candidates <<<"$2"
	for candidate in "${candidates[@]}"; do
		[[ $candidate == "$word"* ]] && COMPREPLY+=("${candidate#"$before"}")
	done
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null
	return 0
}

_qlimit_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# _qlimit_value OPTION WORD
_qlimit_value() {
	local values

	values=$(_qlimit_values "$1") || return
	case $1 in
	--with | --message | --html | --textfile) _qlimit_files "$2" ;;
	--kind)
		_qlimit_reply "${2##*,}" "$values"
		[[ $2 != *,* ]] || COMPREPLY=("${COMPREPLY[@]/#/${2%,*},}")
		;;
	*) _qlimit_reply "$2" "$values" ;;
	esac
}

# _qlimit_operand COMMAND WORD-BEFORE WORD
_qlimit_operand() {
	case $1 in
	check) _qlimit_files "$3" ;;
	help) _qlimit_reply "$3" "$_qlimit_commands" ;;
	release) _qlimit_reply "$3" "$(_qlimit_ordered)" ;;
	queue) _qlimit_reply "$3" "$(_qlimit_senders)" ;;
	show | report | replay | hold | refuse | discard | reset)
		_qlimit_reply "$3" "$(_qlimit_names)"
		;;
	notify)
		if [[ $2 == notify ]]; then
			_qlimit_reply "$3" "$_qlimit_events"
		else
			_qlimit_reply "$3" "$(_qlimit_names)"
		fi
		;;
	esac
}

_qlimit() {
	local line=${COMP_LINE:0:COMP_POINT} word words

	COMPREPLY=()
	# As they were typed: "uid:48" and "--by=hour" are one word here.
	word=${line##*[[:blank:]]}
	read -ra words <<<"${line%"$word"}"
	if [[ ${#words[@]} -lt 2 ]]; then
		_qlimit_reply "$word" "$_qlimit_commands --help"
	elif [[ $word == --*=* ]]; then
		_qlimit_value "${word%%=*}" "${word#*=}"
	elif ! _qlimit_value "${words[-1]}" "$word"; then
		if [[ $word == -* ]]; then
			_qlimit_reply "$word" "$(_qlimit_options "${words[1]}") --help"
		else
			_qlimit_operand "${words[1]}" "${words[-1]}" "$word"
		fi
	fi
	return 0
}

complete -F _qlimit qlimit
