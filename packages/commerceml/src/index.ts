/** The public face of `commerceml`: what is not exported here is private. */

export {
  type DocumentSource,
  type ReadDocumentOptions,
  readDocument,
  readDocumentBatches,
  visitDocument,
} from './document/read-document.ts';
export { CommerceMlError, type CommerceMlErrorCode, type CommerceMlErrorDetails } from './errors.ts';
export { type ClassifiedFile, PHASES, type Phase } from './exchange/classify.ts';
export { CrossChecks } from './exchange/cross-checks.ts';
export type { ExchangeFile } from './exchange/exchange-file.ts';
export { type ExchangeSource, exchangeSize } from './exchange/find-files.ts';
export {
  type ExchangeProgress,
  type OrderedExchange,
  orderExchange,
  type ReadExchangeOptions,
  readExchange,
  readExchangeBatches,
} from './exchange/read-exchange.ts';
export { type VisitExchangeOptions, visitExchange } from './exchange/visit-exchange.ts';
export { type ZipLimits, zipFiles } from './exchange/zip-files.ts';
export { ExchangeCounter, type ExchangeSummary, inspectExchange } from './inspect/inspect-exchange.ts';
export type * from './records.ts';
export { foldBrandName, isNoBrand } from './values/brand-name.ts';
export { foldColorName, type ParsedColor, parseColor } from './values/color-name.ts';
export { DecimalSum, normalizeDecimal, type ParsedDecimal, parseDecimal } from './values/decimal.ts';
export { type EmptyMarker, emptyMarker, NIL_GUID } from './values/empty-marker.ts';
export { type ExchangeDate, parseExchangeDate } from './values/exchange-date.ts';
export { type ExchangeFileName, parseFileName } from './values/file-name.ts';
export { type NameTail, splitNameTail } from './values/name-tail.ts';
export { PropertyDictionary } from './values/property-dictionary.ts';
export { cleanLine, decodeHtmlEntities, htmlToText } from './values/text.ts';
export {
  type AttributeIssue,
  type AttributeSource,
  knownColor,
  type VariantAttributes,
  type VariantInput,
  variantAttributes,
} from './values/variant-attributes.ts';
