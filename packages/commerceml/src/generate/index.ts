/** `commerceml/generate`: exchanges of any size for tests, demos and benchmarks. */
export { type GeneratedTruth, type GenerateOptions, generateExchange } from './generate-exchange.ts';
