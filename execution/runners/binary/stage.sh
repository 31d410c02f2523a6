# A warm slot for programs: says ready, waits for the order to load, and becomes the program that was built.
#
#   stage.sh PROGRAM [stdin]
#
# The program's argument is the name of a file that holds the order, a line of JSON: secrets are in it, and arguments are
# for all on the machine to read, and short. It gets the call channel as descriptor 3, for both directions.
# With `stdin` its standard input is the channel too: it reads requests there and writes responses to descriptor 3.
# What it must do is in docs/how_to/bring_your_own_program.md.
printf '{"ready":{"protocol":1}}\n' >&0
IFS= read -r order || exit 0
cd "${1%/*}/.." || exit 1
case $2 in
stdin) exec "$1" /dev/fd/4 3<&0 4<<ORDER ;;
$order
ORDER
*) exec "$1" /dev/fd/4 3<&0 </dev/null 4<<ORDER ;;
$order
ORDER
esac
