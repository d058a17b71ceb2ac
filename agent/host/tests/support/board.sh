# What scripts share that have a board on QEMU in a network of their own: 10.0.2.15 is the board, 10.0.2.100 is this machine.

# Starts the board. $1 is the image, $2 a folder, in which `console` and `frames` are written and `monitor.in` is read; the rest is for QEMU.
start_board() {
    image=$1 folder=$2
    shift 2
    ip tuntap add here mode tap
    ip addr add 10.0.2.100/24 dev here
    ip link set here up
    mkfifo "$folder/monitor.in" "$folder/monitor.out"
    # A hub with the board, QEMU's own network, from which that gets its address, and this machine.
    qemu-system-riscv32 -M virt -m 16M -bios none -display none -serial file:"$folder/console" -monitor pipe:"$folder/monitor" \
        -kernel "$image" -device virtio-net-device,netdev=board -netdev hubport,id=board,hubid=0 \
        -netdev user,id=own -netdev hubport,id=dhcp,hubid=0,netdev=own \
        -netdev tap,id=tap,ifname=here,script=no,downscript=no -netdev hubport,id=here,hubid=0,netdev=tap \
        -object filter-dump,id=dump,netdev=here,file="$folder/frames" "$@" &
    cat "$folder/monitor.out" > /run/monitor &
    exec 3> "$folder/monitor.in"
}

# Gives QEMU's monitor a command.
tell_qemu() {
    echo "$1" >&3
}

# Waits until a file says something so many times. $1 is the file, $2 what, $3 the number.
await_words() {
    until [ "$(grep -ao "$2" "$1" 2> /run/waits | wc -l)" -ge "$3" ]; do sleep 0.05; done
}
