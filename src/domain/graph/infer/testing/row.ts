/** What a row of the tables of rules is, and the objects that more than one table is about. */
import type { KubeObject } from '../../../../api/object.ts';
import { anObject, aWorkload } from '../../../../testing/objects.ts';

/** An object, and the one reference that a rule must find in it. */
export interface Row {
  readonly rule: string;
  readonly from: KubeObject;
  /** Other objects there are; what is referred to need not be among them. */
  readonly besides?: readonly KubeObject[];
  readonly to: string;
  readonly field: string;
  readonly optional?: boolean;
}

/** Part of a pod: these fields are of its second container, `CONTAINER`. */
export const container = (fields: object) => ({
  containers: [{ name: 'sidecar' }, { name: 'main', ...fields }],
});

/** Part of a pod: these fields are of its second volume, `VOLUME`. */
export const volume = (fields: object) => ({
  volumes: [
    { name: 'tmp', emptyDir: {} },
    { name: 'v', ...fields },
  ],
});

/** The path of what `container` has. */
export const CONTAINER = 'spec.template.spec.containers[1]';

/** The path of what `volume` has. */
export const VOLUME = 'spec.template.spec.volumes[1]';

/** A Deployment `shop/web` with this in its pods. */
export const web = (pod: Record<string, unknown>) => aWorkload('Deployment', 'shop/web', pod);

/** A NetworkPolicy for these pods. */
export const policy = (where: string, podSelector: object) =>
  anObject('NetworkPolicy', where, { spec: { podSelector } });

/** A Service `shop/db` with this spec. */
export const outside = (fields: object) => anObject('Service', 'shop/db', { spec: fields });

/** A custom resource whose kind the cluster serves. */
export const promotion = (parts: Record<string, unknown> = {}) =>
  anObject('Promotion', 'shop/spring', { apiVersion: 'shop.example/v1', ...parts });
