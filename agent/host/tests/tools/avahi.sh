# A network with nobody else in it, an Avahi and an agent; prints what Avahi says of the agent. $1 is the agent, $2 an empty folder.
set -eu
. "$(dirname "$0")/../support/avahi.sh"
begin_network_at 10.9.9.1/24
start_avahi "$2"

"$1" --listen 0.0.0.0:0 --token correct-horse --mdns &
agent=$!
await_device
avahi-resolve -4n "$(avahi-browse -rpt _http._tcp | grep -m1 '^=;here;IPv4;' | cut -d';' -f7)"
kill "$agent"
wait "$agent"
until [ -z "$(avahi-browse -pt _http._tcp)" ]; do sleep 0.05; done
echo gone
