#!/bin/sh
# Builds the library and installs what a C or C++ program needs: headers, the shared library under its soname, the static
# library, a pkg-config file and a CMake package. The tree may be moved afterwards: both find it by their own place.
#
#   packaging/install.sh [--prefix DIR]     default /usr/local; $DESTDIR goes before it, as packagers want it
set -eu

prefix=/usr/local
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) prefix=${2:?--prefix needs a directory} && shift 2 ;;
    --prefix=*) prefix=${1#*=} && shift ;;
    *) echo "usage: $0 [--prefix DIR]" >&2 && exit 2 ;;
    esac
done
case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)
to=${DESTDIR:-}$prefix

case $(uname) in
Linux | *BSD | DragonFly) ;;
*) echo "$0: only for systems with ELF libraries; elsewhere take what cargo build makes" >&2 && exit 1 ;;
esac

cd "$root"
cargo build --release --locked --lib
built=${CARGO_TARGET_DIR:-target}/release

define() { sed -n "s/^#define $1 //p" include/tts.h; }
abi=$(define TTS_ABI_VERSION)
version=$(define TTS_VERSION_MAJOR).$(define TTS_VERSION_MINOR).$(define TTS_VERSION_PATCH)

# put MODE FILE DIRECTORY [NAME]
put() {
    mkdir -p "$to/$3"
    install -m "$1" "$2" "$to/$3/${4:-$(basename "$2")}"
}
# fill TEMPLATE DIRECTORY
fill() {
    mkdir -p "$to/$2"
    sed -e "s/@VERSION@/$version/g" -e "s/@ABI@/$abi/g" "packaging/$1.in" >"$to/$2/$1"
    chmod 644 "$to/$2/$1"
}

put 644 include/tts.h include
put 644 include/tts.hpp include
put 755 "$built/libtts.so" lib "libtts.so.$version"
ln -sf "libtts.so.$version" "$to/lib/libtts.so.$abi"
ln -sf "libtts.so.$abi" "$to/lib/libtts.so"
put 644 "$built/libtts.a" lib
fill tacoglow.pc lib/pkgconfig
fill TacoglowConfig.cmake lib/cmake/Tacoglow
fill TacoglowConfigVersion.cmake lib/cmake/Tacoglow
for licence in LICENSE-*; do
    put 644 "$licence" share/doc/tacoglow
done
echo "Tacoglow $version is installed in $prefix"
