# A network with nobody else in it, an Avahi and an agent; prints what Avahi says of the agent. $1 is the agent, $2 an empty folder.
set -eu
mount -t tmpfs none /run
mkdir /run/avahi-daemon
ip link set lo up
ip link add here type veth peer name there
ip addr add 10.9.9.1/24 dev here
ip link set here up
ip link set there up

cat > "$2/bus.conf" <<'BUS'
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
BUS
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus
dbus-daemon --config-file="$2/bus.conf" --nofork --nopidfile &
until [ -S /run/bus ]; do sleep 0.05; done
avahi-daemon --no-drop-root --no-chroot --no-rlimits &
until avahi-browse -pt _none._tcp 2> "$2/waits"; do sleep 0.05; done

"$1" --listen 0.0.0.0:0 --token correct-horse --mdns &
agent=$!
until avahi-browse -rpt _heapbeacon._sub._http._tcp | grep '^=;here;IPv4;'; do sleep 0.05; done
avahi-resolve -4n "$(avahi-browse -rpt _http._tcp | grep -m1 '^=;here;IPv4;' | cut -d';' -f7)"
kill "$agent"
wait "$agent"
until [ -z "$(avahi-browse -pt _http._tcp)" ]; do sleep 0.05; done
echo gone
