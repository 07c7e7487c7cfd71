/** Kubernetes Events: what happened, said once, where people look with `kubectl describe`. */
import type { KubeObject } from '../api/object.ts';

export interface EventRecorder {
  /**
   * Records that something happened to `regarding`. Never throws and never
   * waits: an Event that cannot be written is logged and counted. The same
   * reason and message again within the hour only raise a count.
   */
  record(regarding: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
