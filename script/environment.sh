# Sourced by the scripts: where the project is, and a Node that is new enough (22.18 strips types).
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# Everything here talks to private clusters and programs on loopback. What the caller's shell says of a server of its own (PGSSLMODE,
# PGOPTIONS, PGSERVICE, a proxy) would reach them through libpq, pg and fetch.
for name in $(compgen -e PG); do [[ $name == PG_* ]] || unset "$name"; done
export NO_PROXY="${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost" no_proxy="${no_proxy:+$no_proxy,}127.0.0.1,localhost"

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

node_is_new_enough() {
  "$1" -e 'const [a,b]=process.versions.node.split(".").map(Number); process.exit(a>22||(a===22&&b>=18)?0:1)' 2>/dev/null
}

# The machine's own Node where it is new enough, else the one that npm installed with the project.
use_node() {
  if ! node_is_new_enough "$(command -v node)"; then
    export PATH="$ROOT/node_modules/.bin:$PATH"
    hash -r
  fi
  node_is_new_enough "$(command -v node)" || { say "no Node ≥ 22.18, neither on this machine nor in node_modules: run script/bootstrap"; exit 3; }
  export PATH="$ROOT/node_modules/.bin:$PATH"
}
