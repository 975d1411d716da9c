const LENGTH_MAX = 300;
const DEPTH_MAX = 6;
/** What a directory holds is limited in bytes (255), and a Cyrillic letter has two; `.new` must still fit. */
const SEGMENT_BYTES_MAX = 250;
const SEGMENT = /^[\p{L}\p{N}_()#№ .,+=@-]{1,150}$/u;

/**
 * The name of a file of an exchange as a relative path with forward slashes, or undefined where it is none: absolute,
 * with `..`, a drive, control characters, a hidden file. 1C sends `import_files/aa/x.jpg` and, on Windows, backslashes.
 *
 * @example
 * safeFileName('goods\\goods_1_1.xml'); // 'goods/goods_1_1.xml'
 * safeFileName('../../etc/passwd'); // undefined
 */
export function safeFileName(name: string): string | undefined {
  if (name.length === 0 || name.length > LENGTH_MAX) return undefined;
  const segments = name.normalize('NFC').replaceAll('\\', '/').split('/');
  if (segments.length > DEPTH_MAX) return undefined;
  const safe = segments.every(
    (segment) =>
      SEGMENT.test(segment) &&
      Buffer.byteLength(segment) <= SEGMENT_BYTES_MAX &&
      !segment.startsWith('.') &&
      !segment.endsWith(' '),
  );
  return safe ? segments.join('/') : undefined;
}
