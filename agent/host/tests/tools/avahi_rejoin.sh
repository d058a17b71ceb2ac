# A network with nobody else in it, an Avahi, and an agent whose machine leaves it and joins it again; prints what Avahi says of the agent before and
# behind that. $1 is the agent, $2 an empty folder.
set -eu
. "$(dirname "$0")/../support/avahi.sh"
begin_network_at 10.9.9.1/24
start_avahi "$2"

"$1" --listen 0.0.0.0:0 --token correct-horse --mdns &
await_device
ip addr del 10.9.9.1/24 dev here
ip link set here down
# The agent looks at its networks every five seconds.
sleep 7
restart_avahi
ip addr add 10.9.9.2/24 dev here
ip link set here up
# What it says first may have the address that each interface gives itself.
await_device 10.9.9.2
avahi-resolve -4n "$(avahi-browse -rpt _http._tcp | grep -m1 '^=;here;IPv4;' | cut -d';' -f7)"
