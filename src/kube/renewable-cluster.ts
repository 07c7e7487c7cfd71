/** A cluster whose credentials can be replaced while it is in use. Apart from `cluster.ts`, which knows no client types. */
import type { Cluster } from './cluster.ts';
import type { Connection } from './kubeconfig.ts';

export interface RenewableCluster extends Cluster {
  /**
   * Whatever is sent from now on goes with the credentials of `connection`,
   * which leads to the same server. A watch that is open goes on until it ends.
   */
  renew(connection: Connection): void;
}
