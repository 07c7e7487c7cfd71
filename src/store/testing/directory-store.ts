/** A store on a directory, by itself: for tests and benches. */
import { systemClock } from '../../clock.ts';
import { createFileTurns, DEFAULT_THREADS } from '../file-turns.ts';
import { filesystemStore } from '../filesystem.ts';
import type { Store } from '../store.ts';

export const directoryStore = (path: string, random = Math.random): Store =>
  filesystemStore(path, random, createFileTurns(DEFAULT_THREADS, systemClock));
