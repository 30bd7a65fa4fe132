#!/usr/bin/env bash
# Makes the deb and the rpm of a binary. Usage: contrib/package/build.sh MUSTER-BINARY OUT-DIRECTORY
set -euo pipefail
muster=$(realpath "$1")
mkdir -p "$2"
OUT=$(realpath "$2")
cd "$(dirname "$0")/../.."
# The last version whose dependencies every module proxy has.
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0

VERSION=$("$muster" version -format json | sed -n 's/.*"Version": *"\([^"]*\)".*/\1/p')
ARCH=$(go env GOARCH)
MAINTAINER=${MAINTAINER:-the muster project <muster@localhost>}
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s) # the same tree makes the same packages
export OUT VERSION ARCH MAINTAINER SOURCE_DATE_EPOCH

[ "$muster" -ef "$OUT/muster" ] || cp "$muster" "$OUT/muster"
for shell in bash fish zsh; do "$muster" completion "$shell" >"$OUT/$shell"; done
"$muster" man | gzip -9n >"$OUT/muster.1.gz"
# The pages stand in one directory there.
rm -rf "$OUT/doc"
cp -r contrib/docs "$OUT/doc"
cp README.md "$OUT/doc/"
sed -i 's#](contrib/docs/#](#g; s#](contrib)#](examples)#g; s#](LICENSE)#](copyright)#g; s#](\.\./\.\./README\.md#](README.md#g' "$OUT"/doc/*.md
for kind in deb rpm; do
  go run "$nfpm" package --config contrib/package/nfpm.yaml --packager "$kind" --target "$OUT/"
done
