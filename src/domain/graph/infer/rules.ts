/** The table of rules. A new family of references is a file beside this one and a line here. */
import type { KubeObject } from '../../../api/object.ts';
import { kindOf } from '../kinds.ts';
import { accessRules } from './access.ts';
import { networkRules } from './network.ts';
import { podRules } from './pods.ts';
import type { Rule } from './rule.ts';
import { scalingRules } from './scaling.ts';
import { storageRules } from './storage.ts';
import { structureRules } from './structure.ts';

export const inferenceRules: readonly Rule[] = [
  ...podRules,
  ...storageRules,
  ...networkRules,
  ...accessRules,
  ...scalingRules,
];

/** Which rules look at an object, by its kind; asked once per object, so it must not search. */
export function ruleTable(infer: boolean): (object: KubeObject) => readonly Rule[] {
  const rules = infer ? [...structureRules, ...inferenceRules] : structureRules;
  const forAll = rules.filter(({ kinds }) => kinds === 'all');
  const byKind = new Map<string, readonly Rule[]>();
  for (const rule of rules) {
    if (rule.kinds === 'all') continue;
    for (const kind of rule.kinds) byKind.set(kind, [...(byKind.get(kind) ?? forAll), rule]);
  }
  return (object) => byKind.get(kindOf(object)) ?? forAll;
}
