/** The table of rules. A new family of references is a file beside this one and a line here. */
import { groupOf, type KubeObject } from '../../../api/object.ts';
import { isCustom, kindOf } from '../kinds.ts';
import { accessRules } from './access.ts';
import { affinityRule } from './affinity.ts';
import { confiningRules } from './confines.ts';
import { extensionRules } from './extension.ts';
import { judgedRule } from './judged.ts';
import { settingRules } from './named-in-settings.ts';
import { networkRules } from './network.ts';
import { operatorRules } from './operators.ts';
import { podRules } from './pods.ts';
import { CUSTOM, type OwnRule, type Rule, type RuleDescription, type WorldRule } from './rule.ts';
import { scalingRules } from './scaling.ts';
import { serviceNameRules } from './service-names.ts';
import { storageRules } from './storage.ts';
import { structureRules } from './structure.ts';
import { waveRule } from './waves.ts';

export const inferenceRules: readonly Rule[] = [
  ...podRules,
  ...storageRules,
  ...networkRules,
  ...confiningRules,
  ...accessRules,
  ...scalingRules,
  ...extensionRules,
  affinityRule,
  ...serviceNameRules,
  ...settingRules,
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

/** The rules that look at objects of a kind. */
export interface KindRules {
  readonly own: readonly OwnRule[];
  readonly world: readonly WorldRule[];
}

/** Which rules look at an object, by its kind; asked once per object, so it must not search. */
export type RuleTable = (object: KubeObject) => KindRules;

/** Those without which an object cannot be created at all. */
export const structureTable: RuleTable = tableOf(structureRules);

export const inferenceTable: RuleTable = tableOf([...structureRules, ...inferenceRules]);

function tableOf(rules: readonly Rule[]): RuleTable {
  const byKind = new Map<string, KindRules>();
  return (object) => {
    const kind = kindOf(object);
    const known = byKind.get(kind);
    if (known !== undefined) return known;
    const names = isCustom(groupOf(object.apiVersion)) ? [kind, CUSTOM] : [kind];
    const applying = rules.filter(
      ({ kinds }) => kinds === 'all' || names.some((name) => kinds.includes(name)),
    );
    const own = applying.flatMap((rule) => (rule.sees === undefined ? rule : []));
    const world = applying.flatMap((rule) => (rule.sees === 'others' ? rule : []));
    byKind.set(kind, { own, world });
    return { own, world };
  };
}
