/** The kinds of this version of the API, in the order people meet them. */
import { drExecutionKind } from './dr-execution.ts';
import { drScenarioKind } from './dr-scenario.ts';
import type { KindDefinition } from './kind-definition.ts';
import { regionHealthKind } from './region-health.ts';

export const kinds: readonly KindDefinition[] = [regionHealthKind, drScenarioKind, drExecutionKind];
