import { readFileSync, writeFileSync } from 'node:fs';

const COUNT = '/proc/sys/vm/nr_hugepages';
const PAGE_BYTES = 2 * 1024 * 1024;

/**
 * Sets huge pages of 2 MiB aside until this process ends, as PostgreSQL's manual advises for a server ("Linux Huge Pages"). Without
 * them each process touches a gigabyte of shared buffers in a quarter of a million pages of its own, which on a virtual machine is
 * a fifth of an import.
 *
 * @returns whether there are as many; a user who may not, or fragmented memory, gives fewer, and PostgreSQL does without.
 * @example reserveHugePages(1.2e9);
 */
export function reserveHugePages(bytes: number): boolean {
  const wanted = Math.ceil(bytes / PAGE_BYTES);
  try {
    const before = readFileSync(COUNT, 'utf8');
    if (Number(before) >= wanted) return true;
    writeFileSync(COUNT, String(wanted));
    process.once('exit', () => writeFileSync(COUNT, before));
    return Number(readFileSync(COUNT, 'utf8')) >= wanted;
  } catch {
    return false;
  }
}
