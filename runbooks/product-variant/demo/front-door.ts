import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A shop's public port and the two ports behind it. */
export interface Doorway {
  readonly port: number;
  readonly current: number;
  readonly next: number;
}

/** nginx before the shops of the demo. */
export interface FrontDoor {
  close(): Promise<void>;
}

const START_MS = 10_000;
const STOP_MS = 5_000;

/**
 * Starts nginx before both releases. A release whose schema the database does not have answers 503 before it has done
 * anything, and nginx asks the other: nothing has to be reconfigured at the switch, in either direction.
 *
 * @example const door = await openFrontDoor(folder, [{ port: 8000, current: 8001, next: 8002 }]);
 */
export async function openFrontDoor(folder: string, doorways: readonly Doorway[]): Promise<FrontDoor> {
  const place = path.join(folder, 'front-door');
  mkdirSync(path.join(place, 'tmp'), { recursive: true });
  const configuration = path.join(place, 'nginx.conf');
  writeFileSync(configuration, configurationOf(place, doorways));
  const errorLog = path.join(place, 'error.log');
  const nginx = spawn('/usr/sbin/nginx', ['-p', place, '-c', configuration, '-e', errorLog], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // Ctrl-C on the terminal reaches the demo, which closes the door once nothing goes through it any more.
    detached: true,
  });
  const close = (): Promise<void> => end(nginx);
  try {
    for (const { port } of doorways) await untilAnswers(port, nginx);
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

function configurationOf(place: string, doorways: readonly Doorway[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${place}/tmp/${kind};`,
  );
  // The folder is ours alone, so nginx's workers are us.
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  return `${user}daemon off; worker_processes 1; pid ${place}/nginx.pid;
events { worker_connections 512; }
http {
  access_log off; ${temporary.join(' ')}
${doorways.map(doorwayOf).join('\n')}
}
`;
}

function doorwayOf({ port, current, next }: Doorway): string {
  return `  upstream shop_${port} {
    server 127.0.0.1:${current} max_fails=0;
    server 127.0.0.1:${next} max_fails=0 backup;
    keepalive 16;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://shop_${port};
      proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
      # An order may be asked for twice: its idempotency key makes it one.
      proxy_next_upstream error timeout http_503 non_idempotent; proxy_next_upstream_tries 2;
    }
  }`;
}

async function untilAnswers(port: number, nginx: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    try {
      // Whatever it answers: the shops are started later.
      await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });
      return;
    } catch (cause) {
      if (nginx.exitCode !== null || performance.now() > deadline)
        throw new Error(`nginx does not answer on port ${port}; is nginx-light installed?`, { cause });
      await sleep(25);
    }
  }
}

async function end(nginx: ChildProcess): Promise<void> {
  if (nginx.exitCode !== null || nginx.signalCode !== null) return;
  const ended = once(nginx, 'exit');
  nginx.kill('SIGTERM');
  const timer = setTimeout(() => nginx.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
