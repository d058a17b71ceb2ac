# A network with a board whose clock is many times as fast as others, and an Avahi that asks for it after some minutes of that. $1 is the image, $2 an empty folder.
set -eu
. "$(dirname "$0")/../support/avahi.sh"
. "$(dirname "$0")/../support/board.sh"
begin_network
# While nothing is to be done, the clock goes on to when something is.
start_board "$1" "$2" -icount shift=8,sleep=off
# It is announced twice, and then once a minute.
await_words "$2/frames" _services 8
start_avahi "$2"
await_device
avahi-resolve -4n qemu-virt.local
