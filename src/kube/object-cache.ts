/** The objects of one kind by name. Says after every change whose keys changed; knows nothing of networks. */
import { type KubeObject, type ObjectRef, refOf } from '../api/object.ts';
import { keyText } from './reconciler.ts';

type Key = { readonly namespace?: string; readonly name: string };

export interface ObjectCache {
  get(key: Key): KubeObject | undefined;
  /** The same array until something changes. */
  list(): readonly KubeObject[];
  set(object: KubeObject): ObjectRef;
  /** @returns undefined when there was none of its name */
  remove(object: KubeObject): ObjectRef | undefined;
  /** An object that is the same as before stays the very same value. @returns references to everything now present and to everything that is gone */
  replaceAll(objects: readonly KubeObject[]): readonly ObjectRef[];
}

export function createObjectCache(): ObjectCache {
  let objects = new Map<string, KubeObject>();
  let listed: readonly KubeObject[] | undefined;
  return {
    get: (key) => objects.get(keyText(key)),
    list: () => {
      listed ??= [...objects.values()];
      return listed;
    },
    set: (object) => {
      objects.set(keyText(object.metadata), object);
      listed = undefined;
      return refOf(object);
    },
    remove: (object) => {
      if (!objects.delete(keyText(object.metadata))) return undefined;
      listed = undefined;
      return refOf(object);
    },
    replaceAll: (present) => {
      const before = objects;
      objects = new Map(
        present.map((object) => {
          const key = keyText(object.metadata);
          const known = before.get(key);
          return [key, known !== undefined && isSame(known, object) ? known : object];
        }),
      );
      listed = undefined;
      const gone = [...before].filter(([key]) => !objects.has(key)).map(([, object]) => object);
      return [...present, ...gone].map(refOf);
    },
  };
}

/** A server gives every write a resourceVersion of its own, and every object a uid. */
function isSame({ metadata: known }: KubeObject, { metadata: read }: KubeObject): boolean {
  return (
    known.resourceVersion !== undefined &&
    known.resourceVersion === read.resourceVersion &&
    known.uid === read.uid
  );
}
