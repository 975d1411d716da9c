import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { RemoteHost } from '../../src/services/ssh.ts';
import { freePort } from './free-port.ts';
import { startProgram } from './real-program.ts';
import { daemonFolder } from './unprivileged.ts';

export interface TestSshd {
  readonly folder: string;
  readonly host: RemoteHost;
  /** A client configuration with other settings for the same server. */
  client(name: string, settings: Readonly<Record<string, string>>): RemoteHost;
  stop(): Promise<void>;
}

/** A real sshd on a free port of 127.0.0.1, with keys, known hosts and configuration of its own. */
export async function startSshd(): Promise<TestSshd> {
  const folder = daemonFolder('sshd');
  const at = (name: string) => path.join(folder, name);
  for (const key of ['host_key', 'user_key', 'stranger_key'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)]);
  const port = await freePort();
  const publicKey = (key: string) => readFileSync(at(`${key}.pub`), 'utf8');
  writeFileSync(at('authorized_keys'), publicKey('user_key'));
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${publicKey('host_key')}`);
  writeFileSync(
    at('sshd_config'),
    `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${at('host_key')}\nAuthorizedKeysFile ${at('authorized_keys')}
StrictModes no\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication no\nPidFile none\nMaxStartups 50\n`,
  );
  // Where root's sshd drops its rights; Debian's service makes it at its start.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const ready = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve());
      socket.once('error', reject);
      socket.once('connect', () => socket.destroy());
    });
  const program = await startProgram({
    argv: ['/usr/sbin/sshd', '-D', '-e', '-f', at('sshd_config')],
    ready,
  });
  const client: TestSshd['client'] = (name, settings) => {
    const all = {
      HostName: '127.0.0.1',
      Port: String(port),
      User: userInfo().username,
      IdentityFile: at('user_key'),
      IdentitiesOnly: 'yes',
      UserKnownHostsFile: at('known_hosts'),
      ...settings,
    };
    const lines = Object.entries(all).map(([key, value]) => `  ${key} ${value}`);
    writeFileSync(at(`ssh_config_${name}`), `Host ${name}\n${lines.join('\n')}\n`);
    return { host: name, configFile: at(`ssh_config_${name}`), connectTimeoutSeconds: 5 };
  };
  return {
    folder,
    host: client('worker1', {}),
    client,
    async stop() {
      await program.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
