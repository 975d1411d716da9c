/** The public face of `freesport`: what is not exported here is private. Most people use `bin/freesport.ts`. */

export { Database, type DatabaseOptions, type Queryable } from './database/database.ts';
export { type MigrateOptions, type MigrationOutcome, migrate } from './database/migrate.ts';
export { type MigrationFile, migrationFiles } from './database/migration-files.ts';
export { ShopError, type ShopErrorCode } from './errors.ts';
export { type ReleaseVersion, releaseRoot, releaseVersion } from './release.ts';
export { loadRelease } from './releases/load-release.ts';
export type { ShopRelease } from './releases/shop-release.ts';
export type { SeedCounts, SeedOptions } from './seed/seed-options.ts';
export { seedShop } from './seed/seed-shop.ts';
export { type ServerOptions, type ShopServer, shopServer } from './server/shop-server.ts';
export { buildReleaseRepository, type ReleaseRepository } from './service/build-release-repository.ts';
