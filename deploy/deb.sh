#!/bin/bash
# Makes the Debian package of this source: deb.sh [FOLDER]     the folder it is put into, else build-deb
# The version is that of meson.build. DEBFULLNAME and DEBEMAIL say who maintains the package, as for all
# tools of Debian; else it is the user of this machine.
set -eu
case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
source=$(realpath "$(dirname "$0")/..")
out=${1:-$source/build-deb}
version=$(sed -n "s/^  version: '\(.*\)',/\1/p" "$source/meson.build")
tree=$out/sebez-$version
rm -rf "$tree"
mkdir -p "$tree"

# What belongs to the source, also when it has not been committed yet.
cd "$source"
if git rev-parse --is-inside-work-tree > /dev/null 2>&1; then
	git ls-files -z --cached --others --exclude-standard
	date=$(git log -1 --format=%cD)
else
	find . -path './build*' -prune -o -path ./var -prune -o -type f -print0
	date=$(date -R -r meson.build)
fi > "$out/files"
while IFS= read -r -d '' file; do # of a file that was deleted and is still in git's list
	[ ! -e "$file" ] || printf '%s\0' "$file"
done < "$out/files" | tar --null -T - -c | tar -x -C "$tree"
rm "$out/files"

cd "$tree"
mv deploy/debian debian
host=$(hostname -f 2> /dev/null || hostname)
who="${DEBFULLNAME:-Sebez} <${DEBEMAIL:-$(id -un)@$host}>"
depends=$(tools/install-deps.sh --print build)
sed -i "s/^Maintainer: .*/Maintainer: $who/; s/@build@/$depends/" debian/control
cat > debian/changelog << END
sebez ($version) unstable; urgency=medium

  * What changed is in CHANGES.md.

 -- $who  $date
END
dpkg-buildpackage --build=binary --no-sign --jobs="$(nproc)"
rm -rf "$tree"
ls "$out"/sebez_"$version"_*.deb
