/** Staging on its own, for those who measure it. */
export { planReadings } from './plan-readings.ts';
export { type StageExchangeOptions, stageExchange } from './stage-exchange.ts';
export { STAGING_TABLES, stagingDdl } from './staging-schema.ts';
