/** Plain progress for people: what is being done, how long it took, and on failure what failed and what to do. */

export interface Stages {
  /** Runs one stage; its title is shown at once, its time when it has ended. */
  readonly stage: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  /** A line inside a stage. */
  readonly say: (line: string) => void;
  /** A block as printed by another program. */
  readonly show: (text: string) => void;
  /** Seconds since the first stage. */
  readonly total: () => number;
}

export class StageError extends Error {
  override readonly name = 'StageError';
  readonly code = 'StageFailed';
  readonly stage: string;

  constructor(stage: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.stage = stage;
  }
}

export function createStages(write: (line: string) => void): Stages {
  const begun = performance.now();
  const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
  return {
    async stage(title, work) {
      const started = performance.now();
      write(`\n== ${title}`);
      try {
        const result = await work();
        write(`   done in ${seconds(started)}`);
        return result;
      } catch (error) {
        write(`   FAILED after ${seconds(started)}`);
        throw error instanceof StageError ? error : new StageError(title, error);
      }
    },
    say: (line) => write(`   ${line}`),
    show: (text) => write(text.trimEnd().replaceAll(/^/gm, '     ')),
    total: () => (performance.now() - begun) / 1000,
  };
}
