#!/bin/sh
# Prints the Debian packages of the shared libraries that programs load: libraries.sh PROGRAM...
# Without a program only those that no program is linked with:
# libheif of Debian 13 loads its codecs itself; they are packages of their own there.
set -eu
for package in libheif-plugin-libde265 libheif-plugin-dav1d libheif-plugin-aomenc; do
	dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed' && echo "$package"
done
[ $# -gt 0 ] || exit 0
# In dpkg's list a file may be below /usr/lib where the loader says /lib, which is a link to it.
ldd "$@" | sed -n 's/^.*=> \(\/[^ ]*\) .*/\1/p' | sort -u | while read -r file; do
	dpkg-query -S "$file" 2>/dev/null || dpkg-query -S "$(realpath "$file")" 2>/dev/null ||
		dpkg-query -S "/usr$file" 2>/dev/null || dpkg-query -S "${file#/usr}"
done | sed 's/:.*//' | sort -u
