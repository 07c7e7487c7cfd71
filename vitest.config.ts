import { defineConfig } from 'vitest/config';

/** Workers of e2e tests, each with a lab of its own; a lab that runs already is one. */
const LABS = process.env['ANTIPODE_E2E_LAB'] === 'attach' ? 1 : 2;
/** They measure to parts of a second what another lab on the same cores would delay. */
const TIMED = ['test/e2e/volumes/random-instant.test.ts'];

/** A message that is cut off says nothing of a failure that nobody can repeat. */
const chaiConfig = { truncateThreshold: 0 };

const e2e = {
  chaiConfig,
  globalSetup: ['test/e2e/setup.ts'],
  // More than the deadlines of all that one waits for: those say what did not come.
  testTimeout: 480_000,
  hookTimeout: 480_000,
};

export default defineConfig({
  test: {
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'json-summary'] },
    projects: [
      {
        test: {
          chaiConfig,
          name: 'unit',
          include: ['src/**/*.test.ts', 'hack/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          ...e2e,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts'],
          exclude: TIMED,
          maxWorkers: LABS,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...e2e, name: 'e2e-timed', include: TIMED, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
