#!/usr/bin/env node
/**
 * Runs a command with a private cluster: `with-cluster node --test ...`. The command finds the cluster through
 * PG_CLUSTER_SHARED (see src/testing.ts); the exit code is the command's.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createCluster } from '../src/index.ts';
import { SHARED_CLUSTER_VARIABLE } from '../src/testing.ts';

const [program, ...argv] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: with-cluster PROGRAM [ARGUMENT...]');
  process.exit(2);
}
const cluster = await createCluster({ name: 'shared', settings: { max_connections: '300' } });
const file = path.join(cluster.directory, 'shared.json');
writeFileSync(file, JSON.stringify({ address: cluster.address(), password: cluster.password }), {
  mode: 0o600,
});
const child = spawn(program, argv, {
  stdio: 'inherit',
  env: { ...process.env, [SHARED_CLUSTER_VARIABLE]: file },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
const code = await new Promise<number>((resolve) => {
  child.once('exit', (status, signal) => resolve(status ?? (signal ? 130 : 1)));
  child.once('error', (error) => {
    console.error(`with-cluster: ${program} cannot be started: ${error.message}`);
    resolve(127);
  });
});
await cluster.stop();
process.exit(code);
