/** What went wrong, in a word that programs can switch on. */
export type ErrorCode =
  | 'INVALID_CONFIG'
  | 'INVALID_DATA'
  | 'INVALID_FRAME'
  | 'INVALID_WEIGHTS'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'ENGINE_UNAVAILABLE'
  | 'OUT_OF_MEMORY'
  | 'LAMBDA_NOT_ZERO'
  | 'NON_FINITE'
  | 'FORBIDDEN'
  | 'INTERNAL';

/** An error meant for a person: the message names the bad value and what would be valid. */
export class ScopeError extends Error {
  readonly code: ErrorCode;
  /** Where the bad value stands: a field path, an option, a file or a tensor name. */
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, options: { field?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ScopeError';
    this.code = code;
    this.field = options.field;
  }
}
