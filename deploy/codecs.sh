#!/bin/sh
# Prints the Debian packages of codecs that libheif loads by name, where they are packages of their own
# (Debian 13), of those that are installed here.
set -eu
for package in libheif-plugin-libde265 libheif-plugin-dav1d libheif-plugin-aomenc; do
	dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed' && echo "$package"
done
exit 0
