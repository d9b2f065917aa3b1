# shellcheck shell=bash
# Completion of syscost's command line in bash: `make install` puts it where
# bash-completion finds it, or it is sourced. What the program prints is only
# compared and offered, never run or expanded: so no `compgen -W`.

# _syscost_offer BEHIND CANDIDATE...: those that begin with the word, with the
# text BEHIND that the candidates replace only the end of.
_syscost_offer() {
	local kept=$1 candidate
	shift
	for candidate; do
		[[ $kept$candidate == "$word"* ]] || continue
		COMPREPLY+=("$kept$candidate")
		# A value is still to come.
		[[ $candidate != *[=:] ]] || compopt -o nospace 2>/dev/null
	done
}

# The options as --help has them, "=" behind those that take a value.
_syscost_options() {
	"$1" --help 2>/dev/null | sed -n 's/^ \{6\}\(--.*\)/\1/p' |
		sed 's/   *[^ -].*//' | grep -o -- '--[a-z_]*=\?'
}

# The conditions of an arm, ":" behind those that take a number.
_syscost_conditions() {
	"$1" --help 2>/dev/null | sed -n '/^Conditions/,/^--arm/{
		s/^  \([a-z-]*:\{0,1\}\)[A-Z]* .*/\1/p
	}'
}

_syscost_values() {
	local found=() list=${word%"${word##*,}"}
	case $2 in
	--profile) _syscost_offer '' quick default full ;;
	--clock) _syscost_offer '' auto counter raw ;;
	--filter | --benchmark_filter)
		mapfile -t found < <("$1" --list 2>/dev/null | sed 's/ .*//')
		_syscost_offer '' "${found[@]}"
		;;
	--arm)
		mapfile -t found < <(_syscost_conditions "$1")
		_syscost_offer "$list" "${found[@]}"
		;;
	--output | --root)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		compopt -o filenames -o nospace 2>/dev/null
		;;
	esac
}

# bash splits words at "=" and ":", which it hands over as words.
_syscost() {
	local word=${COMP_WORDS[COMP_CWORD]} at=$((COMP_CWORD - 1)) found=()
	COMPREPLY=()
	[[ $word != = ]] || word='' at=$COMP_CWORD
	if [[ ${COMP_WORDS[at]} == = ]]; then
		while ((at > 0)) && [[ ${COMP_WORDS[at]} != --* ]]; do
			at=$((at - 1))
		done
	fi
	mapfile -t found < <(_syscost_options "$1")
	if [[ $word != --* && " ${found[*]} " == *" ${COMP_WORDS[at]}= "* ]]; then
		_syscost_values "$1" "${COMP_WORDS[at]}"
	else
		_syscost_offer '' "${found[@]}"
	fi
}
complete -F _syscost syscost
