/** Keeps what the store refuses for one point from stopping what is to be done for the others. */
import { StoreError } from '../../../store/store.ts';

/** @returns what the store said; undefined when all went well. @throws whatever is no StoreError, or comes of `signal` */
export async function storeProblem(
  name: string,
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof StoreError) || signal.aborted) throw error;
    return `recovery point ${name}: ${error.message}`;
  }
}
