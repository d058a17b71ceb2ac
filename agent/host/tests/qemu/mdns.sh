# A network with a board, and an Avahi that asks for it; prints what that says of the board. $1 is the image, $2 an empty folder.
set -eu
. "$(dirname "$0")/../support/avahi.sh"
. "$(dirname "$0")/../support/board.sh"
begin_network
start_board "$1" "$2"
start_avahi "$2"
await_device
avahi-resolve -4n qemu-virt.local

# QEMU's own network would answer in the board's name.
await_words "$2/console" listening 1
tell_qemu 'set_link dhcp off'
status() { curl --silent --output /run/body --write-out "$1 %{http_code}\n" --resolve "$1:80:10.0.2.15" "http://$1/api/v1/trace"; }
until status qemu-virt.local > /run/first; do sleep 0.05; done
cat /run/first
status QEMU-VIRT.local
status other.local

tell_qemu 'set_link board off'
await_words "$2/console" 'is gone' 1
restart_avahi
avahi-browse -pt _http._tcp
echo gone
tell_qemu 'set_link dhcp on'
tell_qemu 'set_link board on'
await_device
avahi-resolve -4n qemu-virt.local
echo back
