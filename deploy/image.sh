#!/bin/bash
# Makes in a folder what an image has beside its base: programs, the libraries that they load, and what
# says where these are from. image.sh ROOT BASE PROGRAM...
#   BASE  a file with the packages of the image's base, one a line; nothing of theirs is copied
# Installing the libraries' packages instead would be half as much again: libvips42 depends on ImageMagick,
# poppler and OpenSlide, which only modules of it that are never used need.
set -euo pipefail
root=$1 base=$2
shift 2

# What is loaded by name, which ldd does not know: libvips' HEIC and AVIF, and where libheif has its codecs
# in files of their own (Debian 13), those.
by_name=$(ls /usr/lib/*/vips-modules-*/vips-heif.so /usr/lib/*/libheif/plugins/*.so 2>/dev/null || true)
[ -n "$by_name" ] || { echo "image.sh: libvips has no module vips-heif here" >&2; exit 1; }
authorities=/etc/ssl/certs/ca-certificates.crt # made by ca-certificates, so dpkg does not know whose it is

package_of() { # dpkg knows a file below /usr/lib or below /lib, which are one folder
	local file
	[ "$1" != "$authorities" ] || { echo ca-certificates; return; }
	for file in "$1" "$(realpath "$1")" "/usr$1" "${1#/usr}"; do
		if dpkg-query -S "$file" 2>/dev/null; then return; fi
	done | sed 's/:.*//; q'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=$work/packages
# ldd prints "NAME => FILE (ADDRESS)", and "not found" instead of the file.
libraries=$(ldd "$@" $by_name | sed -n 's/^.* => \(.*\) (0x.*$/\1/p; s/^.* => not found$/&/p' | sort -u)
for file in $libraries $by_name "$authorities"; do
	package=$(package_of "$file")
	[ -n "$package" ] || { echo "image.sh: no package has $file" >&2; exit 1; }
	if grep -qx "$package" "$base"; then continue; fi
	install -D -m 644 "$file" "$root$(realpath "$(dirname "$file")")/$(basename "$file")"
	echo "$package" >> "$packages"
done
install -D -t "$root/usr/libexec/sebez" "$@"
# status.d is where those look who search images for known weaknesses.
mkdir -p "$root/usr/share/sebez" "$root/var/lib/dpkg/status.d"
sort -u "$packages" | while read -r package; do
	install -D -m 644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
	dpkg-query -s "$package" > "$root/var/lib/dpkg/status.d/$package"
	dpkg-query -W -f='${Package}\t${Version}\t${Architecture}\t${source:Package}\n' "$package"
done > "$root/usr/share/sebez/bill-of-materials.tsv"
