/** The driver as a program: reads its arguments, wires it, and ends when it is told to. */
import { parseArgs } from 'node:util';
import { readFaults } from './faults.ts';
import { serve } from './server.ts';
import { openBackend } from './state.ts';
import { createTurns } from './turns.ts';

const { values } = parseArgs({
  options: {
    /** Absolute path of the unix socket. */
    socket: { type: 'string' },
    /** Folder of volumes and snapshots. */
    backend: { type: 'string' },
    /** The file that says what goes wrong. */
    faults: { type: 'string' },
    name: { type: 'string' },
    /** `label=value` of the nodes that reach the volumes; absent: all do. */
    topology: { type: 'string' },
  },
});
const required = (option: 'socket' | 'backend' | 'faults' | 'name'): string => {
  const value = values[option];
  if (value === undefined || value === '') throw new Error(`--${option} is missing`);
  return value;
};
const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);
const faultsFile = required('faults');
const [label, value] = values.topology?.split('=') ?? [];
const server = await serve({
  socket: required('socket'),
  name: required('name'),
  log,
  deps: {
    backend: openBackend(required('backend')),
    inTurn: createTurns(),
    faults: () => readFaults(faultsFile),
    now: () => Date.now(),
    topology: label === undefined || value === undefined ? undefined : { [label]: value },
  },
});
log(`listening on ${values.socket}`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.stop());
