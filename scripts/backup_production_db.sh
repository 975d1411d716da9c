#!/usr/bin/env bash
# Backs up a database and proves the backup by restoring it. Stops no workers: the dump is of one snapshot.
#   scripts/backup_production_db.sh postgres://user@host:port/database DIRECTORY [--to s3://bucket/prefix]
set -euo pipefail
[ $# -ge 2 ] || { sed -n 2,3p "$0" >&2; exit 2; }
database=$1 directory=$2
shift 2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# The Node that npm installed with the project: a machine's own may be too old to run TypeScript.
PATH="$root/node_modules/.bin:$PATH" exec node "$root/packages/roundtrip/bin/roundtrip.ts" backup create --database "$database" --directory "$directory" "$@"
