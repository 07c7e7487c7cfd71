/** The table of rules. A new family of references is a file beside this one and a line here. */
import { groupOf, type KubeObject } from '../../../api/object.ts';
import { isCustom, kindOf } from '../kinds.ts';
import { accessRules } from './access.ts';
import { extensionRules } from './extension.ts';
import { judgedRule } from './judged.ts';
import { networkRules } from './network.ts';
import { operatorRules } from './operators.ts';
import { podRules } from './pods.ts';
import { CUSTOM, type Rule, type RuleDescription } from './rule.ts';
import { scalingRules } from './scaling.ts';
import { serviceNameRules } from './service-names.ts';
import { storageRules } from './storage.ts';
import { structureRules } from './structure.ts';
import { waveRule } from './waves.ts';

export const inferenceRules: readonly Rule[] = [
  ...podRules,
  ...storageRules,
  ...networkRules,
  ...accessRules,
  ...scalingRules,
  ...extensionRules,
  ...serviceNameRules,
  ...operatorRules,
  waveRule,
];

/** Every rule there is, for people: those that always hold first. The reference page is generated from it. */
export const ruleCatalogue: readonly RuleDescription[] = [
  ...structureRules,
  ...inferenceRules,
  judgedRule,
].map(({ name, kinds, reads, certainty, sentence }) => ({ name, kinds, reads, certainty, sentence }));

/** What these lead to is looked for only in namespaces that are protected: see Rule.stays. */
export const stayingRules: ReadonlySet<string> = new Set(
  inferenceRules
    .filter(({ stays, certainty }) => stays === true || certainty === 'likely')
    .map(({ name }) => name),
);

/** Which rules look at an object, by its kind; asked once per object, so it must not search. */
export function ruleTable(infer: boolean): (object: KubeObject) => readonly Rule[] {
  const rules = infer ? [...structureRules, ...inferenceRules] : structureRules;
  const byKind = new Map<string, readonly Rule[]>();
  return (object) => {
    const kind = kindOf(object);
    const known = byKind.get(kind);
    if (known !== undefined) return known;
    const names = isCustom(groupOf(object.apiVersion)) ? [kind, CUSTOM] : [kind];
    const applying = rules.filter(
      ({ kinds }) => kinds === 'all' || names.some((name) => kinds.includes(name)),
    );
    byKind.set(kind, applying);
    return applying;
  };
}
