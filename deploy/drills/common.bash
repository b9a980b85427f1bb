# What several drills need. A drill sets `source`, the folder of the source, and includes this.

skip() { echo "$*"; exit 77; }
needs() { # programs...
	local program
	for program; do command -v "$program" > /dev/null || skip "$program is not installed"; done
}
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() { # seconds, what, command...
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "$what did not come"; exit 1; }
		sleep 0.2
	done
}
# Ends what a drill has started in the background and noted by `running+=($!)`.
running=()
end_running() {
	local pid
	for pid in ${running[@]+"${running[@]}"}; do
		kill "$pid" 2> /dev/null || true
		wait "$pid" 2> /dev/null || true
	done
}
# Plays the story of the README (an order, a picture, a conversation) and compares what it prints:
# play_story URL FOLDER [COMMAND...], where the command runs the shell that plays it.
play_story() {
	local url=$1 folder=$2 number='^[0-9A-Z]{4}-[0-9A-Z]{4}$'
	shift 2
	awk '/^```sh/ {on = 1; next} /^```/ {on = 0} on' "$source/README.md" > "$folder/story"
	awk '/^It prints$/ {at = 1} at && /^```text/ {on = 1; next} on && /^```/ {exit} on' "$source/README.md" \
		> "$folder/expected"
	"$@" env SHOP="$url" timeout 300 bash "$folder/story" > "$folder/told" || return 1
	diff <(grep -vE "$number" "$folder/expected") <(grep -vE "$number" "$folder/told")
}
