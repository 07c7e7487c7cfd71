/** For tests that are not about what is logged. */
import type { Log } from '../kube/log.ts';

const ignore = (): void => undefined;

export const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
