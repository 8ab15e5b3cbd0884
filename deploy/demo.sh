#!/bin/sh
# A node on free ports shows what it can, and leaves nothing behind. Needs `idnode` on the PATH (`make demo`).
set -eu

folder=$(mktemp -d)
node=
trap 'test -z "$node" || kill "$node" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT INT TERM

show() {
	printf '\n$ %s\n' "$*"
	"$@"
}

echo "A node starts on free ports, with its data in $folder"
idnode serve --data-dir "$folder/data" --handle-port 0 --http-port 0 --admin-port 0 \
	--ready-file "$folder/ready.json" --log-level warning >"$folder/banner" &
node=$!
idnode wait --ready-file "$folder/ready.json"
cat "$folder/banner"

# From here on every command asks this node: settings come from the environment.
port_of() { sed -n "s/.*\"$1\":\(\[\"[^\"]*\",\|\"http:\/\/[^\"]*:\)\([0-9]*\).*/\2/p" "$folder/ready.json"; }
IDNODE_HANDLE_PORT=$(port_of handle_tcp)
IDNODE_HTTP_PORT=$(port_of http)
export IDNODE_HANDLE_PORT IDNODE_HTTP_PORT

show idnode register 88.900.1/gearbox-7 URL=https://example.org/gearbox/7 DESC=变速箱
show idnode resolve 88.900.1/gearbox-7 --transport udp
show idnode resolve 88.900.1/gearbox-7 --transport tcp
show idnode resolve 88.900.1/gearbox-7 --transport http --json
for number in 1 2 3; do
	echo "[\"88.900.1/casting-$number\", [[1, \"URL\", \"https://example.org/casting/$number\"]]]"
done >"$folder/castings.ndjson"
show idnode batch "$folder/castings.ndjson"
show idnode list 88.900.1
printf '\nThe node stops: drains, flushes, exits.\n'
kill "$node"
wait "$node"
node=
echo "It left with exit code 0; its data goes with $folder."
