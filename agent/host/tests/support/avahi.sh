# What scripts share that have a network with an Avahi in it for themselves.

# Begins a network without interfaces, and a folder for what runs in it.
begin_network() {
    mount -t tmpfs none /run
    mkdir /run/avahi-daemon
    ip link set lo up
}

# Begins a network with an interface, `here`, of an address, $1.
begin_network_at() {
    begin_network
    ip link add here type veth peer name there
    ip addr add "$1" dev here
    ip link set here up
    ip link set there up
}

# Starts Avahi on the interfaces that are there, with a bus of its own. $1 is a folder.
start_avahi() {
    cat > "$1/bus.conf" <<'BUS'
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy>
</busconfig>
BUS
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus
    dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile &
    until [ -S /run/bus ]; do sleep 0.05; done
    await_avahi
}

# Starts Avahi's own process, and waits until it answers.
await_avahi() {
    avahi-daemon --no-drop-root --no-chroot --no-rlimits &
    avahi=$!
    until avahi-browse -pt _none._tcp 2> /run/waits; do sleep 0.05; done
}

# Has Avahi forget all that it has heard.
restart_avahi() {
    kill "$avahi"
    wait "$avahi"
    await_avahi
}

# Waits until Avahi finds a device, at the address $1 if there is one, and prints what it says of that.
await_device() {
    until avahi-browse -rpt _heapbeacon._sub._http._tcp | grep "^=;here;IPv4;.*;${1:-}"; do sleep 0.05; done
}
