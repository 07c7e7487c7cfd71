/**
 * What this folder needs of a logger; pino's satisfies it. Errors are logged as
 * text made by {@link describeError}, never as objects: an error object may drag
 * a request, its headers or a body into the log.
 */

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Name, message and code of an error, without stack, cause or properties. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'a value that is not an error was thrown';
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.name}: ${error.message}${code}`;
}
