#!/usr/bin/env bash
# Rolls the newest run on a target back. Asks for the target's name, unless --confirm TARGET says it.
#   scripts/rollback_production.sh TARGET [--confirm TARGET] [--reason TEXT] [--runbook FILE] [--state FOLDER]
set -euo pipefail
[ $# -ge 1 ] || { sed -n 2,3p "$0" >&2; exit 2; }
target=$1
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# The Node that npm installed with the project: a machine's own may be too old to run TypeScript.
PATH="$root/node_modules/.bin:$PATH" exec node "$root/packages/roundtrip/bin/roundtrip.ts" rollback --target "$target" "$@"
