import type { FastifyError } from 'fastify';
import { isOutage } from '../database/outage.ts';
import { ShopError, type ShopErrorCode } from '../errors.ts';

const STATUS: Readonly<Record<ShopErrorCode, number>> = {
  usage: 400,
  unconfirmed: 400,
  invalid: 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  refused: 409,
  failed: 500,
  unavailable: 503,
};

/** An error as HTTP says it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: {
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly details?: Record<string, unknown>;
    };
  };
}

/** A table or column is not there: the database is of another release, which a restart of the service mends. */
const OTHER_SCHEMA = new Set(['42P01', '42703', '3F000', '42883']);

/**
 * What a client is told of an error: its own mistakes in full, ours without the inside.
 *
 * @example
 * const { status, body } = errorAnswer(error);
 */
export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof ShopError) {
    const details = Object.keys(error.details).length > 0 ? { details: { ...error.details } } : {};
    return {
      status: STATUS[error.code],
      body: { error: { code: error.code, message: error.message, ...details } },
    };
  }
  if (isOutage(error))
    return answer(503, 'unavailable', 'the database is not accepting connections; try again');
  const { statusCode, code, message } = error as FastifyError;
  if (typeof code === 'string' && OTHER_SCHEMA.has(code)) {
    return answer(503, 'schema-differs', 'the database is not that of this release; see /api/health/ready/');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return answer(statusCode, statusCode === 429 ? 'too-many-requests' : 'invalid', message);
  }
  return answer(500, 'internal', 'something went wrong here; it has been written to the log');
}

function answer(status: number, code: string, message: string): ErrorAnswer {
  return { status, body: { error: { code, message } } };
}
