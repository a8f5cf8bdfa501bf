#!/usr/bin/env bash
# Makes a release of the commit that is checked out, in release/: the packed program, its SBOM (CycloneDX), checksums and
# notes. With --dry-run everything is made, but what keeps a release from being made is only said.
set -euo pipefail
cd "$(dirname "$0")/../.."

dry_run=false
case "${1-}" in
  '') ;;
  --dry-run) dry_run=true ;;
  *) echo "usage: $0 [--dry-run]" >&2; exit 2 ;;
esac

refuse() {
  echo "release: $1" >&2
  [ "$dry_run" = true ] || exit 1
}

version=$(node -p "require('./package.json').version")
name="penstock-$version"
out=release
rm -rf "$out"
mkdir -p "$out"

[ -z "$(git status --porcelain)" ] || refuse "the working tree has changes that are in no commit"
git rev-parse --verify --quiet "refs/tags/v$version" > /dev/null && refuse "there is a tag v$version already"
node test/release/notes.ts > "$out/notes.md" || refuse "CHANGELOG.md is not ready for $version"
npm run --silent licences > "$out/licences.txt" || refuse "a licence may not be delivered"
if [ "$dry_run" = true ]; then
  npm run --silent build
else
  .ci/run
  npm run --silent reproducible
fi

npm run --silent sbom > "$out/$name.cdx.json"
# Sorted, without owners, and all of the time of the commit: whoever packs the same commit gets the same bytes.
time=$(git log -1 --format=%ct)
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" --transform "s,^,$name/," \
  package.json package-lock.json LICENSE README.md CHANGELOG.md SECURITY.md dist addressspace migrations config docs deploy \
  | gzip --no-name > "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" "$name.cdx.json" > SHA256SUMS)

echo "$out/ has:"
ls "$out"
[ "$dry_run" = true ] || echo "Look at it, then: git tag --sign v$version && git push origin v$version"
