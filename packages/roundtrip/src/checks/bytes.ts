/** Bytes for a message: "12 MB". @example megabytes(12_000_000) // '12 MB' */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
