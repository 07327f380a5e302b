#!/bin/sh
# Writes gen/ anew from proto/: same sources, same bytes. Needs `npm ci` and no network.
set -eu
cd "$(dirname "$0")"
PATH="$(cd ../../../node_modules/.bin && pwd):$PATH"
export PATH
buf generate
sed -i '1i // Do not edit: written by services/lib/api/generate.sh from services/lib/api/proto.' gen/*.ts
