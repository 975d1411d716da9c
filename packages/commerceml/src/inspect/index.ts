/** `commerceml/inspect`: what an exchange holds, as numbers. */
export { ExchangeCounter, type ExchangeSummary, inspectExchange } from './inspect-exchange.ts';
