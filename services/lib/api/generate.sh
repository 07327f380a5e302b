#!/bin/sh
# Writes gen/ anew from proto/, here or in the folder given: same sources, same bytes. Needs `make setup`, no network.
set -eu
target=$(realpath "${1:-$(dirname "$0")}")
cd "$(dirname "$0")"
PATH="$(cd ../../../node_modules/.bin && pwd):$PATH"
export PATH
buf generate --output "$target"
sed -i '1i // Do not edit: written by services/lib/api/generate.sh from services/lib/api/proto.' "$target"/gen/*.ts
