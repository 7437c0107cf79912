/** Every error leaves as an ErrorReply: its code, a message for a person, and the field where there is one. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ScopeError, type ErrorCode } from '../../shared/errors.ts';
import type { ErrorReply } from '../../shared/protocol.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  INVALID_CONFIG: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  INVALID_DATA: 409,
  INVALID_FRAME: 409,
  INVALID_WEIGHTS: 409,
  ENGINE_UNAVAILABLE: 409,
  LAMBDA_NOT_ZERO: 409,
};

/** What a client is told of an error; one that nobody foresaw keeps its details to the log. */
export function toReply(error: unknown): { status: number; reply: ErrorReply } {
  if (error instanceof ScopeError) {
    const { code, message, field } = error;
    const status = STATUS[code] ?? 500;
    return { status, reply: field ? { code, message, field } : { code, message } };
  }
  const { statusCode = 500, message } = error as FastifyError;
  if (statusCode < 500)
    return {
      status: statusCode,
      reply: { code: statusCode === 404 ? 'NOT_FOUND' : 'INVALID_CONFIG', message },
    };
  const reply = { code: 'INTERNAL', message: "something unforeseen went wrong; the server's log says what" };
  return { status: 500, reply };
}

export async function handleError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { status, reply: body } = toReply(error);
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const { consumes = ['application/json'] } = (request.routeOptions.schema ?? {}) as {
      consumes?: string[];
    };
    const type = request.headers['content-type'] ?? '';
    body.message = `the body is of the type '${type.slice(0, 100)}'; valid is ${consumes.join(', ')}`;
    body.field = 'content-type';
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const length = request.headers['content-length'];
    const limit = request.routeOptions.bodyLimit;
    body.message = `the body ${length ? `has ${length} bytes` : 'is too large'}; up to ${limit} bytes are valid`;
    body.field = 'body';
  }
  if (status >= 500) request.log.error(error);
  await reply.status(status).type('application/json').send(body);
}
