/** The catalogues of reasons, one for each kind. */
import { drExecutionReasons } from '../../src/api/v1alpha1/reasons/dr-execution.ts';
import { drScenarioReasons } from '../../src/api/v1alpha1/reasons/dr-scenario.ts';
import { regionHealthReasons } from '../../src/api/v1alpha1/reasons/region-health.ts';
import type { Catalogue } from './reasons-page.ts';

export const catalogues: readonly Catalogue[] = [
  { kind: 'RegionHealth', reasons: regionHealthReasons },
  { kind: 'DRScenario', reasons: drScenarioReasons },
  { kind: 'DRExecution', reasons: drExecutionReasons },
];
