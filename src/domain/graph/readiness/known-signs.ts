/**
 * By which fields custom resources say that they are ready, as data: read by
 * signs.ts, and by the generator of the reference page. Names of conditions and
 * paths of fields are written into recovery points, so they are never renamed. A
 * kind is here with what nobody shows before it serves, and stops showing when
 * it does not; what stays away in a smaller or fresh copy is no sign.
 */

/** Conditions that by convention are true of what works, whatever the kind. */
export const SIGN_CONDITIONS: readonly string[] = [
  'Ready',
  'Available',
  'Healthy',
  'Programmed',
  'Accepted',
  'Synced',
  'Established',
];

/** Conditions of a well-known operator that say the same under a name of its own. */
export interface KindConditions {
  /** As `Cluster.postgresql.cnpg.io`. */
  readonly kinds: readonly string[];
  readonly conditions: readonly string[];
}

export const KIND_CONDITIONS: readonly KindConditions[] = [
  // All of no replicas are ready as well: the second waits until somebody answers.
  { kinds: ['RabbitmqCluster.rabbitmq.com'], conditions: ['AllReplicasReady', 'ClusterAvailable'] },
  { kinds: ['K8ssandraCluster.k8ssandra.io'], conditions: ['CassandraInitialized'] },
  { kinds: ['ZookeeperCluster.zookeeper.pravega.io'], conditions: ['PodsReady'] },
  { kinds: ['Infinispan.infinispan.org'], conditions: ['WellFormed'] },
];

/** A field of a well-known kind that says it without a condition. */
export interface SignField {
  readonly kinds: readonly string[];
  /** Below `status`; with it, the name of the sign that is written into recovery points. */
  readonly path: readonly string[];
  /** Any of these says it. */
  readonly values: readonly string[];
}

export const SIGN_FIELDS: readonly SignField[] = [
  // Databases
  { kinds: ['Cluster.postgresql.cnpg.io'], path: ['phase'], values: ['Cluster in healthy state'] },
  { kinds: ['postgresql.acid.zalan.do'], path: ['PostgresClusterStatus'], values: ['Running'] },
  {
    kinds: [
      'PerconaXtraDBCluster.pxc.percona.com',
      'PerconaServerMongoDB.psmdb.percona.com',
      'PerconaServerMySQL.ps.percona.com',
      'PerconaPGCluster.pgv2.percona.com',
    ],
    path: ['state'],
    values: ['ready'],
  },
  { kinds: ['InnoDBCluster.mysql.oracle.com'], path: ['cluster', 'status'], values: ['ONLINE'] },
  {
    kinds: ['MongoDBCommunity.mongodbcommunity.mongodb.com', 'MongoDB.mongodb.com'],
    path: ['phase'],
    values: ['Running'],
  },
  {
    kinds: [
      'ClickHouseInstallation.clickhouse.altinity.com',
      'ClickHouseKeeperInstallation.clickhouse-keeper.altinity.com',
    ],
    path: ['status'],
    values: ['Completed'],
  },
  { kinds: ['AerospikeCluster.asdb.aerospike.com'], path: ['phase'], values: ['Completed'] },
  { kinds: ['Hazelcast.hazelcast.com'], path: ['phase'], values: ['Running'] },
  // Search: yellow serves everything, and is all that a single node can be.
  { kinds: ['Elasticsearch.elasticsearch.k8s.elastic.co'], path: ['phase'], values: ['Ready'] },
  {
    kinds: ['Elasticsearch.elasticsearch.k8s.elastic.co', 'OpenSearchCluster.opensearch.opster.io'],
    path: ['health'],
    values: ['green', 'yellow'],
  },
  {
    kinds: [
      'Kibana.kibana.k8s.elastic.co',
      'ApmServer.apm.k8s.elastic.co',
      'EnterpriseSearch.enterprisesearch.k8s.elastic.co',
      'Logstash.logstash.k8s.elastic.co',
    ],
    path: ['health'],
    values: ['green'],
  },
  // Storage and streams
  {
    kinds: [
      'CephCluster.ceph.rook.io',
      'CephBlockPool.ceph.rook.io',
      'CephFilesystem.ceph.rook.io',
      'CephObjectStore.ceph.rook.io',
    ],
    path: ['phase'],
    values: ['Ready'],
  },
  { kinds: ['Tenant.minio.min.io'], path: ['currentState'], values: ['Initialized'] },
  { kinds: ['KafkaCluster.kafka.banzaicloud.io'], path: ['state'], values: ['ClusterRunning'] },
  { kinds: ['FlinkDeployment.flink.apache.org'], path: ['jobManagerDeploymentStatus'], values: ['READY'] },
  { kinds: ['RayCluster.ray.io'], path: ['state'], values: ['ready'] },
  // Delivery and monitoring
  { kinds: ['Application.argoproj.io'], path: ['health', 'status'], values: ['Healthy'] },
  { kinds: ['Rollout.argoproj.io'], path: ['phase'], values: ['Healthy'] },
  {
    kinds: ['VMSingle', 'VMCluster', 'VMAgent', 'VMAlert', 'VMAlertmanager'].map(
      (kind) => `${kind}.operator.victoriametrics.com`,
    ),
    path: ['updateStatus'],
    values: ['operational'],
  },
];
