/** PostgreSQL as Roundtrip handles it, for measurements and for tools of one's own. */
export { toolEnvironment, withClient } from './connection.ts';
export { differingRows } from './drill-down.ts';
export { dropDatabase } from './drop-database.ts';
export { COMPRESS_LEVEL, dumpDatabase } from './dump.ts';
export { compareFingerprints, fingerprintTables } from './fingerprint.ts';
export { verifyBackup } from './verify-backup.ts';
