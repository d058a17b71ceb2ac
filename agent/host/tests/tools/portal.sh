# A device without a network, and a phone that joins its access point; prints what the phone sees. $1 is the agent, $2 an empty folder.
set -eu
mount -t tmpfs none /run
ip link set lo up
ip netns add phone
ip link add ap type veth peer name wlan netns phone
ip addr add 192.168.4.1/24 dev ap
ip link set ap up
ip -n phone link set lo up
ip -n phone link set wlan up
# The network that the device joins.
ip link add home type veth peer name away
ip link set away up
ip addr add 10.7.0.5/24 dev home
ip link set home up

# What names the phone's system looks up, it asks whom DHCP has named.
: > "$2/resolv.conf"
mount --bind "$2/resolv.conf" /etc/resolv.conf
export RESOLV="$2/resolv.conf"
cat > "$2/udhcpc.sh" <<'LEASE'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev "$interface"
ip route add default via "$router"
echo "nameserver $dns" > "$RESOLV"
echo "udhcpc: $ip/$mask router $router dns $dns for $lease s"
LEASE
cat > "$2/dhclient.sh" <<'LEASE'
#!/bin/sh
case "$reason" in BOUND | REBOOT) echo "dhclient: $new_ip_address router $new_routers dns $new_domain_name_servers" ;; esac
LEASE
chmod +x "$2/udhcpc.sh" "$2/dhclient.sh"

phone() { ip netns exec phone "$@"; }
status() { phone curl -s -m 10 -o /dev/null -w '%{http_code} %{redirect_url}' "$@"; }
page() { phone curl -s -m 10 http://192.168.4.1/; }
device() { "$1" --listen 10.7.0.5:80 --token correct-horse --no-demo --flash "$2/flash" --portal ap \
    --network 'Home=a good password' --network 'Café <b>="open"' --network Guests > "$2/said" & }
home() { curl -s -m 10 -H 'Authorization: Bearer correct-horse' "$@"; }

device "$1" "$2"
agent=$!
until grep 'portal is open' "$2/said"; do sleep 0.05; done

phone udhcpc -i wlan -n -q -f -s "$2/udhcpc.sh" 2> "$2/errors"
phone dhclient -1 -q -sf "$2/dhclient.sh" -lf "$2/leases" -pf "$2/pid" wlan
echo "dig: $(phone dig +short +timeout=2 example.org A) $(phone dig +short @192.168.4.1 anything.at.all A)"
echo "dig AAAA: $(phone dig @192.168.4.1 example.org AAAA | grep -c 'status: NOERROR, ')$(phone dig +short @192.168.4.1 example.org AAAA)"

for probe in connectivitycheck.gstatic.com/generate_204 www.google.com/gen_204 captive.apple.com/hotspot-detect.html \
    www.apple.com/library/test/success.html www.msftconnecttest.com/connecttest.txt www.msftncsi.com/ncsi.txt \
    www.msftconnecttest.com/redirect detectportal.firefox.com/canonical.html; do
    echo "probe $probe: $(status "http://$probe")"
done
echo "foreign page: $(status http://router.example/)"
echo "own page: $(status http://192.168.4.1/)"
echo "api: $(status http://192.168.4.1/api/v1/trace)"
echo "api with token: $(status -H 'Authorization: Bearer correct-horse' http://192.168.4.1/api/v1/trace)"
echo "restart: $(status -X POST http://192.168.4.1/api/v1/restart)"
echo "other origin: $(status -H 'Origin: http://evil.example' -d network=Guests http://192.168.4.1/)"
echo "foreign form: $(status -d network=Guests http://evil.example/)"
echo "json: $(status -H 'Content-Type: application/json' -d '{}' http://192.168.4.1/)"
echo "short password: $(status --data-urlencode network=Home -d password=short http://192.168.4.1/)"
echo "unknown field: $(status -d network=Home -d mode=all http://192.168.4.1/)"
echo "foreign at home: $(home -o /dev/null -w '%{http_code}' -H 'Host: captive.apple.com' http://10.7.0.5/hotspot-detect.html)"
page > "$2/page"
echo "escaped: $(grep -c 'value="Café &lt;b&gt;"' "$2/page") $(grep -c '<b>"' "$2/page")"

echo "wrong: $(status --data-urlencode network=Home --data-urlencode 'password=a bad password' http://192.168.4.1/)"
until page | grep -o 'Home</b> did not take the password'; do sleep 0.1; done
echo "not stored: $(home http://10.7.0.5/api/v1/settings | grep -c '"wifi_ssid":""')"
echo "missing: $(status -d network= --data-urlencode other=Elsewhere -d password=12345678 http://192.168.4.1/)"
until page | grep -o 'Elsewhere</b> was not found'; do sleep 0.1; done
echo "right: $(status --data-urlencode network=Home --data-urlencode 'password=a good password' http://192.168.4.1/)"
until page | grep -o 'href="http://10.7.0.5/"'; do sleep 0.1; done
home http://10.7.0.5/api/v1/settings; echo
while page > "$2/page"; do sleep 0.5; done
grep -c 'portal is closed' "$2/said"
echo "foreign afterwards: $(home -o /dev/null -w '%{http_code}' -H 'Host: captive.apple.com' http://10.7.0.5/hotspot-detect.html)"

kill "$agent"
wait "$agent"
device "$1" "$2"
agent=$!
until grep 'joined "Home"' "$2/said"; do sleep 0.05; done
echo "portal again: $(grep -c 'portal is open' "$2/said")"
kill "$agent"
wait "$agent"
echo over
