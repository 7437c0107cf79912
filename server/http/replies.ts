/** Schemas that several routes share. */
import { Type, type TSchema } from 'typebox';
import { ErrorReply } from '../../shared/protocol.ts';

export const RunParams = Type.Object({ id: Type.String({ maxLength: 255 }) });

/** No query is accepted: a misspelt one is named rather than ignored. */
export const NoQuery = Type.Object({}, { additionalProperties: false });

/** The reply of a route, with the errors that every route may give. */
export function replies<T extends TSchema>(
  schema: T,
): {
  200: T;
  400: typeof ErrorReply;
  403: typeof ErrorReply;
  404: typeof ErrorReply;
  409: typeof ErrorReply;
} {
  return { 200: schema, 400: ErrorReply, 403: ErrorReply, 404: ErrorReply, 409: ErrorReply };
}

/** The reply of a route that sends bytes. */
export function binary(type: string, description: string): object {
  return {
    200: {
      description,
      content: { [type]: { schema: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }) } },
    },
    400: ErrorReply,
    403: ErrorReply,
    404: ErrorReply,
    409: ErrorReply,
  };
}
