/** What the containers of a pod are told in plain text: their environment variables and command lines, as name and value. */
import { arrayAt, at, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { containersOf, type PodTemplate } from '../pod-template.ts';

export interface Setting {
  /** `DB_HOST`, `db-host`; empty for a word of a command line that is no option's value. */
  readonly name: string;
  readonly value: string;
  /** Path of the value. */
  readonly field: string;
}

type Reader = (object: KubeObject, template: PodTemplate) => readonly Setting[];

/** What was read from a template once is not read again: several rules ask, in every round of the closure. */
function onceForEach(read: Reader): Reader {
  const known = new WeakMap<PodTemplate, readonly Setting[]>();
  return (object, template) => {
    const settings = known.get(template) ?? read(object, template);
    known.set(template, settings);
    return settings;
  };
}

export const environmentOf: Reader = onceForEach((object, template) =>
  containersOf(template).flatMap(({ container, path }) => {
    const expand = expanderOf(container, object);
    return arrayAt(container, 'env').map((variable, index) => ({
      name: textAt(variable, 'name') ?? '',
      value: expand(textAt(variable, 'value') ?? ''),
      field: `${path}.env[${index}].value`,
    }));
  }),
);

export const commandsOf: Reader = onceForEach((object, template) =>
  containersOf(template).flatMap(({ container, path }) => {
    const expand = expanderOf(container, object);
    return ['command', 'args'].flatMap((list) => {
      const words = arrayAt(container, list).map((word) => (typeof word === 'string' ? expand(word) : ''));
      return words.map((word, index) => ({
        ...optionOf(word, words[index - 1] ?? ''),
        field: `${path}.${list}[${index}]`,
      }));
    });
  }),
);

/** `--db-host=db` and `--db-host db` tell the same as an environment variable does. */
function optionOf(word: string, previous: string): Pick<Setting, 'name' | 'value'> {
  const [, flag, value] = /^--?([-\w.]+)=(.*)$/s.exec(word) ?? [];
  if (flag !== undefined && value !== undefined) return { name: flag, value };
  // The word after `-c` is a script, not the value of an option.
  const isValue = previous.startsWith('-') && !/\s/.test(word);
  return { name: isValue ? previous.replace(/^-+/, '') : '', value: word };
}

/** Puts in `$(NAME)` what the container's environment says, as far as that is plain text or the namespace. */
function expanderOf(container: unknown, { metadata }: KubeObject): (text: string) => string {
  return (text) => {
    if (!text.includes('$(')) return text;
    return text.replaceAll(/\$\(([\w.-]+)\)/g, (whole, name: string) => {
      const variable = arrayAt(container, 'env').find((one) => at(one, 'name') === name);
      const isNamespace = at(variable, 'valueFrom', 'fieldRef', 'fieldPath') === 'metadata.namespace';
      return (isNamespace ? metadata.namespace : textAt(variable, 'value')) ?? whole;
    });
  };
}
