import { expect, test } from 'vitest';
import { endNow } from './ending.ts';
import { recordingLog } from './kube/testing/recording-log.ts';

class EndedError extends Error {
  override readonly name = 'EndedError';
}

/** How a process with this in hand ends. */
function endOf(left: string[], code: number): unknown {
  const ended = (how: string): never => {
    throw new EndedError(how);
  };
  const process = {
    getActiveResourcesInfo: () => left,
    exit: (status?: number | string | null) => ended(`exit ${status}`),
    abort: () => ended('abort'),
  };
  try {
    endNow(code, process, recordingLog());
    return 'goes on';
  } catch (error) {
    return error instanceof EndedError ? error.message : error;
  }
}

test('what never ends is cut off, with the code that was to be', () => {
  expect(endOf(['TLSWrap', 'Timeout'], 1)).toBe('exit 1');
  expect(endOf(['Timeout'], 0)).toBe('exit 0');
});

test('a file operation that never ends would keep an exit waiting, so the process is aborted', () => {
  expect(endOf(['Timeout', 'FSReqPromise'], 1)).toBe('abort');
  expect(endOf(['FileHandleCloseReq'], 0)).toBe('abort');
});
