import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import type { Client } from '../postgres/connection.ts';

/** Free bytes where a server keeps its rows and its WAL; undefined where that is not on this machine, or not shown to us. */
export interface ServerRoom {
  readonly data: { readonly folder: string; readonly freeBytes: number };
  readonly wal: { readonly folder: string; readonly freeBytes: number };
  /** Both are on one disk: what one takes the other has not. */
  readonly shared: boolean;
}

/**
 * Looks at the disks of a server that runs on this machine. A remote one tells nothing of its disk through SQL without a program of
 * its own being run there, which a look must not do.
 */
export async function serverRoom(client: Client): Promise<ServerRoom | undefined> {
  const { rows } = await client.query<{ server: string | null; data: string | null }>(
    `SELECT host(inet_server_addr()) AS server, CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END AS data`,
  );
  const [row] = rows;
  // Through a tunnel a remote server seems to be here; its folder is not.
  if (row?.data == null || !isHere(row.server) || !existsSync(row.data)) return undefined;
  const data = await roomAt(row.data);
  // Whoever may not look into the folder is not told of another disk within it.
  const within = path.join(row.data, 'pg_wal');
  const wal = existsSync(within) ? await roomAt(within) : data;
  return { data, wal, shared: data.device === wal.device };
}

function isHere(server: string | null): boolean {
  if (server === null) return true; // A socket.
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => address === server);
}

async function roomAt(
  folder: string,
): Promise<{ readonly folder: string; readonly freeBytes: number; readonly device: number }> {
  const { bavail, bsize } = await statfs(folder);
  return { folder, freeBytes: bavail * bsize, device: (await stat(folder)).dev };
}
